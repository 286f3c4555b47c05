// Package gostats publishes what the Go runtime and the process do: goroutines,
// memory, the garbage collector, the scheduler, CPU time and open files.
//
//	file, err := mmstats.Create(mmstats.Options{}, &stats)
//	...
//	err = gostats.Publish(file)
//
// It is apart from package mmstats because runtime/metrics makes every program
// that imports it start 0.04 ms later.
package gostats

import (
	"math"
	"runtime/metrics"
	"time"

	"mmstats/lib/mmstats"
)

// Period is how often the stats are brought up to date, which takes a few
// microseconds.
const Period = time.Second

// Publish adds stats to a file, under "go." after its prefix, and brings them
// up to date every [Period], in one goroutine, until the file is closed.
//
// The histograms go.gc.pauses and go.sched.latency have the counts of those of
// the runtime, whose buckets are up to 25 % wide: percentiles are off by up to
// an eighth, and so is the sum.
func Publish(f *mmstats.File) error { return publish(f, Period) }

func publish(f *mmstats.File, period time.Duration) error {
	s := newSampler()
	if err := f.Add(s.stats...); err != nil {
		return err
	}
	s.sample()
	go func() {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.sample()
			case <-f.Done():
				return
			}
		}
	}()
	return nil
}

// A metric is one of the runtime's that is published.
type metric struct {
	name               string // by runtime/metrics
	label, unit, about string
	cumulative         bool
}

var published = []metric{
	{"/sched/goroutines:goroutines", "goroutines", "", "Goroutines that exist", false},
	{"/sched/gomaxprocs:threads", "maxprocs", "", "Threads that may run Go code at a time", false},
	{"/memory/classes/total:bytes", "memory", "bytes", "Memory that the runtime has got from the system", false},
	{"/memory/classes/heap/objects:bytes", "heap.objects", "bytes", "Objects in the heap, with those that are not freed yet", false},
	{"/gc/heap/live:bytes", "heap.live", "bytes", "Objects that the last cycle of the garbage collector found in use", false},
	{"/gc/heap/goal:bytes", "heap.goal", "bytes", "Size of the heap at the end of this cycle of the garbage collector", false},
	{"/gc/heap/allocs:bytes", "allocated", "bytes", "Memory that was allocated in the heap", true},
	{"/gc/heap/allocs:objects", "allocations", "", "Objects that were allocated in the heap", true},
	{"/gc/cycles/total:gc-cycles", "gc.cycles", "", "Cycles of the garbage collector", true},
	{"/sched/pauses/total/gc:seconds", "gc.pauses", "seconds", "Pauses of all goroutines for the garbage collector", true},
	{"/sched/latencies:seconds", "sched.latency", "seconds", "Time that goroutines waited to run", true},
}

// A sampler brings the stats up to date.
type sampler struct {
	stats   []any
	samples []metrics.Sample
	update  []func(metrics.Value) // beside samples
	process process
}

func newSampler() *sampler {
	s := new(sampler)
	known := make(map[string]metrics.ValueKind)
	for _, d := range metrics.All() {
		known[d.Name] = d.Kind
	}
	for _, m := range published {
		if kind, ok := known[m.name]; ok { // a later Go may lack it
			stat, update := m.stat(kind)
			s.add(m.label, m.unit, m.about, stat)
			s.samples = append(s.samples, metrics.Sample{Name: m.name})
			s.update = append(s.update, update)
		}
	}
	s.addProcess()
	return s
}

func (s *sampler) add(label, unit, about string, stat mmstats.Stat) {
	s.stats = append(s.stats, mmstats.Labeled{Label: "go." + label, Stat: stat, Unit: unit, About: about})
}

// stat returns the stat of a metric, and what brings it up to date.
func (m metric) stat(kind metrics.ValueKind) (mmstats.Stat, func(metrics.Value)) {
	switch {
	case kind == metrics.KindFloat64Histogram:
		var f feed
		return &f.histogram, func(v metrics.Value) { f.add(v.Float64Histogram()) }
	case m.cumulative:
		var c mmstats.Counter
		var last uint64
		return &c, func(v metrics.Value) {
			c.Add(v.Uint64() - last)
			last = v.Uint64()
		}
	}
	var g mmstats.Gauge[uint64]
	return &g, func(v metrics.Value) { g.Set(v.Uint64()) }
}

func (s *sampler) sample() {
	metrics.Read(s.samples)
	for i := range s.samples {
		if v := s.samples[i].Value; v.Kind() != metrics.KindBad {
			s.update[i](v)
		}
	}
	s.process.sample()
}

// A feed adds what a histogram of the runtime counts to one of ours.
type feed struct {
	histogram mmstats.Histogram
	last      []uint64
}

func (f *feed) add(h *metrics.Float64Histogram) {
	if f.last == nil {
		f.last = make([]uint64, len(h.Counts))
	}
	for i, n := range h.Counts {
		if n != f.last[i] {
			f.histogram.AddN(middle(h.Buckets[i], h.Buckets[i+1]), n-f.last[i])
			f.last[i] = n
		}
	}
}

// middle returns the middle of a bucket, or its end where it has only one.
func middle(a, b float64) float64 {
	switch {
	case math.IsInf(a, -1):
		return b
	case math.IsInf(b, 1):
		return a
	}
	return (a + b) / 2
}
