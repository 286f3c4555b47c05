package main

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"mmstats/lib/mmstats"
)

// seconds are the samples that histograms take here: durations that are in
// different buckets, of which few are the least or the greatest.
var seconds = [8]float64{0.0021, 0.013, 0.0004, 0.25, 0.0102, 0.0035, 1.7, 0.00091}

type histogramStats struct {
	Shared    mmstats.Histogram      `unit:"seconds" about:"Time to answer"`
	Local     mmstats.LocalHistogram `unit:"seconds"`
	Plain     mmstats.Counter
	Described mmstats.Counter `unit:"bytes" about:"Sent to clients, without headers"`
}

func (s *histogramStats) add(n int) {
	for i := range n {
		s.Shared.Add(seconds[i%len(seconds)])
	}
}

func (s *histogramStats) addLocal(n int) {
	for i := range n {
		s.Local.Add(seconds[i%len(seconds)])
	}
}

func (s *histogramStats) incDescribed(n int) {
	for range n {
		s.Described.Inc()
	}
}

func (s *histogramStats) incPlain(n int) {
	for range n {
		s.Plain.Inc()
	}
}

// histogramRows holds histograms against others, and stats with descriptions
// against those without.
func histogramRows() []row {
	against := func(name, what string, reach float64, of string, subject func(*histogramStats, int), base func(*bench, *histogramStats) (loop, error)) row {
		return ratio("update/"+name, what, "ns", reach, of, func(b *bench) (cost, cost, error) {
			s := new(histogramStats)
			if err := publish(b, fmt.Sprintf("histograms-%p", s), mmstats.Options{}, s); err != nil {
				return nil, nil, err
			}
			other, err := base(b, s)
			return timed(func(n int) { subject(s, n) }), timed(other), err
		})
	}
	atomic := func(*bench, *histogramStats) (loop, error) { return atomicAdd, nil }
	return []row{
		against("histogram", "Histogram.Add", 2.8, "atomic.AddUint64", (*histogramStats).add, atomic),
		against("histogram-client_golang", "Histogram.Add", 0.6, "prometheus client_golang's, classic", (*histogramStats).add, prometheusHistogram),
		against("histogram-local", "LocalHistogram.Add", 1, "atomic.AddUint64", (*histogramStats).addLocal, atomic),
		against("described", "Counter.Inc, described", 1.03, "one that is not", (*histogramStats).incDescribed,
			func(_ *bench, s *histogramStats) (loop, error) { return s.incPlain, nil }),
	}
}

func prometheusHistogram(*bench, *histogramStats) (loop, error) {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench"})
	return func(n int) {
		for i := range n {
			h.Observe(seconds[i%len(seconds)])
		}
	}, nil
}
