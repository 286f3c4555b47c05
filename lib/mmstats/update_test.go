package mmstats_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
)

func TestUpdates(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		var s everything
		f := create(t, mmstats.Options{NoDefaults: true, Guarded: guarded}, &s)
		s.Counter.Inc()
		s.Counter.Add(math.MaxUint64)
		s.Counter.Add(4)
		s.Local.Inc()
		s.Local.Add(9)
		s.I8.Set(127)
		s.I8.Add(1)
		s.U8.Add(255)
		s.U8.Add(2)
		s.I16.Add(-3)
		s.U16.Set(7)
		s.I32.Add(-1)
		s.U32.Add(3)
		s.I64.Set(-9)
		s.I64.Add(10)
		s.F32.Add(0.5)
		s.F64.Set(1.5)
		s.F64.Add(-3)
		s.U64.Set(1 << 63)
		s.U64.Add(5)
		s.Seconds.Add(0.5)
		s.Seconds.Add(-1) // it only goes up
		s.Seconds.Add(math.NaN())
		s.Bool.Set(true)
		s.Bool.Set(false)
		s.Bool.Set(true)
		s.String.Set("a longer text than fits into the room")
		s.Average.Add(1)
		s.Average.Add(5)
		for v := range 6 {
			s.Moving.Add(float64(v))
		}
		s.Timer.Observe(1500 * time.Millisecond)
		s.Histogram.Add(1)
		s.Histogram.AddN(5, 2)
		s.Histogram.Add(math.NaN())
		s.LocalHist.Observe(250 * time.Millisecond)
		s.LocalHist.Add(0.75)
		wantStats(t, f.Path(), map[string]string{
			"Counter": "counter 4", "Local": "counter 10", "I8": "int8 -128", "U8": "uint8 1", "I16": "int16 -3", "U16": "uint16 7",
			"I32": "int32 -1", "U32": "uint32 3", "I64": "int64 1", "F32": "float32 0.5", "F64": "float64 -1.5", "Bool": "bool true",
			"String": "string a longer text than fits ", "Average": "average 3", "Moving": "moving 3.5", "Timer": "moving 1.5",
			"U64": "uint64 9223372036854775813", "Seconds": "float64 0.5",
			"Histogram": "histogram 3.6666666666666665", "LocalHist": "histogram 0.5",
		})
		if s.Counter.Value() != 4 || s.Local.Value() != 10 || s.I8.Value() != -128 || s.F64.Value() != -1.5 || !s.Bool.Value() {
			t.Errorf("guarded %v: a number is not what was set", guarded)
		}
		if got := s.String.Value(); got != "a longer text than fits " {
			t.Errorf("String.Value() = %q", got)
		}
		if got := statIn(t, f.Path(), "Average").Samples(); got != (format.Samples{Count: 2, Total: 6}) || s.Average.Value() != 3 {
			t.Errorf("Average = %v of %v, want 3 of 2 samples", s.Average.Value(), got)
		}
		if s.Moving.Value() != 3.5 || s.Timer.Value() != 1500*time.Millisecond {
			t.Errorf("Moving = %v, Timer = %v", s.Moving.Value(), s.Timer.Value())
		}
		wantSamples(t, f.Path(), "Moving", 6, 5)
		if h := s.Histogram.State(); h.Count != 3 || h.Sum != 11 || h.Min != 1 || h.Max != 5 || h.Quantile(0.5) != 5 {
			t.Errorf("Histogram.State() = %d samples, sum %v, %v to %v", h.Count, h.Sum, h.Min, h.Max)
		}
		if h := s.LocalHist.State(); h.Count != 2 || h.Sum != 1 {
			t.Errorf("LocalHist.State() = %d samples, sum %v", h.Count, h.Sum)
		}
		if err := f.Err(); err != nil {
			t.Errorf("Err() = %v", err)
		}
		if err := f.Sync(); err != nil {
			t.Errorf("Sync() = %v", err)
		}
	}
}

