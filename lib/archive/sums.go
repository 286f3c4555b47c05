package archive

import (
	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// sums are what the records of a step counted.
type sums struct {
	ticks     int
	reset     bool
	unknown   bool // what some record counted
	delta     format.Value
	interval  format.Samples
	histogram *format.HistogramState
}

// add adds what a sample counted.
func (m *sums) add(s *reader.Sample) {
	m.ticks++
	m.reset = m.reset || s.Reset
	m.unknown = m.unknown || s.Err != nil
	if s.Delta.Class() == 0 {
		return
	}
	m.delta = plus(m.delta, s.Delta)
	m.interval.Count += s.Interval.Count
	m.interval.Total += s.Interval.Total
	if s.HistogramInterval == nil {
		return
	}
	if m.histogram == nil {
		m.histogram = new(format.HistogramState)
	}
	if m.histogram.Merge(s.HistogramInterval) != nil {
		m.unknown = true
	}
}

// set makes the sums what s counted.
func (m *sums) set(s *reader.Sample) {
	s.Delta, s.Interval, s.HistogramInterval, s.Reset = format.Value{}, format.Samples{}, nil, m.reset
	if !m.reset && !m.unknown {
		s.Delta, s.Interval, s.HistogramInterval = m.delta, m.interval, m.histogram
	}
}

// plus returns v + w, exactly where it is whole and 64 bits hold it. Where v
// is absent, it is w.
func plus(v, w format.Value) format.Value {
	switch {
	case v.Class() == 0:
		return w
	case v.Class() == format.UintClass && w.Class() == format.UintClass:
		if sum := v.Uint() + w.Uint(); sum >= v.Uint() {
			return format.UintValue(sum)
		}
	case v.Class() == format.IntClass && w.Class() == format.IntClass:
		if sum := v.Int() + w.Int(); (sum < v.Int()) == (w.Int() < 0) {
			return format.IntValue(sum)
		}
	}
	return format.FloatValue(v.Float() + w.Float())
}
