package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A polling is a running pollstats that writes JSON to a pipe.
type polling struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     *os.File
	pending [][]byte // rows that were read already
	stderr  bytes.Buffer
}

// A row is what it wrote in one write.
type row struct {
	Elapsed float64
	Stats   map[string]*float64
	Texts   map[string]string
	Reset   []string
	Missed  int
}

func startPolling(t *testing.T, dir string, args ...string) *polling {
	t.Helper()
	p := &polling{t: t}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = out
	p.cmd = exec.Command("pollstats", append([]string{"-j"}, args...)...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = in, &p.stderr
	p.cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() {
		out.Close()
		p.cmd.Process.Kill()
	})
	out.SetReadDeadline(time.Now().Add(3 * deadline))
	return p
}

// next returns the next row. Each is written in one piece, so that no read ends
// inside of one.
func (p *polling) next() (r row) {
	p.t.Helper()
	if len(p.pending) == 0 {
		buf := make([]byte, 64<<10)
		n, err := p.out.Read(buf)
		if err != nil {
			p.t.Fatalf("no row came: %v; standard error: %s", err, p.stderr.String())
		}
		p.pending = slices.Collect(bytes.Lines(buf[:n]))
	}
	line := p.pending[0]
	p.pending = p.pending[1:]
	written := struct {
		*row
		Stats map[string]any
	}{row: &r}
	if err := json.Unmarshal(line, &written); err != nil || line[len(line)-1] != '\n' {
		p.t.Fatalf("row %q: %v", line, err)
	}
	r.Stats, r.Texts = make(map[string]*float64), make(map[string]string)
	for label, value := range written.Stats {
		switch v := value.(type) {
		case float64:
			r.Stats[label] = &v
		case string:
			r.Texts[label] = v
		default:
			r.Stats[label] = nil
		}
	}
	return r
}

// until reads rows until one is as wanted, and returns all of them.
func (p *polling) until(what string, wanted func(row) bool) (rows []row) {
	p.t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); {
		r := p.next()
		if rows = append(rows, r); wanted(r) {
			return rows
		}
	}
	p.t.Fatalf("in %d rows, none %s", len(rows), what)
	return nil
}

// stop ends it by Ctrl-C, and wants nothing on standard error.
func (p *polling) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	for {
		if n, err := p.out.Read(make([]byte, 64<<10)); n == 0 || err != nil {
			break
		}
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("pollstats ended with %v after Ctrl-C", err)
	}
	if p.stderr.Len() > 0 {
		p.t.Errorf("pollstats wrote %q to standard error", p.stderr.String())
	}
}

func startWriter(t *testing.T, args ...string) *os.Process {
	t.Helper()
	cmd := exec.Command("writer", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process
}

func waitForFile(t *testing.T, name string) {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(name); err == nil {
			return
		}
	}
	t.Fatalf("%s did not come", name)
}

func is(r row, label string, want float64) bool {
	return r.Stats[label] != nil && *r.Stats[label] == want
}

func TestWriterIsKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := dir + "/a.mmstats"
	first := startWriter(t, "-rate", "1000", name, "jobs=1000000")
	waitForFile(t, name)
	p := startPolling(t, dir, "-d", "0.05", "jobs")
	positive := func(r row) bool { return r.Stats["jobs"] != nil && *r.Stats["jobs"] > 0 }
	rows := p.until("has a rate", positive)
	first.Kill()
	rows = append(rows, p.until("has a rate of 0", func(r row) bool { return is(r, "jobs", 0) })...)
	startWriter(t, "-rate", "1000", name, "jobs")
	rows = append(rows, p.until("is a restart", func(r row) bool { return len(r.Reset) > 0 })...)
	rows = append(rows, p.until("has a rate after the restart", positive)...)
	p.stop()
	empty := 0
	for _, r := range rows {
		rate := r.Stats["jobs"]
		if (rate == nil) != slices.Equal(r.Reset, []string{"jobs"}) {
			t.Errorf("row %+v is empty without a restart, or the other way round", r)
		}
		if rate == nil {
			empty++
		} else if *rate < 0 || *rate > 100_000 {
			t.Errorf("a rate of %v, and 1000 is written", *rate)
		}
	}
	if empty != 1 {
		t.Errorf("%d rows are without a value, want 1", empty)
	}
}

func TestManyFilesComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stay, err := publish(dir+"/stay.mmstats", []string{"jobs=7", "files:int=1"})
	if err != nil {
		t.Fatal(err)
	}
	p := startPolling(t, dir, "-d", "0.01", "jobs:delta,files:value", dir)
	p.next()
	var total, counted float64
	count := func(rows []row) {
		for _, r := range rows {
			if d := r.Stats["jobs:delta"]; d == nil || *d < 0 {
				t.Errorf("row %+v has no sum", r)
			} else {
				counted += *d
			}
		}
	}
	for round := range 5 {
		var writers []*published
		const files = 40
		for i := range files {
			w, err := publish(fmt.Sprintf("%s/%d-%d.mmstats", dir, round, i), []string{"jobs", "files:int=1"})
			if err != nil {
				t.Fatal(err)
			}
			writers = append(writers, w)
		}
		count(p.until("has the sum over the files", func(r row) bool { return is(r, "files:value", files+1) }))
		for i, w := range writers {
			w.counters[0].Add(uint64(1000*round + i))
			stay.counters[0].Add(3)
			total += float64(1000*round + i + 3)
			// What was counted up to the end of a file is not lost.
			if err := os.Remove(fmt.Sprintf("%s/%d-%d.mmstats", dir, round, i)); err != nil {
				t.Fatal(err)
			}
		}
		count(p.until("is without the files", func(r row) bool { return is(r, "files:value", 1) }))
	}
	p.stop()
	if counted != total {
		t.Errorf("the deltas of all rows come to %v, and %v were counted", counted, total)
	}
}

func TestMissedRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"jobs"}); err != nil {
		t.Fatal(err)
	}
	p := startPolling(t, dir, "-d", "0.05", "jobs")
	p.next()
	p.cmd.Process.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	for time.Since(stopped) < 300*time.Millisecond {
		time.Sleep(10 * time.Millisecond)
	}
	p.cmd.Process.Signal(syscall.SIGCONT)
	rows := p.until("tells of missed rows", func(r row) bool { return r.Missed > 1 })
	if last := rows[len(rows)-1]; last.Elapsed < 0.1 {
		t.Errorf("after %d missed rows of 50 ms, elapsed = %v", last.Missed, last.Elapsed)
	}
	p.stop()
}

// Each row reaches the other end of a pipe when it is made, and the end of that
// is the end of pollstats.
func TestPipes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"jobs=5"}); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("jq"); err != nil {
		t.Fatal("this test needs jq; scripts/test installs it")
	}
	for _, test := range []struct{ pipe, want string }{
		{`pollstats -d 0.02 jobs:value | awk '{ print "jobs", $3; fflush() }' | head -2`, "jobs 5\njobs 5\n"},
		{`pollstats -d 0.02 -j jobs:value | jq --unbuffered '.stats["jobs:value"]' | head -2`, "5\n5\n"},
		{`pollstats -d 0.02 jobs:value | head -3 | cut -f 3`, "5\n5\n5\n"},
		{`pollstats -d 0.02 -o text jobs:value | head -2 | grep -c jobs:value`, "1\n"},
	} {
		cmd := exec.Command("sh", "-c", test.pipe)
		cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		timer := time.AfterFunc(deadline, func() { cmd.Process.Kill() })
		err := cmd.Run()
		timer.Stop()
		if err != nil || stdout.String() != test.want || stderr.Len() > 0 {
			t.Errorf("%s: got %q, %q, %v, want %q", test.pipe, stdout.String(), stderr.String(), err, test.want)
		}
	}
}
