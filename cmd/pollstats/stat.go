package main

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// maxHistory is how many polls a sparkline reaches back at most.
const maxHistory = 256

// A stat is a row of the full screen: one label, over all files.
type stat struct {
	fold         // of the last poll
	title string // the label without the prefix
	part  aspect // that the row is of: a percentile; the mode is byKind in all other rows

	// Of the last poll.
	value    format.Value
	shown    string // of what cannot be added up
	rate     float64
	hasRate  bool
	changed  bool
	wasReset bool
	missing  int // polls since a file had it

	// Since the start: of the rate of a counter, and else of the value.
	least, most, sum float64
	polls            int
	history          []float64 // the last ones; NaN where there was none
}

func newStat(label, title string, e ended) *stat {
	return &stat{title: title, fold: fold{label: label, ended: e, joining: true, needs: needValues | needChange}}
}

// isNumber reports whether the values of several files are added up.
func (s *stat) isNumber() bool {
	return s.kind == format.KindCounter || s.kind == format.KindGauge
}

// end finishes a poll, elapsed after the one before. The first has none.
func (s *stat) end(elapsed time.Duration) {
	s.missing++
	if s.samples > 0 {
		s.missing = 0
	}
	before, text := s.value, s.shown
	s.value, s.shown = s.summary()
	s.changed = before.Class() != 0 && (before.Float() != s.value.Float() || text != s.shown)
	s.wasReset = s.reset
	s.rate, s.hasRate = 0, false
	if change := s.result(aspect{mode: rate}, elapsed); s.part.mode == byKind && elapsed > 0 && !s.joining && change.Class() != 0 && !s.isText() {
		s.rate, s.hasRate = change.Float(), true
	}
	s.track(elapsed)
}

// summary returns what all files say together: a number, or a text where they
// cannot be added up.
func (s *stat) summary() (format.Value, string) {
	files := s.values.Values()
	switch {
	case s.failed:
		return format.Value{}, ""
	case s.part.mode != byKind:
		return s.result(s.part, 0), ""
	case s.isNumber() && len(s.typ.Parts()) > 0:
		return s.result(defaultAspect(s.typ, s.kind), 0), ""
	case files == 0:
		return format.Value{}, ""
	case s.kind == format.KindBool && files > 1:
		return format.IntValue(int64(s.trues)), strconv.Itoa(s.trues) + " of " + strconv.Itoa(files)
	case s.kind == format.KindBool:
		return format.IntValue(int64(s.trues)), strconv.FormatBool(s.trues > 0)
	case s.isText() && s.differ:
		return format.TextValue(nil), s.note()
	case s.isText():
		return format.TextValue(nil), string(s.text)
	case s.kind == format.KindConstant && s.differ:
		return format.TextValue(nil), strconv.Itoa(files) + " values"
	case s.kind == format.KindConstant:
		return format.TextValue(nil), s.oneText(s.values.Result(aggregate.One))
	case s.unit == unixTime:
		return format.TextValue(nil), s.oneText(s.values.Result(aggregate.Max))
	}
	return s.result(aspect{mode: value}, 0), ""
}

// unixTime is the unit of times of day, of which the sum says nothing.
const unixTime = "unixtime"

// oneText returns a value as a text of any width.
func (s *stat) oneText(v format.Value) string {
	if u, known := format.LookUpUnit(s.unit); known {
		return string(u.AppendText(nil, v.Float()))
	}
	return string(v.AppendText(nil))
}

// style returns the style of the value.
func (s *stat) style() style {
	switch {
	case s.missing > 0:
		return muted
	case s.wasReset:
		return wasReset
	case s.changed:
		return changed
	}
	return normal
}

// appendColumn appends what a row has in one of the columns of numbers.
func (s *stat) appendColumn(dst []byte, c int) []byte {
	v := s.column(c)
	u, known := format.LookUpUnit(s.unit)
	isRate := c == columnRate || c != columnValue && s.kind == format.KindCounter
	switch {
	case !known || v.Class() == 0 || isRate && len(s.typ.Parts()) > 0:
		return report.AppendScaled(dst, v)
	case isRate:
		return bytes.TrimSuffix(u.AppendRate(dst, v.Float()), []byte("/s")) // the title says so
	}
	return u.AppendText(dst, v.Float())
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
	if s.polls == 0 || now < s.least {
		s.least = now
	}
	if s.polls == 0 || now > s.most {
		s.most = now
	}
	s.sum += now
	s.polls++
}

// column returns what a row has in one of the columns of numbers.
func (s *stat) column(c int) format.Value {
	switch {
	case c == columnValue:
		return s.value
	case c == columnRate && s.hasRate:
		return format.FloatValue(s.rate)
	case c == columnRate || s.polls == 0 || s.kind == format.KindConstant || s.kind == format.KindString:
		return format.Value{}
	case c == columnMin:
		return format.FloatValue(s.least)
	case c == columnAvg:
		return format.FloatValue(s.sum / float64(s.polls))
	}
	return format.FloatValue(s.most)
}

// sparkline appends the last polls as one character each, from the lowest level to
// the highest.
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
