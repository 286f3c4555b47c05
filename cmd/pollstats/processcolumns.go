package main

import (
	"math"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
	"mmstats/lib/unusual"
)

// A traceColumn is a column of a statPage.
type traceColumn = gridColumn[*trace]

// setColumns makes the columns that suit the stat. Rows are sorted by whether
// they differ, where they can, and else by their names.
func (p *statPage) setColumns() {
	p.grid.columns, p.sort, p.reverse, p.exactColumn = nil, 0, false, 0
	p.add(traceColumn{title: "PROCESS", width: 8, cell: p.nameCell})
	p.add(traceColumn{title: "PID", width: 7, right: true, rank: 6, cell: p.pidCell})
	p.add(traceColumn{title: "STATE", width: 5, rank: 3, cell: p.stateCell})
	p.add(traceColumn{title: "AGE", width: 4, right: true, rank: 7, cell: p.ageCell, value: p.age})
	switch {
	case p.kind == format.KindString || p.kind == format.KindConstant || p.unit() == unixTime:
		p.add(traceColumn{title: p.textTitle(), width: 9, most: maxText, cell: p.textCell})
		return
	case p.kind == format.KindBool:
		p.add(traceColumn{title: "VALUE", width: 5, right: true, cell: p.textCell, value: (*trace).float})
	case p.kind == format.KindCounter:
		p.number("RATE/s", 0, true, (*trace).lastPoint)
		p.exact("TOTAL", 5)
	case p.typ == format.Histogram:
		p.number("P50", 0, false, (*trace).lastPoint)
		p.number("P99", 2, false, func(t *trace) float64 { return t.quantile(0.99) })
		p.number("MEAN", 8, false, (*trace).intervalMean)
		p.samples()
	case p.typ == format.Average:
		p.number("MEAN", 0, false, (*trace).lastPoint)
		p.samples()
		p.number("ALL TIME", 8, false, (*trace).float)
	default:
		p.exact("VALUE", 0)
	}
	p.number("USUALLY", 10, p.kind == format.KindCounter, p.usual)
	p.add(traceColumn{title: "TREND", width: 8, most: 64, rank: 4, cell: p.trendCell})
	p.add(traceColumn{title: "DIFFERS", width: len("before 15:04:05"), rank: 1, cell: p.noteCell, value: p.difference})
	p.sort = len(p.grid.columns) - 1
}

// add adds a column.
func (p *statPage) add(col traceColumn) { p.grid.columns = append(p.grid.columns, col) }

// number adds a column of numbers in the unit of the stat, or in that a second.
func (p *statPage) number(title string, rank int, rate bool, value func(*trace) float64) {
	n := report.NewNumber(p.unit(), rate, !p.totals.utf8)
	if rate && p.unit() != "" {
		title = strings.TrimSuffix(title, "/s") // the numbers say so
	}
	p.add(traceColumn{title: title, width: max(n.Width(), len(title)+1), right: true, rank: rank, value: value, cell: func(t *trace, _ int) (string, style) {
		return string(n.Append(nil, finite(value(t)))), p.valueStyle(t)
	}})
}

// exact adds a column of values. Whole ones have all digits, where there is room.
func (p *statPage) exact(title string, rank int) {
	p.number(title, rank, false, (*trace).float)
	col := &p.grid.columns[len(p.grid.columns)-1]
	scaled := col.cell
	col.cell = func(t *trace, width int) (string, style) {
		text, st := scaled(t, width)
		if exact := p.exactText(t); exact != "" && p.exactWidth <= width {
			text = exact
		}
		return text, st
	}
	p.exactColumn = len(p.grid.columns) - 1
}

// exactText returns a value with all of its digits, or "" where it is not whole.
func (p *statPage) exactText(t *trace) string {
	if t.class != format.IntClass && t.class != format.UintClass || p.kind == format.KindGauge && t.process.over() {
		return ""
	}
	return string(report.AppendExact(nil, t.value()))
}

