package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

func readAll(t *testing.T, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// streamed gives see the events of a stream until it had so many ticks.
func (p *process) streamed(t *testing.T, path string, ticks int, see func(name string, data any)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	events(t, answer.Body, func(name string, data any) bool {
		see(name, data)
		if name == "tick" {
			ticks--
		}
		return ticks > 0
	})
}

// events gives see the events in r until it returns false.
func events(t *testing.T, r io.Reader, see func(name string, data any) bool) {
	t.Helper()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	name := ""
	for lines.Scan() {
		if after, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = after
		} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && !see(name, strict(t, data)) {
			return
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// A writer is a stat file that this process writes.
type writer struct {
	Done    mmstats.Counter      `mmstats:"done"`
	Level   mmstats.Gauge[int64] `mmstats:"level"`
	Latency mmstats.Average      `mmstats:"latency"`
	State   mmstats.String       `mmstats:"state,size=300"`
	Ready   mmstats.Bool         `mmstats:"ready"`
	file    *mmstats.File
}

func publish(path string) (w *writer, err error) {
	w = new(writer)
	w.file, err = mmstats.Create(mmstats.Options{Path: path}, w)
	return w, err
}

func newWriter(t *testing.T, path string) *writer {
	t.Helper()
	w, err := publish(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.file.Remove() })
	return w
}

// testModel is a model of a directory that the test ticks.
func testModel(t *testing.T, dir string, delay, history time.Duration) *model {
	t.Helper()
	m := newModel([]string{dir}, delay, history, false, true)
	m.poller.Report = func(err error) { t.Log(err) }
	t.Cleanup(m.poller.Close)
	return m
}

// A client is what a page knows of a stream.
type client struct {
	series map[string]map[string]any // by id
	rows   map[string][]any
	last   []string // the events of the last update
	reset  []any
	points map[string][]any
}

// take takes what a stream has for the client now.
func (c *client) take(t *testing.T, st *stream) {
	t.Helper()
	st.update()
	c.last, c.reset = nil, nil
	events(t, strings.NewReader(string(st.buf)), func(name string, data any) bool {
		c.last = append(c.last, name)
		event := data.(map[string]any)
		switch name {
		case "series":
			if event["first"] == true {
				c.series, c.rows = map[string]map[string]any{}, map[string][]any{}
			}
			for _, id := range event["gone"].([]any) {
				delete(c.series, fmt.Sprint(id))
				delete(c.rows, fmt.Sprint(id))
			}
			for _, s := range event["series"].([]any) {
				c.series[fmt.Sprint(s.(map[string]any)["id"])] = s.(map[string]any)
			}
		case "history":
			c.points = map[string][]any{}
			for id, points := range event["points"].(map[string]any) {
				c.points[id] = points.([]any)
			}
		case "tick":
			c.reset = event["reset"].([]any)
			for _, row := range event["rows"].([]any) {
				row := row.([]any)
				c.rows[fmt.Sprint(row[0])] = row[1:]
			}
		}
		return true
	})
}

// row returns the row of a label, of all files of the program called a.
func (c *client) row(label string) []any {
	for id, s := range c.series {
		if s["label"] == label && s["file"] == nil && s["command"] == "a" {
			return c.rows[id]
		}
	}
	return nil
}

func newTestStream(t *testing.T, m *model, query string) *stream {
	t.Helper()
	s := &server{model: m, private: true}
	r, err := http.NewRequest("GET", "/events?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := newStream(r.URL.Query())
	if err != nil {
		t.Fatal(err)
	}
	if st.model, st.view = m, s.viewOf(r); st.files != nil {
		st.view = m.viewOfFiles(st.view, st.files)
	}
	if st.view == nil {
		t.Fatal("no more choices of files")
	}
	return st
}

// A client that was slow for many ticks gets one tick with what is different
// now, and knows then what any other knows.
func TestSlowClientGetsOneDifference(t *testing.T) {
	dir := t.TempDir()
	m := testModel(t, dir, time.Second, time.Minute)
	w := newWriter(t, dir+"/a.mmstats")
	other := newWriter(t, dir+"/b.mmstats")
	m.tickAt(0)
	slow, fast := new(client), new(client)
	slowStream, fastStream := newTestStream(t, m, "by=file"), newTestStream(t, m, "by=file")
	slow.take(t, slowStream)
	for n := 1; n < 50; n++ {
		w.Done.Add(3)
		w.Level.Set(int64(n))
		w.State.Set(fmt.Sprint("step ", n))
		w.Latency.Add(0.5)
		if n == 20 {
			other.file.Remove()
		}
		if n == 30 {
			newWriter(t, dir+"/c.mmstats").Ready.Set(true)
		}
		m.tickAt(n)
		fast.take(t, fastStream)
	}
	slow.take(t, slowStream)
	if got := fmt.Sprint(slow.last); got != "[series tick]" {
		t.Errorf("a slow client gets %s", got)
	}
	if !reflect.DeepEqual(slow.rows, fast.rows) || !reflect.DeepEqual(slow.series, fast.series) {
		t.Errorf("a slow client knows %v, and another one %v", slow.rows, fast.rows)
	}
	if got := fmt.Sprint(fast.row("level"), fast.row("state")); got != `[49] [step 49]` {
		t.Errorf("the last values are %s", got)
	}
	m.tickAt(50)
	m.tickAt(51)
	slow.take(t, slowStream)
	slow.take(t, slowStream)
	if got := fmt.Sprint(slow.last); got != "[tick]" || !strings.Contains(string(slowStream.buf), `"rows":[],"reset":[]`) {
		t.Errorf("without a change there are %s: %s", got, slowStream.buf)
	}
}

// Looks between two ticks spoil no rate: it is that of the time between ticks.
func TestExtraLooksSpoilNoRate(t *testing.T) {
	dir := t.TempDir()
	m := testModel(t, dir, time.Second, time.Minute)
	w := newWriter(t, dir+"/a.mmstats")
	m.tickAt(0)
	before := m.tickTime
	for range 3 {
		w.Done.Add(7)
		w.Latency.Add(2)
		time.Sleep(maxAge + time.Millisecond)
		m.fresh(func() {})
	}
	w.Done.Add(1)
	w.Latency.Add(6)
	m.tickAt(1)
	c := new(client)
	c.take(t, newTestStream(t, m, ""))
	want := 22 / m.tickTime.Sub(before).Seconds()
	got, err := c.row("done")[1].(json.Number).Float64()
	if err != nil || math.Abs(got/want-1) > 1e-5 {
		t.Errorf("the rate is %v, %v, want %v", got, err, want)
	}
	if got := fmt.Sprint(c.row("latency")[1]); got != "3" {
		t.Errorf("the mean of the interval is %s, want 3", got)
	}
	m.tickAt(2)
	c.take(t, newTestStream(t, m, ""))
	if got := fmt.Sprint(c.row("done"), c.row("latency")); got != "[22 0] [3 <nil>]" {
		t.Errorf("after a tick without a change the rows are %s", got)
	}
}

// Rows say what is known: of a dead writer, of texts, of numbers that are too
// large for JavaScript, and of a reset.
func TestRows(t *testing.T) {
	dir := t.TempDir()
	m := testModel(t, dir, time.Second, time.Minute)
	write(t, dir+"/dead-4194303.mmstats",
		stat{label: "sys.pid", typ: format.Uint32, value: "4194303", fixed: true},
		stat{label: "done", typ: format.Counter, value: "5"}, stat{label: "level", typ: format.Int64, value: "5"},
		stat{label: "state", typ: format.String, value: "busy"}, stat{label: "ready", typ: format.Bool, value: "true"})
	write(t, dir+"/large.mmstats", stat{label: "done", typ: format.Counter, value: "9007199254740993"}, stat{label: "state", typ: format.String, value: strings.Repeat("é", 200)})
	w := newWriter(t, dir+"/a.mmstats")
	w.Done.Add(9)
	w.Latency.Add(0.25)
	m.tickAt(0)
	c := new(client)
	st := newTestStream(t, m, "by=file")
	c.take(t, st)
	row := func(command, label string) string {
		for id, s := range c.series {
			if s["label"] == label && s["command"] == command && s["file"] != nil {
				return fmt.Sprint(c.rows[id])
			}
		}
		return "nothing"
	}
	for _, test := range []struct{ command, label, want string }{
		{"dead", "done", "[5 <nil>]"}, {"dead", "level", "[<nil>]"}, {"dead", "state", "[<nil>]"}, {"dead", "ready", "[<nil>]"}, {"dead", "sys.pid", "[4194303]"},
		{"large", "done", "[9007199254740993 <nil>]"}, {"large", "state", "[" + strings.Repeat("é", 128) + "…]"},
		{"a", "done", "[9 <nil>]"}, {"a", "latency", "[0.25 <nil>]"},
	} {
		if got := row(test.command, test.label); got != test.want {
			t.Errorf("the row of %s %s is %s, want %s", test.command, test.label, got, test.want)
		}
	}
	write(t, dir+"/new.mmstats", stat{label: "done", typ: format.Counter, value: "1"})
	if err := os.Rename(dir+"/new.mmstats", dir+"/large.mmstats"); err != nil {
		t.Fatal(err)
	}
	m.tickAt(1)
	m.tickAt(2)
	c.take(t, st)
	if len(c.reset) == 0 {
		t.Error("nothing says that a counter went back")
	}
}

// Graphs survive a reload: the history has what was.
func TestHistory(t *testing.T) {
	dir := t.TempDir()
	m := testModel(t, dir, time.Second, 10*time.Second)
	w := newWriter(t, dir+"/a.mmstats")
	for n := range 25 {
		if n >= 8 {
			w.Level.Set(int64(n))
		}
		if n == 20 {
			continue // a tick that came too late
		}
		m.tickAt(n)
	}
	c := new(client)
	points := func(query, label string) string {
		c.take(t, newTestStream(t, m, query))
		for id, s := range c.series {
			if s["label"] == label && s["file"] == nil {
				return fmt.Sprint(c.points[id])
			}
		}
		return "nothing"
	}
	for _, test := range []struct{ query, label, want string }{
		{"history=10", "level", "[15 16 17 18 19 <nil> 21 22 23 24]"},
		{"history=5", "level", "[16.5 18.5 21 22.5 24]"},
		{"history=100", "level", "[15 16 17 18 19 <nil> 21 22 23 24]"},
		{"history=10", "ready", "[0 0 0 0 0 0 0 0 0 0]"},
		{"history=0", "level", "[]"},
		{"history=10", "state", "[]"},
		{"history=10&file=a*", "level", "[15 16 17 18 19 <nil> 21 22 23 24]"},
		{"history=10&file=b*", "level", "nothing"},
	} {
		if got := points(test.query, test.label); got != test.want {
			t.Errorf("the history by %s of %s is %s, want %s", test.query, test.label, got, test.want)
		}
	}
	if len(m.views) > 3 {
		t.Errorf("there are %d views", len(m.views))
	}
}

// A histogram is its percentiles in the interval, merged over files, and its
// parts are what they are everywhere.
func TestHistograms(t *testing.T) {
	dir := t.TempDir()
	lat := stat{label: "lat", typ: format.Histogram, value: "0", about: format.Description{Unit: "ms", About: "From request to answer"}}
	names := []string{dir + "/web-1.mmstats", dir + "/web-2.mmstats"}
	for _, name := range names {
		write(t, name, lat, stat{label: "sys.pid", typ: format.Uint32, value: "1", fixed: true})
		pid := strings.TrimSuffix(name[strings.LastIndexByte(name, '-')+1:], ".mmstats")
		write(t, name, lat, stat{label: "sys.pid", typ: format.Uint32, value: pid, fixed: true})
	}
	// sample counts samples in the file called name.
	sample := func(name string, samples ...float64) {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		fd, err := format.FieldAt(data, 1)
		if err != nil {
			t.Fatal(err)
		}
		value := data[fd.ReadOffset(fd.WriteBuffer)+fd.Signature.ValueOffset:][:format.HistogramSize]
		var state format.HistogramState
		if err := state.Decode(value); err != nil {
			t.Fatal(err)
		}
		for _, v := range samples {
			at := value[8*(format.HistogramBuckets+format.Bucket(v)):]
			binary.NativeEndian.PutUint64(at, binary.NativeEndian.Uint64(at)+1)
			state.Sum += v
		}
		binary.NativeEndian.PutUint64(value[8*format.HistogramSum:], math.Float64bits(state.Sum))
		binary.NativeEndian.PutUint64(value[8*format.HistogramMin:], math.Float64bits(1))
		binary.NativeEndian.PutUint64(value[8*format.HistogramMax:], math.Float64bits(1000))
		if _, err := f.WriteAt(value, int64(fd.ReadOffset(fd.WriteBuffer)+fd.Signature.ValueOffset)); err != nil {
			t.Fatal(err)
		}
	}
	sample(names[0], 1, 1, 1)
	m := testModel(t, dir, time.Second, 10*time.Second)
	m.tickAt(0)
	sample(names[0], 8, 8, 8, 8, 8)
	sample(names[1], 8, 8, 8, 8, 512)
	m.tickAt(1)
	c := new(client)
	st := newTestStream(t, m, "by=file&history=10")
	c.take(t, st)
	var folded string
	for id, s := range c.series {
		if s["file"] == nil && s["label"] == "lat" {
			folded = id
			if got := fmt.Sprint(s["kind"], s["type"], s["unit"], s["about"], s["fold"]); got != "histogramhistogrammsFrom request to answermerge" {
				t.Errorf("the series is %s", got)
			}
		}
	}
	if got := fmt.Sprint(c.rows[folded]); got != "[45.15384615384615 [8 8 490]]" {
		t.Errorf("the row is %s", got)
	}
	if got := fmt.Sprint(c.points[folded]); got != "[<nil> [8 8 490]]" {
		t.Errorf("the history is %s", got)
	}
	m.tickAt(2)
	c.take(t, st)
	if got := fmt.Sprint(c.rows[folded]); got != "[45.15384615384615 <nil>]" {
		t.Errorf("without a sample, the row is %s", got)
	}
	_, address := testServer(t, m, defaultWriteWait)
	for path, want := range map[string]string{
		"/stats/lat:count":           `{"lat:count":[8,5]}`,
		"/stats/lat:p99?glob=web-2*": `{"lat:p99":[490]}`,
		"/stats/lat:p7.5.1":          `{}`,
	} {
		answer, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, answer); got != want+"\n" {
			t.Errorf("GET %s = %s, want %s", path, got, want)
		}
	}
	answer, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, answer)
	for _, want := range []string{
		"# HELP lat_seconds From request to answer\n# TYPE lat_seconds histogram\n", `file="web-2.mmstats",pid="2",le="0.008"} 4` + "\n",
		`lat_seconds_count{command="web",file="web-1.mmstats",pid="1"} 8` + "\n", `lat_seconds_sum{command="web",file="web-2.mmstats",pid="2"} 0.544` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

// Many series of single files are left out for who did not ask for labels.
func TestManySeries(t *testing.T) {
	dir := t.TempDir()
	var stats []stat
	for i := range 100 {
		stats = append(stats, stat{label: fmt.Sprint("n.", i), typ: format.Counter, value: "1"})
	}
	for i := range 51 {
		write(t, fmt.Sprintf("%s/web-%d.mmstats", dir, i), stats...)
	}
	m := testModel(t, dir, time.Second, 0)
	m.tickAt(0)
	for query, want := range map[string]int{"by=file": 5100, "by=command": 5100, "by=file&label=n.7": 102, "label=n.7*": 51 * 11} {
		st := newTestStream(t, m, query)
		st.update()
		limited := strings.Contains(string(st.buf), `"limited":true`)
		if len(st.series) != want || limited != (query == "by=file") {
			t.Errorf("by %s there are %d series, limited %t, want %d", query, len(st.series), limited, want)
		}
	}
}

// testServer serves m in this process, so that its goroutines can be counted.
func testServer(t *testing.T, m *model, writeWait time.Duration) (*server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done, end := context.WithCancel(context.Background())
	s := &server{model: m, hosts: newHosts(nil), private: true, done: done, writeWait: writeWait}
	h := &http.Server{Handler: s, ConnContext: connContext}
	go h.Serve(l)
	stopped := make(chan struct{})
	go func() {
		m.run(done.Done())
		close(stopped)
	}()
	t.Cleanup(func() {
		end()
		h.Close()
		<-stopped
	})
	return s, "http://" + l.Addr().String()
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	return len(entries)
}

// heap returns how much memory is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// Clients that come and go, while files do, leave nothing behind.
func TestClientsLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	m := testModel(t, dir, minDelay, time.Second)
	for i := range 10 {
		newWriter(t, fmt.Sprintf("%s/web-%d.mmstats", dir, i))
	}
	s, address := testServer(t, m, defaultWriteWait)
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	c := &http.Client{Transport: transport}
	round := func(streams, requests int) {
		var open []*http.Response
		for i := range streams {
			answer, err := c.Get(address + "/events?by=file&file=web-" + fmt.Sprint(i%20) + "*")
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != 200 {
				t.Fatal(readAll(t, answer))
			}
			open = append(open, answer)
		}
		for i := range requests {
			name := fmt.Sprintf("%s/job-%d.mmstats", dir, i%3)
			switch i % 4 {
			case 0:
				write(t, name, stat{label: "n", typ: format.Counter, value: "1"})
			case 1: // it grows
				write(t, name, stat{label: "n", typ: format.Counter, value: "1"}, stat{label: "m", typ: format.Counter, value: "1"})
			case 2:
				os.Truncate(name, 5)
			case 3:
				os.Remove(name)
			}
			answer, err := c.Get(address + []string{"/stats/", "/stats/n?aggr=sum", "/files/", "/metrics", "/stats/done?by=file"}[i%5])
			if err != nil {
				t.Fatal(err)
			}
			strictly := readAll(t, answer)
			if answer.StatusCode != 200 {
				t.Fatal(strictly)
			}
		}
		for _, answer := range open {
			answer.Body.Close()
		}
		eventually(t, "all streams have ended", func() bool { return s.streams.Load() == 0 })
		transport.CloseIdleConnections()
	}
	round(20, 50)
	for i := range 3 {
		os.Remove(fmt.Sprintf("%s/job-%d.mmstats", dir, i))
	}
	var files, routines int
	eventually(t, "nothing is open but the files", func() bool {
		before := files
		files, routines = openFiles(t), runtime.NumGoroutine()
		return files == before
	})
	memory := heap()
	streams, requests := 200, 1000
	if testing.Short() || raceEnabled {
		streams, requests = 60, 200
	}
	round(streams, requests)
	for i := range 3 {
		os.Remove(fmt.Sprintf("%s/job-%d.mmstats", dir, i))
	}
	eventually(t, "descriptors are back", func() bool { return openFiles(t) <= files+2 })
	eventually(t, "goroutines are back", func() bool { return runtime.NumGoroutine() <= routines+2 })
	if after := heap(); float64(after) > 1.2*float64(memory)+1<<20 {
		t.Errorf("%d bytes are in use, before %d", after, memory)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.views) != 1 {
		t.Errorf("%d views are left", len(m.views))
	}
}

// A client that does not read is dropped.
func TestStalledClientsAreDropped(t *testing.T) {
	dir := t.TempDir()
	m := testModel(t, dir, minDelay, time.Second)
	var writers []*writer
	for i := range 50 {
		writers = append(writers, newWriter(t, fmt.Sprintf("%s/web-%d.mmstats", dir, i)))
	}
	s, address := testServer(t, m, 200*time.Millisecond)
	for range 20 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		fmt.Fprint(conn, "GET /events?by=file HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	reading, err := http.Get(address + "/events?by=file")
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Body.Close()
	go io.Copy(io.Discard, reading.Body)
	eventually(t, "those that do not read are dropped", func() bool {
		for _, w := range writers {
			w.State.Set(strings.Repeat("x", 200) + fmt.Sprint(time.Now().UnixNano()))
		}
		return s.answered[http.StatusOK].Load() == 20 // streams that have ended
	})
	time.Sleep(time.Second) // for what must not happen
	if s.streams.Load() != 1 {
		t.Error("the one that reads was dropped")
	}
}

// There is an end to streams.
func TestTooManyStreams(t *testing.T) {
	m := testModel(t, t.TempDir(), time.Second, 0)
	s, address := testServer(t, m, defaultWriteWait)
	s.streams.Store(maxStreams)
	answer, err := http.Get(address + "/events")
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, answer)
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" || body != `{"error":"there are 1000 streams already"}`+"\n" {
		t.Errorf("one stream too many gets %d %s", answer.StatusCode, body)
	}
}

// Of several writers the latest time is shown: their sum says nothing.
func TestTimesOfSeveralWriters(t *testing.T) {
	dir := t.TempDir()
	for i, seconds := range []float64{1e9, 3e9, 2e9} {
		var last mmstats.Gauge[float64]
		f, err := mmstats.Create(mmstats.Options{Path: fmt.Sprintf("%s/web-%d-%d.mmstats", dir, os.Getpid(), i)}, mmstats.Labeled{Label: "last", Unit: "unixtime", Stat: &last})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		last.Set(seconds)
	}
	m := testModel(t, dir, time.Second, 10*time.Second)
	m.tickAt(0)
	early := new(client)
	early.take(t, newTestStream(t, m, "label=last&history=10"))
	m.tickAt(1)
	late := new(client)
	late.take(t, newTestStream(t, m, "label=last&history=10&file=*-%5B01%5D.mmstats"))
	for _, c := range []*client{early, late} {
		for id, s := range c.series {
			if got := fmt.Sprint(s["fold"], c.rows[id], c.points[id]); got != "max[3000000000] [3e+09]" && got != "max[3000000000] [3e+09 3e+09]" {
				t.Errorf("the series is %s", got)
			}
		}
		if len(c.series) != 1 {
			t.Errorf("%d series", len(c.series))
		}
	}
}
