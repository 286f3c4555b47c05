package mmstats_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"mmstats/lib/change"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
)

// updates are one update of each kind.
func (s *everything) updates() map[string]func() {
	return map[string]func(){
		"Counter.Inc": func() { s.Counter.Inc() }, "LocalCounter.Add": func() { s.Local.Add(2) },
		"Gauge[int8].Set": func() { s.I8.Set(1) }, "Gauge[int16].Add": func() { s.I16.Add(1) },
		"Gauge[int64].Set": func() { s.I64.Set(1) }, "Gauge[float64].Add": func() { s.F64.Add(1) },
		"Bool.Set": func() { s.Bool.Set(true) }, "String.Set": func() { s.String.Set("text") },
		"Average.Add": func() { s.Average.Add(1) }, "MovingAverage.Add": func() { s.Moving.Add(1) },
		"Timer": func() { s.Timer.Start().Stop() }, "FloatCounter.Add": func() { s.Seconds.Add(1) },
		"Histogram": func() { s.Histogram.Start().Stop() }, "LocalHistogram.Add": func() { s.LocalHist.Add(1) },
	}
}

// values are a look at each kind.
func (s *everything) values() {
	s.Counter.Value()
	s.Local.Value()
	s.I8.Value()
	s.F64.Value()
	s.Bool.Value()
	_ = s.String.Value()
	s.Average.Value()
	s.Moving.Value()
	s.Timer.Value()
	s.Histogram.State()
}

// isLost reports whether err is about a file, and says how many updates to it
// were dropped.
func isLost(err error, path string, dropped int) bool {
	var pathErr *fs.PathError
	return errors.As(err, &pathErr) && pathErr.Path == path && strings.HasSuffix(err.Error(), fmt.Sprintf("; %d updates dropped", dropped))
}

// wantLost checks what Err says.
func wantLost(t *testing.T, what string, f *mmstats.File, want error, dropped int) {
	t.Helper()
	if err := f.Err(); !errors.Is(err, want) || !isLost(err, f.Path(), dropped) {
		t.Errorf("%s: Err() = %v, want %v and %d updates dropped", what, err, want, dropped)
	}
}

const rewritten = "file was truncated or written anew"

// wantRewritten checks that Err says what became of the file, and that no update
// was counted as dropped.
func wantRewritten(t *testing.T, what string, f *mmstats.File) {
	t.Helper()
	if err := f.Err(); !isLost(err, f.Path(), 0) || !strings.Contains(err.Error(), ": "+rewritten+";") {
		t.Errorf("%s: Err() = %v, want %s and no updates dropped", what, err, rewritten)
	}
}

func TestDeleted(t *testing.T) {
	var stats everything
	f := create(t, mmstats.Options{}, &stats)
	os.Remove(f.Path())
	for _, update := range stats.updates() {
		update()
	}
	wantLost(t, "deleted", f, mmstats.ErrReplaced, 0)
	if stats.Counter.Value() != 1 || stats.Average.Value() != 1 {
		t.Error("the process does not see its own updates")
	}
	if err := f.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

func TestReplacedByOther(t *testing.T) {
	var stats everything
	f := create(t, mmstats.Options{}, &stats)
	os.Rename(f.Path(), f.Path()+".old")
	wantLost(t, "renamed", f, mmstats.ErrReplaced, 0)
	os.WriteFile(f.Path(), pythonFile(1), 0o600)
	wantLost(t, "replaced", f, mmstats.ErrReplaced, 0)
	os.Rename(f.Path()+".old", f.Path())
	if err := f.Err(); err != nil {
		t.Errorf("Err() after the file came back = %v", err)
	}
}

// TestTruncated truncates the file of a guarded process under each kind of
// update.
func TestTruncated(t *testing.T) {
	const updates = 7
	for name := range new(everything).updates() {
		for _, visitor := range []bool{false, true} {
			var stats everything
			f := create(t, mmstats.Options{Guarded: true}, &stats)
			if visitor {
				f.Close()
				stats = everything{}
				f = visit(t, f.Path(), mmstats.Options{Guarded: true}, &stats)
			}
			if err := os.Truncate(f.Path(), 0); err != nil {
				t.Fatal(err)
			}
			stats.values()
			wantLostFault(t, name, f, 0)
			for range updates {
				stats.updates()[name]()
				stats.values()
			}
			wantLostFault(t, name, f, updates)
			if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); err == nil {
				t.Errorf("%s: Add() to a file that was truncated = nil, want an error", name)
			}
			// It stays lost when the file has its size again.
			os.Truncate(f.Path(), 1<<16)
			stats.updates()[name]()
			wantLostFault(t, name, f, updates+1)
			data, _ := os.ReadFile(f.Path())
			if strings.Trim(string(data), "\x00") != "" {
				t.Errorf("%s: something was written to the file that was truncated", name)
			}
			if err := f.Close(); err != nil {
				t.Errorf("%s: Close() = %v", name, err)
			}
		}
	}
}

