package main

import (
	"bytes"
	"math"

	"mmstats/lib/format"
	"mmstats/lib/report"
)

// cell returns a column of numbers as people read it: in three digits, and with
// its unit. exact says that a total is to have all its digits.
func (s *stat) cell(c int, exact bool) string {
	v := s.column(c)
	digits := &s.digits[c]
	isRate := s.isRate(c)
	u, known := format.LookUpUnit(s.unit)
	var text []byte
	switch {
	case v.Class() == 0:
		return "-"
	case exact && c == columnValue && s.isTotal():
		text = s.appendTotal(text)
	case known && isRate && !s.ofSamples():
		text = digits.AppendRate(text, u, v.Float())
	case known && !isRate:
		text = digits.AppendText(text, u, v.Float())
	default:
		text = digits.Append(text, v.Float())
	}
	if isRate && c != columnRate && !bytes.HasSuffix(text, []byte("%")) { // the title of that says so
		text = append(text, "/s"...)
	}
	return string(text)
}

// isTotal reports whether the value is a total of things or of bytes, of which all
// digits tell something.
func (s *stat) isTotal() bool {
	_, known := format.LookUpUnit(s.unit)
	return s.kind == format.KindCounter && s.value.Class() != 0 && (!known || s.unit == "bytes")
}

// appendTotal appends a total with all its digits.
func (s *stat) appendTotal(dst []byte) []byte {
	dst = report.AppendExact(dst, s.value)
	if s.unit == "bytes" {
		dst = append(dst, " B"...)
	}
	return dst
}

// isRate reports whether a column is a change in a second.
func (s *stat) isRate(c int) bool {
	return c == columnRate || c != columnValue && s.kind == format.KindCounter
}

// ofSamples reports whether the stat is made of samples, whose rate has no unit.
func (s *stat) ofSamples() bool { return len(s.typ.Parts()) > 0 }

// width returns how many columns of the terminal cell takes in a column of numbers,
// whatever the number is, and 0 where there is none.
func (s *stat) width(c int, exact bool) int {
	_, known := format.LookUpUnit(s.unit)
	switch {
	case s.isWide(), c == columnRate && s.kind != format.KindCounter:
		return 0
	case c == columnValue && s.shown != "":
		return report.Width(s.shown)
	case exact && c == columnValue && s.isTotal():
		return len(s.appendTotal(nil))
	}
	width := format.SteadyWidth(known)
	if s.isRate(c) && c != columnRate {
		width += len("/s")
	}
	return width
}

// isWide reports whether the value is a text, which stands over all columns.
func (s *stat) isWide() bool {
	return s.value.Class() == format.TextClass || s.shown != "" && s.kind != format.KindBool
}

// column returns what a row has in one of the columns of numbers.
func (s *stat) column(c int) format.Value {
	switch {
	case c == columnValue:
		return s.value
	case c == columnRate:
		return s.rate
	case c == columnUsual && s.judgement.known:
		return format.FloatValue(s.judgement.usual.Median)
	case c == columnUsual || s.polls == 0 || s.kind == format.KindConstant || s.kind == format.KindString:
		return format.Value{}
	case c == columnMin:
		return format.FloatValue(s.least)
	case c == columnAvg:
		return format.FloatValue(s.sum / float64(s.polls))
	}
	return format.FloatValue(s.most)
}

// sparkline returns the last points, on a scale of their own.
func (s *stat) sparkline(width int, utf8 bool) string {
	points := s.history.last(make([]float64, 0, width), width)
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		if !math.IsNaN(p) {
			low, high = min(low, p), max(high, p)
		}
	}
	if low < high {
		low, high = drawnRange(low, high)
	}
	return sparkline(points, low, high, utf8)
}
