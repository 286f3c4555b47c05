package report

import (
	"math"
	"strings"
	"testing"

	"mmstats/lib/format"
)

func TestAppendScaled(t *testing.T) {
	for _, test := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {1, "1"}, {-1, "-1"}, {999, "999"}, {1000, "1,000"}, {99_999, "99,999"}, {-99_999, "-99,999"},
		{100_000, "100.0k"}, {123_456, "123.5k"}, {999_949, "999.9k"}, {999_950, "1.000M"},
		{1_234_567, "1.235M"}, {-12_345_678, "-12.35M"}, {1e9, "1.000G"}, {1e18, "1.000E"},
		{18_446_744_073_709_551_615, "18.45E"}, {9.9996e20, "1e+21"}, {1e300, "1e+300"},
		{0.5, "0.5000"}, {0.0126, "0.0126"}, {0.001, "0.0010"}, {1.5, "1.500"}, {9.9996, "10.00"},
		{99.996, "100.0"}, {12.345, "12.35"}, {999.96, "1,000"}, {12_345.6, "12,346"}, {99_999.4, "99,999"}, {99_999.6, "100.0k"},
		{0.00099994, "999.9µ"}, {0.0008602, "860.2µ"}, {0.0000086, "8.60µ"}, {-0.0000086, "-8.60µ"}, {0.00000099996, "1.00µ"},
		{0.000000125, "125.0n"}, {6e-12, "0.01n"}, {4e-12, "4e-12"}, {5e-324, "5e-324"},
		{math.NaN(), "NaN"}, {math.Inf(-1), "-Inf"},
	} {
		got := string(AppendScaled(nil, format.FloatValue(test.value)))
		if got != test.want {
			t.Errorf("AppendScaled(%v) = %q, want %q", test.value, got, test.want)
		}
		if Width(strings.TrimPrefix(got, "-")) > ScaledWidth {
			t.Errorf("AppendScaled(%v) = %q, longer than %d", test.value, got, ScaledWidth)
		}
	}
	if got := string(AppendScaled(nil, format.Value{})); got != "-" {
		t.Errorf("AppendScaled(absent) = %q, want -", got)
	}
	ascii := Precision{ASCII: true}
	if got := string(ascii.Append(nil, format.FloatValue(8.6e-6))); got != "8.60u" {
		t.Errorf("without µ, 8.6e-6 is %q, want 8.60u", got)
	}
}

// A column does not jump between two precisions where its numbers hardly differ.
func TestColumnHasOnePrecision(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   string
	}{
		{[]float64{1, 0.999, 1.001, 0.9994, 1}, "1 0.9990 1.001 0.999 1.000"},
		{[]float64{10.01, 9.99, 10, 9.5}, "10.01 9.99 10.00 9.50"},
		{[]float64{1000.4, 999.2, 1001}, "1,000 999 1,001"},
		{[]float64{1.5, 12.5, 125.5, 0, 0.0625}, "1.500 12.50 125.5 0 0.0625"},
		{[]float64{1, 2, 3}, "1 2 3"},
	} {
		var p Precision
		var got []string
		for _, v := range test.values {
			got = append(got, string(p.Append(nil, format.FloatValue(v))))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("a column of %v is %q, want %q", test.values, strings.Join(got, " "), test.want)
		}
	}
}

func TestAppendExact(t *testing.T) {
	for _, test := range []struct {
		value format.Value
		want  string
	}{
		{format.UintValue(math.MaxUint64), "18,446,744,073,709,551,615"}, {format.IntValue(-1000), "-1,000"},
		{format.IntValue(999), "999"}, {format.FloatValue(1234567.0625), "1,234,567.0625"}, {format.FloatValue(1e300), "1e+300"},
		{format.FloatValue(math.Inf(-1)), "-Inf"}, {format.BoolValue(true), "true"}, {format.TextValue([]byte("12345")), "12345"},
		{format.FloatValue(0.0001234), "0.0001234"},
	} {
		if got := string(AppendExact([]byte("x"), test.value)); got != "x"+test.want {
			t.Errorf("AppendExact(%v) = %q, want %q", test.value, got, "x"+test.want)
		}
	}
}
