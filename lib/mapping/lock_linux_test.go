package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mmstats/lib/programtest"
)

func openNew(t *testing.T) *File {
	t.Helper()
	f, err := Open(filepath.Join(t.TempDir(), "x"), unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestLockWaitsWhileItChangesHands waits for a lock that many processes hold,
// one after the other, for longer than it waits for one of them.
func TestLockWaitsWhileItChangesHands(t *testing.T) {
	const wait = 700 * time.Millisecond
	f := openNew(t)
	// They are started before, since on a busy machine that takes longer than
	// Lock waits. Shared locks overlap, so that the lock is never free.
	holder := programtest.StartReady(t, "share-lock", f.Name())
	var others []*programtest.Program
	for range 8 {
		others = append(others, programtest.StartReady(t, "share-lock", f.Name(), "later"))
	}
	waited := make(chan error)
	go func() { waited <- f.Lock(wait) }()
	for _, next := range others {
		time.Sleep(wait / 5)
		next.Process.Signal(unix.SIGUSR1)
		programtest.WaitFor(t, "the lock of the next", func() bool {
			locks, err := os.ReadFile("/proc/locks")
			return err != nil || bytes.Contains(locks, fmt.Appendf(nil, " %d ", next.Process.Pid))
		})
		holder.Process.Kill()
		holder.Wait()
		holder = next
	}
	holder.Process.Kill()
	if err := <-waited; err != nil {
		t.Errorf("Lock() = %v, after other processes held the lock in turn, want no error", err)
	}
}

// TestLockedNamesTheHolder asks for a lock that a process does not give up.
func TestLockedNamesTheHolder(t *testing.T) {
	f := openNew(t)
	holder := programtest.StartReady(t, "share-lock", f.Name())
	err := f.Lock(150 * time.Millisecond) // enough to ask once
	want := fmt.Sprintf("locked by another process, %d (share-lock)", holder.Process.Pid)
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) || !errors.Is(err, ErrLocked) || pathErr.Err.Error() != want {
		t.Errorf("Lock() = %v, want %s", err, want)
	}
	if locked, err := f.Locked(); locked || err != nil { // to write, nobody holds it
		t.Errorf("Locked() = %v, %v, want false", locked, err)
	}
}
