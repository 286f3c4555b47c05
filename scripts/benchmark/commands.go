package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// fixture is a file that Python wrote, of a web server's worker.
const fixture = "lib/format/testdata/python-0.8/webstats.mmstats"

// commandRows measures the commands in dir.
func commandRows(dir string) ([]row, error) {
	work, err := os.MkdirTemp("", "mmstats-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	var rows []row
	for _, measure := range []func(bin, work string) ([]row, error){slurpRows, writeRows, streamRows, pollRows} {
		more, err := measure(dir, work)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// copies fills a new folder with n copies of the fixture.
func copies(dir string, n int) (names []string, err error) {
	data, err := os.ReadFile(fixture)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("web-%06d.mmstats", i))
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// slurpRows holds slurpstats against cat.
func slurpRows(bin, work string) ([]row, error) {
	slurpstats := filepath.Join(bin, "slurpstats")
	small, big := filepath.Join(work, "small"), filepath.Join(work, "big")
	names, err := copies(small, 2000)
	if err != nil {
		return nil, err
	}
	if _, err := copies(big, 100_000); err != nil {
		return nil, err
	}
	// cat is told the names, which spares it the listing of the folder.
	took, err := inTurns(40,
		func() (time.Duration, error) { return piped(nil, append([]string{"cat"}, names...)...) },
		func() (time.Duration, error) { return piped(nil, slurpstats, "-o", "tsv", small) },
	)
	if err != nil {
		return nil, err
	}
	rows := []row{
		note("cat, 2,000 files to a pipe", "ms", milliseconds(took[0])),
		atMost("slurpstats, the same as TSV", "ms", milliseconds(took[1]), milliseconds(took[0]), 0.6, "cat"),
	}
	for _, m := range []struct {
		what, dir string
	}{{"slurpstats, memory for 2,000 files", small}, {"slurpstats, memory for 100,000 files", big}} {
		var peak float64
		if _, err := piped(&peak, slurpstats, "-o", "tsv", m.dir); err != nil {
			return nil, err
		}
		rows = append(rows, under(m.what, "MiB", peak, 16))
	}
	return rows, nil
}

// writeRows holds one update by mmstats-write against a program that does
// nothing.
func writeRows(bin, work string) ([]row, error) {
	empty := filepath.Join(work, "empty")
	source := empty + ".go"
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		return nil, err
	}
	if out, err := exec.Command("go", "build", "-o", empty, source).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	write, file := filepath.Join(bin, "mmstats-write"), filepath.Join(work, "x.mmstats")
	took, err := inTurns(1000,
		func() (time.Duration, error) { return piped(nil, empty) },
		func() (time.Duration, error) { return piped(nil, write, "-f", file, "hits+=1") },
	)
	if err != nil {
		return nil, err
	}
	return []row{
		note("an empty Go program", "ms", milliseconds(took[0])),
		atMost("mmstats-write, one update", "ms", milliseconds(took[1]), milliseconds(took[0]), 1.4, "the empty program"),
	}, nil
}

// streamRows measures a stream that is fed by cat, through a pipe.
func streamRows(bin, work string) ([]row, error) {
	write := filepath.Join(bin, "mmstats-write")
	var rows []row
	for _, m := range []struct {
		what, line string
		updates    int // in a line
		lines      int
	}{
		{"mmstats-write stream, a counter a line", "hits+=1\n", 1, 3_000_000},
		{"mmstats-write stream, four stats a line", "hits+=1 bytes+=4096 load=1.5 state=copying\n", 4, 500_000},
		{"mmstats-write stream, a timer a line", "latency:timer+=0.25\n", 1, 2_000_000},
		{"mmstats-write stream --statsd", "hits:1|c\n", 1, 2_000_000},
	} {
		input, file := filepath.Join(work, "lines"), filepath.Join(work, "stream.mmstats")
		if err := os.WriteFile(input, bytes.Repeat([]byte(m.line), m.lines), 0o644); err != nil {
			return nil, err
		}
		command := `cat "$0" | "$1" -f "$2" stream`
		if strings.Contains(m.what, "--statsd") {
			command += " --statsd"
		}
		took, err := inTurns(3, func() (time.Duration, error) { return piped(nil, "sh", "-c", command, input, write, file) })
		if err != nil {
			return nil, err
		}
		rows = append(rows, over(m.what, "M updates/s", float64(m.lines*m.updates)/1e6/took[0].Seconds(), 1))
	}
	labels := filepath.Join(work, "labels")
	var lines bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&lines, "status.label.%d+=1\n", i)
	}
	if err := os.WriteFile(labels, lines.Bytes(), 0o644); err != nil {
		return nil, err
	}
	took, err := inTurns(3, func() (time.Duration, error) {
		return piped(nil, "sh", "-c", `rm -f "$2"; cat "$0" | "$1" -f "$2" stream`, labels, write, filepath.Join(work, "labels.mmstats"))
	})
	if err != nil {
		return nil, err
	}
	return append(rows, under("mmstats-write stream, 20,000 new labels", "s", took[0].Seconds(), 1)), nil
}

