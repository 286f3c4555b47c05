package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParsePart(t *testing.T) {
	for _, name := range []string{"mean", "count", "sum", "min", "max", "last", "p0", "p50", "p99.9", "p99.999", "p100", "p07"} {
		if p, ok := ParsePart(name); !ok || p.String() != name {
			t.Errorf("ParsePart(%q) = %q, %v, want it as it stands", name, p, ok)
		}
	}
	for _, name := range []string{
		"", "p", "p.", "p.5", "p5.", "p1.2.3", "p100.1", "p101", "p-1", "p+1", "p1e1", "pinf", "p0x1", "p1_0", "P50", "Mean", "mean ", "50", "rate",
	} {
		if p, ok := ParsePart(name); ok {
			t.Errorf("ParsePart(%q) = %q, want none", name, p)
		}
	}
	for name, want := range map[string]float64{"p0": 0, "p50": 0.5, "p99.9": 0.999, "p100": 1} {
		p, _ := ParsePart(name)
		if q, ok := p.Quantile(); !ok || q != want {
			t.Errorf("Quantile() of %s = %v, %v, want %v", name, q, ok, want)
		}
	}
	if q, ok := PartMean.Quantile(); ok {
		t.Errorf("Quantile() of mean = %v, want none", q)
	}
}

func TestHasPart(t *testing.T) {
	all := strings.Fields("mean count sum min max last p50 p99.9 p12.5")
	for typ, want := range map[Type]string{
		Histogram: "mean count sum min max p50 p99.9 p12.5",
		Average:   "mean count sum",
		Moving:    "mean count min max last p50 p99.9 p12.5",
		Counter:   "", String: "", Float64: "",
	} {
		var got []string
		for _, name := range all {
			if p, ok := ParsePart(name); ok && typ.HasPart(p) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v has the parts %q, want %q", typ, got, want)
		}
		for _, p := range typ.Parts() {
			if parsed, ok := ParsePart(p.String()); !ok || parsed != p {
				t.Errorf("%v: ParsePart(%q) = %v, %v, want the same part", typ, p, parsed, ok)
			}
		}
		if !typ.HasPart(Part{}) {
			t.Errorf("%v lacks the value itself", typ)
		}
	}
}

func TestResolvePart(t *testing.T) {
	stats := map[string]Type{
		"latency": Histogram, "db.time": Average, "recent": Moving, "hits": Counter,
		"odd:p99": Counter, "odd": Histogram, "a:b": Histogram, "": Histogram,
	}
	typeOf := func(label string) (Type, bool) { t, ok := stats[label]; return t, ok }
	for _, test := range []struct{ name, label, part, err string }{
		{"latency", "latency", "", ""},
		{"latency:p99.9", "latency", "p99.9", ""},
		{"db.time:sum", "db.time", "sum", ""},
		{"recent:last", "recent", "last", ""},
		// A label that holds the colon comes before a part.
		{"odd:p99", "odd:p99", "", ""},
		{"odd:p50", "odd", "p50", ""},
		{"a:b", "a:b", "", ""},
		{"a:b:max", "a:b", "max", ""},
		{":max", "", "max", ""},
		{"none", "none", "", "no such stat"},
		{"none:p50", "none:p50", "", "no such stat"},
		{"a:p50", "a:p50", "", "no such stat"},
		{"hits:p50", "hits:p50", "", `"hits" is of type counter, which has no parts`},
		{"db.time:p50", "db.time:p50", "", `"db.time" has no part "p50": the parts of type average are mean count sum`},
		{"latency:", "latency:", "", `"latency" has no part "": the parts of type histogram are mean count sum min max p50 p99.9 and so on`},
		{"latency:last", "latency:last", "", `"latency" has no part "last": the parts of type histogram are mean count sum min max p50 p99.9 and so on`},
	} {
		label, part, err := ResolvePart(test.name, typeOf)
		if got := fmt.Sprint(err); label != test.label || part.String() != test.part || err == nil && test.err != "" || err != nil && got != test.err {
			t.Errorf("ResolvePart(%q) = %q, %q, %v, want %q, %q, %s", test.name, label, part, err, test.label, test.part, test.err)
		}
		if (test.err == "no such stat") != errors.Is(err, ErrNoStat) {
			t.Errorf("ResolvePart(%q) = %v", test.name, err)
		}
	}
}

