package mmstats_test

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
)

// removeOnSignal publishes the file that its argument names, and ignores SIGHUP.
func removeOnSignal() {
	signal.Ignore(syscall.SIGHUP)
	file, err := mmstats.Create(mmstats.Options{Path: os.Args[1]})
	programtest.Fatal(err)
	file.RemoveOnSignal()
	ready()
	programtest.UntilTold()
}

func TestSignalledProgramLeavesNoFile(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		path := filepath.Join(t.TempDir(), "x.mmstats")
		p := programtest.StartReady(t, "remove-on-signal", path)
		if err := errors.Join(p.Process.Signal(syscall.SIGHUP), p.Process.Signal(s)); err != nil {
			t.Fatal(err)
		}
		p.Wait()
		status := p.ProcessState.Sys().(syscall.WaitStatus)
		if !status.Signaled() || status.Signal() != s {
			t.Errorf("after signal %v the program ended with %v, want by that signal", s, p.ProcessState)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after signal %v the file is left: %v", s, err)
		}
	}
}
