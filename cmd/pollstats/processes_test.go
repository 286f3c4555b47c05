package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// A fakePoller makes samples of stats that tests set, a poll a second.
type fakePoller struct {
	ps     *processes
	series reader.SeriesSet
	files  map[string]*fakeFile
	now    time.Time
}

type fakeFile struct {
	reader.File
	stats []fakeStat
	gone  bool
}

type fakeStat struct {
	track reader.Track
	typ   format.Type
	value format.Value
	count uint64
	total float64
}

func newFakePoller() *fakePoller {
	return &fakePoller{ps: newProcesses(maxPointBytes), files: make(map[string]*fakeFile), now: time.Unix(1_000_000, 0)}
}

// stat returns the stat of a file, which it makes.
func (f *fakePoller) stat(path, label string, t format.Type, k format.Kind) *fakeStat {
	file := f.files[path]
	if file == nil {
		file = &fakeFile{File: reader.File{Path: path}}
		f.files[path] = file
	}
	for i := range file.stats {
		if file.stats[i].track.Series.Label == label {
			return &file.stats[i]
		}
	}
	file.stats = append(file.stats, fakeStat{typ: t, track: reader.Track{Series: f.series.Join(label, t, k), Kind: k}})
	return &file.stats[len(file.stats)-1]
}

// count adds n to a counter.
func (f *fakePoller) count(path, label string, n uint64) {
	st := f.stat(path, label, format.Counter, format.KindCounter)
	st.value = format.UintValue(st.value.Uint() + n)
}

func (f *fakePoller) gauge(path, label string, v float64) {
	f.stat(path, label, format.Float64, format.KindGauge).value = format.FloatValue(v)
}

func (f *fakePoller) text(path, label, v string) {
	f.stat(path, label, format.String, format.KindString).value = format.TextValue([]byte(v))
}

// poll polls a second later.
func (f *fakePoller) poll() {
	f.now = f.now.Add(time.Second)
	f.ps.begin(float64(f.now.Unix()))
	for _, path := range slices.Sorted(maps.Keys(f.files)) {
		file := f.files[path]
		for i := range file.stats {
			st := &file.stats[i]
			m := reader.Sample{File: &file.File, Type: st.typ, Kind: st.track.Kind, Live: true}
			st.track.Next(&m, st.value, format.Samples{Count: st.count, Total: st.total})
			if m.Gone = file.gone; m.Gone {
				m.Leave()
			}
			f.ps.visit(&m)
		}
		if file.gone {
			delete(f.files, path)
		}
	}
	f.ps.end(f.now, time.Second)
}

func (f *fakePoller) trace(t *testing.T, path, label string) *trace {
	t.Helper()
	for _, tr := range f.ps.groups[label].traces {
		if tr.process.path == path {
			return tr
		}
	}
	t.Fatalf("there is no %s of %s", label, path)
	return nil
}

// A trace follows its process: its rate, its end, its restart and its removal.
func TestProcesses(t *testing.T) {
	f := newFakePoller()
	names := []string{"a", "b", "c", "d"}
	for poll := range 20 {
		for i, name := range names {
			f.count(name, "jobs", uint64(10*(i+1)))
			f.gauge(name, "load", float64(i))
		}
		f.text("a", "state", fmt.Sprint("poll ", poll/10))
		f.poll()
	}
	b := f.trace(t, "b", "jobs")
	if b.now != 20 || b.value().Uint() != 400 || b.points.at(f.ps.clock, 20) != 20 {
		t.Errorf("the counter of b is %v, at a rate of %v", b.value().Uint(), b.now)
	}
	if s := f.trace(t, "a", "state"); s.text != "poll 1" {
		t.Errorf("the text is %q", s.text)
	}
	f.files["b"].SetEnded(true)
	f.poll()
	if load := f.trace(t, "b", "load"); !b.process.ended || !math.IsNaN(load.now) || !math.IsNaN(b.now) {
		t.Errorf("of a process that has ended, points are %v and %v", b.now, load.now)
	}

	// b starts again in a new file of the same name, and c is removed.
	old := f.files["b"]
	f.files["b"] = &fakeFile{File: reader.File{Path: "b"}}
	f.count("b", "jobs", 5)
	f.files["b"].stats[0].track.Continue(&old.stats[0].track, true)
	f.files["c"].gone = true
	f.count("c", "jobs", 7)
	f.poll()
	if again := f.trace(t, "b", "jobs"); again != b || !b.reset || b.process.ended || !b.process.anew.Equal(f.now) || len(b.process.traces) != 1 {
		t.Errorf("after its restart, b is %+v", again)
	}
	if c := f.trace(t, "c", "jobs"); c.now != 7 || c.process.missed != 1 {
		t.Errorf("the last counts of c come to %v", c.now)
	}
	f.stat("b", "jobs", format.Counter, format.KindCounter).value = format.UintValue(1)
	f.poll()
	if !b.reset || !b.process.anew.Equal(f.now) {
		t.Errorf("after its counter went back, b is %+v", b)
	}
	for range keepMissing - 1 {
		f.poll()
	}
	if g := f.ps.groups["jobs"]; len(g.traces) != 3 || f.ps.traces != 3+2+1 {
		t.Errorf("when it is gone for long, there are %d counters and %d stats", len(g.traces), f.ps.traces)
	}
	f.files["a"].gone, f.files["b"].gone, f.files["d"].gone = true, true, true
	for range keepMissing + 1 {
		f.poll()
	}
	if ps := f.ps; ps.traces != 0 || len(ps.groups) != 0 || len(ps.byFile) != 0 || len(ps.byPath) != 0 || ps.clock.bytes != 0 {
		t.Errorf("when all are gone, there are left %+v", ps)
	}
}

