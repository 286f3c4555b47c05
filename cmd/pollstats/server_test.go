package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
)

// serverMain is a program that owns its file: server FILE. It reads lines of a
// word and a number, and answers each with a line when it has done it.
func serverMain() {
	var stats struct {
		Done     mmstats.Counter        `mmstats:"done"`
		InFlight mmstats.Gauge[int64]   `mmstats:"in_flight"`
		Up       mmstats.Bool           `mmstats:"up"`
		State    mmstats.String         `mmstats:"state"`
		Latency  mmstats.Average        `mmstats:"latency"`
		Recent   mmstats.MovingAverage  `mmstats:"recent,window=100"`
		Load     mmstats.Gauge[float64] `mmstats:"load"`
	}
	if _, err := mmstats.Create(mmstats.Options{Path: os.Args[1]}, &stats); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
	stats.Up.Set(true)
	stats.State.Set("busy")
	fmt.Println("ready")
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		var word string
		var n float64
		fmt.Sscan(input.Text(), &word, &n)
		switch word {
		case "done":
			stats.Done.Add(uint64(n))
		case "in_flight":
			stats.InFlight.Set(int64(n))
		case "latency":
			stats.Latency.Add(n)
		case "recent":
			stats.Recent.Add(n)
		}
		fmt.Println("ok")
	}
}

// A server is a running serverMain.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Writer
	stdout *bufio.Scanner
}

func startServer(t *testing.T, file string) *server {
	t.Helper()
	s := &server{t: t, cmd: exec.Command("server", file)}
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = os.Stderr
	s.stdin, s.stdout = stdin, bufio.NewScanner(stdout)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	})
	s.answer()
	return s
}

func (s *server) answer() {
	s.t.Helper()
	if !s.stdout.Scan() {
		s.t.Fatal("the server has ended")
	}
}

