package archive

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// appStats are stats of all kinds of programs.
type appStats struct {
	Requests mmstats.Counter
	Local    mmstats.LocalCounter
	Queue    mmstats.Gauge[int64]
	Small    mmstats.Gauge[int8]
	Load     mmstats.Gauge[float64]
	Single   mmstats.Gauge[float32]
	Healthy  mmstats.Bool
	State    mmstats.String
	Latency  mmstats.Average
	Recent   mmstats.MovingAverage
}

// An app is a program that publishes stats. Its file may be closed or removed.
type app struct {
	*mmstats.File
	appStats
	more []*mmstats.Counter
}

func (a *app) work(r *rand.Rand) {
	a.Requests.Add(r.Uint64N(1000))
	a.Local.Add(r.Uint64N(1000))
	a.Queue.Set(r.Int64N(100) - 50)
	a.Small.Set(int8(r.IntN(256) - 128))
	a.Load.Set(r.NormFloat64())
	a.Single.Set(float32(r.NormFloat64()))
	a.Healthy.Set(r.IntN(2) == 0)
	a.State.Set([]string{"idle", "busy", "état"}[r.IntN(3)])
	for range r.IntN(4) {
		a.Latency.Add(r.ExpFloat64())
		a.Recent.Add(r.ExpFloat64())
	}
	for _, c := range a.more {
		c.Inc()
	}
}

// A world is programs that start, work and end in a directory.
type world struct {
	t    testing.TB
	dir  string
	rand *rand.Rand
	apps []*app
	hist *mapping.Histogram // in a file of its own
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{t: t, dir: t.TempDir(), rand: rand.New(rand.NewPCG(seed, 7))}
	for range 3 {
		w.begin("")
	}
	w.beginHistogram()
	t.Cleanup(func() {
		for _, a := range w.apps {
			a.Close()
		}
	})
	return w
}