func TestTextIsCut(t *testing.T) {
	var s mmstats.String
	create(t, mmstats.Options{}, mmstats.Labeled{Label: "s", Stat: &s, Size: 8})
	for text, want := range map[string]string{
		"abcdefgh": "abcdefgh", "abcdefghi": "abcdefgh", "abcdefgé": "abcdefg", "日本語": "日本", "1234567😀": "1234567",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80": "\x80\x80\x80\x80\x80\x80\x80\x80"[:4], "": "", "a\x00b": "a",
	} {
		s.Set(text)
		if got := s.Value(); got != want && utf8Start(text) {
			t.Errorf("Value() after Set(%q) = %q, want %q", text, got, want)
		}
	}
	var long mmstats.String
	create(t, mmstats.Options{}, mmstats.Labeled{Label: "s", Stat: &long})
	long.Set(strings.Repeat("x", 1000))
	if got := len(long.Value()); got != 256 {
		t.Errorf("a text has %d bytes, want 256", got)
	}
}

// utf8Start reports whether text starts with a character: what becomes of one
// that is none is not promised.
func utf8Start(text string) bool { return text == "" || text[0] < 0x80 || text[0] >= 0xc0 }

func TestTimer(t *testing.T) {
	var timer mmstats.Timer
	f := create(t, mmstats.Options{}, mmstats.Labeled{Label: "t", Stat: &timer})
	start := time.Now()
	timing := timer.Start()
	began := time.Now()
	programtest.WaitFor(t, "time", func() bool { return time.Since(began) > 0 })
	before := time.Since(began)
	took := timing.Stop()
	if got := timer.Value(); got != took || got < before || got > time.Since(start) {
		t.Errorf("Value() = %v and Stop() = %v after %v", got, took, before)
	}
	wantSamples(t, f.Path(), "t", 1)
	func() {
		defer func() { recover() }()
		timer.Time(func() { panic("anyway") })
	}()
	wantSamples(t, f.Path(), "t", 2)
}

// TestZeroValues updates stats that no file holds.
func TestZeroValues(t *testing.T) {
	var s everything
	s.set()
	s.Timer.Start().Stop()
	if s.Counter.Value() != 0 || s.Local.Value() != 0 || s.I8.Value() != 0 || s.F64.Value() != 0 || s.Bool.Value() ||
		s.String.Value() != "" || s.Average.Value() != 0 || s.Moving.Value() != 0 ||
		s.Timer.Value() != 0 || s.U64.Value() != 0 || s.Seconds.Value() != 0 ||
		s.Histogram.State().Count != 0 || s.LocalHist.State().Count != 0 {
		t.Errorf("stats of no file hold values: %v %v", s.Average.Value(), s.Moving.Value())
	}
}

// TestClosed uses everything after Close.
func TestClosed(t *testing.T) {
	for _, visitor := range []bool{false, true} {
		for _, guarded := range []bool{false, true} {
			var s everything
			f := create(t, mmstats.Options{NoDefaults: true, Guarded: guarded}, &s)
			s.Counter.Inc()
			s.String.Set("before")
			path := f.Path()
			if visitor {
				f.Close()
				s = everything{}
				f = visit(t, path, mmstats.Options{Guarded: guarded}, &s)
			}
			before := read(t, path)
			if err := f.Close(); err != nil {
				t.Errorf("Close() = %v", err)
			}
			s.set()
			s.Timer.Start().Stop()
			s.Counter.Value()
			s.String.Value()
			s.Average.Value()
			s.Moving.Value()
			wantStats(t, path, before)
			if err := f.Close(); err != nil {
				t.Errorf("second Close() = %v", err)
			}
			for call, err := range map[string]error{
				"Err": f.Err(), "Sync": f.Sync(), "Add": f.Add(&struct{ C mmstats.Counter }{}),
			} {
				if !errors.Is(err, fs.ErrClosed) {
					t.Errorf("visitor %v: %s() after Close = %v, want %v", visitor, call, err, fs.ErrClosed)
				}
			}
			if err := f.Apply([]change.Change{{Label: "Counter", Op: change.Add, Text: "1"}}); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Apply() after Close = %v, want %v", err, fs.ErrClosed)
			}
			if err := f.Remove(); err != nil {
				t.Errorf("Remove() after Close = %v", err)
			}
		}
	}
}

// TestCloseWhileUpdating closes a file under goroutines that update it.
func TestCloseWhileUpdating(t *testing.T) {
	var s everything
	f := create(t, mmstats.Options{}, &s)
	stop := make(chan struct{})
	var updating sync.WaitGroup
	for range 4 {
		updating.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				s.Counter.Inc()
				s.F64.Add(1)
				s.String.Set("text")
				s.Average.Add(1)
				s.Timer.Start().Stop()
			}
		})
	}
	programtest.WaitFor(t, "the first updates", func() bool { return s.Counter.Value() > 100 })
	if err := f.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	close(stop)
	updating.Wait()
}

