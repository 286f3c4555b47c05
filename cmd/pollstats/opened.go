package main

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// A statPage shows one stat: a row a process, those that differ first.
type statPage struct {
	totals *totals
	label  string
	group  *group // nil while no process has the stat

	grid[*trace]
	differences differences
	names       map[*trace]string
	kind        format.Kind // that the columns are for
	typ         format.Type
	low, high   float64 // of all that is drawn
	exactColumn int     // the column of exact values, or 0
	exactWidth  int     // what they take
	bars        barChart
}

func newStatPage(t *totals, label string) *statPage {
	return &statPage{totals: t, label: label, differences: make(differences)}
}

func (p *statPage) title() string  { return p.label }
func (p *statPage) id(row int) any { return p.shown[row] }
func (p *statPage) open(row int) page {
	return newFilePage(p.totals, p.shown[row].process.path)
}
func (p *statPage) keys() string {
	if p.typ == format.Histogram {
		return "Esc back  Enter process  s sort  t interval or all time  o one or all  ? help"
	}
	return "Esc back  Enter process  s sort  S reverse  ? help"
}

func (p *statPage) key(k key) action {
	switch k {
	case 't':
		p.bars.allTime = !p.bars.allTime
	case 'o':
		p.bars.one = !p.bars.one
	default:
		return p.sortKey(k)
	}
	return done
}

// at is told which row is selected, before the page is drawn.
func (p *statPage) at(row int) {
	if p.bars.selected = nil; row < len(p.shown) {
		p.bars.selected = p.shown[row]
	}
}

// arrange gathers the rows, where anything is new.
func (p *statPage) arrange(filter string) {
	ps := p.totals.processes
	now := p.gathering(ps, filter)
	if now == p.gathered {
		return
	}
	newPoll := now.polls != p.gathered.polls
	newTraces := now.version != p.gathered.version || p.group != ps.groups[p.label]
	p.gathered = now
	if p.group = ps.groups[p.label]; p.group == nil {
		p.shown = nil
		return
	}
	if newTraces {
		p.names = namesOf(p.group.traces)
	}
	if newPoll {
		p.differences.update(ps, p.group)
	}
	if s := p.group.series; p.grid.columns == nil || s.Kind != p.kind || s.Type != p.typ {
		p.kind, p.typ = s.Kind, s.Type
		p.setColumns()
	}
	p.shown = p.shown[:0]
	match := matcher(filter)
	for _, t := range p.group.traces {
		if p.counts(t) && match(p.names[t]) {
			p.shown = append(p.shown, t)
		}
	}
	slices.SortFunc(p.shown, p.compare)
}

// counts reports whether a process is shown: with --live, those that have ended are
// not.
func (p *statPage) counts(t *trace) bool { return !p.totals.Live || !t.process.ended }

// compare orders rows: the largest number first, and what is no number last.
func (p *statPage) compare(x, y *trace) int {
	order := 0
	if value := p.grid.columns[p.sort].value; value != nil {
		a, b := value(x), value(y)
		switch {
		case math.IsNaN(a) || math.IsNaN(b):
			return cmp.Or(trueFirst(!math.IsNaN(a), !math.IsNaN(b)), p.byName(x, y))
		case p.reverse:
			order = cmp.Compare(a, b)
		default:
			order = cmp.Compare(b, a)
		}
		return cmp.Or(order, trueFirst(!x.process.over(), !y.process.over()), p.byName(x, y))
	}
	if p.reverse {
		x, y = y, x
	}
	return p.byName(x, y)
}

func (p *statPage) byName(x, y *trace) int {
	return cmp.Or(cmp.Compare(p.names[x], p.names[y]), cmp.Compare(x.process.path, y.process.path))
}

// header draws what the stat is, and the titles of the columns.
func (p *statPage) header(c *canvas, y int) int {
	top := y
	if p.group == nil {
		c.left(0, y, c.width, "no process has it any more", normal)
		return 1
	}
	const lowScreen = 14
	if about := p.about(); about != "" && c.height >= lowScreen {
		c.left(0, y, c.width, about, normal)
		y++
	}
	c.left(0, y, c.width, p.summary(), normal)
	y++
	if p.typ == format.Histogram && c.height >= lowScreen {
		y += p.bars.draw(c, y, p)
	}
	p.findWidths(c.width)
	p.findRange()
	p.grid.header(c, y)
	return y + 1 - top
}

// about says what the stat is: "counter of bytes: what its files say of it".
func (p *statPage) about() string {
	text := typeWords(p.typ, p.kind)
	d := p.group.description
	if d == nil {
		return text
	}
	if d.Unit != "" {
		text += " of " + escape.Text(d.Unit)
	}
	if d.About != "" {
		text += ": " + escape.Text(d.About)
	}
	return text
}

// unit returns the unit of the stat, or "".
func (p *statPage) unit() string {
	if d := p.group.description; d != nil {
		return d.Unit
	}
	return ""
}

// summary says what all processes come to.
func (p *statPage) summary() string {
	ended, all := 0, 0
	for _, t := range p.group.traces {
		if p.counts(t) {
			all++
			if t.process.over() {
				ended++
			}
		}
	}
	parts := []string{processCount(all)}
	if ended > 0 {
		parts[0] += ", " + strconv.Itoa(ended) + " ended"
	}
	if n := len(p.differences); n > 0 {
		parts[0] += ", " + strconv.Itoa(n) + map[bool]string{true: " differs", false: " differ"}[n == 1]
	}
	if s := p.totals.byLabel[p.label]; s != nil {
		parts = append(parts, p.together(s)...)
	}
	if p.totals.processes.refused > 0 {
		parts = append(parts, "others are left out: there are too many stats")
	}
	return strings.Join(parts, "  ")
}

func processCount(n int) string {
	if n == 1 {
		return "1 process"
	}
	return strconv.Itoa(n) + " processes"
}

// together says what the stat is over all processes.
func (p *statPage) together(s *stat) (parts []string) {
	number := func(name string, v format.Value, isRate bool) {
		parts = append(parts, name+" "+numberText(v, p.unit(), isRate, p.totals.utf8))
	}
	switch {
	case len(p.typ.Parts()) > 0:
		number("mean", s.value, false)
	case p.kind == format.KindCounter:
		parts = append(parts, "total "+string(report.AppendExact(nil, s.value)))
		if s.rate.Class() != 0 {
			number("now", s.rate, true)
			if p.unit() == "" {
				parts[len(parts)-1] += "/s"
			}
		}
	case p.kind == format.KindGauge && s.unit != unixTime:
		number("sum", s.value, false)
	case p.kind == format.KindBool:
		parts = append(parts, s.shown+" true")
	case p.kind == format.KindString || p.kind == format.KindConstant:
		if n := p.different(); n > 1 {
			parts = append(parts, strconv.Itoa(n)+" different values")
		}
	}
	return parts
}

// different counts the different values of processes that live.
func (p *statPage) different() int {
	seen := make(map[string]bool)
	for _, t := range p.group.traces {
		if !t.process.over() && t.class != 0 {
			seen[string(t.value().AppendText(nil))] = true
		}
	}
	return len(seen)
}

// base returns the label of the stat, of which s may be a percentile.
func (s *stat) base() string {
	if s.part.mode == byKind {
		return s.label
	}
	return strings.TrimSuffix(s.label, ":"+s.part.part.String())
}
