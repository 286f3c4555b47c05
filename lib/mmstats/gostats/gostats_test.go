package gostats

import (
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
	"mmstats/lib/reader"
)

// read returns the stats of a file by label.
func read(t *testing.T, path string) map[string]*format.Stat {
	t.Helper()
	stats, err := reader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]*format.Stat)
	for i := range stats {
		found[string(stats[i].Label)] = &stats[i]
	}
	return found
}

// TestPublish has the process do something of everything.
func TestPublish(t *testing.T) {
	file, err := mmstats.Create(mmstats.Options{Dir: t.TempDir(), Prefix: "web.", NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := publish(file, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	stats := read(t, file.Path())
	value := func(label string) float64 { return stats["web.go."+label].Value.Float() }
	count := func(label string) uint64 { return stats["web.go."+label].Samples().Count }
	for label, kind := range map[string]format.Kind{
		"goroutines": format.KindGauge, "maxprocs": format.KindGauge, "memory": format.KindGauge, "heap.objects": format.KindGauge,
		"heap.live": format.KindGauge, "heap.goal": format.KindGauge, "allocated": format.KindCounter, "allocations": format.KindCounter,
		"gc.cycles": format.KindCounter, "gc.pauses": format.KindGauge, "sched.latency": format.KindGauge,
		"cpu.user": format.KindCounter, "cpu.system": format.KindCounter,
	} {
		st := stats["web.go."+label]
		if st == nil || st.Kind() != kind || st.Description().About == "" {
			t.Errorf("%s = %+v, want a %v that says what it is", label, st, kind)
		}
	}
	cycles, allocated := value("gc.cycles"), value("allocated")

	done := make(chan struct{})
	defer close(done)
	for range 100 {
		go func() { <-done }()
	}
	var opened []*os.File
	for range 50 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		opened = append(opened, f)
	}
	memory := make([]byte, 32<<20)
	// There are two pauses a cycle; of waits, the runtime measures one in eight.
	for range 3 {
		runtime.GC()
	}
	programtest.WaitFor(t, "a sample of it", func() bool {
		stats = read(t, file.Path())
		return value("goroutines") >= 100 && value("gc.cycles") >= cycles+3 && value("allocated") >= allocated+32<<20 &&
			value("heap.live") >= 32<<20 && value("heap.objects") >= 32<<20 && value("memory") >= 32<<20 && value("heap.goal") >= 32<<20 &&
			count("gc.pauses") >= 6 && count("sched.latency") >= 1
	})
	if files, ok := openFiles(); ok && (value("files") < 50 || files < 50) {
		t.Errorf("%v open files, want 50 or more", value("files"))
	}
	runtime.KeepAlive(opened)
	runtime.KeepAlive(memory)
	if value("maxprocs") != float64(runtime.GOMAXPROCS(0)) {
		t.Errorf("maxprocs = %v, want %d", value("maxprocs"), runtime.GOMAXPROCS(0))
	}
	if h := stats["web.go.gc.pauses"].Histogram(); h.Sum <= 0 || h.Max > 60 {
		t.Errorf("%d pauses of %v s, the longest %v s", h.Count, h.Sum, h.Max)
	}
	if h := stats["web.go.sched.latency"].Histogram(); h.Max > 60 {
		t.Errorf("%d waits, the longest %v s", h.Count, h.Max)
	}
	start := time.Now()
	for time.Since(start) < 20*time.Millisecond {
	}
	programtest.WaitFor(t, "CPU time", func() bool {
		stats = read(t, file.Path())
		return value("cpu.user")+value("cpu.system") >= 0.01
	})
	if total := value("cpu.user") + value("cpu.system"); total > 1000 {
		t.Errorf("%v s of CPU time", total)
	}
}

// TestSamplerEnds closes the file: the goroutine ends.
func TestSamplerEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		file, err := mmstats.Create(mmstats.Options{Dir: t.TempDir(), NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := Publish(file); err != nil {
			t.Fatal(err)
		}
		if err := Publish(file); err == nil {
			t.Error("a second Publish in one file = nil, want an error")
		}
		file.Remove()
	}
	programtest.WaitFor(t, "the end of the goroutines", func() bool { return runtime.NumGoroutine() <= before })
}

// TestFeed takes a histogram of the runtime with all of its counts, and later
// what was added to it.
func TestFeed(t *testing.T) {
	var f feed
	file, err := mmstats.Create(mmstats.Options{Dir: t.TempDir()}, mmstats.Labeled{Label: "h", Stat: &f.histogram})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	h := &metrics.Float64Histogram{
		Buckets: []float64{math.Inf(-1), 0, 1, 1.25, 1.5, 3, math.Inf(1)},
		Counts:  []uint64{1, 2, 0, 10, 0, 3},
	}
	f.add(h)
	if s := f.histogram.State(); s.Count != 16 || s.Min != 0 || s.Max != 3 || s.Sum != 2*0.5+10*1.375+3*3 || math.Abs(s.Quantile(0.5)-1.375) > 0.06 {
		t.Errorf("%d samples, sum %v, %v to %v, median %v", s.Count, s.Sum, s.Min, s.Max, s.Quantile(0.5))
	}
	f.add(h)
	h.Counts[3] += 5
	f.add(h)
	if s := f.histogram.State(); s.Count != 21 || s.Sum != 2*0.5+15*1.375+3*3 {
		t.Errorf("%d samples, sum %v after 5 more", s.Count, s.Sum)
	}
}

func BenchmarkSample(b *testing.B) {
	s := newSampler()
	file, err := mmstats.Create(mmstats.Options{Dir: b.TempDir()}, s.stats...)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	b.ReportAllocs()
	for b.Loop() {
		s.sample()
	}
}
