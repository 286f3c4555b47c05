package main

import (
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/performancecopilot/speed/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/telemetry/counter"

	"mmstats/lib/mmstats"
)

// A candidate does one update n times.
type candidate struct {
	name string
	loop func(n int)
	best float64 // ns for one update
}

// measure times all candidates in turns, so that whatever else the machine
// does meets all of them, and keeps the best of each.
func measure(candidates []*candidate) {
	const rounds, target = 15, 20 * time.Millisecond
	for _, c := range candidates {
		c.best = math.Inf(1)
	}
	for range rounds {
		for _, c := range candidates {
			for n := 1 << 10; ; n *= 4 {
				start := time.Now()
				c.loop(n)
				took := time.Since(start)
				c.best = min(c.best, float64(took.Nanoseconds())/float64(n))
				if took >= target {
					break
				}
			}
		}
	}
}

type updateStats struct {
	Counter mmstats.Counter
	Local   mmstats.LocalCounter
	Gauge   mmstats.Gauge[int64]
	Text    mmstats.String `mmstats:",size=64"`
	Average mmstats.Average
	Moving  mmstats.MovingAverage
	Timer   mmstats.Timer
}

// updates measures every kind of update.
func updates() ([]row, error) {
	dir, err := os.MkdirTemp("", "mmstats-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var plain, guarded updateStats
	for name, s := range map[string]*updateStats{"plain": &plain, "guarded": &guarded} {
		f, err := mmstats.Create(mmstats.Options{Path: filepath.Join(dir, name+".mmstats"), Guarded: s == &guarded}, s)
		if err != nil {
			return nil, err
		}
		defer f.Remove()
	}
	counter.OpenDir(filepath.Join(dir, "telemetry"))
	telemetry := counter.New("mmstats/bench")
	prom := prometheus.NewCounter(prometheus.CounterOpts{Name: "bench_total"})
	promGauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bench"})
	victoria := vm.NewCounter("bench_total")
	pcp, err := pcpCounter(dir)
	if err != nil {
		return nil, err
	}

	var word uint64
	add := &candidate{name: "atomic.AddUint64", loop: func(n int) {
		for range n {
			atomic.AddUint64(&word, 1)
		}
	}}
	store := &candidate{name: "atomic.StoreUint64", loop: func(n int) {
		for i := range n {
			atomic.StoreUint64(&word, uint64(i))
		}
	}}
	inc := &candidate{name: "Counter.Inc", loop: func(n int) {
		for range n {
			plain.Counter.Inc()
		}
	}}
	local := &candidate{name: "LocalCounter.Inc", loop: func(n int) {
		for range n {
			plain.Local.Inc()
		}
	}}
	set := &candidate{name: "Gauge.Set", loop: func(n int) {
		for i := range n {
			plain.Gauge.Set(int64(i))
		}
	}}
	incGuarded := &candidate{name: "Counter.Inc, Guarded", loop: func(n int) {
		for range n {
			guarded.Counter.Inc()
		}
	}}
	text := &candidate{name: "String.Set, 16 bytes", loop: func(n int) {
		for range n {
			plain.Text.Set("sixteen bytes...")
		}
	}}
	average := &candidate{name: "Average.Add", loop: func(n int) {
		for range n {
			plain.Average.Add(1.5)
		}
	}}
	moving := &candidate{name: "MovingAverage.Add, 100 samples", loop: func(n int) {
		for range n {
			plain.Moving.Add(1.5)
		}
	}}
	timer := &candidate{name: "Timer.Start and Stop, two clock reads", loop: func(n int) {
		for range n {
			plain.Timer.Start().Stop()
		}
	}}
	promInc := &candidate{name: "prometheus client_golang, Counter.Inc", loop: func(n int) {
		for range n {
			prom.Inc()
		}
	}}
	promSet := &candidate{name: "prometheus client_golang, Gauge.Set", loop: func(n int) {
		for i := range n {
			promGauge.Set(float64(i))
		}
	}}
	vmInc := &candidate{name: "VictoriaMetrics/metrics, Counter.Inc", loop: func(n int) {
		for range n {
			victoria.Inc()
		}
	}}
	telemetryInc := &candidate{name: "x/telemetry, mapped Counter.Inc", loop: func(n int) {
		for range n {
			telemetry.Inc()
		}
	}}
	pcpInc := &candidate{name: "performancecopilot/speed, mapped Counter.Up", loop: func(n int) {
		for range n {
			pcp.Up()
		}
	}}
	measure([]*candidate{add, store, inc, local, set, incGuarded, text, average, moving, timer, promInc, promSet, vmInc, telemetryInc, pcpInc})

	return []row{
		note(add.name, "ns", add.best),
		note(store.name, "ns", store.best),
		atMost(inc.name, "ns", inc.best, add.best, 1.1, add.name),
		atMost(local.name, "ns", local.best, add.best, 0.25, add.name),
		atMost(set.name, "ns", set.best, store.best, 0.25, store.name),
		atMost(incGuarded.name, "ns", incGuarded.best, add.best, 1.7, add.name),
		under(text.name, "ns", text.best, 60),
		under(average.name, "ns", average.best, 60),
		note(moving.name, "ns", moving.best),
		note(timer.name, "ns", timer.best),
		note(promSet.name, "ns", promSet.best),
		note(vmInc.name, "ns", vmInc.best),
		note(promInc.name, "ns", promInc.best),
		atMost("Counter.Inc", "ns", inc.best, promInc.best, 1, "client_golang"),
		note(telemetryInc.name, "ns", telemetryInc.best),
		atMost("Counter.Inc", "ns", inc.best, telemetryInc.best, 1.0/15, "x/telemetry"),
		note(pcpInc.name, "ns", pcpInc.best),
		atMost("Counter.Inc", "ns", inc.best, pcpInc.best, 1.0/15, "speed"),
	}, nil
}

// pcpCounter returns a counter of speed that is mapped to a file in dir.
func pcpCounter(dir string) (speed.Counter, error) {
	client, err := speed.NewPCPClient("mmstats-bench")
	if err != nil {
		return nil, err
	}
	c, err := speed.NewPCPCounter(0, "bench.count")
	if err != nil {
		return nil, err
	}
	if err := client.Register(c); err != nil {
		return nil, err
	}
	return c, client.Start()
}
