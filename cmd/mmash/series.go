package main

import (
	"math"
	"strconv"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// A series is a stat: of one file, or, folded, of all files of a command.
type series struct {
	id      int
	file    *file // nil where it is folded
	command string
	label   string
	typ     format.Type
	kind    kind
	unit    string
	about   string
	every   float64 // how often a heartbeat comes, in seconds, or 0
	attrs   uint64  // the version that made it or changed it
	members []*series
	groups  []*series // those that it is a member of

	// Since the last tick.
	value    format.Value
	samples  format.Samples
	delta    float64
	hasDelta bool
	interval format.Samples
	state    *histogramState // of a histogram
	of       int             // writers that a folded bool counts
	reset    bool            // a counter went back
	busy     bool            // a value could not be read
	anew     bool            // the text is another one

	// Of the last tick.
	parts     [len(quantiles)]float64 // see intervalParts
	dead      bool                    // its writer has ended, and with it what it says
	last      format.Value
	lastOf    int
	row       []byte // as streams have it
	changed   uint64 // the tick that changed the row
	resetTick uint64 // the last tick that saw a reset

	rings []ring // the history of each of its numbers
}

// kind is what a series means.
type kind uint8

const (
	constant kind = iota
	gauge
	counter
	boolean
	text
	average
	moving
	histogram
)

// numbers returns how many numbers a series of kind k is at one moment: a
// histogram has three percentiles.
func (k kind) numbers() int {
	if k == histogram {
		return len(quantiles)
	}
	return 1
}

// quantiles are the percentiles of the samples that a histogram took in an
// interval: p50, p90 and p99.
var quantiles = [...]float64{0.5, 0.9, 0.99}

var kindNames = [...]string{constant: "constant", gauge: "gauge", counter: "counter", boolean: "bool", text: "string", average: "average", moving: "gauge", histogram: "histogram"}
var foldNames = [...]string{constant: "one", gauge: "sum", counter: "sum", boolean: "count", text: "one", average: "avg", moving: "avg", histogram: "merge"}

// unixTime is the unit of times of day, of which the sum says nothing.
const unixTime = "unixtime"

// foldName returns how several series are made one of the kind of s.
func (s *series) foldName() string {
	if s.isTime() {
		return "max"
	}
	return foldNames[s.kind]
}

func (s *series) isTime() bool { return s.kind == gauge && s.unit == unixTime }

func kindOf(s *reader.Sample) kind {
	switch t, k := s.Type, s.Kind; {
	case !s.File.Writer.MayChange([]byte(s.Series.Label), k, s.Live):
		return constant
	case t == format.Average:
		return average
	case t == format.Histogram:
		return histogram
	case t == format.Moving:
		return moving
	case k == format.KindCounter:
		return counter
	case k == format.KindBool:
		return boolean
	case k == format.KindString:
		return text
	case k == format.KindConstant:
		return constant
	}
	return gauge
}

// A histogramState is what a histogram holds, and what it took since the last
// tick.
type histogramState struct{ all, interval format.HistogramState }

// addHistogram takes what a sample of a histogram holds.
func (s *series) addHistogram(sample *reader.Sample) {
	if s.state == nil {
		s.state = new(histogramState)
	}
	if sample.Histogram != nil {
		s.state.all = *sample.Histogram
	}
	// Of one that is full nothing can be told: this interval is left out.
	if sample.HistogramInterval != nil && s.state.interval.Merge(sample.HistogramInterval) != nil {
		s.busy = true
	}
}

// add takes a sample of a series of one file.
func (s *series) add(m *model, sample *reader.Sample) {
	if m.coarse && sample.Reset {
		sinceReset(sample)
	}
	s.reset = s.reset || sample.Reset
	s.samples = sample.Samples
	if sample.Err != nil {
		s.busy = true
		m.busy++
	}
	if sample.Delta.Class() != 0 {
		s.delta += sample.Delta.Float()
		s.hasDelta = true
	}
	s.interval.Count += sample.Interval.Count
	s.interval.Total += sample.Interval.Total
	if s.kind == histogram {
		s.addHistogram(sample)
	}
	v := sample.Value
	if v.Class() == format.TextClass {
		if s.value.Class() == format.TextClass && string(s.value.Text()) == string(v.Text()) {
			return
		}
		s.anew = true
		v = format.TextValue(append([]byte(nil), v.Text()...))
	}
	s.value = v
}

// sinceReset makes a sample of which the writer started again one of what it
// counted since, as Prometheus has it: over a longer time, that says more than
// nothing does.
func sinceReset(sample *reader.Sample) {
	sample.Reset = false
	sample.Delta, sample.Interval, sample.HistogramInterval = sample.Value, sample.Samples, sample.Histogram
}

// counts reports whether a stat of one file still says something after its
// writer has ended: the work was done, but nothing is in flight.
func (s *series) counts() bool {
	return s.kind == counter || s.kind == average || s.kind == histogram || s.kind == constant || s.file.live != ended
}

// settle makes the row of s and adds a point to its history, elapsed after the
// last tick.
func (s *series) settle(m *model, elapsed time.Duration) {
	parts := s.intervalParts(elapsed)
	dead := s.file != nil && !s.counts()
	same := len(s.row) > 0 && same(parts[0], s.parts[0]) && same(parts[1], s.parts[1]) && same(parts[2], s.parts[2]) &&
		s.value.Class() == s.last.Class() && s.value.Bits() == s.last.Bits() && !s.anew && s.of == s.lastOf && dead == s.dead
	if s.reset {
		s.resetTick = m.tick
	}
	if !same {
		s.parts, s.dead, s.last, s.lastOf = parts, dead, s.value, s.of
		s.changed = m.tick
		if !m.recorded {
			s.row = s.appendRow(s.row[:0])
		}
	}
	s.addPoint(m)
}

var noParts = [len(quantiles)]float64{math.NaN(), math.NaN(), math.NaN()}

// intervalParts returns what s says of the interval: the rate of a counter or the
// mean of an average first, and the percentiles of a histogram. A part is NaN
// where there is none.
func (s *series) intervalParts(elapsed time.Duration) [len(quantiles)]float64 {
	parts := noParts
	switch {
	case elapsed <= 0 || s.reset || s.busy:
	case s.kind == counter && s.hasDelta:
		parts[0] = s.delta / elapsed.Seconds()
	case s.kind == average && s.interval.Count > 0:
		parts[0] = s.interval.Total / float64(s.interval.Count)
	case s.kind == histogram && s.state != nil:
		for i, q := range quantiles {
			parts[i] = s.state.interval.Quantile(q)
		}
	}
	return parts
}

// clear makes s ready for what comes until the next tick.
func (s *series) clear() {
	s.delta, s.hasDelta, s.interval = 0, false, format.Samples{}
	s.reset, s.busy, s.anew = false, false, false
	if s.state != nil {
		s.state.interval = format.HistogramState{}
	}
}

func same(x, y float64) bool { return x == y || x != x && y != y }

// point returns what the graphs show, the number i of a histogram.
func (s *series) point(i int) float64 {
	switch {
	case s.kind == counter || s.kind == average || s.kind == histogram:
		return s.parts[i]
	case s.kind == text || s.kind == constant || s.dead || s.value.Class() == 0:
		return math.NaN()
	}
	return s.value.Float()
}

// maxStreamText is how much of a text streams have, in bytes.
const maxStreamText = 256

// appendRow appends the row of s: id, value, and the rate or part.
func (s *series) appendRow(dst []byte) []byte {
	dst = append(strconv.AppendInt(append(dst, '['), int64(s.id), 10), ',')
	if s.dead {
		return append(dst, "null]"...)
	}
	dst = appendStreamValue(dst, s.value)
	switch {
	case s.kind == counter || s.kind == average:
		dst = appendFloat(append(dst, ','), s.parts[0], 6)
	case s.kind == histogram && math.IsNaN(s.parts[0]):
		dst = append(dst, ",null"...)
	case s.kind == histogram:
		dst = append(dst, ",["...)
		for _, part := range s.parts {
			dst = appendFloat(comma(dst), part, 6)
		}
		dst = append(dst, ']')
	case s.of > 0:
		dst = strconv.AppendInt(append(dst, ','), int64(s.of), 10)
	}
	return append(dst, ']')
}

// appendStreamValue appends a value as JSON that JavaScript reads: whole
// numbers beyond 2^53 as texts, and long texts cut.
func appendStreamValue(dst []byte, v format.Value) []byte {
	const exact = 1 << 53
	switch v.Class() {
	case format.TextClass:
		cut := v.Text()
		if len(cut) > maxStreamText {
			cut = append(cut[:maxStreamText:maxStreamText], "…"...)
		}
		return append(dst, quoted(cut)...)
	case format.UintClass:
		if v.Uint() > exact {
			return append(v.AppendText(append(dst, '"')), '"')
		}
	case format.IntClass:
		if v.Int() > exact || v.Int() < -exact {
			return append(v.AppendText(append(dst, '"')), '"')
		}
	}
	return appendValue(dst, v)
}
