package main

import (
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// seconds are the samples that histograms take here: durations that are in
// different buckets, of which few are the least or the greatest.
var seconds = [8]float64{0.0021, 0.013, 0.0004, 0.25, 0.0102, 0.0035, 1.7, 0.00091}

func histogramRows() []row {
	type adder func(h *mapping.Histogram, n int)
	against := func(name, what string, reach float64, of string, add adder, base func(*bench) (loop, error)) row {
		return ratio("update/"+name, what, "ns", reach, of, func(b *bench) (cost, cost, error) {
			h, err := newHistogram(mapping.Plain)
			if err != nil {
				return nil, nil, err
			}
			other, err := base(b)
			return timed(func(n int) { add(h, n) }), timed(other), err
		})
	}
	add := func(h *mapping.Histogram, n int) {
		for i := range n {
			h.Add(seconds[i%len(seconds)])
		}
	}
	addOwned := func(h *mapping.Histogram, n int) {
		for i := range n {
			h.AddOwned(seconds[i%len(seconds)])
		}
	}
	return []row{
		against("histogram", "Histogram.Add", 2.8, "atomic.AddUint64", add, bare(atomicAdd)),
		against("histogram-client_golang", "Histogram.Add", 0.6, "prometheus client_golang's, classic", add, prometheusHistogram),
		against("histogram-local", "LocalHistogram.Add", 1, "atomic.AddUint64", addOwned, bare(atomicAdd)),
	}
}

func prometheusHistogram(*bench) (loop, error) {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench"})
	return func(n int) {
		for i := range n {
			h.Observe(seconds[i%len(seconds)])
		}
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
	h.Bind(r, 0, 0)
	return h, nil
}
