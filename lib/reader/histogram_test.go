package reader

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// createHistogram publishes a file with a described histogram.
func createHistogram(t *testing.T, name string) *mapping.Histogram {
	t.Helper()
	data, err := format.AppendField([]byte{format.Version}, format.Spec{
		Label: "latency", Type: format.Histogram, Description: format.Description{Unit: "seconds", About: "Time to answer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := make([]byte, mapping.RoundUp(len(data)))
	copy(page, data)
	if err := os.WriteFile(name, page, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := mapping.Open(name, syscall.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	region, err := mapping.Map(f, len(page))
	if err != nil {
		t.Fatal(err)
	}
	h := new(mapping.Histogram)
	h.Bind(region, len(data)-format.HistogramSize, 0)
	return h
}

// histogramText says what a sample tells of a histogram.
func histogramText(s *Sample) string {
	text := fmt.Sprint(s.Type, " ", s.Value.Float(), " ", s.Samples)
	if h := s.Histogram; h != nil {
		text += fmt.Sprintf(", %v to %v", h.Min, h.Max)
	}
	if h := s.HistogramInterval; h != nil {
		text += fmt.Sprintf(", since then %d %v, %v to %v, p50 %v", h.Count, h.Sum, h.Min, h.Max, h.Quantile(0.5))
		if s.Interval != h.Samples() {
			text += fmt.Sprint(", but ", s.Interval)
		}
	}
	if s.Reset {
		text += ", reset"
	}
	if s.Err != nil {
		text += ", " + s.Err.Error()
	}
	return text
}

func TestHistogramsAreReadWithTheirIntervals(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.mmstats")
	h := createHistogram(t, name)
	var errors []string
	p := &Poller{Watch: statfile.NewWatch([]string{name}), Report: func(err error) { errors = append(errors, err.Error()) }}
	defer p.Close()
	want := func(want string) {
		t.Helper()
		var got []string
		p.Poll(func(s *Sample) { got = append(got, histogramText(s)) })
		if len(got) != 1 || got[0] != want {
			t.Errorf("Poll() = %q, want %q", got, want)
		}
	}
	want("histogram 0 {0 0}, 0 to 0")
	h.AddN(4, 3)
	h.Add(1)
	want("histogram 3.25 {4 13}, 1 to 4, since then 4 13, 1 to 4, p50 4")
	want("histogram 3.25 {4 13}, 1 to 4, since then 0 0, 0 to 0, p50 NaN")
	// The mean that the file holds for other readers lags behind.
	h.AddN(7, 2000)
	h.Add(7)
	want("histogram 6.992518703241895 {2005 14020}, 1 to 7, since then 2001 14007, 7 to 7, p50 7")

	stats, err := ReadFile(name)
	if err != nil || len(stats) != 1 {
		t.Fatalf("ReadFile = %d stats, %v", len(stats), err)
	}
	state := stats[0].Histogram()
	if d := stats[0].Description(); d.Unit != "seconds" || stats[0].Value.Float() != 14020.0/2005 || state.Count != 2005 || stats[0].Samples() != state.Samples() {
		t.Errorf("ReadFile = %v in %q, %d samples", stats[0].Value.Float(), d.Unit, state.Count)
	}

	// The program was started again and wrote its file anew.
	other := filepath.Join(filepath.Dir(name), "b")
	h = createHistogram(t, other)
	h.Add(0.25)
	if err := os.Rename(other, name); err != nil {
		t.Fatal(err)
	}
	var got []string
	p.Poll(func(s *Sample) { got = append(got, histogramText(s)) })
	if len(got) != 2 || got[1] != "histogram 0.25 {1 0.25}, 0.25 to 0.25, reset" && got[0] != "histogram 0.25 {1 0.25}, 0.25 to 0.25, reset" {
		t.Errorf("Poll() of a file that was replaced = %q, want a reset in one of two", got)
	}
	h.Add(0.25)
	want("histogram 0.25 {2 0.5}, 0.25 to 0.25, since then 1 0.25, 0.25 to 0.25, p50 0.25")

	// A bucket that goes back, by wrapping around, is a reset, even where the
	// count does not.
	h.AddN(0, 5)
	h.AddN(0.25, math.MaxUint64)
	want("histogram 7.686143364045646e+17 {6 4.611686018427388e+18}, 0 to 0.25, reset")
	h.AddN(8, math.MaxUint64-4)
	want("histogram 0 {0 0}, " + format.ErrHistogramFull.Error())
	want("histogram 0 {0 0}, " + format.ErrHistogramFull.Error())
	if wanted := name + ": latency: " + format.ErrHistogramFull.Error(); len(errors) != 1 || errors[0] != "read "+wanted {
		t.Errorf("errors = %q, want one of %s", errors, wanted)
	}
	if stats, err := ReadFile(name); err != nil || len(stats) != 1 || stats[0].Err != format.ErrHistogramFull || stats[0].Value.Class() != 0 {
		t.Errorf("ReadFile of too many samples = %v, %v", stats, err)
	}
}