func (w *world) fatal(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// begin starts a program, with the file called path or one of its own.
func (w *world) begin(path string) {
	if path == "" {
		path = filepath.Join(w.dir, fmt.Sprintf("app-%02d.mmstats", w.rand.IntN(90)))
	}
	a := new(app)
	var err error
	a.File, err = mmstats.Create(mmstats.Options{Path: path, Prefix: "app."}, &a.appStats)
	if errors.Is(err, mmstats.ErrInUse) {
		return
	}
	w.fatal(err)
	a.work(w.rand)
	w.apps = append(w.apps, a)
}

// beginHistogram replaces the file with the histogram.
func (w *world) beginHistogram() {
	data, err := format.AppendField([]byte{format.Version}, format.Spec{
		Label: "sizes", Type: format.Histogram, Description: format.Description{Unit: "bytes", About: "What is sent"},
	})
	w.fatal(err)
	page := make([]byte, mapping.RoundUp(len(data)))
	copy(page, data)
	path := filepath.Join(w.dir, "histogram.mmstats")
	w.fatal(os.WriteFile(path+".new", page, 0o600))
	w.fatal(os.Rename(path+".new", path))
	f, err := mapping.Open(path, os.O_RDWR, 0)
	w.fatal(err)
	defer f.Close()
	region, err := mapping.Map(f, len(page))
	w.fatal(err)
	w.hist = new(mapping.Histogram)
	w.hist.Bind(region, len(data)-format.HistogramSize, 0)
}

// step is what happens between two ticks.
func (w *world) step() {
	for _, a := range slices.Clone(w.apps) {
		switch w.rand.IntN(30) {
		case 0: // it ends, and its file stays
			w.fatal(a.Close())
			w.drop(a)
		case 1: // it ends, and its file is removed
			a.work(w.rand)
			w.fatal(os.Remove(a.Path()))
			w.fatal(a.Close())
			w.drop(a)
		case 2: // it starts anew
			path := a.Path()
			w.fatal(a.Close())
			w.drop(a)
			w.begin(path)
		case 3: // it has more to say
			c := new(mmstats.Counter)
			w.fatal(a.Add(mmstats.Labeled{Label: fmt.Sprint("app.more.", len(a.more)), Stat: c}))
			a.more = append(a.more, c)
		case 4, 5, 6, 7, 8: // it is idle
		default:
			a.work(w.rand)
		}
	}
	for range w.rand.IntN(5) {
		w.hist.Add(w.rand.ExpFloat64() * 1000)
	}
	switch w.rand.IntN(8) {
	case 0:
		w.begin("")
	case 1:
		w.rewrite()
	case 2:
		if w.rand.IntN(3) == 0 {
			w.beginHistogram()
		}
	}
	if len(w.apps) < 2 {
		w.begin("")
	}
}

func (w *world) drop(a *app) { w.apps = slices.DeleteFunc(w.apps, func(b *app) bool { return a == b }) }

// rewrite writes a file anew in place, as no writer of ours does: with other
// stats, or the same ones elsewhere in it.
func (w *world) rewrite() {
	data := []byte{format.Version}
	add := func(label string) {
		var err error
		data, err = format.AppendField(data, format.Spec{Label: label, Type: format.Counter})
		w.fatal(err)
		data[len(data)-8] = byte(w.rand.IntN(256))
	}
	if w.rand.IntN(2) == 0 {
		add("unwanted.uid")
	}
	name := []string{"raw.", "raw.text."}[w.rand.IntN(2)]
	for i := range 1 + w.rand.IntN(2) {
		add(fmt.Sprint(name, i))
	}
	w.fatal(os.WriteFile(filepath.Join(w.dir, "raw.mmstats"), data, 0o600))
}

// shown returns what visitors see of a poll, a line a sample.
type shown []string

func (l *shown) visit(s *reader.Sample) {
	interval := ""
	if h := s.HistogramInterval; h != nil {
		interval = fmt.Sprint(h.Count, h.Sum, h.Quantile(0.5), h.Quantile(0.99), h.Min, h.Max)
	}
	holds := ""
	if h := s.Histogram; h != nil {
		holds = fmt.Sprint(h.Count, h.Sum, h.Quantile(0.5), h.Min, h.Max)
	}
	description := ""
	if s.Description != nil {
		description = s.Description.Text()
	}
	*l = append(*l, fmt.Sprintf("%s %s %v %v live=%v gone=%v %q %d %s delta=%d %s samples=%v interval=%v holds=%s took=%s reset=%v err=%v ended=%v pid=%d of %d",
		filepath.Base(s.File.Path), s.Series.Label, s.Type, s.Kind, s.Live, s.Gone, description,
		s.Value.Class(), s.Value.AppendText(nil), s.Delta.Class(), s.Delta.AppendText(nil),
		s.Samples, s.Interval, holds, interval, s.Reset, s.Err, s.File.Ended(), s.File.Writer.PID, s.File.Polled))
}

func want(label string) bool { return !strings.HasSuffix(label, "uid") }

// A live is what was seen while it was recorded.
type live struct {
	ticks []shown
	times []time.Time
}

// recordWorld polls and records a world, n ticks.
func recordWorld(t testing.TB, w *world, dir string, n int) (l live) {
	t.Helper()
	wr := newWriter(t, dir, Options{Interval: time.Second})
	polled := &reader.Poller{Watch: statfile.NewWatch([]string{w.dir}), Want: want}
	recorded := &reader.Poller{Watch: statfile.NewWatch([]string{w.dir}), Want: want, LastValues: true}
	defer polled.Close()
	defer recorded.Close()
	var r Recorder
	for i := range n {
		if i > 0 {
			w.step()
		}
		if i%10 == 0 {
			wr.records = keyEvery
		}
		var s shown
		polled.Poll(s.visit)
		recorded.Poll(r.Visit)
		if err := wr.Record(moment(i), r.Files()); err != nil {
			t.Fatal(err)
		}
		l.ticks = append(l.ticks, s)
		l.times = append(l.times, moment(i).Time)
	}
	if err := wr.Close(); err != nil {
		t.Fatal(err)
	}
	return l
}

// wantVariety checks that all that may happen did.
func wantVariety(t testing.TB, lives []live) {
	t.Helper()
	var all []string
	for _, l := range lives {
		for _, tick := range l.ticks {
			all = append(all, tick...)
		}
	}
	for _, what := range []string{
		"gone=true", "reset=true", "ended=true", "more.", "app.State string", "raw.", "sizes histogram", "took=1 ", "\"unit=bytes\\nabout=What",
	} {
		if !slices.ContainsFunc(all, func(line string) bool { return strings.Contains(line, what) }) {
			t.Errorf("nothing was seen with %s", what)
		}
	}
}

// Whoever plays an archive sees what was seen live, whatever programs did.
func TestPlayerShowsWhatWasLive(t *testing.T) {
	var lives []live
	for seed := range uint64(4) {
		dir := t.TempDir()
		l := recordWorld(t, newWorld(t, seed), dir, 60)
		lives = append(lives, l)
		p := NewPlayer(open(t, dir))
		p.Want = want
		for i, want := range l.ticks {
			var got shown
			if now := p.Poll(got.visit); !now.Equal(l.times[i]) {
				t.Fatalf("seed %d, tick %d: the time is %v, want %v, %v", seed, i, now, l.times[i], p.Err())
			}
			if !slices.Equal(got, want) {
				for j := range max(len(got), len(want)) {
					g, w := "nothing", "nothing"
					if j < len(got) {
						g = got[j]
					}
					if j < len(want) {
						w = want[j]
					}
					if g != w {
						t.Fatalf("seed %d, tick %d: played\n%s, want\n%s", seed, i, g, w)
					}
				}
			}
			if elapsed := p.Elapsed(); (elapsed == 0) != (i == 0) || i > 0 && elapsed != time.Second {
				t.Fatalf("seed %d, tick %d: Elapsed() = %v", seed, i, elapsed)
			}
		}
		if now := p.Poll(func(*reader.Sample) {}); !now.IsZero() || p.Err() != nil {
			t.Errorf("after the last tick: %v, %v", now, p.Err())
		}
	}
	wantVariety(t, lives)
}

// requests are what visits say of one counter, by file.
type requests struct {
	deltas map[*reader.File]uint64
	resets map[*reader.File]bool
	values map[string]uint64
}

func newRequests() *requests {
	return &requests{make(map[*reader.File]uint64), make(map[*reader.File]bool), make(map[string]uint64)}
}

func (r *requests) visit(s *reader.Sample) {
	if s.Series.Label != "app.Requests" {
		return
	}
	r.deltas[s.File] += s.Delta.Uint() // 0 where it is absent
	r.resets[s.File] = r.resets[s.File] || s.Reset
	if s.Value.Class() != 0 {
		r.values[s.File.Path] = s.Value.Uint()
	}
}

// counted returns what all files counted, but for those of a reset, and how
// many these are.
func (r *requests) counted() (sum uint64, resets int) {
	for f, delta := range r.deltas {
		if r.resets[f] {
			resets++
		} else {
			sum += delta
		}
	}
	return sum, resets
}

// A longer step adds up what was counted in it, of files that came and went as
// well. A counter that went back is one that is not known.
func TestPlayerStep(t *testing.T) {
	dir := t.TempDir()
	recordWorld(t, newWorld(t, 1), dir, 62)
	long, short := NewPlayer(open(t, dir)), NewPlayer(open(t, dir))
	long.Step = 5 * time.Second
	long.Poll(newRequests().visit)
	short.Poll(newRequests().visit)
	for i := range 13 {
		got, want := newRequests(), newRequests()
		now := long.Poll(got.visit)
		ticks := min(5, 61-5*i) // the last step is cut short
		var last time.Time
		for range ticks {
			clear(want.values)
			last = short.Poll(want.visit)
		}
		if !now.Equal(last) || long.Elapsed() != time.Duration(ticks)*time.Second {
			t.Fatalf("step %d: %v after %v, want %v", i, now, long.Elapsed(), last)
		}
		gotSum, gotResets := got.counted()
		wantSum, wantResets := want.counted()
		if gotSum != wantSum || gotResets != wantResets || !maps.Equal(got.values, want.values) {
			t.Errorf("step %d: %d counted, %d resets, values %v, want %d, %d, %v", i, gotSum, gotResets, got.values, wantSum, wantResets, want.values)
		}
		if wantSum == 0 {
			t.Errorf("step %d: nothing was counted", i)
		}
	}
	if now := long.Poll(newRequests().visit); !now.IsZero() {
		t.Errorf("another step of %v", now)
	}
}

// After Seek, and behind a gap, there is nothing to compare with.
func TestPlayerBaselines(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, 1)
	for range 2 {
		recordWorld(t, w, dir, 20)
	}
	p := NewPlayer(open(t, dir))
	poll := func(baseline bool) {
		t.Helper()
		var got shown
		p.Poll(got.visit)
		hasDelta := slices.ContainsFunc(got, func(line string) bool { return !strings.Contains(line, " delta=0 ") })
		if hasDelta == baseline || (p.Elapsed() == 0) != baseline {
			t.Errorf("a poll after %v has deltas: %v", p.Elapsed(), hasDelta)
		}
	}
	poll(true)
	poll(false)
	if err := p.Seek(moment(15).Time); err != nil {
		t.Fatal(err)
	}
	poll(true)
	poll(false)
	if err := p.Seek(moment(-1).Time); !errors.Is(err, ErrEarlier) {
		t.Errorf("Seek before the first record: %v", err)
	}
	p = NewPlayer(open(t, dir))
	for i := range 40 {
		poll(i%20 == 0)
	}
}

// Filters and labels choose as they do live.
func TestPlayerFilters(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, 2)
	recordWorld(t, w, dir, 1)
	for filter, want := range map[string]bool{
		"app.Req": true, "app.none": false, "sizes": true, fmt.Sprint("app.sys.pid=", os.Getpid()): true, "app.sys.pid=1": false,
	} {
		p := NewPlayer(open(t, dir))
		p.Filters = reader.Filters{reader.ParseFilter(filter)}
		p.Want = func(label string) bool { return strings.HasSuffix(label, "s") }
		var got shown
		p.Poll(got.visit)
		if (len(got) > 0) != want || slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, "sys.pid") }) {
			t.Errorf("filter %s: %q", filter, got)
		}
		files := 0
		for f := range p.Files() {
			if f.Polled > 0 {
				files++
			}
		}
		if (files > 0) != want {
			t.Errorf("filter %s: %d files", filter, files)
		}
	}
}