// TestPartsOfStats reads the parts of stats from their fields.
func TestPartsOfStats(t *testing.T) {
	nan := math.NaN()
	average := func(count uint64, total float64) []byte {
		b := binary.NativeEndian.AppendUint64(nil, math.Float64bits(total/float64(max(count, 1))))
		return binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(b, count), math.Float64bits(total))
	}
	moving := func(mean float64, next, count uint64, slots ...float64) []byte {
		b := binary.NativeEndian.AppendUint64(nil, math.Float64bits(mean))
		b = binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(b, next), count)
		for _, v := range slots {
			b = binary.NativeEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	histogram := func(samples ...float64) []byte {
		var h HistogramState
		h.add(samples...)
		b := make([]byte, HistogramSize)
		h.Encode(b)
		return b
	}
	for _, test := range []struct {
		name string
		sp   Spec
		raw  []byte
		want string
	}{
		{"histogram", Spec{Type: Histogram}, histogram(4, 2, 1, 1, 1, 2, 3, 10), "value 3, mean 3, count 8, sum 24, min 1, max 10, p50 2, p90 10, p0 1, p62.5 2"},
		{"no samples", Spec{Type: Histogram}, histogram(), "value 0, count 0, sum 0"},
		{"infinite ones", Spec{Type: Histogram}, histogram(math.Inf(1)), "value 0, mean 0, count 1, sum 0, p50 +Inf, p90 +Inf, p0 +Inf, p62.5 +Inf"},
		{"average", Spec{Type: Average}, average(4, 10), "value 2.5, mean 2.5, count 4, sum 10"},
		{"no average", Spec{Type: Average}, average(0, 0), "value 0, count 0, sum 0"},
		{"moving", Spec{Type: Moving, Size: 4}, moving(5, 2, 6, 7, 4, 1, 8), "value 5, mean 5, count 6, min 1, max 8, last 4, p50 4, p90 8, p0 1, p62.5 7"},
		{"a window that is not full", Spec{Type: Moving, Size: 4}, moving(5, 2, 2, 7, 3, nan, nan), "value 5, mean 5, count 2, min 3, max 7, last 3, p50 3, p90 7, p0 3, p62.5 7"},
		{"no samples in a window", Spec{Type: Moving, Size: 2}, moving(0, 0, 0, nan, nan), "value 0, count 0"},
		{"counter", Spec{Type: Counter}, []byte{7, 0, 0, 0, 0, 0, 0, 0}, "value 7"},
	} {
		test.sp.Label = "l"
		data, err := AppendField([]byte{Version}, test.sp)
		if err != nil {
			t.Fatal(err)
		}
		st := Stat{Field: lastField(t, data), Raw: test.raw}
		if nativeBigEndian && test.sp.Type == Counter {
			slices.Reverse(st.Raw)
		}
		st.Value = st.Signature.DecodeValue(st.Raw)
		var got []string
		for i, p := range st.AppendParts(nil) {
			if want := (PartValue{test.sp.Type.Parts()[i], st.Part(p.Part)}); fmt.Sprint(p) != fmt.Sprint(want) {
				t.Errorf("AppendParts of %s: %v, want %v", test.name, p, want)
			}
		}
		for _, name := range strings.Fields("value mean count sum min max last p50 p90 p0 p62.5") {
			p, _ := ParsePart(name)
			if v := st.Part(p); v.Class() != 0 {
				got = append(got, fmt.Sprintf("%s %s", name, v.AppendText(nil)))
			}
		}
		if got := strings.Join(got, ", "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		st.Err = errors.New("unreadable")
		if v := st.Part(PartCount); v.Class() != 0 {
			t.Errorf("%s: count of a stat that cannot be read = %s", test.name, v.AppendText(nil))
		}
	}
}
