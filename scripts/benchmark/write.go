package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mmstats/lib/reader"
)

// writers is how many processes write at once, without knowing of each other.
const writers = 500

func writeRows() []row {
	return []row{
		ratio("write/one", "mmstats-write, one update", "ms", 1.4, "an empty Go program", func(b *bench) (cost, cost, error) {
			empty, err := emptyProgram(b)
			return piped(b.command("mmstats-write"), "-f", b.path("one.mmstats"), "hits+=1"), piped(empty), err
		}),
		parallel("texts", func(i int) string { return "text=" + letters(i) }, func(path string) error {
			stats, err := reader.ReadFile(path)
			if err != nil {
				return err
			}
			for _, st := range stats {
				if text := string(st.Value.Text()); string(st.Label) == "text" && text != "" && text == strings.Repeat(text[:1], 200) {
					return nil
				}
			}
			return fmt.Errorf("%s has not the text of one writer", path)
		}),
		parallel("averages", func(int) string { return "mean:average+=1" }, func(path string) error {
			stats, err := reader.ReadFile(path)
			for _, st := range stats {
				if n := st.Samples().Count; string(st.Label) == "mean" && n != writers {
					err = fmt.Errorf("the average has %d samples of %d", n, writers)
				}
			}
			return err
		}),
		parallel("new-stats", func(i int) string { return fmt.Sprintf("new.%d+=1", i) }, func(path string) error {
			stats, err := reader.ReadFile(path)
			found := 0
			for _, st := range stats {
				if strings.HasPrefix(string(st.Label), "new.") && st.Value.Uint() == 1 {
					found++
				}
			}
			if err == nil && found != writers {
				err = fmt.Errorf("%d new stats of %d are there", found, writers)
			}
			return err
		}),
	}
}

func letters(i int) string { return strings.Repeat(string(rune('a'+i%26)), 200) }

// emptyProgram builds a program that does nothing.
func emptyProgram(b *bench) (path string, err error) {
	dir, err := b.once("empty", func(string) error { return nil })
	if err != nil {
		return "", err
	}
	source, path := dir+"/main.go", dir+"/empty"
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", path, source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return path, nil
}

// parallel returns a row for many writers of one file, each of one assignment,
// beside two busy loops. None may be refused, and check says whether all that
// they wrote is there.
func parallel(name string, assignment func(i int) string, check func(path string) error) row {
	return row{"write/parallel-" + name, fmt.Sprintf("%d writers of %s beside two busy loops", writers, name), func(b *bench) (result, error) {
		stop, err := busyLoops(2)
		defer stop()
		if err != nil {
			return result{}, err
		}
		path, lock := b.path(name+".mmstats"), b.path("lock")
		refused := 0
		subject := func() (float64, error) {
			os.Remove(path)
			took, failed := together(func(i int) []string { return []string{b.command("mmstats-write"), "-f", path, assignment(i)} })
			if refused += failed; failed > 0 {
				return took, nil // the row fails
			}
			return took, check(path)
		}
		base := func() (float64, error) {
			took, failed := together(func(int) []string { return []string{"flock", lock, "sh", "-c", ":"} })
			if failed > 0 {
				return 0, fmt.Errorf("flock failed %d times", failed)
			}
			return took, nil
		}
		const reach = 1.5
		c, err := compare(subject, base, reach, timeLimit)
		if err != nil {
			return result{}, err
		}
		return result{
			measured: fmt.Sprintf("%.2g s, -%d", c.subject, refused),
			target:   fmt.Sprintf("-0, <= %.3g x flock, no-ops", reach),
			ratio:    c.String(),
			met:      c.ratio <= reach && refused == 0,
		}, nil
	}}
}

// together runs as many commands at once as there are writers. It returns the
// seconds until the last has ended, and how many failed.
func together(command func(i int) []string) (seconds float64, failed int) {
	var running sync.WaitGroup
	var failures atomic.Int64
	start := time.Now()
	for i := range writers {
		running.Go(func() {
			args := command(i)
			if exec.Command(args[0], args[1:]...).Run() != nil {
				failures.Add(1)
			}
		})
	}
	running.Wait()
	return time.Since(start).Seconds(), int(failures.Load())
}

// busyLoops starts shells that do nothing without end, until stop is called.
func busyLoops(n int) (stop func(), err error) {
	var loops []*exec.Cmd
	stop = func() {
		for _, cmd := range loops {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	for range n {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			return stop, err
		}
		loops = append(loops, cmd)
	}
	return stop, nil
}
