package main

import (
	"os"
	"path/filepath"
	"sync/atomic"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// seconds are the samples that histograms take here: durations that are in
// different buckets, of which few are the least or the greatest.
var seconds = [8]float64{0.0021, 0.013, 0.0004, 0.25, 0.0102, 0.0035, 1.7, 0.00091}

// histograms measures the updates of histograms.
func histograms() ([]row, error) {
	plain, err := newHistogram(mapping.Plain)
	if err != nil {
		return nil, err
	}
	guarded, err := newHistogram(mapping.Guarded)
	if err != nil {
		return nil, err
	}
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench"})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench_native", NativeHistogramBucketFactor: 1.1})
	victoria := vm.NewHistogram("bench_histogram")

	var word uint64
	bare := &candidate{name: "atomic.AddUint64", loop: func(n int) {
		for range n {
			atomic.AddUint64(&word, 1)
		}
	}}
	candidateOf := func(name string, add func(float64)) *candidate {
		return &candidate{name: name, loop: func(n int) {
			for i := range n {
				add(seconds[i%len(seconds)])
			}
		}}
	}
	add := &candidate{name: "Histogram.Add", loop: func(n int) {
		for i := range n {
			plain.Add(seconds[i%len(seconds)])
		}
	}}
	local := &candidate{name: "LocalHistogram.Add", loop: func(n int) {
		for i := range n {
			plain.AddOwned(seconds[i%len(seconds)])
		}
	}}
	safe := candidateOf("Histogram.Add, Guarded", guarded.Add)
	promClassic := candidateOf("client_golang, classic Histogram.Observe", classic.Observe)
	promNative := candidateOf("client_golang, native Histogram.Observe", native.Observe)
	victoriaUpdate := candidateOf("VictoriaMetrics/metrics, Histogram.Update", victoria.Update)
	measure([]*candidate{bare, add, local, safe, promClassic, promNative, victoriaUpdate})

	return []row{
		note(bare.name, "ns", bare.best),
		atMost(add.name, "ns", add.best, bare.best, 2.8, bare.name),
		atMost(local.name, "ns", local.best, bare.best, 1, bare.name),
		note(safe.name, "ns", safe.best),
		note(promClassic.name, "ns", promClassic.best),
		atMost(add.name, "ns", add.best, promClassic.best, 0.6, "client_golang, classic"),
		note(promNative.name, "ns", promNative.best),
		note(victoriaUpdate.name, "ns", victoriaUpdate.best),
	}, nil
}

// newHistogram returns an empty histogram in a file that has no name.
func newHistogram(access mapping.Access) (*mapping.Histogram, error) {
	f, err := mapping.CreateUnnamed(filepath.Join(os.TempDir(), "mmstats-bench-histogram"), 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var empty format.HistogramState
	value := make([]byte, mapping.RoundUp(format.HistogramSize))
	empty.Encode(value)
	if _, err := f.WriteAt(value, 0); err != nil {
		return nil, err
	}
	r, err := mapping.Map(f, len(value))
	if err != nil {
		return nil, err
	}
	r.Access = access
	h := new(mapping.Histogram)
	h.Bind(r, 0)
	return h, nil
}