// findWidths finds out how wide the exact values and the names are, and divides
// the width of the screen.
func (p *statPage) findWidths(width int) {
	name := widest(len(p.shown), func(i int) string { return p.names[p.shown[i]] })
	if p.exactWidth = 0; p.exactColumn > 0 {
		for _, t := range p.shown {
			p.exactWidth = max(p.exactWidth, len(p.exactText(t)))
		}
		// It does not become narrower at once, so that columns stay where they are.
		col := &p.grid.columns[p.exactColumn]
		col.most = max(col.most, p.exactWidth+1)
	}
	p.layOut(width, name)
}

// samples adds a column of samples a second.
func (p *statPage) samples() {
	n := report.NewNumber("", false, !p.totals.utf8)
	value := func(t *trace) float64 {
		if t.process.over() || p.totals.processes.elapsed <= 0 || t.delta != t.delta {
			return math.NaN()
		}
		return float64(t.interval.Count) / p.totals.processes.elapsed.Seconds()
	}
	p.add(traceColumn{title: "SAMPLES/s", width: 9, right: true, rank: 5, value: value, cell: func(t *trace, _ int) (string, style) {
		return string(n.Append(nil, finite(value(t)))), p.rowStyle(t)
	}})
}

// finite returns a number, absent where it is NaN.
func finite(f float64) format.Value {
	if math.IsNaN(f) {
		return format.Value{}
	}
	return format.FloatValue(f)
}

// usual returns what the points usually are: see package unusual.
func (p *statPage) usual(t *trace) float64 {
	c := p.totals.processes.clock
	list := t.points.appendFrom(make([]float64, 0, maxPoints), c, c.first())
	r, ok := unusual.Usual(list, c.step().Seconds())
	if !ok {
		return math.NaN()
	}
	return r.Median
}

// difference is what puts the traces that differ first, the farthest one first.
func (p *statPage) difference(t *trace) float64 {
	if d := p.differences[t]; d != nil {
		return d.far
	}
	return 0
}

func (p *statPage) age(t *trace) float64 { return p.totals.at.Sub(created(t.process.file)).Seconds() }

// rowStyle is that of what changes little.
func (p *statPage) rowStyle(t *trace) style {
	switch {
	case t.process.over():
		return muted
	case p.differences[t] != nil:
		return differs
	}
	return normal
}

// valueStyle is that of the value.
func (p *statPage) valueStyle(t *trace) style {
	switch st := p.rowStyle(t); {
	case t.reset:
		return wasReset
	case st == normal && t.changed:
		return changed
	default:
		return st
	}
}

func (p *statPage) nameCell(t *trace, _ int) (string, style) {
	return escape.Text(p.names[t]), p.rowStyle(t)
}

func (p *statPage) pidCell(t *trace, _ int) (string, style) {
	return pidText(t.process.file), p.rowStyle(t)
}

func (p *statPage) stateCell(t *trace, _ int) (string, style) {
	if t.process.stale && !t.process.over() {
		return t.process.state(), differs
	}
	return t.process.state(), p.rowStyle(t)
}

func (p *statPage) ageCell(t *trace, _ int) (string, style) {
	return ageSince(p.totals.at, created(t.process.file)), p.rowStyle(t)
}

func (p *statPage) textTitle() string {
	if p.kind == format.KindString {
		return "TEXT"
	}
	return "VALUE"
}

// textCell is the value as a text: that of a constant, a bool or a text.
func (p *statPage) textCell(t *trace, _ int) (string, style) {
	if t.class == 0 {
		return "-", muted
	}
	if t.class == format.TextClass {
		return escape.Text(t.text), p.valueStyle(t)
	}
	if u, known := format.LookUpUnit(p.unit()); known {
		return string(u.AppendText(nil, t.float())), p.valueStyle(t)
	}
	return string(t.value().AppendText(nil)), p.valueStyle(t)
}

// noteCell says since when a trace differs, or else when its process started
// again.
func (p *statPage) noteCell(t *trace, _ int) (string, style) {
	const clock = "15:04:05"
	if d := p.differences[t]; d != nil && d.before {
		return "before " + d.since.Local().Format(clock), differs
	} else if d != nil {
		return "since " + d.since.Local().Format(clock), differs
	}
	c := p.totals.processes.clock
	if t.process.anew.After(c.time(c.first())) && !t.process.over() {
		return "reset " + t.process.anew.Local().Format(clock), wasReset
	}
	return "", normal
}
