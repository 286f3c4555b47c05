package main

import (
	"math"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// A trace is one stat of one process: how it was at the last poll, and points.
type trace struct {
	process *process
	group   *group
	at      int // the index in group.traces
	typ     format.Type
	kind    format.Kind
	live    bool // the stat may change

	class   format.Class // of the value
	bits    uint64       // of the value, where it is no text
	text    string
	changed bool
	reset   bool
	busy    bool // the value could not be read
	samples format.Samples
	// Of the interval. delta is NaN where it is not known.
	delta    float64
	interval format.Samples
	// Of a histogram; nil where they are not known.
	all, recent *format.HistogramState

	now    float64 // the last point: a rate, a mean, p50 or the value; NaN where there is none
	points points
}

// take takes a sample.
func (t *trace) take(m *reader.Sample) {
	if t.group.series != m.Series {
		t.group.series = m.Series
	}
	if t.group.description == nil {
		t.group.description = m.Description
	}
	t.typ, t.kind = m.Type, m.Kind
	t.live = m.File.Writer.MayChange([]byte(t.group.label), m.Kind, m.Live)
	t.reset, t.busy, t.delta = m.Reset, m.Err != nil, math.NaN()
	if m.Delta.Class() != 0 {
		t.delta = m.Delta.Float()
	}
	t.interval, t.all, t.recent = m.Interval, m.Histogram, m.HistogramInterval
	v := m.Value
	if t.changed = false; v.Class() == 0 {
		return // what was there last is shown on
	}
	t.samples = m.Samples
	known := t.class != 0
	if v.Class() == format.TextClass {
		if t.changed = known && t.text != string(v.Text()); t.changed || !known {
			t.text = string(v.Text())
		}
	} else {
		t.changed = known && (t.bits != v.Bits() || t.class != v.Class())
	}
	t.class, t.bits = v.Class(), v.Bits()
}

// value returns the last value.
func (t *trace) value() format.Value {
	if t.class == format.TextClass {
		return format.TextValue([]byte(t.text))
	}
	return format.NumberValue(t.class, t.bits)
}

// isNumber reports whether the stat is a number that may be compared and drawn.
func (t *trace) isNumber() bool {
	return t.kind == format.KindCounter || t.kind == format.KindGauge || t.kind == format.KindBool
}

// point returns what is drawn of the last interval: the rate of a counter, the
// mean of an average, the median of a histogram, and else the value. It is NaN
// where there is none.
func (t *trace) point(elapsed time.Duration) float64 {
	over := t.process.over()
	switch {
	case t.busy || t.class == 0 || t.class == format.TextClass:
	case t.kind == format.KindCounter:
		if elapsed > 0 && !(over && t.delta == 0) {
			return t.delta / elapsed.Seconds()
		}
	case t.typ == format.Average:
		if t.interval.Count > 0 {
			return t.interval.Total / float64(t.interval.Count)
		}
	case t.typ == format.Histogram:
		if t.recent != nil && elapsed > 0 {
			return t.recent.Quantile(0.5)
		}
	case !over && !(t.typ == format.Moving && t.samples.Count == 0):
		return t.value().Float()
	}
	return math.NaN()
}

// float returns the last value as a number.
func (t *trace) float() float64 {
	if t.class == 0 || t.class == format.TextClass {
		return math.NaN()
	}
	return t.value().Float()
}

func (t *trace) lastPoint() float64 { return t.now }

// quantile returns a percentile of the samples of the interval.
func (t *trace) quantile(q float64) float64 {
	if t.recent == nil {
		return math.NaN()
	}
	return t.recent.Quantile(q)
}

func (t *trace) intervalMean() float64 { return t.interval.Total / float64(t.interval.Count) }
