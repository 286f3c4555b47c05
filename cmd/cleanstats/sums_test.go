package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// What files of several processes counted, in all the ways that there are, is
// in the totals with its unit and its text.
func TestFoldKeepsHistogramsAndDescriptions(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("without leases such files are kept")
	}
	dir := t.TempDir()
	totals := filepath.Join(dir, "totals")
	sent := format.Description{Unit: "bytes", About: "Sent to clients"}
	cpu := format.Description{Unit: "seconds", Kind: format.KindCounter}
	for i, n := range []uint64{3, 5} {
		data := statFields(nobodysPID, time.Unix(1000+int64(i), 0), true)
		data = appendTo(t, data, format.Spec{Label: "sent", Type: format.Counter, Description: sent}, format.UintValue(n))
		data = appendTo(t, data, format.Spec{Label: "cpu", Type: format.Float64, Description: cpu}, format.FloatValue(float64(n)/2))
		data = appendTo(t, data, format.Spec{Label: "load", Type: format.Float64, Description: format.Description{Unit: "ratio"}}, format.FloatValue(1))
		data = appendHistogram(data, "wait", format.Description{Unit: "seconds"}, n, float64(n))
		sent.About = "" // the totals have what one of them says
		writeData(t, filepath.Join(dir, "dead"), data)
		if status, stdout, stderr := command("--fold", totals, filepath.Join(dir, "dead")); status != cli.OK || !strings.HasPrefix(stdout, "removed") {
			t.Fatalf("cleanstats --fold = %d, %q, %q", status, stdout, stderr)
		}
	}
	stats, err := reader.ReadFile(totals)
	if err != nil {
		t.Fatal(err)
	}
	for i := range stats {
		st, d := &stats[i], stats[i].Description()
		ok := false
		switch string(st.Label) {
		case "sent":
			ok = st.Type() == format.Counter && st.Value.Uint() == 8 && d.Unit == "bytes" && d.About == "Sent to clients"
		case "cpu":
			ok = st.Kind() == format.KindCounter && st.Value.Float() == 4 && d.Unit == "seconds"
		case "wait":
			h := st.Histogram()
			ok = h.Count == 8 && h.Sum == 34 && h.Min == 3 && h.Max == 5 && h.Quantile(0.3) == 3 && h.Quantile(0.9) == 5 && d.Unit == "seconds"
		}
		if !ok {
			t.Errorf("the totals have %s %v, %+v, %v", st.Label, st.Value, d, st.Histogram().Count)
		}
	}
	if len(stats) != 3 {
		t.Errorf("the totals have %d stats, want 3", len(stats))
	}
}

// What does not add up stays where it is, with the reason.
func TestFoldKeepsWhatDoesNotAddUp(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("without leases such files are kept")
	}
	dir := t.TempDir()
	totals, dead := filepath.Join(dir, "totals"), filepath.Join(dir, "dead")
	base := statFields(nobodysPID, time.Unix(1000, 0), true)
	bytes := format.Description{Unit: "bytes"}
	kind := format.Description{Kind: format.KindCounter}
	counter := func(label string, d format.Description, v uint64) []byte {
		return appendTo(t, base[:len(base):len(base)], format.Spec{Label: label, Type: format.Counter, Description: d}, format.UintValue(v))
	}
	writeData(t, dead, counter("n", bytes, 1))
	if status, _, stderr := command("--fold", totals, dead); status != cli.OK {
		t.Fatalf("cleanstats --fold = %d, %q", status, stderr)
	}
	float := func(v float64) []byte {
		return appendTo(t, base[:len(base):len(base)], format.Spec{Label: "f", Type: format.Float64, Description: kind}, format.FloatValue(v))
	}
	for _, test := range []struct {
		data []byte
		want string
	}{
		{counter("n", format.Description{Unit: "KiB"}, 1), `"n": its unit is "KiB" here, and "bytes" in the totals`},
		{appendHistogram(base[:len(base):len(base)], "n", bytes, 1, 1), `"n": it is a histogram here, and a counter in the totals`},
		{float(math.NaN()), `"f": a counter has the value NaN`},
		{float(-1), `"f": a counter has the value -1`},
		{appendHistogram(base[:len(base):len(base)], "h", bytes, 2, math.MaxFloat64), `"h": the sum of its samples is not a finite number`},
	} {
		writeData(t, dead, test.data)
		status, stdout, _ := command("--fold", totals, dead)
		if status != cli.OK || !strings.HasPrefix(stdout, "kept\t") || !strings.Contains(stdout, "cannot be folded: "+test.want) {
			t.Errorf("cleanstats --fold = %d, %q, want one kept: %s", status, stdout, test.want)
		}
	}
	if stats, err := reader.ReadFile(totals); err != nil || len(stats) != 1 || stats[0].Value.Uint() != 1 {
		t.Errorf("the totals have %d stats, %v, want what they had", len(stats), err)
	}
}

// A full histogram, and texts that do not fit together, change nothing.
func TestSumsThatDoNotAddUp(t *testing.T) {
	long := format.Description{About: strings.Repeat("x", 4080)}
	s := sum{label: "n", typ: format.Counter, count: 1, about: long}
	got, err := s.plus(sum{label: "n", typ: format.Counter, count: 2, about: format.Description{Unit: "bytes"}})
	if err != nil || got.count != 3 || got.about != long {
		t.Errorf("plus() = %d, %v, want 3 and the text that there is", got.count, err)
	}
	var h format.HistogramState
	raw := appendHistogram([]byte{format.Version}, "h", format.Description{}, math.MaxUint64, 1)
	fd, err := format.FieldAt(raw, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Decode(raw[fd.ValueOffset+fd.Signature.ValueOffset:]); err != nil {
		t.Fatal(err)
	}
	full := sum{label: "h", typ: format.Histogram, hist: &h}
	if _, err := full.plus(full); err != format.ErrHistogramFull || h.Count != math.MaxUint64 {
		t.Errorf("plus(a full histogram) = %v, and %d samples stay", err, h.Count)
	}
}

func appendTo(t *testing.T, data []byte, spec format.Spec, v format.Value) []byte {
	t.Helper()
	data, err := appendStat(data, spec, v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeData(t *testing.T, name string, data []byte) {
	t.Helper()
	data = append(data[:len(data):len(data)], make([]byte, 4096)...)
	if err := writeFile(name, data); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, time.Unix(1000, 0), time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
}
