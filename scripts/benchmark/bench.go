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
	"time"
)

// fixture is a file that Python wrote, of a web server's worker.
const fixture = "lib/format/testdata/python-0.8/webstats.mmstats"

// A bench is what rows share: the commands, and files to work on.
type bench struct {
	bin, work string
	made      map[string]bool // directories below work that are filled
	servers   map[string]*server
	day       *day
	cleanups  []func()
}

func newBench(bin string) (*bench, error) {
	work, err := os.MkdirTemp("", "mmstats-bench")
	return &bench{bin: bin, work: work, made: make(map[string]bool), servers: make(map[string]*server)}, err
}

func (b *bench) close() {
	for _, clean := range slices.Backward(b.cleanups) {
		clean()
	}
	os.RemoveAll(b.work)
}

// command returns the path of a built command, and path that of a file of the
// run.
func (b *bench) command(name string) string { return filepath.Join(b.bin, name) }
func (b *bench) path(name string) string    { return filepath.Join(b.work, name) }

// once returns the path of a directory, which fill fills when it is first
// asked for.
func (b *bench) once(name string, fill func(dir string) error) (dir string, err error) {
	dir = b.path(name)
	if b.made[name] {
		return dir, nil
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	b.made[name] = true
	return dir, fill(dir)
}

// files returns a directory of n stat files of a web server's workers.
func (b *bench) files(n int) (dir string, err error) {
	return b.once("files-"+strconv.Itoa(n), func(dir string) error {
		data, err := os.ReadFile(fixture)
		for i := 0; err == nil && i < n; i++ {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("web-%06d.mmstats", i)), data, 0o644)
		}
		return err
	})
}

// names returns the paths of what is in a directory.
func names(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, filepath.Join(dir, e.Name()))
	}
	return names, err
}

// piped returns the time in milliseconds that a command takes whose output goes
// to a pipe.
func piped(command ...string) cost {
	return func() (float64, error) {
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
		if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{out}, make([]byte, 128<<10)); err != nil {
			return 0, err
		}
		err = cmd.Wait()
		return milliseconds(time.Since(start)), err
	}
}

// cpu returns the milliseconds of processor that a command uses.
func cpu(command ...string) (float64, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	return milliseconds(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()), err
}

// peak returns the most memory that a command uses, in MiB. Its exit status may
// be any of those that statuses hold, or 0.
func (b *bench) peak(command []string, statuses ...int) (float64, error) {
	cmd := exec.Command(b.command("peak"), command...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(), &stderr // a pipe that is read
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && slices.Contains(statuses, exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %.300s", command, err, bytes.TrimSpace(stderr.Bytes()))
	}
	kib, err := lastNumber(stderr.Bytes())
	return kib / 1024, err
}

// lastNumber returns the number that is the last line of a text.
func lastNumber(text []byte) (float64, error) {
	text = bytes.TrimSpace(text)
	return strconv.ParseFloat(string(text[bytes.LastIndexByte(text, '\n')+1:]), 64)
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// memoryOf returns what the kernel says of the memory of a process, in MiB:
// "VmRSS" is what it has, "VmHWM" the most that it ever had.
func memoryOf(pid int, what string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, found := bytes.Cut(status, []byte(what+":"))
	if !found {
		return 0, errors.New("the memory of a process is not known here")
	}
	kib, err := strconv.Atoi(string(bytes.Fields(after)[0]))
	return float64(kib) / 1024, err
}
