package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/format"
)

// An answeredRange is what the events of a range say.
type answeredRange struct {
	names   []string
	archive struct {
		First, Last, From, To float64
		Damaged               int
		Damage                string
	}
	series struct {
		Step   float64
		Series []struct {
			ID    int
			Label string
			File  *int
		}
	}
	history struct {
		From, Step float64
		Points     map[string][]*float64
	}
	tick struct {
		Time float64
		Rows [][]any
	}
}

func (p *process) rangeOf(t *testing.T, query string) (a answeredRange) {
	t.Helper()
	answer, body := p.ask(t, "/events?"+query)
	if answer.StatusCode != 200 {
		t.Fatalf("GET /events?%s = %d %s", query, answer.StatusCode, body)
	}
	return parseRange(t, body)
}

func parseRange(t *testing.T, body string) (a answeredRange) {
	t.Helper()
	parts := map[string]any{"archive": &a.archive, "series": &a.series, "history": &a.history, "tick": &a.tick}
	events(t, strings.NewReader(body), func(name string, data any) bool {
		if name == "progress" {
			return true
		}
		a.names = append(a.names, name)
		if part := parts[name]; part != nil {
			text, err := json.Marshal(data)
			if err == nil {
				err = json.Unmarshal(text, part)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return true
	})
	return a
}

// points returns the points of the folded series called label, or of one of a
// single file.
func (a *answeredRange) points(label string, ofFile bool) []*float64 {
	for _, s := range a.series.Series {
		if s.Label == label && (s.File != nil) == ofFile {
			return a.history.Points[fmt.Sprint(s.ID)]
		}
	}
	return nil
}

// A range has its rates and values at about as many points as were asked for,
// up to its exact end, and the stream ends.
func TestReplayRange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	newRecorded().record(t, dir, 0, 40_000)
	p := start(t, "--private", "-r", dir)
	for _, test := range []struct {
		query     string
		from, to  int
		step      float64
		least     int // points
		wantValue float64
	}{
		{"history=600", 40_000 - 601, 39_999, 1, 600, 39_999},
		{"from=-30s", 40_000 - 31, 39_999, 1, 30, 39_999},
		{at("from", 100) + "&" + at("to", 700), 100, 700, 5, 120, 700},
		{at("from", -5000) + "&" + at("to", 600) + "&history=600", 0, 600, 1, 600, 600},
		{at("from", 0) + "&history=600", 0, 39_999, 67, 590, 39_999},
		{at("from", 0) + "&" + at("to", 39_000), 0, 39_000, 325, 60, 39_000},
		{at("from", 500) + "&" + at("to", 500), 500, 500, 1, 1, 500},
		{"history=0&" + at("to", 77), 0, 77, 1, 0, 77},
	} {
		a := p.rangeOf(t, "by=file&"+test.query)
		if got := strings.Join(a.names, " "); got != "archive series history tick end" {
			t.Errorf("%s: the events are %s", test.query, got)
		}
		start := float64(recordStart.Unix())
		if got := a.archive; got.First != start || got.Last != start+39_999 || got.From != start+float64(test.from) || got.To != start+float64(test.to) || got.Damaged != 0 {
			t.Errorf("%s: the range is %+v", test.query, got)
		}
		if a.tick.Time != start+float64(test.to) || a.series.Step != test.step {
			t.Errorf("%s: the last tick is that of %v, the step %v, want %d and %v", test.query, a.tick.Time-start, a.series.Step, test.to, test.step)
		}
		loads, rates := a.points("web.load", true), a.points("web.requests", false)
		if len(loads) < test.least || len(loads) > 602 || test.least > 1 && (len(rates) != len(loads) || *loads[len(loads)-1] != test.wantValue) {
			t.Errorf("%s: %d and %d points, want %d", test.query, len(loads), len(rates), test.least)
		}
		for i, rate := range rates {
			if i == 0 != (rate == nil) || rate != nil && math.Abs(*rate-30) > 0.1 {
				t.Errorf("%s: the rate %d of %d is wrong", test.query, i, len(rates))
				break
			}
		}
	}
}

// Where nothing was recorded for a while there is a gap, and what was before
// stays.
func TestReplayGap(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	r := newRecorded()
	r.record(t, dir, 0, 100)
	r.record(t, dir, 200, 100)
	a := start(t, "--private", "-r", dir).rangeOf(t, "by=file&history=600&"+at("from", 0))
	for _, of := range []struct {
		file bool
		rate float64
	}{{false, 30}, {true, 10}} {
		points := a.points("web.requests", of.file)
		if len(points) != 300 {
			t.Fatalf("there are %d points, want 300", len(points))
		}
		for i, p := range points {
			if gap := i == 0 || i >= 100 && i <= 200; gap != (p == nil) || p != nil && *p != of.rate {
				t.Errorf("the rate of second %d is wrong", i)
			}
		}
	}
}

// The last point of a range is of a time as long as that of the others.
func TestReplayLastPoint(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	r := newRecorded()
	r.rising = true
	r.record(t, dir, 0, 1000)
	p := start(t, "--private", "-r", dir)
	for _, seconds := range []int{600, 601, 603, 606} {
		a := p.rangeOf(t, fmt.Sprintf("%s&%s&history=101", at("from", 900-seconds), at("to", 900)))
		points := a.points("web.requests", false)
		// Two files count the number of each of the last 6 seconds.
		if last := points[len(points)-1]; a.series.Step != 6 || last == nil || *last != 2*897.5 {
			t.Errorf("the last of %d points of %d seconds is wrong, the step %v", len(points), seconds, a.series.Step)
		}
	}
}

// A counter that went back is a gap where each record has a point. Where a point
// stands for more, what was counted since counts.
func TestReplayCounterBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	r := newRecorded()
	r.restart = 955
	r.record(t, dir, 0, 1000)
	p := start(t, "--private", "-r", dir)
	fine, coarse := p.rangeOf(t, at("from", 900)+"&history=600"), p.rangeOf(t, at("from", 899)+"&history=10")
	for i, p := range fine.points("web.requests", false) {
		if gap := i == 0 || i == 55; gap != (p == nil) {
			t.Errorf("the rate of second %d is wrong", 900+i)
		}
	}
	for i, p := range coarse.points("web.requests", false) {
		want := 30.0
		if i == 6 { // 10 a second by the one, for 4 of 10 seconds, and 20 by the other
			want = 24
		}
		if (i == 0) != (p == nil) || p != nil && *p != want {
			t.Errorf("the rate %d is not %v", i, want)
		}
	}
}

