package format

import (
	"math"
	"strconv"
)

// A Steady formats one number that changes from time to time, in three digits and
// the multiple of its unit that suits it. The zero Steady is ready to use.
//
// The text is easy to read while it changes: it has as many digits as before
// while the number has about the same size. A number that is a little less than
// the one before is written in the same multiple and with as many decimals, so
// that it does not jump between 999 and 1.00k, or between 99.9 and 100.
type Steady struct {
	scale    int8 // of the last number, from 1 on; 0 before the first
	decimals int8
	fraction bool // there was a number that is not whole
}

// plainScales are those of numbers without a unit. Between 0.001 and 1000, such a
// number stands as it is.
var plainScales = []scale{
	{1e-9, "n"}, {1e-6, "µ"}, {1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}, {1e15, "P"}, {1e18, "E"},
}

var (
	shareScales   = []scale{{0.01, "%"}}
	celsiusScales = []scale{{1, "°C"}}
)

// Append appends v, which has no unit.
func (s *Steady) Append(dst []byte, v float64) []byte { return s.append(dst, v, plainScales, "") }

// AppendText appends v, which has the unit u, as [Unit.AppendText] does.
func (s *Steady) AppendText(dst []byte, u Unit, v float64) []byte {
	scales := u.scales()
	if scales == nil {
		return u.AppendText(dst, v)
	}
	return s.append(dst, u.ToBase(v), scales, " ")
}

// AppendRate appends v as [Unit.AppendRate] does, but without "/s" behind it.
func (s *Steady) AppendRate(dst []byte, u Unit, v float64) []byte {
	if u.rate != nil {
		return s.append(dst, u.ToBase(v), shareScales, " ")
	}
	return s.AppendText(dst, u, v)
}

// scales returns the multiples of the base of u, or nil for a time of day.
func (u Unit) scales() []scale {
	switch {
	case u.Name == "unixtime":
		return nil
	case u.Name == "bits":
		return byteBitScales
	}
	return map[string][]scale{"seconds": timeScales, "bytes": byteScales, "ratio": shareScales, "celsius": celsiusScales, "hertz": hertzScales}[u.Base]
}

// byteBitScales are multiples of bits, of values in bytes.
var byteBitScales = []scale{{0.125, "bit"}, {125, "kbit"}, {125e3, "Mbit"}, {125e6, "Gbit"}, {125e9, "Tbit"}}

// append appends v by one of scales, with a text between the number and its
// symbol.
func (s *Steady) append(dst []byte, v float64, scales []scale, between string) []byte {
	abs := math.Abs(v)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return appendFloat(dst, v)
	}
	i := s.choose(abs, scales)
	sc := scales[i]
	x := v / sc.factor
	s.fraction = s.fraction || sc.factor == 1 && x != math.Trunc(x)
	own := int8(ownDecimals(math.Abs(x)))
	if i > 0 && sc.symbol != "" {
		own = min(own, 2) // 0.98 KiB
	}
	switch {
	case abs == 0, sc.factor == 1 && !s.fraction:
		own = 0
	case math.Abs(x) >= 1e6 || math.Abs(x) < 0.0005: // beyond the scales
		return append(append(strconv.AppendFloat(dst, x, 'e', 0, 64), between...), sc.symbol...)
	case s.scale == int8(i+1) && own == s.decimals+1 && math.Abs(x) >= 0.9*math.Pow10(2-int(s.decimals)):
		own = s.decimals
	}
	s.scale, s.decimals = int8(i+1), own
	dst = strconv.AppendFloat(dst, x, 'f', int(own), 64)
	return append(append(dst, between...), sc.symbol...)
}

// choose returns the index of the scale for a number.
func (s *Steady) choose(abs float64, scales []scale) int {
	if last := int(s.scale) - 1; last >= 0 && last < len(scales) && (abs == 0 || s.holds(abs, scales, last)) {
		return last
	}
	best := 0
	for i, sc := range scales {
		from := 0.9995 * sc.factor
		if sc.symbol == "" {
			from *= 0.001
		}
		if i == 0 || abs >= from || abs == 0 && sc.factor <= 1 || abs/scales[best].factor >= 999.5 && sc.factor >= 1 {
			best = i
		}
	}
	return best
}

// holds reports whether a number may be written by the scale of the last one, which
// is at index i.
func (s *Steady) holds(abs float64, scales []scale, i int) bool {
	factor := scales[i].factor
	end := 999.5 * factor
	if i+1 < len(scales) {
		end = min(end, 0.9995*scales[i+1].factor)
	}
	from := 0.9 * factor
	if scales[i].symbol == "" {
		from = 0.0009 * factor
	}
	return abs >= from && abs < end
}

// ownDecimals returns how many decimals give x three digits, or a number less than
// 1 three decimals.
func ownDecimals(x float64) int {
	switch {
	case x >= 99.95:
		return 0
	case x >= 9.995:
		return 1
	case x >= 0.9995:
		return 2
	}
	return 3
}

// SteadyWidth returns how many columns of a terminal a number takes, without a
// minus sign, if it is not beyond all multiples of its unit.
func SteadyWidth(unit bool) int {
	if unit {
		return len("0.99 KiB")
	}
	return len("1.00k")
}
