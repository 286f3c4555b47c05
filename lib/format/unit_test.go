package format

import (
	"math"
	"testing"
	"time"
)

func TestUnitText(t *testing.T) {
	for _, test := range []struct {
		unit       string
		v          float64
		text, rate string
	}{
		{"seconds", 0, "0 s", "0 %"},
		{"seconds", 0.0456, "45.6 ms", "4.56 %"},
		{"seconds", 3.2e-8, "32 ns", "3.2e-06 %"},
		{"seconds", 1e-12, "0.001 ns", "1e-10 %"},
		{"seconds", 0.00099949, "999 us", "0.1 %"},
		{"seconds", 0.0009996, "1 ms", "0.1 %"},
		{"seconds", 12.34, "12.3 s", "1234 %"},
		{"seconds", 59.9, "59.9 s", "5990 %"},
		{"seconds", 90, "1.5 min", "9000 %"},
		{"seconds", 8100, "2.25 h", "810000 %"},
		{"seconds", 1e6, "11.6 d", "100000000 %"},
		{"seconds", -0.5, "-500 ms", "-50 %"},
		{"ms", 45.6, "45.6 ms", "4.56 %"},
		{"us", 1500, "1.5 ms", "0.15 %"},
		{"ns", 2e9, "2 s", "200 %"},
		{"bytes", 0, "0 B", "0 B/s"},
		{"bytes", 512, "512 B", "512 B/s"},
		{"bytes", 1023, "1023 B", "1023 B/s"},
		{"bytes", 1258291, "1.2 MiB", "1.2 MiB/s"},
		{"bytes", 1 << 62, "4 EiB", "4 EiB/s"},
		{"KiB", 1, "1 KiB", "1 KiB/s"},
		{"MiB", 2048, "2 GiB", "2 GiB/s"},
		{"GiB", 0.5, "512 MiB", "512 MiB/s"},
		{"bits", 12_000, "12 kbit", "12 kbit/s"},
		{"ratio", 0.934, "93.4 %", "93.4 %/s"},
		{"ratio", 1e-9, "1e-07 %", "1e-07 %/s"},
		{"percent", 93.4, "93.4 %", "93.4 %/s"},
		{"celsius", 45.67, "45.7 °C", "45.7 °C/s"},
		{"hertz", 2.4e9, "2.4 GHz", "2.4 GHz/s"},
		{"unixtime", 1e300, "1e+300", "1e+302 %"},
		{"bytes", math.NaN(), "NaN", "NaN"},
		{"seconds", math.Inf(-1), "-Inf", "-Inf"},
	} {
		u, ok := LookUpUnit(test.unit)
		if !ok {
			t.Errorf("LookUpUnit(%q) = none", test.unit)
			continue
		}
		if got := string(u.AppendText(nil, test.v)); got != test.text {
			t.Errorf("%v %s = %q, want %q", test.v, test.unit, got, test.text)
		}
		if got := string(u.AppendRate(nil, test.v)); got != test.rate {
			t.Errorf("%v %s in a second = %q, want %q", test.v, test.unit, got, test.rate)
		}
	}
	u, _ := LookUpUnit("unixtime")
	when := time.Date(2026, 3, 9, 5, 4, 3, 7e8, time.Local)
	if got, want := string(u.AppendText(nil, float64(when.UnixMilli())/1e3)), when.Format("2006-01-02 15:04:05 -0700"); got != want {
		t.Errorf("unixtime of %v = %q, want %q", when, got, want)
	}
	if u, ok := LookUpUnit("requests"); ok {
		t.Errorf("LookUpUnit(%q) = %+v, want none", "requests", u)
	}
}

func TestUnitBase(t *testing.T) {
	for _, test := range []struct {
		unit, base string
		v, want    float64
	}{
		{"ns", "seconds", 45, 45e-9}, {"us", "seconds", 45, 45e-6}, {"ms", "seconds", 45, 0.045}, {"seconds", "seconds", 45, 45},
		{"bytes", "bytes", 3, 3}, {"KiB", "bytes", 3, 3072}, {"MiB", "bytes", 3, 3 << 20}, {"GiB", "bytes", 3, 3 << 30}, {"bits", "bytes", 12, 1.5},
		{"ratio", "ratio", 0.5, 0.5}, {"percent", "ratio", 93.4, 0.934}, {"unixtime", "seconds", 45, 45},
		{"celsius", "celsius", 21, 21}, {"hertz", "hertz", 50, 50},
	} {
		u, ok := LookUpUnit(test.unit)
		if got := u.ToBase(test.v); !ok || u.Base != test.base || got != test.want || u.IsBase() != (test.v == test.want) {
			t.Errorf("%v %s = %v %s, want %v %s", test.v, test.unit, got, u.Base, test.want, test.base)
		}
	}
}