// do has the server update a stat, times times.
func (s *server) do(line string, times int) {
	s.t.Helper()
	for range times {
		fmt.Fprintln(s.stdin, line)
		s.answer()
	}
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// A server that is killed has nothing in flight, and its work was done.
func TestGaugesOfKilledServersLeaveSums(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := startServer(t, dir+"/a.mmstats"), startServer(t, dir+"/b.mmstats")
	first.do("in_flight 7", 1)
	second.do("in_flight 2", 1)
	first.do("done 100", 1)
	second.do("done 10", 1)
	const fields = "in_flight,in_flight:max,up,done:value,state"
	p := startPolling(t, dir, "-d", "0.05", fields)
	p.until("has both servers", func(r row) bool {
		return is(r, "in_flight", 9) && is(r, "in_flight:max", 7) && is(r, "up", 2) && is(r, "done:value", 110) && r.Texts["state"] == "busy"
	})
	everything := startPolling(t, dir, "-d", "0.05", "--all", fields)
	alive := startPolling(t, dir, "-d", "0.05", "--live", fields)
	alive.until("has both servers", func(r row) bool { return is(r, "in_flight", 9) && is(r, "done:value", 110) })
	first.kill()
	p.until("has one server", func(r row) bool {
		return is(r, "in_flight", 2) && is(r, "in_flight:max", 2) && is(r, "up", 1) && is(r, "done:value", 110)
	})
	alive.until("is without the file of the other", func(r row) bool { return is(r, "in_flight", 2) && is(r, "done:value", 10) })
	second.kill()
	p.until("has none", func(r row) bool {
		return r.Stats["in_flight"] == nil && r.Stats["up"] == nil && r.Texts["state"] == "" && is(r, "done:value", 110)
	})
	alive.until("has none", func(r row) bool { return r.Stats["in_flight"] == nil && r.Stats["done:value"] == nil })
	everything.until("has all", func(r row) bool { return is(r, "in_flight", 9) && is(r, "up", 2) && is(r, "done:value", 110) })
	p.stop()
	alive.stop()
	everything.stop()
}

// What came since the last row is shown, however many samples came before.
func TestMeansAreOfTheInterval(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := startServer(t, dir+"/a.mmstats"), startServer(t, dir+"/b.mmstats")
	first.do("latency 1", 1000)
	p := startPolling(t, dir, "-d", "0.3", "latency,latency:count,latency:sum,latency:value,latency:rate,latency:min,latency:max,recent:last,recent:p50,recent:max,recent:count,recent")
	p.until("is empty", func(r row) bool {
		return r.Stats["latency"] == nil && is(r, "latency:count", 0) && is(r, "latency:value", 1) && is(r, "latency:rate", 0) && r.Stats["recent"] == nil
	})
	first.do("latency 100", 5)
	second.do("latency 40", 15)
	for i := range 99 {
		second.do(fmt.Sprint("recent ", i+1), 1)
	}
	var count, sum float64
	p.until("has all that came", func(r row) bool {
		n, total := r.Stats["latency:count"], r.Stats["latency:sum"]
		if n == nil || total == nil || *n == 0 {
			return false
		}
		if mean := r.Stats["latency"]; mean == nil || *mean != *total / *n {
			t.Errorf("the mean of row %v is not the sum by the count", r.Stats)
		}
		count, sum = count+*n, sum+*total
		return count == 20
	})
	if sum != 1100 {
		t.Errorf("the sums of all rows come to %v, want 1100", sum)
	}
	p.until("has no sample, and the window", func(r row) bool {
		return r.Stats["latency"] == nil && is(r, "latency:value", 2.0588235294117645) &&
			is(r, "recent:last", 99) && is(r, "recent:p50", 50) && is(r, "recent:max", 99) && is(r, "recent", 50)
	})
	p.stop()
}

// publishHistogram makes a file with a histogram of seconds.
func publishHistogram(t *testing.T, name string) *mapping.Histogram {
	t.Helper()
	data := []byte{format.Version}
	var err error
	for _, sp := range []format.Spec{
		{Label: "sent", Type: format.Counter, Description: format.Description{Unit: "bytes"}},
		{Label: "cpu", Type: format.Float64, Description: format.Description{Unit: "seconds", Kind: format.KindCounter}},
		{Label: "latency", Type: format.Histogram, Description: format.Description{Unit: "seconds"}},
	} {
		if data, err = format.AppendField(data, sp); err != nil {
			t.Fatal(err)
		}
	}
	page := make([]byte, mapping.RoundUp(len(data)))
	copy(page, data)
	if err := os.WriteFile(name+".new", page, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := mapping.Open(name+".new", syscall.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	region, err := mapping.Map(f, len(page))
	if err != nil {
		t.Fatal(err)
	}
	h := new(mapping.Histogram)
	h.Bind(region, len(data)-format.HistogramSize, 0)
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
	return h
}

// Percentiles are those of the samples of an interval, of all files together; a
// writer that starts again leaves a gap.
func TestPercentilesOfTheInterval(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []*mapping.Histogram
	for _, name := range []string{"/a.mmstats", "/b.mmstats", "/c.mmstats"} {
		h := publishHistogram(t, dir+name)
		h.AddN(1000, 5000) // before the interval
		files = append(files, h)
	}
	p := startPolling(t, dir, "-d", "0.1", "latency,latency:count,latency:p50,latency:p99,latency:min,latency:max,latency:rate,latency:value")
	p.until("is empty", func(r row) bool {
		return is(r, "latency:count", 0) && is(r, "latency:rate", 0) && r.Stats["latency:p99"] == nil && r.Stats["latency"] == nil && is(r, "latency:value", 1000)
	})
	// Stopped, it sees all of the samples in one interval.
	p.cmd.Process.Signal(syscall.SIGSTOP)
	for i := range 3000 {
		files[i%3].Add(float64(i+1) / 1000)
	}
	p.cmd.Process.Signal(syscall.SIGCONT)
	seen := p.until("has the samples", func(r row) bool { return is(r, "latency:count", 3000) })
	r := seen[len(seen)-1]
	for label, want := range map[string]float64{"latency": 1.5005, "latency:p50": 1.5, "latency:p99": 2.97, "latency:min": 0.001, "latency:max": 3} {
		if got := r.Stats[label]; got == nil || math.Abs(*got-want) > 0.0434*want {
			t.Errorf("%s = %v, want %v", label, got, want)
		}
	}
	if got := *r.Stats["latency:rate"]; math.Abs(got-3000/r.Elapsed) > 1 {
		t.Errorf("latency:rate = %v, want %v", got, 3000/r.Elapsed)
	}
	publishHistogram(t, dir+"/a.mmstats")
	p.until("is a restart", func(r row) bool { return len(r.Reset) == 7 && r.Stats["latency:p99"] == nil })
	p.stop()
}

// A stat that is not there yet is waited for, where that is asked for.
func TestWaitForStats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startPolling(t, dir, "--wait", "--first", "-d", "0.02", "jobs", "web.*:value")
	time.Sleep(100 * time.Millisecond)
	if _, err := publish(dir+"/a.mmstats", []string{"jobs=5"}); err != nil {
		t.Fatal(err)
	}
	if _, err := publish(dir+"/b.mmstats", []string{"web.hits=7"}); err != nil {
		t.Fatal(err)
	}
	if r := p.next(); !is(r, "jobs", 5) || !is(r, "web.hits:value", 7) {
		t.Errorf("the first row is %v, want the values so far", r.Stats)
	}
	p.stop()
}

// The rows of all stats hold each once, and what it changes by in a second.
func TestAllStats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, dir+"/a.mmstats")
	s.do("in_flight 3", 1)
	s.do("done 5", 1)
	cmd := exec.Command("pollstats", "0.05", "2", "--first")
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		_, rest, _ := strings.Cut(line, "\t")
		got = append(got, strings.TrimSpace(rest))
	}
	want := []string{
		"done\t5\t-", "in_flight\t3\t-", "latency\t-\t-", "load\t0\t-", "recent\t-\t-", "state\tbusy\t-", "up\t1\t-",
		"done\t5\t0", "in_flight\t3\t0", "latency\t-\t0", "load\t0\t0", "recent\t-\t0", "state\tbusy\t-", "up\t1\t0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("pollstats writes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Text has numbers in their unit, of the stat or of its change.
func TestTextHasUnits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	publishHistogram(t, dir+"/a.mmstats").AddN(0.0125, 10)
	for _, test := range []struct{ args, want string }{
		{"--first sent:value sent cpu:value cpu latency latency:p99 latency:count",
			`time     sent:value      sent/s cpu:value       cpu/s   latency latency:p99 latency:count\n` +
				`[0-9:]+        0 B       0 B/s       0 s         0 %   12\.5 ms     12\.5 ms            10\n`},
		{"--first", `time     stat      value rate/s\n[0-9:]+ cpu         0 s      -\n[0-9:]+ latency 12\.5 ms      -\n[0-9:]+ sent        0 B      -\n`},
	} {
		cmd := exec.Command("pollstats", append(strings.Fields("-o text -c 1 "+test.args), dir)...)
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile("^"+test.want+"$").Match(out) {
			t.Errorf("pollstats %s: %v\n%s\nwant\n%s", test.args, err, out, test.want)
		}
	}
}

// Without a field, a terminal shows the full screen, as far as nothing else is
// asked for.
func TestAllStatsOnTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"web.hits=5", "jobs=1"}); err != nil {
		t.Fatal(err)
	}
	x := clitest.StartTmux(t, dir, 80, 24, shell)
	x.Text("clear; pollstats 0.1")
	x.Shows(`every 100ms`)
	x.Shows(`^  web.hits `)
	x.Keys("q")
	x.Until("a prompt", func(screen string) bool { return strings.HasPrefix(screen, "$") })
	x.Text("clear; pollstats -o text 0.1 1")
	x.Shows(`^time     stat     value rate/s\n[0-9:]+ jobs         1      0\n[0-9:]+ web.hits     5      0\n`)
	x.Text("clear; TERM=dumb pollstats 0.1 1")
	x.Shows(`^time     stat     value rate/s\n`)
}
