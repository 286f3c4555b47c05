package aggregate

import (
	"fmt"
	"math"
	"testing"

	"mmstats/lib/format"
)

func i(v int64) format.Value   { return format.IntValue(v) }
func u(v uint64) format.Value  { return format.UintValue(v) }
func f(v float64) format.Value { return format.FloatValue(v) }
func s(v string) format.Value  { return format.TextValue([]byte(v)) }

// show writes a value with its class, since 3 and 3.0 are not the same here.
func show(v format.Value) string {
	if v.Class() == 0 {
		return "absent"
	}
	name := map[format.Class]string{format.IntClass: "int", format.UintClass: "uint", format.FloatClass: "float",
		format.BoolClass: "bool", format.TextClass: "text"}[v.Class()]
	return fmt.Sprintf("%s %s", name, v.AppendText(nil))
}

func TestResult(t *testing.T) {
	const maxUint, maxInt, minInt = math.MaxUint64, math.MaxInt64, math.MinInt64
	yes, no := format.BoolValue(true), format.BoolValue(false)
	absent := format.Value{}
	for _, test := range []struct {
		f      string
		values []format.Value
		want   string
	}{
		// Whole numbers of 64 bits are exact, where floats have 53.
		{"sum", []format.Value{u(1 << 53), u(1)}, "uint 9007199254740993"},
		{"sum", []format.Value{u(maxUint - 1), u(1)}, "uint 18446744073709551615"},
		{"sum", []format.Value{i(minInt + 1), i(-1)}, "int -9223372036854775808"},
		{"sum", []format.Value{i(-5), i(3)}, "int -2"},
		{"sum", []format.Value{i(-5), u(maxUint)}, "uint 18446744073709551610"},
		{"sum", []format.Value{u(maxUint), i(minInt), i(minInt)}, "int -1"},
		{"sum", []format.Value{i(5), i(-5)}, "uint 0"},
		// What is past 64 bits becomes the nearest float, and may come back.
		{"sum", []format.Value{u(maxUint), u(1)}, "float 18446744073709552000"},
		{"sum", []format.Value{i(minInt), i(-1)}, "float -9223372036854776000"},
		{"sum", []format.Value{u(maxUint), u(maxUint), i(minInt), i(minInt), i(minInt), i(maxInt)}, "uint 18446744073709551613"},
		{"sum", []format.Value{u(1), f(0.5)}, "float 1.5"},
		{"sum", []format.Value{f(math.Inf(1)), f(1)}, "float +Inf"},
		{"sum", []format.Value{f(math.NaN()), f(1)}, "float NaN"},
		{"sum", []format.Value{yes, no, yes}, "uint 2"},
		{"sum", []format.Value{s("a"), u(2)}, "uint 2"},
		{"sum", []format.Value{s("a")}, "absent"},
		{"sum", nil, "absent"},
		{"sum", []format.Value{absent, u(1)}, "uint 1"},

		{"avg", []format.Value{u(1), u(2)}, "float 1.5"},
		{"avg", []format.Value{i(-1), i(-2)}, "float -1.5"},
		{"avg", []format.Value{u(maxUint), u(maxUint)}, "float 18446744073709552000"},
		{"avg", []format.Value{yes, no, no, no}, "float 0.25"},
		{"avg", []format.Value{s("a"), u(4)}, "float 4"},
		{"avg", []format.Value{s("a")}, "absent"},
		{"avg", nil, "absent"},

		{"min", []format.Value{u(1<<53 + 1), u(1 << 53)}, "uint 9007199254740992"},
		{"min", []format.Value{i(3), i(-4)}, "int -4"},
		{"min", []format.Value{u(maxUint), i(-1)}, "int -1"},
		{"min", []format.Value{f(math.NaN()), f(2), f(1)}, "float 1"},
		{"min", []format.Value{f(2), f(math.NaN()), f(1)}, "float 1"},
		{"min", []format.Value{f(math.NaN())}, "float NaN"},
		{"min", []format.Value{yes, no}, "uint 0"},
		{"max", []format.Value{u(1 << 53), u(1<<53 + 1)}, "uint 9007199254740993"},
		{"max", []format.Value{i(maxInt), u(maxInt + 1)}, "uint 9223372036854775808"},
		{"max", []format.Value{u(maxInt + 1), i(maxInt)}, "uint 9223372036854775808"},
		{"max", []format.Value{f(math.NaN()), f(-1), f(1)}, "float 1"},
		{"max", []format.Value{u(0), i(-1)}, "uint 0"},
		{"max", []format.Value{i(-3), i(-4)}, "int -3"},
		{"max", []format.Value{yes, no}, "uint 1"},
		{"max", []format.Value{s("z")}, "absent"},

		{"one", []format.Value{u(7), u(8)}, "uint 7"},
		{"one", []format.Value{absent, s("x"), s("y")}, "text x"},
		{"one", []format.Value{yes}, "bool true"},
		{"one", nil, "absent"},

		{"count", []format.Value{u(0), s(""), no, absent}, "uint 3"},
		{"count", nil, "uint 0"},

		{"nonzero-min", []format.Value{u(0), u(7), u(3)}, "uint 3"},
		{"nonzero-min", []format.Value{i(0), i(-7)}, "int -7"},
		{"nonzero-min", []format.Value{u(0), no, f(0)}, "absent"},
		{"nonzero-min", []format.Value{s("a")}, "absent"},
		{"nonzero-avg", []format.Value{u(0), u(2), u(4), u(0)}, "float 3"},
		{"nonzero-avg", []format.Value{u(0)}, "absent"},
		{"nonzero-avg", nil, "absent"},
	} {
		f, err := ParseFunc(test.f)
		if err != nil {
			t.Fatal(err)
		}
		var a Accumulator
		for _, v := range test.values {
			a.Add(v)
		}
		if got := show(a.Result(f)); got != test.want {
			var in []string
			for _, v := range test.values {
				in = append(in, show(v))
			}
			t.Errorf("%s of %q = %s, want %s", test.f, in, got, test.want)
		}
	}
}

