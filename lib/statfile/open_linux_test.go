package statfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// setLease sets or gives up a lease on f.
func setLease(t *testing.T, f *os.File, kind uintptr) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_SETLEASE, kind); errno != 0 {
		t.Skipf("no lease can be had here: %v", errno)
	}
}

// TestOpenUpdateWhileCleanstatsAsks opens a file for updates while a lease on it
// is held, which a writer must not take for an error.
func TestOpenUpdateWhileCleanstatsAsks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte{1}, 0o600); err != nil {
		t.Fatal(err)
	}
	asker, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer asker.Close()
	setLease(t, asker, syscall.F_RDLCK)
	if _, _, err := OpenUpdate(name); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("OpenUpdate() under a lease that stays = %v, want %v", err, syscall.EWOULDBLOCK)
	}
	opened := make(chan error)
	go func() {
		f, _, err := OpenUpdate(name)
		if err == nil {
			f.Close()
		}
		opened <- err
	}()
	setLease(t, asker, syscall.F_UNLCK)
	if err := <-opened; err != nil {
		t.Errorf("OpenUpdate() under a lease that is given up = %v, want no error", err)
	}
}
