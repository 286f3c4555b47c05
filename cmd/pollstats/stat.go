package main

import (
	"math"
	"strconv"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// maxHistory is how many looks a sparkline reaches back at most.
const maxHistory = 256

// A stat is a row of the full screen: one label, over all files.
type stat struct {
	label string // without the prefix
	kind  format.Kind
	typ   format.Type

	// Of the look at hand.
	values, deltas aggregate.Accumulator
	trues          int
	differ         bool // files say different things
	reset, failed  bool

	// Of the last look.
	value    format.Value
	text     string // of what cannot be added up
	rate     float64
	hasRate  bool
	changed  bool
	wasReset bool
	missing  int // looks since a file had it

	// Since the start: of the rate of a counter, and else of the value.
	least, most, sum float64
	looks            int
	history          []float64 // the last ones; NaN where there was none
}

// begin starts a look.
func (s *stat) begin() {
	s.values, s.deltas = aggregate.Accumulator{}, aggregate.Accumulator{}
	s.trues, s.differ, s.reset, s.failed = 0, false, false, false
}

// add takes a sample of one file.
func (s *stat) add(m *reader.Sample) {
	s.reset = s.reset || m.Reset
	s.failed = s.failed || m.Err != nil
	s.deltas.Add(m.Delta)
	if m.Value.Class() == 0 {
		return
	}
	if !s.isNumber() && s.values.Values() > 0 {
		first := s.values.Result(aggregate.One)
		s.differ = s.differ || string(first.AppendText(nil)) != string(m.Value.AppendText(nil))
	}
	s.values.Add(m.Value)
	if m.Value.Class() == format.BoolClass && m.Value.Bool() {
		s.trues++
	}
}

// isNumber reports whether the values of several files are added up.
func (s *stat) isNumber() bool {
	return s.kind == format.KindCounter || s.kind == format.KindGauge
}

// end finishes a look, elapsed after the one before. The first has none.
func (s *stat) end(elapsed time.Duration) {
	s.missing++
	if s.values.Values() > 0 {
		s.missing = 0
	}
	before, text := s.value, s.text
	s.value, s.text = s.summary()
	s.changed = before.Class() != 0 && (before.Float() != s.value.Float() || text != s.text)
	d := s.deltas.Result(aggregate.Sum)
	s.wasReset = s.reset
	s.hasRate = elapsed > 0 && d.Class() != 0 && !s.reset && !s.failed
	s.rate = 0
	if s.hasRate {
		s.rate = d.Float() / elapsed.Seconds()
	}
	s.track(elapsed)
}

// summary returns what all files say together: a number, or a text where they
// cannot be added up.
func (s *stat) summary() (format.Value, string) {
	files := s.values.Values()
	one := s.values.Result(aggregate.One)
	switch {
	case files == 0 || s.failed:
		return format.Value{}, ""
	case s.isNumber() && kindMode(s.typ, s.kind) == avg:
		return s.values.Result(aggregate.Avg), ""
	case s.isNumber():
		return s.values.Result(aggregate.Sum), ""
	case s.kind == format.KindBool && files > 1:
		return format.IntValue(int64(s.trues)), strconv.Itoa(s.trues) + " of " + strconv.Itoa(files) + " true"
	case s.kind == format.KindBool:
		return format.IntValue(int64(s.trues)), string(one.AppendText(nil))
	case s.differ:
		return format.TextValue(nil), strconv.Itoa(files) + " values"
	}
	return format.TextValue(nil), string(one.AppendText(nil))
}

// track keeps what is shown of the time since the start.
func (s *stat) track(elapsed time.Duration) {
	now := math.NaN()
	switch {
	case s.kind == format.KindCounter && elapsed == 0: // there is no rate yet
		return
	case s.kind == format.KindCounter && s.hasRate:
		now = s.rate
	case s.kind == format.KindCounter:
	case s.value.Class() != 0 && s.value.Class() != format.TextClass:
		now = s.value.Float()
	}
	if len(s.history) == maxHistory {
		s.history = append(s.history[:0], s.history[maxHistory/2:]...)
	}
	s.history = append(s.history, now)
	if math.IsNaN(now) {
		return
	}
	if s.looks == 0 || now < s.least {
		s.least = now
	}
	if s.looks == 0 || now > s.most {
		s.most = now
	}
	s.sum += now
	s.looks++
}

// column returns what a row has in one of the columns of numbers.
func (s *stat) column(c int) format.Value {
	switch {
	case c == columnValue:
		return s.value
	case c == columnRate && s.hasRate:
		return format.FloatValue(s.rate)
	case c == columnRate || s.looks == 0 || s.kind == format.KindConstant || s.kind == format.KindString:
		return format.Value{}
	case c == columnMin:
		return format.FloatValue(s.least)
	case c == columnAvg:
		return format.FloatValue(s.sum / float64(s.looks))
	}
	return format.FloatValue(s.most)
}

// sparkline appends the last looks as one character each, from the lowest
// level to the highest.
func (s *stat) sparkline(dst []byte, width int, levels []rune) []byte {
	history := s.history[max(0, len(s.history)-width):]
	low, high := math.Inf(1), math.Inf(-1)
	for _, h := range history {
		if !math.IsNaN(h) {
			low, high = min(low, h), max(high, h)
		}
	}
	if s.kind == format.KindCounter {
		low = min(low, 0)
	}
	for _, h := range history {
		switch {
		case math.IsNaN(h):
			dst = append(dst, ' ')
		case !(high-low > 0) || math.IsInf(high-low, 0):
			dst = append(dst, string(levels[0])...)
		default:
			level := int((h - low) / (high - low) * float64(len(levels)))
			dst = append(dst, string(levels[min(level, len(levels)-1)])...)
		}
	}
	return dst
}
