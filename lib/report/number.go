package report

import (
	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// A Number formats the numbers of one column for people, scaled by their unit.
// It is used by one goroutine.
type Number struct {
	precision Precision
	name      string      // of the unit, or ""
	unit      format.Unit // if it is one that the tools know
	known     bool
	rate      bool
}

// NewNumber returns a Number for a stat that has the named unit, or none, or with
// rate for the change of such a stat in a second. ascii is true if the terminal
// shows ASCII alone.
func NewNumber(unit string, rate, ascii bool) Number {
	n := Number{precision: Precision{ASCII: ascii}, name: unit, rate: rate}
	n.unit, n.known = format.LookUpUnit(unit)
	return n
}

// Append appends a number as [Precision.Append] does, and where there is a unit,
// in the multiple of it that suits the number: "1.2 MiB", or "1.2 MiB/s" for a
// rate. A rate of seconds is a share of one core: "35 %". A unit that is not known
// is appended as it stands.
func (n *Number) Append(dst []byte, v format.Value) []byte {
	isNumber := v.Class() == format.IntClass || v.Class() == format.UintClass || v.Class() == format.FloatClass
	switch {
	case n.name == "" || !isNumber || v.Special() != "":
		return n.precision.Append(dst, v)
	case n.known && n.rate:
		return n.unit.AppendRate(dst, v.Float())
	case n.known:
		return n.unit.AppendText(dst, v.Float())
	}
	dst = append(n.precision.Append(dst, v), ' ')
	dst = escape.AppendText(dst, []byte(n.name))
	if n.rate {
		dst = append(dst, "/s"...)
	}
	return dst
}

// Width returns how many columns of a terminal a number takes at most, without a
// minus sign.
func (n *Number) Width() int {
	const scaled = len("1023 KiB")
	width := ScaledWidth
	switch {
	case n.name == "":
		return width
	case n.known && n.rate:
		return scaled + len("/s")
	case n.known && n.name == "unixtime":
		return len("2006-01-02 15:04:05 -0700")
	case n.known:
		return scaled
	case n.rate:
		width += len("/s")
	}
	return width + 1 + Width(escape.Text(n.name))
}
