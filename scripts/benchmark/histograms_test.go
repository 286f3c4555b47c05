package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"mmstats/lib/mmstats"
)

// TestSameBucketsAsPrometheus gives the same samples to a histogram of ours
// and to a native one of Prometheus, whose bucket i is (2^((i-1)/8), 2^(i/8)].
func TestSameBucketsAsPrometheus(t *testing.T) {
	var ours mmstats.Histogram
	file, err := mmstats.Create(mmstats.Options{Dir: t.TempDir()}, mmstats.Labeled{Label: "ours", Stat: &ours})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native", NativeHistogramBucketFactor: math.Exp2(0.125)})
	random := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		v := math.Exp2(61*random.Float64() - 26.5)
		ours.Add(v)
		native.Observe(v)
	}
	var metric dto.Metric
	if err := native.Write(&metric); err != nil {
		t.Fatal(err)
	}
	if got := metric.Histogram.GetSchema(); got != 3 {
		t.Fatalf("schema %d, want 3", got)
	}
	theirs := make(map[float64]int64)
	i, count := 0, int64(0)
	deltas := metric.Histogram.PositiveDelta
	for _, span := range metric.Histogram.PositiveSpan {
		i += int(span.GetOffset())
		for range span.GetLength() {
			count += deltas[0]
			deltas = deltas[1:]
			theirs[float64(i)] = count
			i++
		}
	}
	state := ours.State()
	state.Buckets(func(upper float64, n uint64) bool {
		i := math.Round(8 * math.Log2(upper))
		if theirs[i] != int64(n) {
			t.Errorf("bucket up to %v: %d samples, Prometheus counts %d", upper, n, theirs[i])
		}
		delete(theirs, i)
		return true
	})
	for i, n := range theirs {
		if n != 0 {
			t.Errorf("Prometheus counts %d samples up to %v, that no bucket of ours does", n, math.Exp2(i/8))
		}
	}
	if got := metric.Histogram; got.GetSampleCount() != state.Count || math.Abs(got.GetSampleSum()-state.Sum) > 1e-9*state.Sum {
		t.Errorf("%d samples, sum %v, Prometheus has %d and %v", state.Count, state.Sum, got.GetSampleCount(), got.GetSampleSum())
	}
}
