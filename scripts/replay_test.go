package scripts

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/mmstats"
)

// A worker is a program that publishes stats.
type worker struct {
	file     *mmstats.File
	Requests mmstats.Counter      `mmstats:"requests"`
	Queue    mmstats.Gauge[int64] `mmstats:"queue"`
	State    mmstats.String       `mmstats:"state"`
	Latency  mmstats.Average      `mmstats:"latency"`
	Sizes    mmstats.Histogram    `mmstats:"sizes" unit:"bytes"`
}

// startWorker puts the file of a worker, which has worked n times and may replace
// another one, where it is found in one step.
func startWorker(t *testing.T, path string, n int) *worker {
	t.Helper()
	w := new(worker)
	var err error
	if w.file, err = mmstats.Create(mmstats.Options{Path: path + ".new"}, w); err != nil {
		t.Fatal(err)
	}
	w.State.Set("fine")
	w.work(n)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return w
}

// work is done by a worker n times.
func (w *worker) work(n int) {
	for range n {
		w.Requests.Inc()
		w.Latency.Add(0.25)
		w.Sizes.Add(float64(1000 * n))
	}
	w.Queue.Set(int64(n))
}

// A moment is a row of pollstats -j.
type moment struct {
	Elapsed float64
	Stats   map[string]any
	Reset   []string
}

// A stage is what the rows show of one value of the stat tick.
type stage struct {
	values  map[string]any
	counted map[string]float64 // since the stage before
	resets  []string
	broken  bool // nothing is known of what was counted
}

const (
	comparedFields = "tick,requests:value,queue,queue:max,state,latency:value,sizes:value"
	countedFields  = "requests:delta,latency:count,sizes:count,sizes:sum"
)

// stages returns the stages that rows show, by the stat tick: each as it is in the
// last row but one, which is no row in which the next one has begun.
func stages(rows []moment) map[int]*stage {
	last := make(map[int]int)
	for i, row := range rows {
		if tick, ok := row.Stats["tick"].(float64); ok {
			last[int(tick)] = i
		}
	}
	found := make(map[int]*stage)
	from := 0
	for tick := 1; last[tick] > 0; tick++ {
		s := &stage{values: make(map[string]any), counted: make(map[string]float64)}
		to := last[tick]
		for _, row := range rows[from:to] {
			s.broken = s.broken || row.Elapsed == 0
			s.resets = append(s.resets, row.Reset...)
			for field := range strings.SplitSeq(countedFields, ",") {
				n, _ := row.Stats[field].(float64)
				s.counted[field] += n
			}
		}
		for field := range strings.SplitSeq(comparedFields, ",") {
			s.values[field] = rows[to-1].Stats[field]
		}
		found[tick], from = s, to
	}
	return found
}

func decodeRows(t *testing.T, data []byte) (rows []moment) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var row moment
		if err := d.Decode(&row); err == io.EOF {
			return rows
		} else if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

// A live is a pollstats that runs.
type live struct {
	mu   sync.Mutex
	data []byte
}

func startLive(t *testing.T, args ...string) *live {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "pollstats"), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	l := new(live)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			l.mu.Lock()
			l.data = append(append(l.data, s.Bytes()...), '\n')
			l.mu.Unlock()
		}
	}()
	return l
}

func (l *live) rows(t *testing.T) []moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return decodeRows(t, l.data)
}

// records returns how many of the last records of an archive have a value of tick.
func records(t *testing.T, dir string, tick int) (n int) {
	t.Helper()
	a, err := archive.Open(dir)
	if err != nil {
		return 0
	}
	defer a.Close()
	for {
		r, err := a.Next()
		if err != nil {
			return n
		}
		for _, f := range r.Files {
			if st := &f.Stats[0]; st.Label == "tick" && int(st.Words[0]) == tick {
				n++
			}
		}
	}
}

