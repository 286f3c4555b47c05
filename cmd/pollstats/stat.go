package main

import (
	"math"
	"strconv"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/format"
)

// A stat is a row of the full screen: one label, over all files.
type stat struct {
	fold         // of the last poll
	title string // the label without the prefix
	part  aspect // that the row is of: a percentile; the mode is byKind in all other rows

	// Of the last poll.
	value   format.Value
	shown   string       // of what cannot be added up
	rate    format.Value // of a counter
	changed bool
	missing int // polls since a file had it
	quiet   int // polls since the value changed

	program  *program // that has it
	programs int      // at the last poll: 2 stands for more, too

	// Since the start: of the rate of a counter, and else of the value.
	least, most, sum float64
	polls            int
	history          history
	judgement        judgement

	digits [columnCount]format.Steady // how the columns were written last
}

func newStat(label, title string, e ended) *stat {
	return &stat{title: title, fold: fold{label: label, ended: e, joining: true, needs: needValues | needChange}}
}

// of is told that a program has the stat.
func (s *stat) of(p *program) {
	if s.programs == 0 {
		s.program, s.programs = p, 1
	} else if s.program != p {
		s.programs = 2
	}
}

// isNumber reports whether the values of several files are added up.
func (s *stat) isNumber() bool {
	return s.kind == format.KindCounter || s.kind == format.KindGauge
}

// end finishes a poll, elapsed after the one before. The first has none.
func (s *stat) end(elapsed time.Duration, t *timing) {
	s.missing++
	if s.samples > 0 {
		s.missing = 0
	}
	before, text := s.value, s.shown
	s.value, s.shown = s.summary()
	differs := before.Class() != s.value.Class() || before.Float() != s.value.Float() || text != s.shown
	s.changed = before.Class() != 0 && differs
	if s.quiet++; differs {
		s.quiet = 0
	}
	s.rate = format.Value{}
	if s.kind == format.KindCounter && s.part.mode == byKind && elapsed > 0 && !s.joining {
		s.rate = s.result(aspect{mode: rate}, elapsed)
	}
	s.track(elapsed, t)
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
	case s.reset:
		return wasReset
	case s.judgement.unusual && s.kind != format.KindCounter:
		return differs
	case s.changed:
		return changed
	}
	return normal
}

// track adds the last poll to what is shown of the time since the start.
func (s *stat) track(elapsed time.Duration, t *timing) {
	if s.kind == format.KindCounter && elapsed == 0 || s.isWide() {
		return // there is no rate yet, or nothing to draw
	}
	now := s.point()
	s.history.add(now, t.point)
	if t.point {
		s.judgement.judge(&s.history, t.step, s.kind == format.KindCounter, &t.scratch)
	}
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

// point returns what is drawn of the last poll: the rate of a counter, else the
// value, and NaN where there is none.
func (s *stat) point() float64 {
	v := s.value
	if s.kind == format.KindCounter {
		v = s.rate
	}
	if v.Class() == 0 || v.Class() == format.TextClass {
		return math.NaN()
	}
	return v.Float()
}

// forget starts the least, the mean and the greatest anew.
func (s *stat) forget() { s.least, s.most, s.sum, s.polls = 0, 0, 0, 0 }
