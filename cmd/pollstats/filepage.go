package main

import (
	"bytes"
	"cmp"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/reader"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

// maxFilePage is how much of a file is read for its page: more than 10,000 stats
// take, unless they are texts.
const maxFilePage = 4 << 20

// A filePage shows all stats of one file, also those that are not polled.
type filePage struct {
	totals *totals
	path   string
	reader reader.Reader
	err    error
	readAt time.Time
	took   time.Duration // to read it

	process *process // nil while the file is not polled
	all     []fileStat
	names   int // width of the widest name that is shown
	grid[*fileStat]
}

// A fileStat is a stat as it was when the file was read last.
type fileStat struct {
	label, unit, about string
	name               string // the label, or the end of it, for the screen
	typ                format.Type
	kind               format.Kind
	value              format.Value
	histogram          *format.HistogramState // nil for any other stat
	trace              *trace                 // nil where the stat is not polled
}

func newFilePage(t *totals, path string) *filePage {
	f := &filePage{totals: t, path: path, reader: reader.Reader{MaxSize: min(t.MaxSize, maxFilePage)}}
	cell := func(text func(*fileStat) string) func(*fileStat, int) (string, style) {
		return func(s *fileStat, _ int) (string, style) { return text(s), normal }
	}
	f.grid.columns = []gridColumn[*fileStat]{
		{title: "STAT", width: 5, cell: cell(func(s *fileStat) string { return s.name })},
		{title: "TYPE", width: len("constant float64"), rank: 2, cell: cell(func(s *fileStat) string { return typeWords(s.typ, s.kind) })},
		{title: "RATE/s", width: 10, right: true, rank: 3, cell: cell(f.rate)},
		{title: "VALUE", width: 20, most: 40, cell: func(s *fileStat, _ int) (string, style) {
			if s.trace != nil && s.trace.changed {
				return s.valueText(), changed
			}
			return s.valueText(), normal
		}},
		{title: "ABOUT", width: 20, most: maxText, rank: 4, cell: cell(func(s *fileStat) string { return escape.Text(s.about) })},
	}
	return f
}

func (f *filePage) title() string  { return filepath.Base(f.path) }
func (f *filePage) id(row int) any { return f.shown[row].label }
func (f *filePage) keys() string   { return "Esc back  Enter stat  / filter  S reverse  ? help" }

func (f *filePage) open(row int) page {
	if f.shown[row].trace == nil {
		return nil
	}
	return newStatPage(f.totals, f.shown[row].label)
}

func (f *filePage) key(k key) action {
	if k == 's' { // rows are always sorted by label
		return ignored
	}
	return f.sortKey(k)
}

// arrange reads the file, where a poll was since.
func (f *filePage) arrange(filter string) {
	now := f.gathering(f.totals.processes, filter)
	if now == f.gathered {
		return
	}
	// A file that takes long to read is read less often.
	if now.polls != f.gathered.polls && (f.totals.Replay != "" || time.Since(f.readAt) >= 10*f.took) {
		start := time.Now()
		f.read()
		f.readAt, f.took = time.Now(), time.Since(start)
	}
	f.gathered = now
	f.shown, f.names = f.shown[:0], 0
	match := matcher(filter)
	for i := range f.all {
		if match(f.all[i].label) {
			f.shown = append(f.shown, &f.all[i])
			f.names = max(f.names, report.Width(f.all[i].name))
		}
	}
	slices.SortStableFunc(f.shown, func(x, y *fileStat) int {
		if f.reverse {
			x, y = y, x
		}
		return cmp.Compare(x.label, y.label)
	})
}

// read reads the file anew. Where it is not there any more, and in a replay, the
// stats are those that were polled.
func (f *filePage) read() {
	f.process = f.totals.processes.byPath[f.path]
	traces := make(map[string]*trace)
	if f.process != nil {
		for _, t := range f.process.traces {
			traces[t.group.label] = t
		}
	}
	f.all = f.all[:0]
	if f.totals.Replay != "" {
		f.fromTraces()
		return
	}
	opened, info, err := statfile.Open(f.path, false)
	if err == nil {
		err = f.reader.Read(opened, info)
		opened.Close()
	}
	if f.err = err; err != nil && f.reader.Len() == 0 || opened == nil {
		f.fromTraces()
		return
	}
	for st := range f.reader.Stats() {
		if len(f.all) == maxStatsShown {
			break
		}
		d := st.Description()
		s := fileStat{label: string(st.Label), name: labelEnd(string(st.Label)), unit: d.Unit, about: d.About, typ: st.Type(), kind: st.Kind(), value: st.Value, trace: traces[string(st.Label)]}
		if h := st.Histogram(); s.typ == format.Histogram {
			s.histogram = &h
		}
		if s.value.Class() == format.TextClass {
			text := st.Value.Text()
			s.value = format.TextValue(bytes.Clone(text[:min(len(text), maxText)])) // the reader uses its memory again
		}
		f.all = append(f.all, s)
	}
}

// fromTraces makes the stats those that were polled last.
func (f *filePage) fromTraces() {
	if f.process == nil {
		return
	}
	for _, t := range f.process.traces {
		s := fileStat{label: t.group.label, name: labelEnd(t.group.label), typ: t.typ, kind: t.kind, value: t.value(), histogram: t.all, trace: t}
		if d := t.group.description; d != nil {
			s.unit, s.about = d.Unit, d.About
		}
		f.all = append(f.all, s)
	}
}

// labelEnd returns a label for the screen, which has no room for more than its end.
func labelEnd(label string) string { return escape.Text(label[max(0, len(label)-maxText):]) }

// valueText returns the value for people, and of a histogram some percentiles.
func (s *fileStat) valueText() string {
	if s.histogram == nil {
		return valueText(s.value, s.kind, s.unit)
	}
	text := valueText(s.histogram.Part(format.PartMean), s.kind, s.unit)
	for _, part := range format.Histogram.Parts() {
		if name := part.String(); s.histogram.Count > 0 && (name == "p50" || name == "p99") {
			text += "  " + name + " " + valueText(s.histogram.Part(part), s.kind, s.unit)
		}
	}
	return text
}

// valueText returns a value for people. One that is no number of something, such
// as the number of a process, has no commas.
func valueText(v format.Value, k format.Kind, unit string) string {
	switch {
	case v.Class() == 0:
		return "-"
	case v.Class() == format.TextClass:
		return escape.Text(string(v.Text()))
	case k == format.KindConstant && unit == "":
		return string(v.AppendText(nil))
	}
	return string(report.AppendPeople(nil, v, unit))
}

// numberText returns a number for people, scaled by its unit, or with isRate by that
// unit a second.
func numberText(v format.Value, unit string, isRate, utf8 bool) string {
	n := report.NewNumber(unit, isRate, !utf8)
	return string(n.Append(nil, v))
}

// rate returns what a stat changed by in a second, where it is a counter.
func (f *filePage) rate(s *fileStat) string {
	if s.trace == nil || s.trace.kind != format.KindCounter || math.IsNaN(s.trace.now) {
		return ""
	}
	return numberText(format.FloatValue(s.trace.now), s.unit, true, f.totals.utf8)
}

// typeWords returns the type of a stat, and its kind where the type does not say
// it.
func typeWords(t format.Type, k format.Kind) string {
	if t.String() == k.String() || k == format.KindGauge && len(t.Parts()) > 0 {
		return t.String()
	}
	return k.String() + " " + t.String()
}

// header draws whose file it is, and the titles of the columns.
func (f *filePage) header(c *canvas, y int) int {
	c.left(0, y, c.width, f.summary(), normal)
	f.layOut(c.width, f.names)
	f.grid.header(c, y+1)
	return 2
}

// summary says whose file it is, and what is wrong with it.
func (f *filePage) summary() string {
	var parts []string
	if p := f.process; p != nil {
		parts = append(parts, escape.Text(command(p.file)))
		if p.file.Writer.PID != 0 {
			parts = append(parts, "pid "+pidText(p.file)+" "+p.state())
		}
		if at := created(p.file); !at.IsZero() {
			parts = append(parts, "since "+sinceText(at))
		}
	}
	if f.err != nil {
		parts = append(parts, escape.Text(cli.Cause(f.err)))
	}
	return strings.Join(parts, "  ")
}
