package liveness

import (
	"testing"
	"time"

	"mmstats/lib/format"
)

// A heartbeat is overdue after three of its periods, and never before 3 s.
func TestStale(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, test := range []struct {
		ago, every float64
		want       bool
	}{
		{0, 10, false}, {29, 10, false}, {31, 10, true}, {2, 0.1, false}, {4, 0.1, true},
		{-3600, 10, false}, // the clock of the writer is ahead
		{100, 0, false},    // there is no period
		{100, -1, false}, {1e6, 1e300, false},
	} {
		data := []byte{format.Version}
		data, err := format.AppendField(data, format.Spec{
			Label: "web.sys.heartbeat", Type: format.Float64,
			Description: format.Description{Unit: "unixtime", Every: max(0, test.every)},
		})
		if err != nil {
			t.Fatal(err)
		}
		f, err := format.FieldAt(data, 1)
		if err != nil {
			t.Fatal(err)
		}
		v := format.FloatValue(float64(now.Unix()) - test.ago)
		if err := f.Signature.Encode(data[f.ValueOffset:], v); err != nil {
			t.Fatal(err)
		}
		w, _ := WriterOf(data)
		if got := w.Stale(now); got != test.want {
			t.Errorf("a heartbeat every %v s, %v s ago, is stale: %v, want %v", test.every, test.ago, got, test.want)
		}
	}
}
