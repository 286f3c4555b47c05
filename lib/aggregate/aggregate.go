// Package aggregate folds the values that a stat has in many files into one.
package aggregate

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"mmstats/lib/format"
)

// Func is a way to fold values.
type Func uint8

// The ways to fold. The nonzero ones leave zeros out, and are absent where
// there is nothing else. Min and max leave NaN out, unless there is nothing else.
const (
	Sum Func = iota + 1
	Avg
	Min
	Max
	One
	Count
	NonzeroMin
	NonzeroAvg
)

// names are the functions as options take them.
var names = [...]string{
	Sum: "sum", Avg: "avg", Min: "min", Max: "max", One: "one",
	Count: "count", NonzeroMin: "nonzero-min", NonzeroAvg: "nonzero-avg",
}

// ParseFunc returns the function called name.
func ParseFunc(name string) (Func, error) {
	if f := slices.Index(names[Sum:], name); f >= 0 {
		return Sum + Func(f), nil
	}
	return 0, fmt.Errorf("unknown function %q; functions: %s", name, strings.Join(names[Sum:], ", "))
}

// String returns the name of f.
func (f Func) String() string { return names[f] }

// An Accumulator folds the values of one stat. The zero value holds none. A
// truth counts as 0 or 1. A text counts for One and Count alone.
type Accumulator struct {
	values  int // that were added, of any class
	first   format.Value
	total   Total
	nonzero int

	min, max, nonzeroMin number
}

// A number is a value without the room for a text: an Accumulator has several,
// and there may be one for each of a hundred thousand labels.
type number struct {
	bits  uint64
	class format.Class
}

func (n number) value() format.Value { return format.NumberValue(n.class, n.bits) }

// Add takes one value more. An absent one changes nothing.
func (a *Accumulator) Add(v format.Value) {
	if v.Class() == 0 {
		return
	}
	a.values++
	if a.values == 1 {
		a.first = v
		if v.Class() == format.TextClass {
			a.first = format.TextValue(bytes.Clone(v.Text()))
		}
	}
	if v.Class() == format.TextClass {
		return
	}
	if v.Class() == format.BoolClass {
		v = format.UintValue(v.Uint())
	}
	a.extremes(v)
	a.total.Add(v)
}

func (a *Accumulator) extremes(v format.Value) {
	n := number{v.Bits(), v.Class()}
	if least := a.min.value(); a.total.numbers == 0 || less(v, least) || isNaN(least) {
		a.min = n
	}
	if most := a.max.value(); a.total.numbers == 0 || less(most, v) || isNaN(most) {
		a.max = n
	}
	if v.Float() != 0 {
		if least := a.nonzeroMin.value(); a.nonzero == 0 || less(v, least) || isNaN(least) {
			a.nonzeroMin = n
		}
		a.nonzero++
	}
}

// less compares numbers, whole ones exactly. NaN is less than nothing and
// nothing is less than it.
func less(v, w format.Value) bool {
	vInt, wInt := v.Class() == format.IntClass, w.Class() == format.IntClass
	switch {
	case v.Class() == format.FloatClass || w.Class() == format.FloatClass:
		return v.Float() < w.Float()
	case vInt && wInt:
		return v.Int() < w.Int()
	case vInt && v.Int() < 0:
		return true
	case wInt && w.Int() < 0:
		return false
	}
	return v.Uint() < w.Uint()
}

func isNaN(v format.Value) bool { return math.IsNaN(v.Float()) }

// Values returns how many values were added.
func (a *Accumulator) Values() int { return a.values }

// Result returns what f makes of the values, and an absent Value where that
// is nothing.
func (a *Accumulator) Result(f Func) format.Value {
	switch {
	case f == Count:
		return format.UintValue(uint64(a.values))
	case f == One:
		return a.first
	case a.total.numbers == 0:
		return format.Value{}
	}
	switch f {
	case Sum:
		return a.total.Value()
	case Avg:
		return format.FloatValue(a.total.sum() / float64(a.total.numbers))
	case Min:
		return a.min.value()
	case Max:
		return a.max.value()
	}
	if a.nonzero == 0 {
		return format.Value{}
	}
	if f == NonzeroMin {
		return a.nonzeroMin.value()
	}
	return format.FloatValue(a.total.sum() / float64(a.nonzero))
}

// ResultType returns what f makes of values of type t. It does not depend on
// the values, so that the type of a stat does not change from poll to poll.
func ResultType(f Func, t format.Type) format.Type {
	switch {
	case f == Count:
		return format.Uint64
	case t == format.String, f == One:
		return t
	case t == format.Bool && (f == Min || f == Max || f == NonzeroMin || f == Sum):
		return format.Uint64
	case f == Min, f == Max, f == NonzeroMin, f == Sum && t == format.Counter:
		return t
	case f == Sum && t >= format.Int8 && t <= format.Int64:
		return format.Int64
	case f == Sum && t >= format.Uint8 && t <= format.Uint64:
		return format.Uint64
	}
	return format.Float64
}
