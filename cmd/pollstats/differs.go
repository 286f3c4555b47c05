package main

import (
	"math"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/unusual"
)

// A group is judged by the means of its traces over the last seconds: see
// package unusual.

// judgeAtOnce is how many traces are judged at one poll, at least, so that a
// poll of many thousands takes little longer. All have their turn.
const judgeAtOnce = 4000

// maxFlicker is how long a trace may be like the others and still count as one
// that differs all the time.
const maxFlicker = 3 * time.Second

// judgeSome counts the traces that differ, in some of the groups: in all of them
// once for each point, or less often.
func (ps *processes) judgeSome() {
	if len(ps.judging) == 0 && ps.judged != ps.clock.slot {
		ps.judged = ps.clock.slot
		for _, g := range ps.groups {
			ps.judging = append(ps.judging, g)
		}
	}
	for n := 0; n < judgeAtOnce && len(ps.judging) > 0; {
		last := len(ps.judging) - 1
		g := ps.judging[last]
		ps.judging[last] = nil
		ps.judging = ps.judging[:last]
		n += len(g.traces)
		g.differing = len(unusual.Differs(ps.means(g, ps.clock.slot), g.isCounter()))
	}
}

// differing returns how many processes differed in a stat when they were judged
// last.
func (ps *processes) differing(label string) int {
	if g := ps.groups[label]; g != nil {
		return g.differing
	}
	return 0
}

// has reports whether t is still one of the traces of g.
func (g *group) has(t *trace) bool { return t.at < len(g.traces) && g.traces[t.at] == t }

// isCounter reports whether the points of g are rates.
func (g *group) isCounter() bool { return g.series.Kind == format.KindCounter }

// means returns the mean of each trace over the seconds up to a slot, and NaN
// where there is none or its process has ended. It is good until the next call.
func (ps *processes) means(g *group, slot int) []float64 {
	ps.values = ps.values[:0]
	if len(g.traces) == 0 || !g.traces[0].isNumber() {
		return nil
	}
	from := ps.clock.since(slot, unusual.Window)
	for _, t := range g.traces {
		mean := math.NaN()
		if !t.process.over() {
			mean = t.points.mean(ps.clock, from, slot)
		}
		ps.values = append(ps.values, mean)
	}
	return ps.values
}

// A difference says since when a trace differs from the others of its group.
type difference struct {
	since time.Time
	// before says that it may have differed earlier, when there were no points.
	before bool
	slot   int     // the last one in which it differed
	far    float64 // how far it is from the median
}

// differences are the traces of a group that differ.
type differences map[*trace]*difference

// update judges g by its last points.
func (d differences) update(ps *processes, g *group) {
	c := ps.clock
	values := ps.means(g, c.slot)
	r, _ := unusual.RangeOf(values)
	var others []*trace // that did not differ at the last judgement
	for _, i := range unusual.Differs(values, g.isCounter()) {
		t := g.traces[i]
		if d[t] == nil {
			d[t] = new(difference)
			others = append(others, t)
		}
		d[t].slot, d[t].far = c.slot, math.Abs(values[i]-r.Median)
	}
	d.dateBack(ps, g, others)
	now := c.time(c.slot)
	for t, diff := range d {
		if !g.has(t) || t.process.over() || diff.slot < c.first() || now.Sub(c.time(diff.slot)) > maxFlicker {
			delete(d, t)
		}
	}
}

// dateBack finds out since when traces of g differ, slot by slot back from now.
func (d differences) dateBack(ps *processes, g *group, open []*trace) {
	c := ps.clock
	first := make(map[*trace]int, len(open)) // slot in which each differed
	for _, t := range open {
		first[t] = c.slot
	}
	for slot := c.slot - 1; slot >= c.first() && len(open) > 0; slot-- {
		values := ps.means(g, slot)
		odd := make(map[*trace]bool)
		for _, i := range unusual.Differs(values, g.isCounter()) {
			odd[g.traces[i]] = true
		}
		left := open[:0]
		for _, t := range open {
			if odd[t] {
				first[t] = slot
			}
			if c.time(first[t]).Sub(c.time(slot)) <= maxFlicker {
				left = append(left, t)
			}
		}
		open = left
	}
	usual := make(map[int]unusual.Range)
	for t, slot := range first {
		r, known := usual[slot]
		if !known {
			r, _ = unusual.RangeOf(ps.means(g, slot))
			usual[slot] = r
		}
		d[t].settle(c, t, slot, r)
	}
}

// settle is told the first slot in which the mean of t differed, and what was usual
// then. The points that made it so came somewhat earlier.
func (d *difference) settle(c *clock, t *trace, slot int, r unusual.Range) {
	excluded := func(slot int) bool {
		v := t.points.at(c, slot)
		return !math.IsInf(v, 0) && r.Excludes(v, t.group.isCounter())
	}
	start := slot
	for earlier := c.since(slot, unusual.Window); start > earlier && excluded(start-1); {
		start--
	}
	d.since = c.time(start)
	// Nothing is known of what was earlier, unless that was its start.
	oldest := max(c.first(), t.points.born)
	d.before = math.IsNaN(t.points.mean(c, oldest, start-1)) && (t.process.found || c.first() > t.points.born)
}
