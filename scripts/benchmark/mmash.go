package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

func mmashRows() []row {
	return []row{
		ratio("mmash/stats", "mmash, GET /stats/, 1,000 files x 17 stats", "ms", 1, "slurpstats of the same", func(b *bench) (cost, cost, error) {
			dir, err := b.files(1000)
			if err != nil {
				return nil, nil, err
			}
			s, err := b.server(dir)
			return s.get, piped(b.command("slurpstats"), "-o", "tsv", dir), err
		}),
		atMost("mmash/idle", "mmash, of a core, 1,000 files x 17 stats that change", "%", 3, func(b *bench) (cost, error) {
			s, err := b.changingServer(1000)
			return s.share, err
		}),
		atMost("mmash/memory", "the same, memory", "MiB", 96, func(b *bench) (cost, error) {
			s, err := b.changingServer(1000)
			return s.memory, err
		}),
		atMost("mmash/streams", "mmash, of a core for 200 streams of 340 series", "%", 2, func(b *bench) (cost, error) {
			s, err := b.changingServer(20)
			return s.streams, err
		}),
		atMost("mmash/replay", "mmash -r, all stats of a recorded day, for the list", "ms", 1500, func(b *bench) (cost, error) {
			s, err := b.replayServer()
			return s.day, err
		}),
		atMost("mmash/replaymemory", "the same, memory at its highest", "MiB", 128, func(b *bench) (cost, error) {
			s, err := b.replayServer()
			return s.peak, err
		}),
	}
}

// A server is a mmash that runs until the end of the bench.
type server struct {
	cmd *exec.Cmd
	url string
}

// server returns a mmash over dir, the same at each call.
func (b *bench) server(dir string) (*server, error) { return b.serverOf(dir, dir) }

// replayServer returns a mmash that shows a recorded day.
func (b *bench) replayServer() (*server, error) {
	d, err := b.recordedDay()
	if err != nil {
		return nil, err
	}
	return b.serverOf(d.dir, "-r", d.dir)
}

// serverOf returns a mmash with some arguments, the same for each key.
func (b *bench) serverOf(key string, args ...string) (*server, error) {
	if s := b.servers[key]; s != nil {
		return s, nil
	}
	cmd := exec.Command(b.command("mmash"), append([]string{"-l", "127.0.0.1:0", "--private"}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	_, url, found := strings.Cut(line, "listening on ")
	if err != nil || !found {
		return nil, fmt.Errorf("mmash says %q: %w", line, err)
	}
	s := &server{cmd: cmd, url: strings.TrimSpace(url)}
	b.servers[key] = s
	b.cleanups = append(b.cleanups, func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return s, nil
}

// changingServer returns a mmash over n files whose numbers change all the time.
func (b *bench) changingServer(n int) (*server, error) {
	dir, err := b.once("changing-"+strconv.Itoa(n), func(dir string) error {
		data, err := os.ReadFile(fixture)
		for i := 0; err == nil && i < n; i++ {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("web-%06d.mmstats", i)), data, 0o644)
		}
		if err != nil {
			return err
		}
		stop, err := count(dir)
		b.cleanups = append(b.cleanups, stop)
		return err
	})
	if err != nil {
		return nil, err
	}
	s, err := b.server(dir)
	if err == nil {
		time.Sleep(3 * time.Second) // the first looks allocate what later ones use
	}
	return s, err
}

// count changes each number in the files of dir twice a second, until stop is
// called.
func count(dir string) (stop func(), err error) {
	names, err := names(dir)
	if err != nil {
		return func() {}, err
	}
	stats, err := reader.ReadFile(names[0])
	if err != nil {
		return func() {}, err
	}
	var offsets []int64
	for _, st := range stats {
		if st.Kind() == format.KindCounter || st.Kind() == format.KindGauge {
			offsets = append(offsets, int64(st.ReadOffset(st.WriteBuffer)))
		}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := byte(0); ; n++ {
			for _, name := range names {
				f, err := os.OpenFile(name, os.O_WRONLY, 0)
				if err != nil {
					return
				}
				for _, at := range offsets {
					f.WriteAt([]byte{n, n}, at)
				}
				f.Close()
			}
			select {
			case <-end:
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	return func() { close(end); <-ended }, nil
}

// get returns the milliseconds that an answer takes.
func (s *server) get() (float64, error) { return s.timed("stats/") }

// day returns the milliseconds that all of the archive takes, as the list asks
// for it.
func (s *server) day() (float64, error) { return s.timed("events?by=file&history=300&from=-24h") }

func (s *server) timed(path string) (float64, error) {
	start := time.Now()
	err := s.fetch(path)
	return milliseconds(time.Since(start)), err
}

// peak returns the most memory that the server had for a day, in MiB.
func (s *server) peak() (float64, error) {
	if _, err := s.day(); err != nil {
		return 0, err
	}
	return memoryOf(s.cmd.Process.Pid, "VmHWM")
}

// fetch reads an answer to its end.
func (s *server) fetch(path string) error {
	answer, err := http.Get(s.url + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// measured is how long shares of a core are measured.
const measured = 5 * time.Second

// share returns how much of a core the server uses, in percent.
func (s *server) share() (float64, error) {
	before, err := s.ticks()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	time.Sleep(measured)
	after, err := s.ticks()
	return 100 * (after - before) / time.Since(start).Seconds(), err
}

// ticks returns the seconds of processor that the server used.
func (s *server) ticks() (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	user, err := strconv.Atoi(string(fields[11]))
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(string(fields[12]))
	const ticksPerSecond = 100
	return float64(user+system) / ticksPerSecond, err
}

// memory returns how much memory the server has, in MiB.
func (s *server) memory() (float64, error) { return memoryOf(s.cmd.Process.Pid, "VmRSS") }

// streams returns how much more of a core 200 streams take, in percent.
func (s *server) streams() (float64, error) {
	idle, err := s.share()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range 200 {
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+"events?by=file&history=0", nil)
		if err != nil {
			return 0, err
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err
		}
		go func() {
			defer answer.Body.Close()
			io.Copy(io.Discard, answer.Body)
		}()
	}
	time.Sleep(time.Second) // for the first events, which have everything
	busy, err := s.share()
	return busy - idle, err
}