// Behind a gap that a restart of the machine made, no writer of before counts.
func TestReplayRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	newRecorded().record(t, dir, 0, 100)
	r := newRecorded()
	for _, f := range r.files {
		f.Path, f.Inode = strings.ReplaceAll(f.Path, "/web-", "/web-9"), f.Inode+9
		f.Stats[0].Words[0] += 90
	}
	r.record(t, dir, 200, 100)
	a := start(t, "--private", "-r", dir).rangeOf(t, "history=600&"+at("from", 0))
	for i, p := range a.points("web.load", false) {
		if want := float64(2 * i); i < 100 && (p == nil || *p != want) || i >= 100 && i < 200 && p != nil || i >= 200 && (p == nil || *p != want) {
			t.Errorf("the load of second %d is not %v", i, want)
		}
	}
}

// Damage is in the events of the range that has it, and once in the log.
func TestReplayDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	newRecorded().record(t, dir, 0, 1000)
	names, err := filepath.Glob(dir + "/*" + archive.Ext)
	if err != nil || len(names) != 1 {
		t.Fatalf("segments %q, %v", names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 0xff
	if err := os.WriteFile(names[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--private", "-r", dir)
	query := at("from", 0)
	a := p.rangeOf(t, query)
	p.rangeOf(t, query)
	if a.archive.Damaged != 1 || !strings.HasPrefix(a.archive.Damage, filepath.Base(names[0])+": ") || a.tick.Time != float64(recordStart.Unix()+999) {
		t.Errorf("the range is %+v, %+v", a.archive, a.tick)
	}
	if got := p.rangeOf(t, query+"&"+at("to", 100)).archive; got.Damaged != 0 {
		t.Errorf("the range before the damage has %+v", got)
	}
	p.cmd.Process.Signal(os.Interrupt)
	log := make([]byte, 4096)
	n, _ := p.stderr.Read(log)
	if want := "mmash: " + dir + ": " + a.archive.Damage + "\n"; string(log[:n]) != want {
		t.Errorf("the log is %q, want %q", log[:n], want)
	}
}

// Whatever an archive says of its times, a range of it is answered.
func TestReplayTimes(t *testing.T) {
	for _, interval := range []time.Duration{0, time.Microsecond, 100 * 365 * 24 * time.Hour} {
		for _, distance := range []time.Duration{time.Microsecond, time.Second, 100 * 365 * 24 * time.Hour} {
			dir := filepath.Join(t.TempDir(), "archive")
			r := newRecorded()
			w, err := archive.NewWriter(dir, archive.Options{Interval: interval})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)
			for n := range 4 {
				// The clock is set back once.
				m := archive.Moment{Time: start.Add(time.Duration(n) % 3 * distance), Since: time.Duration(n) * time.Second}
				if err := w.Record(m, r.files); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			s := replayServer(t, dir)
			for _, path := range []string{"/events?from=1970-01-01&history=600", "/events?history=1", "/stats/web.load"} {
				answer := httptest.NewRecorder()
				r := httptest.NewRequest("GET", path, nil)
				r.Host = "localhost"
				s.ServeHTTP(answer, r)
				if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), "failed") {
					t.Errorf("interval %v, distance %v: GET %s = %d %.200s", interval, distance, path, answer.Code, answer.Body)
				}
			}
		}
	}
}

// So many stats that a range of them would take too much memory are refused,
// unless some are chosen.
func TestReplayTooMany(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	r := newRecorded()
	for i := range 2 {
		for j := range maxReplaySeries / 4 {
			r.files[i].Stats = append(r.files[i].Stats, archive.Stat{Label: fmt.Sprint("more.", i, ".", j), Type: format.Counter, Kind: format.KindCounter, Words: []uint64{1}})
		}
	}
	r.record(t, dir, 0, 10)
	p := start(t, "--private", "-r", dir)
	answer, body := p.ask(t, "/events")
	if answer.StatusCode != 400 || body != `{"error":"there are too many stats then for a range: choose some by label"}`+"\n" {
		t.Errorf("a range of all = %d %.200s", answer.StatusCode, body)
	}
	if got := len(p.rangeOf(t, "label=web.*").series.Series); got != 3 {
		t.Errorf("a range of some has %d series, want 3", got)
	}
}

// A slowWriter is a client that reads nothing until more is closed.
type slowWriter struct {
	*httptest.ResponseRecorder
	writing, more chan struct{}
	once          sync.Once
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "event: archive") {
		w.once.Do(func() { close(w.writing) })
		<-w.more
	}
	return w.ResponseRecorder.Write(p)
}

