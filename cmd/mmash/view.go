package main

import (
	"iter"
	"math"
	"path/filepath"
	"slices"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/cli"
	"mmstats/lib/format"
)

// A view is what some clients have: the files that they may see and asked for,
// and groups of the stats of these, by command and label.
type view struct {
	public bool // only files that everybody may read
	files  *cli.LabelGlob
	users  int // streams, of a view with files
	groups map[groupKey]*series
	list   []*series // the groups in the order of their ids
}

type groupKey struct{ command, label string }

func newView(public bool) *view { return &view{public: public, groups: make(map[groupKey]*series)} }

// mayShow reports whether clients of v may see f.
func (v *view) mayShow(f *file) bool { return !v.public || !f.private }

// shows reports whether f is one of the files of v.
func (v *view) shows(f *file) bool {
	return v.mayShow(f) && (v.files == nil || v.files.Match(filepath.Base(f.path)))
}

// shown yields the files that v shows, in the order in which they were found.
func (m *model) shown(v *view) iter.Seq[*file] {
	return func(yield func(*file) bool) {
		for _, f := range m.order {
			if v.shows(f) && !f.gone && !yield(f) {
				return
			}
		}
	}
}

// maxFileViews bounds the views of some files, since each is folded at each
// tick.
const maxFileViews = 50

// viewOfFiles returns a view of those files of v that match glob, and nil where
// there are too many others. Streams that ask for the same share it; each gives
// it back by release.
func (m *model) viewOfFiles(v *view, glob *cli.LabelGlob) *view {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, other := range m.views {
		if other.files == nil {
			continue
		}
		if n++; other.public == v.public && other.files.Pattern == glob.Pattern {
			other.users++
			return other
		}
	}
	if n >= maxFileViews {
		return nil
	}
	some := newView(v.public)
	some.files, some.users = glob, 1
	m.views = append(m.views, some)
	for _, f := range m.order {
		for _, st := range f.stats {
			some.join(m, st)
		}
	}
	for _, g := range some.list {
		g.adopt(m)
	}
	return some
}

// release gives a view of some files back.
func (m *model) release(v *view) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v.users--; v.users > 0 {
		return
	}
	m.views = slices.DeleteFunc(m.views, func(other *view) bool { return other == v })
	for _, g := range v.list {
		for _, st := range g.members {
			st.groups = slices.DeleteFunc(st.groups, func(other *series) bool { return other == g })
		}
	}
}

// adopt gives a new group the state and the history of its members.
func (g *series) adopt(m *model) {
	g.foldMembers()
	g.parts = noParts
	for _, st := range g.members {
		part := &g.parts[0]
		switch {
		case len(g.members) == 1:
			g.parts = st.parts
		case g.kind == histogram || math.IsNaN(st.parts[0]):
		case g.kind == counter && !math.IsNaN(*part):
			*part += st.parts[0]
		default:
			*part = st.parts[0]
		}
	}
	g.row, g.changed, g.last, g.lastOf = g.appendRow(nil), m.tick, g.value, g.of
	g.clear()
	g.makeRings(m)
	for i := range g.rings {
		g.rings[i].adopt(m, g, i)
	}
}

// adopt makes r the history of the number i of g: the sum, the mean or the latest
// of what its members have. Percentiles cannot be folded: their mean has to do for what
// was.
func (r *ring) adopt(m *model, g *series, i int) {
	r.points = make([]float32, m.slots)
	r.begun, r.born, r.ends = true, max(0, m.slot-m.slots+1), m.slot
	for slot := r.born; slot <= m.slot; slot++ {
		point, count := math.NaN(), 0
		for _, st := range g.members {
			if len(st.rings) <= i {
				continue
			}
			v := st.rings[i].at(m, slot)
			if math.IsNaN(v) {
				continue
			}
			switch count++; {
			case count == 1:
				point = v
			case g.isTime():
				point = max(point, v)
			default:
				point += v
			}
		}
		if g.kind == average || g.kind == moving || g.kind == histogram {
			point /= float64(count)
		}
		r.points[slot%m.slots] = float32(point)
	}
}

