package report

import (
	"bytes"
	"math"
	"strconv"

	"mmstats/lib/format"
)

// ScaledWidth is how many columns of a terminal a number takes at most that
// [AppendScaled] appends, without a minus sign.
const ScaledWidth = 6

// AppendScaled appends a number for people, as [Precision.Append] does for one
// that has no neighbours.
func AppendScaled(dst []byte, v format.Value) []byte { return new(Precision).Append(dst, v) }

// A Precision formats the numbers of one column for people, one after the
// other. It is used by one goroutine.
//
// Numbers have up to four significant digits. From 100,000 on they have a unit:
// k for a thousand, then M, G, T, P and E. Under 0.001 it is µ for a millionth
// or n for a billionth. Between those, whole numbers are exact, with commas
// between thousands.
//
// A number that is little less than the one before it has as many decimals, so
// that a column does not jump between 0.9990 and 1.000.
type Precision struct {
	// ASCII is true if the terminal shows no µ; then u stands for it.
	ASCII bool

	used     bool
	decimals int  // of the last number
	fraction bool // there was a number that is not whole
}

// Append appends a number. It appends "-" for an absent value and for a text.
func (p *Precision) Append(dst []byte, v format.Value) []byte {
	switch {
	case v.Class() == 0 || v.Class() == format.TextClass:
		return append(dst, '-')
	case v.Special() != "":
		return append(dst, v.Special()...)
	}
	f := v.Float()
	abs := math.Abs(f)
	p.fraction = p.fraction || f != math.Trunc(f)
	switch {
	case abs >= 99_999.5:
		return appendLarge(dst, f)
	case abs != 0 && abs < 0.00099995:
		return p.appendSmall(dst, f)
	case abs == 0 || !p.fraction || v.Class() != format.FloatClass:
		return group(strconv.AppendFloat(dst, f+0, 'f', 0, 64), len(dst))
	}
	own := decimals(abs)
	if !p.used || own < p.decimals || own > p.decimals+1 {
		p.used, p.decimals = true, own
	}
	return group(strconv.AppendFloat(dst, f, 'f', p.decimals, 64), len(dst))
}

// decimals returns how many decimals give a number four significant digits. One
// under 1 has four decimals.
func decimals(abs float64) (n int) {
	for limit := 999.95; abs < limit && n < 4; limit /= 10 {
		n++
	}
	return n
}

func appendLarge(dst []byte, f float64) []byte {
	const units = "kMGTPE"
	for i := range len(units) {
		if f /= 1000; math.Abs(f) < 999.95 {
			return append(strconv.AppendFloat(dst, f, 'f', min(3, decimals(math.Abs(f))), 64), units[i])
		}
	}
	return strconv.AppendFloat(dst, f*1e18, 'e', 0, 64)
}

func (p *Precision) appendSmall(dst []byte, f float64) []byte {
	units := []string{"µ", "n"}
	if p.ASCII {
		units[0] = "u"
	}
	f *= 1e6
	for i, unit := range units {
		if math.Abs(f) >= 0.9995 || i == len(units)-1 && math.Abs(f) >= 0.005 {
			return append(strconv.AppendFloat(dst, f, 'f', min(2, decimals(math.Abs(f))), 64), unit...)
		}
		f *= 1000
	}
	return strconv.AppendFloat(dst, f/1e12, 'e', 0, 64)
}

// AppendExact appends a number as [format.Value.AppendText] does, with commas
// between thousands. It appends nothing else than AppendText where v is no
// number.
func AppendExact(dst []byte, v format.Value) []byte {
	start := len(dst)
	dst = v.AppendText(dst)
	switch v.Class() {
	case format.IntClass, format.UintClass, format.FloatClass:
		return group(dst, start)
	}
	return dst
}

// group puts commas between the thousands of the number that starts in b at
// start.
func group(b []byte, start int) []byte {
	for start < len(b) && b[start] == '-' {
		start++
	}
	end := start
	for end < len(b) && '0' <= b[end] && b[end] <= '9' {
		end++
	}
	if end-start <= 3 || bytes.IndexByte(b[end:], 'e') >= 0 {
		return b
	}
	rest := append([]byte(nil), b[end:]...)
	digits := append([]byte(nil), b[start:end]...)
	b = b[:start]
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, c)
	}
	return append(b, rest...)
}