// replayServer returns a server of an archive, in this process.
func replayServer(t *testing.T, dir string) *server {
	t.Helper()
	rec, err := newRecording(dir, 10*time.Minute, func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	done, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	return &server{recording: rec, hosts: newHosts(nil), private: true, done: done, writeWait: defaultWriteWait}
}

// Requests beyond those that are answered at a time wait for their turn, as long
// as there are not too many. One whose client went is given up.
func TestReplayLimits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	newRecorded().record(t, dir, 0, 100)
	s := replayServer(t, dir)
	ask := func(ctx context.Context, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
		r.Host = "localhost"
		s.ServeHTTP(w, r)
		return w
	}
	for path, l := range map[string]*limit{"/events": s.recording.ranges, "/stats/": s.recording.moments} {
		for range cap(l.running) {
			l.running <- struct{}{}
		}
		answers := make(chan *httptest.ResponseRecorder)
		go func() { answers <- ask(context.Background(), path) }()
		eventually(t, "a request waits", func() bool { return l.waiting.Load() == 1 })
		l.waiting.Add(maxWaiting)
		if w := ask(context.Background(), path); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Body.String() != `{"error":"too many others read the archive"}`+"\n" {
			t.Errorf("GET %s, one too many, = %d %s", path, w.Code, w.Body)
		}
		l.waiting.Add(-maxWaiting)
		l.leave()
		if w := <-answers; w.Code != http.StatusOK {
			t.Errorf("GET %s, when it is its turn, = %d %s", path, w.Code, w.Body)
		}
		for range cap(l.running) - 1 {
			l.leave()
		}
		if len(l.running) != 0 || l.waiting.Load() != 0 {
			t.Errorf("after GET %s, %d are under way and %d wait", path, len(l.running), l.waiting.Load())
		}
	}
	slow := &slowWriter{ResponseRecorder: httptest.NewRecorder(), writing: make(chan struct{}), more: make(chan struct{})}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		r := httptest.NewRequest("GET", "/events", nil)
		r.Host = "localhost"
		s.ServeHTTP(slow, r)
	}()
	<-slow.writing
	if n := len(s.recording.ranges.running); n != 0 {
		t.Errorf("while a client reads its answer, %d ranges are being read", n)
	}
	close(slow.more)
	<-answered
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if body := ask(gone, "/events").Body.String(); strings.Contains(body, "event: tick") {
		t.Errorf("for a client that went, all is read: %s", body)
	}
	if body := ask(context.Background(), "/events").Body.String(); !strings.HasSuffix(body, "event: end\ndata: {}\n\n") {
		t.Errorf("a range ends with %.100s", body)
	}
}