// Stats may come and go, and stand in any order, in the file of a process.
func TestTracesInAnyOrder(t *testing.T) {
	f := newFakePoller()
	for _, label := range []string{"a", "b", "c"} {
		f.gauge("x", label, 1)
	}
	f.poll()
	b := f.trace(t, "x", "b")
	stats := f.files["x"].stats
	f.files["x"].stats = []fakeStat{stats[2], stats[1]}
	f.gauge("x", "d", 4)
	f.poll()
	var labels string
	for _, tr := range b.process.traces {
		labels += tr.group.label
	}
	if labels != "cbd" || f.trace(t, "x", "b") != b || f.ps.groups["a"] != nil || f.ps.traces != 3 {
		t.Errorf("the stats are %s", labels)
	}
}

// Points take no more memory than they may, and all stats have as many.
func TestPointsTakeLittleMemory(t *testing.T) {
	f := newFakePoller()
	const stats = 100
	f.ps.clock.limit = 4 * stats * maxPoints / 3
	for poll := range 400 {
		for i := range stats {
			f.gauge("x", fmt.Sprint(i), float64(poll))
		}
		f.gauge("x", "constant", 5)
		f.poll()
		if f.ps.clock.bytes > f.ps.clock.limit {
			t.Fatalf("after %d polls, points take %d bytes", poll, f.ps.clock.bytes)
		}
	}
	for label, g := range f.ps.groups {
		if n := len(g.traces[0].points.ring); n != maxPoints/4 && label != "constant" {
			t.Errorf("%s has %d points", label, n)
		}
	}
}

func TestDifferences(t *testing.T) {
	for _, test := range []struct {
		name      string
		processes int
		// rate returns that of the last process, at a second; the others have 100.
		rate   func(second int) uint64
		late   int // the second at which the last process starts
		since  int // the second, or 0 for no difference
		before bool
	}{
		{"alike", 6, func(int) uint64 { return 104 }, 0, 0, false},
		{"three", 3, func(int) uint64 { return 900 }, 0, 0, false},
		{"from the start", 6, func(int) uint64 { return 10 }, 0, 2, true},
		{"since then", 6, func(s int) uint64 {
			if s < 70 {
				return 100
			}
			return 300
		}, 0, 70, false},
		{"a pause within", 6, func(s int) uint64 {
			if s < 70 || s == 85 {
				return 100
			}
			return 300
		}, 0, 70, false},
		{"two moments within", 6, func(s int) uint64 {
			switch {
			case s < 70:
				return 100
			case s == 80 || s == 88: // in the seconds 88 and 89, the mean is usual
				return 60
			}
			return 140
		}, 0, 70, false},
		{"no longer", 6, func(s int) uint64 {
			if s < 40 || s > 60 {
				return 100
			}
			return 300
		}, 0, 0, false},
		{"since its start", 6, func(int) uint64 { return 10 }, 50, 51, false},
	} {
		f := newFakePoller()
		// One was opened at the start and the other now, and both say the same.
		early, late := make(differences), make(differences)
		last := fmt.Sprint(test.processes)
		for second := 1; second <= 100; second++ {
			for i := range test.processes - 1 {
				f.count(fmt.Sprint(i+1), "jobs", uint64(98+(second+i)%5))
			}
			if second >= test.late {
				f.count(last, "jobs", test.rate(second))
			}
			f.poll()
			early.update(f.ps, f.ps.groups["jobs"])
		}
		late.update(f.ps, f.ps.groups["jobs"])
		for _, d := range []differences{early, late} {
			got := d[f.trace(t, last, "jobs")]
			if (got != nil) != (test.since > 0) || len(d) > 1 {
				t.Errorf("%s: %d differ", test.name, len(d))
			} else if got != nil && (got.since.Unix() != int64(1_000_000+test.since) || got.before != test.before) {
				t.Errorf("%s: it differs since second %d, before %t; want %d, %t", test.name, got.since.Unix()-1_000_000, got.before, test.since, test.before)
			}
		}
		if got := f.ps.groups["jobs"].differing > 0; got != (test.since > 0) {
			t.Errorf("%s: the group says %t", test.name, got)
		}
		f.files[last].SetEnded(true)
		f.poll()
		if early.update(f.ps, f.ps.groups["jobs"]); len(early) > 0 || f.ps.groups["jobs"].differing > 0 {
			t.Errorf("%s: after its end, it differs", test.name)
		}
	}
}

// A page goes on where a replay begins anew: all processes are other ones then.
func TestStatPageBeginsAnew(t *testing.T) {
	tt := &totals{poll: &poll{}, byLabel: make(map[string]*stat)}
	p := newStatPage(tt, "load")
	for _, odd := range []string{"b", "c"} {
		f := newFakePoller()
		for range 20 {
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				f.gauge(name, "load", 5)
			}
			f.gauge(odd, "load", 50)
			f.poll()
		}
		f.ps.polls += 100 * int(odd[0])
		tt.processes, tt.at = f.ps, f.now
		p.arrange("")
		var names string
		for _, tr := range p.shown {
			names += p.names[tr]
		}
		if names[:1] != odd || len(names) != 5 || p.summary() != "5 processes, 1 differs" {
			t.Errorf("the rows are %q: %s", names, p.summary())
		}
	}
}