// The text that Add was given belongs to its caller.
func TestOneKeepsItsText(t *testing.T) {
	text := []byte("before")
	var a Accumulator
	a.Add(format.TextValue(text))
	copy(text, "after!")
	if got := show(a.Result(One)); got != "text before" {
		t.Errorf("Result(One) = %s, want text before", got)
	}
}

func TestParseFunc(t *testing.T) {
	for _, name := range []string{"", "SUM", "median"} {
		if _, err := ParseFunc(name); err == nil || err.Error() != fmt.Sprintf("unknown function %q; functions: sum, avg, min, max, one, count, nonzero-min, nonzero-avg", name) {
			t.Errorf("ParseFunc(%q) = %v", name, err)
		}
	}
}

// The type of a result is that of every value it may have.
func TestResultType(t *testing.T) {
	for _, test := range []struct {
		f    Func
		t    format.Type
		want format.Type
	}{
		{Sum, format.Counter, format.Counter},
		{Sum, format.Int8, format.Int64},
		{Sum, format.Uint16, format.Uint64},
		{Sum, format.Float32, format.Float64},
		{Sum, format.Average, format.Float64},
		{Sum, format.Bool, format.Uint64},
		{Sum, format.String, format.String},
		{Avg, format.Counter, format.Float64},
		{Avg, format.Bool, format.Float64},
		{Min, format.Counter, format.Counter},
		{Max, format.Float32, format.Float32},
		{Max, format.Bool, format.Uint64},
		{NonzeroMin, format.Int16, format.Int16},
		{NonzeroMin, format.Bool, format.Uint64},
		{NonzeroAvg, format.Int16, format.Float64},
		{One, format.Bool, format.Bool},
		{One, format.Moving, format.Moving},
		{One, format.String, format.String},
		{Count, format.String, format.Uint64},
		{Count, format.Float64, format.Uint64},
	} {
		if got := ResultType(test.f, test.t); got != test.want {
			t.Errorf("ResultType(%d, %v) = %v, want %v", test.f, test.t, got, test.want)
		}
	}
}