// join makes st a member of the groups that show it.
func (m *model) join(st *series) {
	for _, v := range m.views {
		v.join(m, st)
	}
}

func (v *view) join(m *model, st *series) {
	if !v.shows(st.file) {
		return
	}
	key := groupKey{st.command, st.label}
	g := v.groups[key]
	if g == nil {
		m.lastID++
		g = &series{id: m.lastID, command: st.command, label: st.label, typ: st.typ, kind: st.kind, attrs: m.version, parts: noParts}
		v.groups[key] = g
		v.list = append(v.list, g)
	}
	// A label that is a text in one file and a number in another is a number.
	if (g.kind == text || g.kind == constant) && g.kind != st.kind && st.kind != text {
		g.typ, g.kind, g.attrs, g.row = st.typ, st.kind, m.version, nil
	}
	if g.unit == "" && g.about == "" && (st.unit != "" || st.about != "") {
		g.unit, g.about, g.attrs = st.unit, st.about, m.version
	}
	g.members = append(g.members, st)
	st.groups = append(st.groups, g)
}

// leave takes st out of its groups. Those that are empty then go at the next
// tick.
func (m *model) leave(st *series) {
	m.version++
	for _, g := range st.groups {
		if i := slices.Index(g.members, st); i >= 0 {
			g.members = slices.Delete(g.members, i, i+1)
		}
		if len(g.members) > 0 {
			continue
		}
		for _, v := range m.views {
			if key := (groupKey{g.command, g.label}); v.groups[key] == g {
				delete(v.groups, key)
			}
		}
	}
	st.groups = nil
}

// regroup puts the stats of f where they belong now.
func (m *model) regroup(f *file) {
	for _, st := range f.stats {
		m.leave(st)
		st.command, st.attrs = f.command, m.version
		m.join(st)
	}
}

// fold makes the rows of all groups of v.
func (v *view) fold(m *model, elapsed time.Duration) {
	kept := v.list[:0]
	for _, g := range v.list {
		if len(g.members) > 0 {
			g.foldMembers()
			g.settle(m, elapsed)
			g.clear()
			kept = append(kept, g)
		}
	}
	clear(v.list[len(kept):])
	v.list = kept
}

// foldMembers makes of the members of a group what they say together, as
// pollstats does. A file that is gone still has what it counted up to its end.
func (g *series) foldMembers() {
	var sum aggregate.Accumulator
	weighted := true
	g.samples = format.Samples{}
	if g.kind == histogram && g.state == nil {
		g.state = new(histogramState)
	} else if g.state != nil {
		*g.state = histogramState{}
	}
	for _, s := range g.members {
		g.reset = g.reset || s.reset
		g.busy = g.busy || s.busy
		g.delta += s.delta
		g.hasDelta = g.hasDelta || s.hasDelta
		g.interval.Count += s.interval.Count
		g.interval.Total += s.interval.Total
		if g.state != nil && s.state != nil && (g.state.interval.Merge(&s.state.interval) != nil ||
			s.counts() && g.state.all.Merge(&s.state.all) != nil) {
			g.busy = true
		}
		if s.counts() && s.value.Class() != 0 {
			sum.Add(s.value)
			weighted = weighted && s.kind == average
			g.samples.Count += s.samples.Count
			g.samples.Total += s.samples.Total
		}
	}
	value := sum.Result(aggregate.Sum)
	g.of = 0
	switch g.kind {
	case gauge:
		if g.isTime() {
			value = sum.Result(aggregate.Max)
		}
	case average, moving:
		if value = sum.Result(aggregate.Avg); weighted && g.samples.Count > 0 {
			value = format.FloatValue(g.samples.Total / float64(g.samples.Count))
		}
	case histogram:
		if value = sum.Result(aggregate.Avg); g.state.all.Count > 0 {
			value = format.FloatValue(g.state.all.Mean())
		}
	case text, constant:
		value = sum.Result(aggregate.One)
	case boolean:
		g.of = sum.Values()
	}
	g.anew = string(g.value.Text()) != string(value.Text())
	g.value = value
}
