package report

import (
	"math"
	"testing"

	"mmstats/lib/format"
)

func TestAppendPeople(t *testing.T) {
	f, u, i := format.FloatValue, format.UintValue, format.IntValue
	for _, test := range []struct {
		v    format.Value
		unit string
		want string
	}{
		{u(0), "", "0"}, {u(999), "", "999"}, {u(1000), "", "1,000"}, {u(math.MaxUint64), "", "18,446,744,073,709,551,615"},
		{i(-1234567), "", "-1,234,567"}, {i(-123), "", "-123"}, {i(math.MinInt64), "", "-9,223,372,036,854,775,808"},
		{f(0.5), "", "0.5"}, {f(0.3), "", "0.3"}, {f(12.34567), "", "12.35"}, {f(999.94), "", "999.9"}, {f(999.96), "", "1,000"},
		{f(1234.5), "", "1,235"}, {f(-1234567.8), "", "-1,234,568"}, {f(5), "", "5"}, {f(0), "", "0"},
		{f(8.6e-6), "", "8.60µ"}, {f(86e-6), "", "86.00µ"}, {f(0.00099949), "", "999.5µ"}, {f(0.00099996), "", "0.001"},
		{f(0.001), "", "0.001"}, {f(0.0123456), "", "0.01235"}, {f(-8.6e-9), "", "-8.60n"}, {f(9.999e-7), "", "1.00µ"}, {f(1e-12), "", "1e-12"},
		{f(1.23456e20), "", "1.235e+20"}, {f(math.NaN()), "", "NaN"}, {f(math.Inf(-1)), "seconds", "-Inf"},
		{f(0.0456), "seconds", "45.6 ms"}, {u(1258291), "bytes", "1.2 MiB"}, {f(0.934), "ratio", "93.4 %"},
		{u(12345), "requests", "12,345 requests"}, {f(1), "a\x1b[2J", `1 a\x1b[2J`},
		{format.BoolValue(true), "", "true"}, {format.Value{}, "bytes", "-"},
	} {
		if got := string(AppendPeople(nil, test.v, test.unit)); got != test.want {
			t.Errorf("AppendPeople(%s, %q) = %q, want %q", test.v.AppendText(nil), test.unit, got, test.want)
		}
	}
}
