package aggregate

import (
	"math"
	"math/bits"

	"mmstats/lib/format"
)

// A Total adds numbers up, and does nothing else that an [Accumulator] does. The
// zero value holds none.
type Total struct {
	numbers int // that were added

	// The sum is exact as long as all values are whole: two's complement of
	// 128 bits. float has the others.
	hi, lo uint64
	float  float64
	floats bool
}

// Add adds a number, or a truth as 0 or 1. An absent value and a text change
// nothing.
func (t *Total) Add(v format.Value) {
	var carry uint64
	switch v.Class() {
	case format.UintClass, format.BoolClass:
		t.lo, carry = bits.Add64(t.lo, v.Uint(), 0)
		t.hi += carry
	case format.IntClass:
		n := v.Int()
		t.lo, carry = bits.Add64(t.lo, uint64(n), 0)
		t.hi, _ = bits.Add64(t.hi, uint64(n>>63), carry)
	case format.FloatClass:
		t.float += v.Float()
		t.floats = true
	default:
		return
	}
	t.numbers++
}

// Value returns the sum, which is exact where 64 bits hold it, and an absent Value
// where there is no number.
func (t *Total) Value() format.Value {
	switch {
	case t.numbers == 0:
		return format.Value{}
	case t.floats:
	case t.hi == 0:
		return format.UintValue(t.lo)
	case t.hi == math.MaxUint64 && int64(t.lo) < 0:
		return format.IntValue(int64(t.lo))
	}
	return format.FloatValue(t.sum())
}

// sum returns the sum as the nearest float.
func (t *Total) sum() float64 {
	hi, lo, sign := t.hi, t.lo, 1.0
	if int64(hi) < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
		sign = -1
	}
	return t.float + sign*(float64(hi)*(1<<64)+float64(lo))
}
