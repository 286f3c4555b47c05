package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/archive"
	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

func TestMain(m *testing.M) {
	// Times that scripts name have no zone.
	os.Setenv("TZ", "Europe/Berlin")
	clitest.Main(m, programs)
}

// programs are what the test binary is by these names.
var programs = map[string]func(){"recstats": main}

func TestScripts(t *testing.T) {
	clitest.Scripts(t, map[string]func(*testscript.TestScript, bool, []string){
		"night": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(recordNight(ts.MkAbs(args[0])))
		},
		"damage": func(ts *testscript.TestScript, _ bool, args []string) {
			data, err := os.ReadFile(ts.MkAbs(args[0]))
			ts.Check(err)
			data[50] ^= 1
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
		},
	}, "TZ=Europe/Berlin")
}

// recordNight makes an archive of two recordings, of 03:12:00 to 03:13:39 and
// of 03:20:00 to 03:20:09 in Berlin.
func recordNight(dir string) error {
	f := &archive.File{Path: "/run/mmstats/w.mmstats", Inode: 7, Writer: archive.WriterRuns, Stats: []archive.Stat{
		{Label: "jobs", Type: format.Counter, Kind: format.KindCounter, Live: true, Words: []uint64{0}},
		{Label: "state", Type: format.String, Kind: format.KindString, Live: true, Text: []byte("fine")},
	}}
	for _, run := range []struct {
		start time.Time
		ticks int
	}{
		{time.Date(2026, 11, 23, 2, 12, 0, 0, time.UTC), 100},
		{time.Date(2026, 11, 23, 2, 20, 0, 0, time.UTC), 10},
	} {
		w, err := archive.NewWriter(dir, archive.Options{Interval: time.Second})
		if err != nil {
			return err
		}
		for i := range run.ticks {
			since := time.Duration(i) * time.Second
			f.Stats[0].Words[0]++
			if err := w.Record(archive.Moment{Time: run.start.Add(since), Since: since}, []*archive.File{f}); err != nil {
				return err
			}
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}

func TestManPage(t *testing.T) {
	clitest.ManPage(t, "recstats", func(t *testing.T, dir string) {
		publish(t, filepath.Join(dir, "w.mmstats")).Inc()
		if err := recordNight(filepath.Join(dir, "night")); err != nil {
			t.Fatal(err)
		}
	})
}

// publish makes a stat file with one counter, for as long as the test runs.
func publish(t *testing.T, path string) *mmstats.Counter {
	t.Helper()
	c := new(mmstats.Counter)
	f, err := mmstats.Create(mmstats.Options{Path: path}, mmstats.Labeled{Label: "jobs", Stat: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return c
}

// A recorder is a recstats that runs.
type recorder struct {
	*exec.Cmd
	dir    string
	stderr strings.Builder
}

// startRecorder starts recording, in dir and into dir/archive.
func startRecorder(t *testing.T, dir string, args ...string) *recorder {
	t.Helper()
	r := &recorder{dir: filepath.Join(dir, "archive")}
	r.Cmd = clitest.Command("recstats", append(args, r.dir, dir)...)
	r.Env = append(os.Environ(), "MMSTATS_PATH="+dir, "MMSTATS_FILES=recorder.mmstats")
	r.Stderr = &r.stderr
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill(); r.Wait() })
	return r
}

// ticks returns how many records there are, once there are more than some.
func (r *recorder) ticks(t *testing.T, more int) (ticks int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ticks = countTicks(r.dir); ticks > more {
			return ticks
		}
	}
	t.Fatalf("%d records, want more than %d\n%s", ticks, more, r.stderr.String())
	return 0
}

func countTicks(dir string) (ticks int) {
	a, err := archive.Open(dir)
	if err != nil {
		return 0
	}
	defer a.Close()
	for s := range a.Segments() {
		ticks += s.Records
	}
	return ticks
}

// end ends the recording by a signal.
func (r *recorder) end(t *testing.T, s os.Signal) {
	t.Helper()
	r.Process.Signal(s)
	if err := r.Wait(); err != nil || r.stderr.Len() > 0 {
		t.Errorf("after %v: %v\n%s", s, err, r.stderr.String())
	}
}

// What a program did is in the archive, and what the recorder says of itself.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	jobs := publish(t, filepath.Join(dir, "w.mmstats"))
	r := startRecorder(t, dir, "-d", "20ms", "-x", "sys.?id")
	seen := 0
	for range 10 {
		jobs.Inc()
		seen = r.ticks(t, seen)
	}
	second := clitest.Command("recstats", r.dir, dir)
	if out, err := second.CombinedOutput(); second.ProcessState.ExitCode() != 75 || string(out) != "recstats: "+r.dir+": another process records there\n" {
		t.Errorf("a second recorder: %v\n%s", err, out)
	}
	r.end(t, os.Interrupt)

	a, err := archive.Open(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	records, values := 0, make(map[uint64]bool)
	var last map[string]string
	for {
		rec, err := a.Next()
		if err != nil {
			break
		}
		records++
		last = stats(rec)
		values[rec.Files[len(rec.Files)-1].Stats[0].Words[0]] = true
		if rec.Interval != 20*time.Millisecond {
			t.Errorf("the interval is %v", rec.Interval)
		}
	}
	for label, want := range map[string]string{
		"jobs": "10", "sys.uid": "", "recstats.ticks": fmt.Sprint(records - 1), "recstats.dropped": "0", "recstats.sys.pid": fmt.Sprint(r.Process.Pid),
	} {
		if last[label] != want {
			t.Errorf("%s = %q in the last record, want %q", label, last[label], want)
		}
	}
	if len(a.Damage()) > 0 {
		t.Errorf("damage %v", a.Damage())
	}
	if left, err := filepath.Glob(dir + "/*.mmstats"); err != nil || len(left) != 1 {
		t.Errorf("stat files that are left: %q, %v", left, err)
	}
}

// stats returns the values of a record by their labels.
func stats(r *archive.Record) map[string]string {
	values := make(map[string]string)
	for _, f := range r.Files {
		for i := range f.Stats {
			values[f.Stats[i].Label] = string(f.Stats[i].Value().AppendText(nil))
		}
	}
	return values
}

// A recorder that is killed leaves a good archive, which the next one goes on
// with.
func TestRecorderKilled(t *testing.T) {
	dir := t.TempDir()
	publish(t, filepath.Join(dir, "w.mmstats"))
	seen := 0
	for range 3 {
		r := startRecorder(t, dir, "-d", "10ms")
		seen = r.ticks(t, seen+5)
		r.Process.Kill()
		r.Wait()
	}
	r := startRecorder(t, dir, "-d", "10ms")
	r.ticks(t, seen+5)
	r.end(t, syscall.SIGTERM)
	out, err := clitest.Command("recstats", "info", "-j", r.dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	segments := 0
	for ; lines.Scan(); segments++ {
		var s struct {
			Ticks, Files, Damaged int
			Interval              float64
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil || s.Ticks < 5 || s.Damaged != 0 || s.Interval != 0.01 {
			t.Errorf("%v: %s", err, lines.Text())
		}
	}
	if segments != 4 {
		t.Errorf("%d segments, want 4:\n%s", segments, out)
	}
}