func wantLostFault(t *testing.T, what string, f *mmstats.File, dropped int) {
	t.Helper()
	var fault *mapping.FaultError
	if err := f.Err(); !errors.As(err, &fault) || !isLost(err, f.Path(), dropped) {
		t.Errorf("%s: Err() = %v, want a FaultError and %d updates dropped", what, err, dropped)
	}
}

// TestTruncatedIdle truncates a file that nobody updates since.
func TestTruncatedIdle(t *testing.T) {
	for _, size := range []int64{0, 1, 20, 1 << 16} {
		var stats everything
		f := create(t, mmstats.Options{}, &stats)
		os.Truncate(f.Path(), 0)
		os.Truncate(f.Path(), size)
		wantRewritten(t, fmt.Sprintf("truncated and extended to %d", size), f)
	}
}

// TestTruncatedInPart takes the end of a file, where some fields are, and gives
// it its size back.
func TestTruncatedInPart(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		var stats everything
		f := create(t, mmstats.Options{Guarded: guarded}, &stats)
		size := int64(mapping.PageSize())
		var added []*mmstats.String
		for i := range 10 {
			added = append(added, new(mmstats.String))
			if err := f.Add(mmstats.Labeled{Label: fmt.Sprint("text", i), Stat: added[i], Size: 1000}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Err(); err != nil {
			t.Errorf("Err() = %v", err)
		}
		os.Truncate(f.Path(), size)
		os.Truncate(f.Path(), 8*size)
		added[9].Set("nobody reads it")
		wantRewritten(t, "truncated in part", f)
		if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); err == nil || !strings.Contains(err.Error(), rewritten) {
			t.Errorf("Add() = %v, want %s", err, rewritten)
		}
		wantRewritten(t, "truncated in part", f)
	}
}

// TestTruncatedWhileUpdating truncates and extends a file again and again under
// goroutines that update all kinds: none ends, and none waits.
func TestTruncatedWhileUpdating(t *testing.T) {
	var stats everything
	f := create(t, mmstats.Options{Guarded: true}, &stats)
	stop := make(chan struct{})
	var updating sync.WaitGroup
	var rounds atomic.Int64
	for range 3 {
		updating.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				stats.set()
				stats.values()
				rounds.Add(1)
			}
		})
	}
	for range 50 {
		os.Truncate(f.Path(), 0)
		os.Truncate(f.Path(), 1<<16)
		before := rounds.Load()
		programtest.WaitFor(t, "more updates", func() bool { return rounds.Load() > before+3 })
	}
	close(stop)
	updating.Wait()
	if err := f.Err(); err == nil {
		t.Error("Err() = nil after truncation")
	}
}

// TestTruncatedAndExtended gives a file its size back before it is updated:
// there is no fault, and nobody reads what is written.
func TestTruncatedAndExtended(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		var stats everything
		f := create(t, mmstats.Options{Guarded: guarded}, &stats)
		os.Truncate(f.Path(), 0)
		os.Truncate(f.Path(), 1<<16)
		for range 3 {
			for _, update := range stats.updates() {
				update()
			}
			stats.values()
		}
		wantRewritten(t, "truncated and extended", f)
		if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); err == nil {
			t.Error("Add() to a file that lost its fields = nil, want an error")
		}
	}
}

// TestTruncatedApply applies changes to a file that was truncated.
func TestTruncatedApply(t *testing.T) {
	for _, c := range []change.Change{
		{Label: "Counter", Op: change.Add, Text: "1"}, {Label: "String", Op: change.Set, Text: "a"},
		{Label: "Average", Op: change.Add, Text: "1"}, {Label: "Moving", Op: change.Add, Text: "1"},
	} {
		var stats everything
		f := create(t, shared, &stats)
		for range 2 {
			if err := f.Apply([]change.Change{c}); err != nil {
				t.Errorf("%s: %v", c.Label, err)
			}
		}
		os.Truncate(f.Path(), 0)
		if err := f.Apply([]change.Change{c}); err == nil {
			t.Errorf("%s: an update of a file that was truncated = nil, want an error", c.Label)
		}
	}
}