// await waits until something is so.
func await(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !isSo(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// What pollstats -r shows is what pollstats showed while it was recorded: workers
// change only when both have seen three times what was changed before.
func TestReplayAgreesWithLive(t *testing.T) {
	t.Parallel()
	dir, recorded := t.TempDir(), filepath.Join(t.TempDir(), "archive")
	var tick mmstats.Gauge[uint64]
	marker, err := mmstats.Create(mmstats.Options{Path: filepath.Join(dir, "a.mmstats"), NoDefaults: true}, mmstats.Labeled{Label: "tick", Stat: &tick})
	if err != nil {
		t.Fatal(err)
	}
	defer marker.Close()
	path := func(name string) string { return filepath.Join(dir, name+".mmstats") }
	one, two := startWorker(t, path("one"), 0), startWorker(t, path("two"), 0)
	var three *worker

	recorder := exec.Command(filepath.Join(bin, "recstats"), "-d", "50ms", recorded, dir)
	recorder.Env = append(os.Environ(), "MMSTATS_PATH="+t.TempDir())
	recorder.Stderr = os.Stderr
	if err := recorder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { recorder.Process.Kill(); recorder.Wait() })
	fields := comparedFields + "," + countedFields
	l := startLive(t, "-j", "-d", "50ms", fields, dir)

	steps := []func(){
		func() { one.work(3); two.work(5) },
		func() { three = startWorker(t, path("three"), 7) }, // it joins
		func() { one.work(11); two.work(13); three.work(17) },
		func() { two.file.Close(); two = startWorker(t, path("two"), 0) }, // it starts again
		func() { two.work(2); one.State.Set("busy"); two.State.Set("busy") },
		func() { three.work(19); os.Remove(path("three")) }, // it leaves
		func() { one.work(23); one.State.Set("fine") },
		func() { two.work(29); two.file.Close() }, // it ends, and its file stays
	}
	// Before that, nothing has changed, and so nothing is counted.
	await(t, "a first row", func() bool { return len(l.rows(t)) > 0 })
	await(t, "a first record", func() bool { return records(t, recorded, 0) > 0 })
	for i, step := range steps {
		step()
		tick.Set(uint64(i + 1))
		await(t, "a row", func() bool {
			n := 0
			for _, row := range l.rows(t) {
				ended := i < len(steps)-1 || row.Stats["queue"] == float64(23) // it is seen within a second
				if row.Stats["tick"] == float64(i+1) && ended {
					n++
				}
			}
			return n >= 3
		})
		await(t, "a record", func() bool { return records(t, recorded, i+1) >= 3 })
	}
	recorder.Process.Signal(os.Interrupt)
	if err := recorder.Wait(); err != nil {
		t.Error(err)
	}
	out, err := exec.Command(filepath.Join(bin, "pollstats"), "-j", "-r", recorded, fields).Output()
	if err != nil {
		t.Fatal(err)
	}
	compareStages(t, len(steps), stages(decodeRows(t, out)), stages(l.rows(t)))
	one.file.Close()
}

func compareStages(t *testing.T, n int, got, want map[int]*stage) {
	t.Helper()
	requests := []float64{8, 15, 56, 38, 40, 16, 39, 68}
	resets, broken := 0, false
	for tick := 1; tick <= n; tick++ {
		g, w := got[tick], want[tick]
		if g == nil || w == nil {
			t.Fatalf("stage %d was not seen: %v, %v", tick, g, w)
		}
		for field, v := range w.values {
			if g.values[field] != v {
				t.Errorf("stage %d: %s is %v in the archive, want %v", tick, field, g.values[field], v)
			}
		}
		if w.values["requests:value"] != requests[tick-1] {
			t.Errorf("stage %d: %v requests, want %v", tick, w.values["requests:value"], requests[tick-1])
		}
		if g.broken {
			broken = true // the recorder was late
			continue
		}
		if !slices.Equal(g.resets, w.resets) {
			t.Errorf("stage %d: resets %v, want %v", tick, g.resets, w.resets)
		}
		resets += len(g.resets)
		for field, v := range w.counted {
			if math.Abs(g.counted[field]-v) > 1e-6 {
				t.Errorf("stage %d: %s is %v in the archive, want %v", tick, field, g.counted[field], v)
			}
		}
	}
	if resets == 0 && !broken {
		t.Error("no counter was reset")
	}
}