// TestGoroutines updates from many goroutines, while one adds stats.
func TestGoroutines(t *testing.T) {
	const goroutines, updates = 8, 1000
	var s everything
	f := create(t, mmstats.Options{NoDefaults: true}, &s)
	var updating sync.WaitGroup
	for range goroutines {
		updating.Go(func() {
			for range updates {
				s.Counter.Inc()
				s.I16.Add(1)
				s.U32.Add(2)
				s.F32.Add(1)
				s.F64.Add(0.5)
				s.Average.Add(2)
				s.Moving.Add(3)
				s.String.Set("same")
			}
		})
	}
	added := make([]mmstats.Counter, 300)
	for i := range added {
		if err := f.Add(mmstats.Labeled{Label: strings.Repeat("long", 30) + string(rune('A'+i)), Stat: &added[i]}); err != nil {
			t.Errorf("Add() = %v", err)
		}
		added[i].Inc()
	}
	updating.Wait()
	got := read(t, f.Path())
	for label, want := range map[string]string{
		"Counter": "counter 8000", "I16": "int16 8000", "U32": "uint32 16000", "F32": "float32 8000", "F64": "float64 4000",
		"Average": "average 2", "Moving": "moving 3", "String": "string same",
	} {
		if got[label] != want {
			t.Errorf("%s = %s, want %s", label, got[label], want)
		}
	}
	wantSamples(t, f.Path(), "Average", goroutines*updates)
	wantSamples(t, f.Path(), "Moving", goroutines*updates)
	for i := range added {
		if got[strings.Repeat("long", 30)+string(rune('A'+i))] != "counter 1" {
			t.Errorf("added stat %d is not 1", i)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		var s everything
		create(t, mmstats.Options{Guarded: guarded}, &s)
		for name, update := range map[string]func(){
			"Counter.Inc": func() { s.Counter.Inc() }, "Counter.Add": func() { s.Counter.Add(2) },
			"LocalCounter.Inc": func() { s.Local.Inc() }, "Gauge.Set": func() { s.I64.Set(5) },
			"Gauge[int8].Add": func() { s.I8.Add(1) }, "Gauge[int16].Set": func() { s.I16.Set(1) },
			"Gauge[int32].Add": func() { s.I32.Add(1) }, "Gauge[uint32].Set": func() { s.U32.Set(1) },
			"Gauge[float32].Add": func() { s.F32.Add(1) }, "Gauge[float64].Add": func() { s.F64.Add(1) },
			"Bool.Set": func() { s.Bool.Set(true) }, "String.Set": func() { s.String.Set("sixteen bytes...") },
			"Average.Add": func() { s.Average.Add(1) }, "MovingAverage.Add": func() { s.Moving.Add(1) },
			"Timer": func() { s.Timer.Start().Stop() },
		} {
			if n := testing.AllocsPerRun(100, update); n != 0 {
				t.Errorf("guarded %v: %s allocates %v times, want 0", guarded, name, n)
			}
		}
	}
}

// TestProgramThatCountsWhileItDeclaresLives adds stats that goroutines update
// already: it ended by a nil dereference.
func TestProgramThatCountsWhileItDeclaresLives(t *testing.T) {
	f := create(t, mmstats.Options{NoDefaults: true})
	for i := range 8 {
		var s everything
		stop := make(chan struct{})
		var updating sync.WaitGroup
		for _, update := range s.updates() {
			updating.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						update()
					}
				}
			})
		}
		label := fmt.Sprint(i)
		for kind, stat := range map[string]mmstats.Stat{"Counter": &s.Counter, "I64": &s.I64, "Bool": &s.Bool, "F64": &s.F64, "Average": &s.Average} {
			if err := f.Add(mmstats.Labeled{Label: label + kind, Stat: stat}); err != nil {
				t.Errorf("Add(%s) = %v", kind, err)
			}
		}
		programtest.WaitFor(t, "an update", func() bool { return s.Counter.Value() > 0 })
		close(stop)
		updating.Wait()
		if got, want := read(t, f.Path())[label+"Counter"], fmt.Sprint("counter ", s.Counter.Value()); got != want {
			t.Errorf("Counter = %s in the file, want %s", got, want)
		}
	}
}