// TestSampleThatIsNoNumberIsDropped gives samples to averages that would be
// their values for ever.
func TestSampleThatIsNoNumberIsDropped(t *testing.T) {
	var stats everything
	f := create(t, mmstats.Options{}, &stats)
	samples := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}
	for _, sample := range samples {
		stats.Average.Add(1)
		stats.Average.Add(sample)
		stats.Moving.Add(3)
		stats.Moving.Add(sample)
	}
	if stats.Average.Value() != 1 || stats.Moving.Value() != 3 {
		t.Errorf("after samples of NaN and infinity: %v, %v", stats.Average.Value(), stats.Moving.Value())
	}
	wantSamples(t, f.Path(), "Average", 3)
	wantSamples(t, f.Path(), "Moving", 3, 3, 3, 3)
	if err := f.Err(); !isLost(err, f.Path(), 6) || !strings.Contains(err.Error(), "not a finite number") {
		t.Errorf("Err() = %v, want 6 updates dropped, and why", err)
	}
	for _, label := range []string{"Average", "Moving", "Timer"} {
		err := f.Apply([]change.Change{{Label: label, Op: change.Add, Text: "NaN"}})
		if err == nil || !strings.Contains(err.Error(), label+": a sample is not a finite number") {
			t.Errorf("Apply() of a NaN to %s = %v, want an error that says so", label, err)
		}
	}
}

// truncateUnder is "truncate FILE KIND": a program, not guarded, whose file is
// truncated under updates of one kind.
func truncateUnder() {
	var stats everything
	f, err := mmstats.Create(mmstats.Options{Path: os.Args[1]}, &stats)
	programtest.Fatal(err)
	update := stats.updates()[os.Args[2]]
	update()
	programtest.Fatal(os.Truncate(f.Path(), 0))
	update()
	update()
	if err := f.Err(); !isLost(err, f.Path(), 2) {
		programtest.Fatal(fmt.Errorf("Err() = %v, want 2 updates dropped", err))
	}
}

// TestTruncatedUnguarded truncates files of programs that are not guarded:
// only numbers end them.
func TestTruncatedUnguarded(t *testing.T) {
	for kind, survives := range map[string]bool{
		"String.Set": true, "Average.Add": true, "MovingAverage.Add": true, "Timer": true,
		"Gauge[int16].Add": false, "Bool.Set": false,
	} {
		out, err := exec.Command("truncate", temp(t, "x"), kind).CombinedOutput()
		if survives && err != nil {
			t.Errorf("%s: %s%v, want it to survive", kind, out, err)
		}
		if !survives && !strings.Contains(string(out), "unexpected fault address") {
			t.Errorf("%s: %s%v, want a fault", kind, out, err)
		}
	}
}

// fillDisk is "disk-full DIR": a program that may write no file of more than
// 8 KiB, which needs no rights and no disk.
func fillDisk() {
	dir := os.Args[1]
	big := func() mmstats.Labeled { return mmstats.Labeled{Label: "big", Stat: new(mmstats.String), Size: 100_000} }
	var stats everything
	f, err := mmstats.Create(mmstats.Options{Dir: dir, Name: "x", NoDefaults: true}, &stats)
	programtest.Fatal(err)
	programtest.Fatal(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 8192, Max: 8192}))
	if err := f.Add(big()); !errors.Is(err, syscall.EFBIG) {
		programtest.Fatal(fmt.Errorf("Add() past the limit = %v, want %v", err, syscall.EFBIG))
	}
	if _, err := mmstats.Create(mmstats.Options{Dir: dir}, big()); !errors.Is(err, syscall.EFBIG) {
		programtest.Fatal(fmt.Errorf("Create() past the limit = %v, want %v", err, syscall.EFBIG))
	}
	var small mmstats.Counter
	programtest.Fatal(f.Add(mmstats.Labeled{Label: "small", Stat: &small})) // has its room
	small.Inc()
	stats.Counter.Inc()
	programtest.Fatal(f.Err())
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("disk-full", dir).CombinedOutput(); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("files: %q, want one", got)
	}
	got := read(t, dir+"/x")
	if _, ok := got["big"]; ok || got["small"] != "counter 1" || got["Counter"] != "counter 1" {
		t.Errorf("after Add past the limit: %v", got)
	}
}