// pollRows measures the ticks of pollstats over 1,000 files: as the command
// does them, and for the growth of its memory as its poller does.
func pollRows(bin, work string) ([]row, error) {
	dir := filepath.Join(work, "poll")
	if _, err := copies(dir, 1000); err != nil {
		return nil, err
	}
	const few, many = 50, 250
	spent := func(ticks int) (time.Duration, error) {
		cmd := exec.Command(filepath.Join(bin, "pollstats"), "-o", "tsv", "-d", "10ms", "-c", strconv.Itoa(ticks),
			"-p", "web.stats.status", "2XX,3XX,4XX,5XX", dir)
		cmd.Stderr = os.Stderr
		err := cmd.Run()
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
	}
	start, err := spent(few)
	if err != nil {
		return nil, err
	}
	whole, err := spent(many)
	if err != nil {
		return nil, err
	}
	grown, err := pollGrowth(dir)
	if err != nil {
		return nil, err
	}
	return []row{
		under("pollstats, CPU of a tick over 1,000 files x 4 fields", "ms", milliseconds(whole-start)/(many-few), 2),
		under("pollstats, memory that 9,000 more ticks take", "MiB", grown, 1),
	}, nil
}

// pollGrowth returns how much memory 10,000 ticks take that 1,000 do not, in
// MiB.
func pollGrowth(dir string) (float64, error) {
	p := &reader.Poller{Watch: statfile.NewWatch([]string{dir})}
	defer p.Close()
	var before float64
	for tick := range 10_000 {
		p.Poll(func(*reader.Sample) {})
		if tick == 1000 {
			before, _ = memory(os.Getpid(), "VmRSS:")
		}
	}
	after, ok := memory(os.Getpid(), "VmRSS:")
	if !ok {
		return 0, errors.New("the memory of a process is not known here")
	}
	return after - before, nil
}

// inTurns runs each function n times, in turns, and returns their medians.
func inTurns(n int, run ...func() (time.Duration, error)) ([]time.Duration, error) {
	took := make([][]time.Duration, len(run))
	for range n {
		for i := range run {
			d, err := run[i]()
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], d)
		}
	}
	medians := make([]time.Duration, len(run))
	for i := range took {
		slices.Sort(took[i])
		medians[i] = took[i][n/2]
	}
	return medians, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// piped runs a command and reads what it writes to a pipe. It returns the time
// until it has ended, and the most memory it used in MiB if peak is not nil:
// looked up while it runs, since what wait returns counts that of the parent.
func piped(peak *float64, command ...string) (time.Duration, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	buf := make([]byte, 128<<10)
	for {
		_, err := out.Read(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		if peak != nil {
			if now, ok := memory(cmd.Process.Pid, "VmHWM:"); ok {
				*peak = now
			}
		}
	}
	err = cmd.Wait()
	return time.Since(start), err
}

// memory returns what the kernel says of the memory of a process, in MiB.
func memory(pid int, what string) (float64, bool) {
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	_, after, found := bytes.Cut(status, []byte(what))
	if !found {
		return 0, false
	}
	kib, err := strconv.Atoi(string(bytes.Fields(after)[0]))
	return float64(kib) / 1024, err == nil
}
