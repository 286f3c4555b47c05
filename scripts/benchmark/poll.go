package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

func pollRows() []row {
	return []row{
		atMost("pollstats/tick", "pollstats, CPU of a tick, 1,000 files x 4 fields", "ms", 2, func(b *bench) (cost, error) {
			dir, err := b.files(1000)
			return tick(b, dir, func() (stop func(), err error) { return changing(dir), nil }), err
		}),
		atMost("pollstats/tick-unchanged", "the same, the directory unchanged", "ms", 1, func(b *bench) (cost, error) {
			dir, err := b.files(1000)
			return tick(b, dir, func() (stop func(), err error) {
				past := time.Now().Add(-time.Hour)
				return func() {}, os.Chtimes(dir, past, past)
			}), err
		}),
		atMost("pollstats/frame", "pollstats -w, CPU of a frame, 1,000 files x 17 stats", "ms", 10, func(b *bench) (cost, error) {
			dir, err := b.files(1000)
			return func() (float64, error) {
				return less(func(frames int) (float64, error) { return frameCPU(b, dir, frames, "") })
			}, err
		}),
		atMost("pollstats/frame-opened", "the same, with a stat opened that all files have", "ms", 10, func(b *bench) (cost, error) {
			dir, err := b.files(1000)
			return func() (float64, error) {
				return less(func(frames int) (float64, error) { return frameCPU(b, dir, frames, "\r") })
			}, err
		}),
		atMost("pollstats/growth", "pollstats, memory that 9,000 more ticks take", "MiB", 1, func(b *bench) (cost, error) {
			dir, err := b.files(1000)
			return func() (float64, error) { return growth(dir) }, err
		}),
	}
}

// tick returns the milliseconds of processor that one tick of pollstats takes:
// those of a long run less those of a short one. Before each, prepare makes the
// directory as it has to be.
func tick(b *bench, dir string, prepare func() (stop func(), err error)) cost {
	spent := func(ticks int) (float64, error) {
		stop, err := prepare()
		if err != nil {
			return 0, err
		}
		defer stop()
		return cpu(b.command("pollstats"), "-o", "tsv", "-d", "10ms", "-c", strconv.Itoa(ticks),
			"-p", "web.stats.status", "2XX,3XX,4XX,5XX", dir)
	}
	return func() (float64, error) { return less(spent) }
}

// less returns what one tick takes: a long run less a short one.
func less(spent func(ticks int) (float64, error)) (float64, error) {
	const few, many = 20, 220
	start, err := spent(few)
	if err != nil {
		return 0, err
	}
	whole, err := spent(many)
	return (whole - start) / (many - few), err
}

// frameCPU returns the milliseconds of processor that pollstats -w takes for a
// number of frames after keys, with the little that script(1) takes to be its
// terminal.
func frameCPU(b *bench, dir string, frames int, keys string) (float64, error) {
	cmd := exec.Command("script", "-qec", fmt.Sprintf("stty cols 200 rows 50; exec %s -w -d 20ms -c %d %s", b.command("pollstats"), frames, dir), "/dev/null")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	typed, typist, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer typed.Close()
	defer typist.Close() // not before the end: that of the input would end the screen
	cmd.Stdin = typed
	if _, err := typist.WriteString(keys); err != nil {
		return 0, err
	}
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %q", err, out[max(0, len(out)-300):])
	}
	return milliseconds(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()), nil
}

// changing changes a directory again and again until stop is called.
func changing(dir string) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		name := filepath.Join(dir, "changing")
		for {
			select {
			case <-end:
				return
			case <-time.After(3 * time.Millisecond):
				os.WriteFile(name, nil, 0o644)
				os.Remove(name)
			}
		}
	}()
	return func() { close(end); <-ended }
}

// growth returns how much memory 10,000 ticks take that 1,000 do not, in MiB.
func growth(dir string) (float64, error) {
	p := &reader.Poller{Watch: statfile.NewWatch([]string{dir})}
	defer p.Close()
	before := 0.0
	for n := range 10_000 {
		p.Poll(func(*reader.Sample) {})
		if n == 1000 {
			var err error
			if before, err = memoryOf(os.Getpid(), "VmRSS"); err != nil {
				return 0, err
			}
		}
	}
	after, err := memoryOf(os.Getpid(), "VmRSS")
	return after - before, err
}
