package main

import (
	"bytes"
	"strconv"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// An ended says which stats of writers that have ended count.
type ended uint8

const (
	endedWork ended = iota // those that tell what was done, not how things are
	endedAll
	endedNone
)

// A fold is one stat over all files, in one interval. It is used so: begin, add
// for each sample of one poll, and then what it holds is read.
type fold struct {
	label string
	typ   format.Type
	kind  format.Kind
	unit  string // of the first file that says one
	live  bool   // the stat may change, and tells what a program does
	ended ended

	needs needs
	// joining is true until the first poll of the stat is over. Then there was no
	// interval: what is shown as one is all since the start.
	joining bool

	tally
}

// A tally is what the samples of one poll come to.
type tally struct {
	samples  int  // that came, of whatever value
	left     int  // of them, those of writers that have ended, which do not count
	reset    bool // a counter went back
	failed   bool // a value could not be read
	values   aggregate.Accumulator
	trues    int
	text     []byte // the first one
	differ   bool   // files have different texts or constants
	deltas   aggregate.Total
	interval format.Samples         // behind means, of the interval
	total    format.Samples         // and since the start
	merged   *format.HistogramState // of the interval
	window   []float64              // samples of moving averages
	last     aggregate.Accumulator  // sample of moving averages
}

// needs are what of a fold is asked for. What is not is not computed.
type needs uint8

const (
	needValues needs = 1 << iota
	needChange
	needMerged
	needWindow
)

// needsOf returns what an aspect of a stat of type t needs.
func needsOf(a aspect, t format.Type) needs {
	switch {
	case a.mode == rate || a.mode == delta:
		return needChange
	case a.mode != inside:
		return needValues | needChange
	case t == format.Histogram && a.part != format.PartMean && a.part != format.PartCount && a.part != format.PartSum:
		return needChange | needMerged
	case t == format.Moving && a.part != format.PartCount && a.part != format.PartMean:
		return needWindow
	}
	return needValues | needChange
}

// begin starts an interval.
func (f *fold) begin() {
	f.joining = f.joining && f.samples == 0
	if f.merged != nil {
		*f.merged = format.HistogramState{}
	}
	f.tally = tally{text: f.text[:0], window: f.window[:0], merged: f.merged} // whose memory is used again
}

// add takes a sample of one file.
func (f *fold) add(m *reader.Sample) {
	f.typ, f.kind = m.Series.Type, m.Series.Kind
	f.samples++
	if f.unit == "" && m.Description != nil {
		f.unit = m.Description.Unit
	}
	if f.joining {
		label := []byte(f.label)
		f.live = f.live || m.File.Writer.MayChange(label, m.Kind, m.Live) && !format.IsIdentity(label)
	}
	if !f.counts(m) {
		f.left++
		return
	}
	f.reset = f.reset || m.Reset
	f.failed = f.failed || m.Err != nil
	if f.needs == needChange && m.Kind == format.KindCounter && !f.joining {
		f.deltas.Add(m.Delta)
		return
	}
	if f.needs&needChange != 0 {
		f.change(m)
	}
	if f.needs&needValues != 0 {
		f.value(m)
	}
	if m.Type == format.Moving && f.needs&needWindow != 0 {
		before := len(f.window)
		f.window = format.AppendRecent(f.window, m.Raw)
		if len(f.window) > before {
			f.last.Add(format.FloatValue(f.window[len(f.window)-1]))
		}
	}
}

// counts reports whether a sample counts, though its writer may have ended.
func (f *fold) counts(m *reader.Sample) bool {
	return f.ended == endedAll || f.ended == endedWork && aggregate.OutlivesWriter(m.Type, m.Kind) || !m.File.Ended()
}

// change takes what changed in the interval.
func (f *fold) change(m *reader.Sample) {
	change, samples, histogram := m.Delta, m.Interval, m.HistogramInterval
	if f.joining {
		change, samples, histogram = m.Value, m.Samples, m.Histogram
	}
	if change.Class() == format.TextClass {
		return
	}
	f.deltas.Add(change)
	f.interval.Count += samples.Count
	f.interval.Total += samples.Total
	if histogram == nil || f.needs&needMerged == 0 {
		return
	}
	if f.merged == nil {
		f.merged = new(format.HistogramState)
	}
	if f.merged.Merge(histogram) != nil {
		f.failed = true
	}
}

// value takes how things are.
func (f *fold) value(m *reader.Sample) {
	v := m.Value
	switch {
	case v.Class() == 0:
		return
	case v.Class() == format.TextClass:
		if f.values.Values() == 0 {
			f.text = append(f.text, v.Text()...)
		}
		f.differ = f.differ || !bytes.Equal(f.text, v.Text())
		v = format.TextValue(nil)
	case v.Class() == format.BoolClass && v.Bool():
		f.trues++
	case m.Type == format.Average || m.Type == format.Histogram:
		f.total.Count += m.Samples.Count
		f.total.Total += m.Samples.Total
		n := m.Interval
		if f.joining {
			n = m.Samples
		}
		if n.Count == 0 {
			return
		}
		v = format.FloatValue(n.Total / float64(n.Count)) // for the least and the greatest
	case m.Type == format.Moving && m.Samples.Count == 0:
		return
	case m.Kind == format.KindConstant && f.values.Values() > 0:
		f.differ = f.differ || f.values.Result(aggregate.One).Float() != v.Float()
	}
	f.values.Add(v)
}

// unitOf returns the unit of an aspect, or "".
func (f *fold) unitOf(a aspect) string {
	if a.hasUnit(f.typ) {
		return f.unit
	}
	return ""
}

// modeFuncs are what the modes make of the values of all files.
var modeFuncs = map[mode]aggregate.Func{value: aggregate.Sum, avg: aggregate.Avg, least: aggregate.Min, most: aggregate.Max}

// result returns an aspect of what all files say, elapsed after the poll before.
// It is absent where there is nothing to tell it, and where a value could not be
// read or went back.
func (f *fold) result(a aspect, elapsed time.Duration) format.Value {
	if f.failed || f.reset && a.ofInterval(f.typ) {
		return format.Value{}
	}
	parts := len(f.typ.Parts()) > 0
	switch {
	case f.isText():
		return f.textValue()
	case a.mode == inside:
		return f.part(a.part)
	case a.mode == delta && !parts:
		return f.deltas.Value()
	case a.mode == rate:
		return f.rate(elapsed)
	case a.mode == avg && parts && f.typ != format.Moving:
		return f.part(format.PartMean)
	case a.mode == value && parts:
		return f.meanOfAll()
	}
	return f.values.Result(modeFuncs[a.mode])
}

// isText reports whether the stat is a text, in all files.
func (f *fold) isText() bool { return f.kind == format.KindString }

// textValue returns the text that all files have.
func (f *fold) textValue() format.Value {
	if f.values.Values() == 0 || f.differ {
		return format.Value{}
	}
	return format.TextValue(f.text)
}

// note returns what people read instead of an absent value, or "".
func (f *fold) note() string {
	if f.isText() && f.differ && !f.failed {
		return strconv.Itoa(f.values.Values()) + " values"
	}
	return ""
}

// rate returns the change in a second, or the samples in a second where the stat
// is made of samples.
func (f *fold) rate(elapsed time.Duration) format.Value {
	change := f.deltas.Value()
	if change.Class() == 0 {
		return change
	}
	if len(f.typ.Parts()) > 0 {
		change = format.UintValue(f.interval.Count)
	}
	if f.joining || elapsed <= 0 {
		return change
	}
	return format.FloatValue(change.Float() / elapsed.Seconds())
}

// meanOfAll returns the mean of all samples since the start.
func (f *fold) meanOfAll() format.Value {
	switch {
	case f.typ == format.Moving:
		return f.values.Result(aggregate.Avg)
	case f.total.Count == 0:
		return format.Value{}
	}
	return format.FloatValue(f.total.Total / float64(f.total.Count))
}

// part returns a part of the samples: those of the interval, and for a moving
// average those in the window.
func (f *fold) part(p format.Part) format.Value {
	switch {
	case f.typ == format.Moving && p == format.PartMean:
		return f.values.Result(aggregate.Avg)
	case f.typ == format.Moving && p == format.PartLast:
		return f.last.Result(aggregate.Avg)
	case f.typ == format.Moving && p != format.PartCount:
		return format.RecentPart(f.window, p)
	case f.deltas.Value().Class() == 0: // no file has been polled twice
		return format.Value{}
	case f.merged == nil, p == format.PartCount, p == format.PartSum, p == format.PartMean:
		return f.interval.Part(p, format.FloatValue(f.interval.Total/float64(f.interval.Count)))
	}
	return f.merged.Part(p)
}

// folds are the stats that are polled, by label.
type folds struct {
	byLabel map[string]*fold
	bound   []boundFold // by the ID of the series
	ended   ended
	most    int  // folds at most
	closed  bool // no others are added
	refused int  // samples that no fold was left for
}

// A boundFold is the fold of a series, and nil where it has none.
type boundFold struct {
	series *reader.Series
	fold   *fold
}

func newFolds(e ended, most int) *folds {
	return &folds{byLabel: make(map[string]*fold), ended: e, most: most}
}

// begin starts an interval.
func (fs *folds) begin() {
	fs.refused = 0
	for _, f := range fs.byLabel {
		f.begin()
	}
}

// visit takes a sample.
func (fs *folds) visit(m *reader.Sample) {
	s := m.Series
	for s.ID >= len(fs.bound) {
		fs.bound = append(fs.bound, boundFold{})
	}
	b := &fs.bound[s.ID]
	if b.series != s {
		*b = boundFold{s, fs.of(s)}
	}
	if b.fold != nil {
		b.fold.add(m)
	} else {
		fs.refused++
	}
}

// of returns the fold of s, if there is one or one more may be.
func (fs *folds) of(s *reader.Series) *fold {
	f := fs.byLabel[s.Label]
	if f == nil && !fs.closed && len(fs.byLabel) < fs.most {
		f = &fold{label: s.Label, ended: fs.ended, joining: true, needs: ^needs(0)}
		fs.byLabel[s.Label] = f
	}
	return f
}

// keep leaves the folds that the function wants, and binds all series anew.
func (fs *folds) keep(wanted func(*fold) bool) {
	for label, f := range fs.byLabel {
		if !wanted(f) {
			delete(fs.byLabel, label)
		}
	}
	fs.bound = nil
}
