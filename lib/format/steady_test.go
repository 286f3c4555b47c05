package format

import (
	"math"
	"strings"
	"testing"
)

func TestSteady(t *testing.T) {
	for _, test := range []struct {
		unit   string
		rate   bool
		values []float64
		want   string // their texts, in turn
	}{
		{"", false, []float64{0, 7, 13, 999, 1000, 13504}, "0|7|13|999|1.00k|13.5k"},
		{"", false, []float64{1.5, 0.346, 0.0041, 15, 1}, "1.50|0.346|0.004|15.0|1.00"},
		{"", false, []float64{0.0003464, 1.5e-8, 1e-12}, "346µ|15.0n|0.001n"},
		{"", false, []float64{99.9, 100.2, 99.7, 91, 89.94}, "99.9|100|100|91|89.9"},
		{"", false, []float64{999.2, 1004, 996, 902, 890}, "999|1.00k|1.00k|0.90k|890"},
		{"", false, []float64{9.96, 10.01, 9.98, 8.99}, "9.96|10.0|10.0|8.99"},
		{"", false, []float64{-1500, 2e7, 3e9, 4e12, 5e15, 6e18, 7e21, 8e24}, "-1.50k|20.0M|3.00G|4.00T|5.00P|6.00E|7000E|8e+06E"},
		{"", false, []float64{math.NaN(), math.Inf(1)}, "NaN|+Inf"},
		{"bytes", false, []float64{0, 12, 1010, 1 << 20, 3 << 20, 0}, "0 B|12 B|0.99 KiB|1.00 MiB|3.00 MiB|0 MiB"},
		{"bytes", true, []float64{1536}, "1.50 KiB"},
		{"ms", false, []float64{45.6, 8.1, 8.13, 0}, "45.6 ms|8.10 ms|8.13 ms|0 ms"},
		{"seconds", false, []float64{0, 59.96, 60, 3600, 86400}, "0 s|60.0 s|1.00 min|1.00 h|1.00 d"},
		{"seconds", true, []float64{0.35}, "35.0 %"},
		{"bits", false, []float64{12000, 1}, "12.0 kbit|1.00 bit"},
		{"celsius", false, []float64{45.67}, "45.7 °C"},
		{"ratio", false, []float64{0.934, 1}, "93.4 %|100 %"},
	} {
		var s Steady
		var got []string
		u, known := LookUpUnit(test.unit)
		for _, v := range test.values {
			var text []byte
			switch {
			case !known:
				text = s.Append(nil, v)
			case test.rate:
				text = s.AppendRate(nil, u, v)
			default:
				text = s.AppendText(nil, u, v)
			}
			got = append(got, string(text))
		}
		if got := strings.Join(got, "|"); got != test.want {
			t.Errorf("%v %s, rate %t: got %s, want %s", test.values, test.unit, test.rate, got, test.want)
		}
	}
}

// No number is wider than a column for it.
func TestSteadyWidth(t *testing.T) {
	for _, unit := range []string{"", "bytes", "seconds", "ns", "hertz", "ratio"} {
		u, known := LookUpUnit(unit)
		var s Steady
		for v := 1e-9; v < 1e5; v *= 1.0173 {
			text := s.Append(nil, v)
			if known {
				text = s.AppendText(nil, u, v)
			}
			if len([]rune(string(text))) > SteadyWidth(known) {
				t.Errorf("%v %s is %q, wider than %d", v, unit, text, SteadyWidth(known))
				break
			}
		}
	}
}
