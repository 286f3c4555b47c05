package mmstats

import (
	"sync/atomic"
	"testing"
)

var bare uint64

type benchStats struct {
	Counter Counter
	Local   LocalCounter
	Gauge   Gauge[int64]
	Float   Gauge[float64]
	Small   Gauge[int16]
	Flag    Bool
	Text    String `mmstats:",size=64"`
	Average Average
	Moving  MovingAverage
	Timer   Timer
}

func openBench(b *testing.B, guarded bool) *benchStats {
	var s benchStats
	f, err := Create(Options{Dir: b.TempDir(), Guarded: guarded}, &s)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Remove() })
	b.ReportAllocs()
	return &s
}

func BenchmarkBareAdd(b *testing.B) {
	for b.Loop() {
		atomic.AddUint64(&bare, 1)
	}
}

func BenchmarkBareStore(b *testing.B) {
	for b.Loop() {
		atomic.StoreUint64(&bare, 1)
	}
}

func BenchmarkCounterInc(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Counter.Inc()
	}
}

func BenchmarkCounterIncGuarded(b *testing.B) {
	s := openBench(b, true)
	for b.Loop() {
		s.Counter.Inc()
	}
}

func BenchmarkLocalCounterInc(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Local.Inc()
	}
}

func BenchmarkGaugeSet(b *testing.B) {
	s := openBench(b, false)
	i := int64(0)
	for b.Loop() {
		i++
		s.Gauge.Set(i)
	}
}

func BenchmarkGaugeAddFloat(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Float.Add(1)
	}
}

func BenchmarkGaugeAddSmall(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Small.Add(1)
	}
}

func BenchmarkBoolSet(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Flag.Set(true)
	}
}

func BenchmarkStringSet16(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Text.Set("sixteen bytes...")
	}
}

func BenchmarkAverageAdd(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Average.Add(1.5)
	}
}

func BenchmarkMovingAverageAdd(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Moving.Add(1.5)
	}
}

func BenchmarkTimer(b *testing.B) {
	s := openBench(b, false)
	for b.Loop() {
		s.Timer.Start().Stop()
	}
}
