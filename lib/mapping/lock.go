//go:build unix

package mapping

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another process holds the lock of a file. The error may
// be a *LockedError, which says which one.
var ErrLocked = errors.New("locked by another process")

// A LockedError is an ErrLocked of which it is known who holds the lock.
type LockedError struct {
	PID     int
	Command string // as the kernel shows it, or "" where it is not known
}

func (e *LockedError) Error() string {
	s := fmt.Sprintf("%v, %d", ErrLocked, e.PID)
	if e.Command != "" {
		s += " (" + e.Command + ")"
	}
	return s
}

// Is reports whether target is ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// TryLock takes the exclusive lock of the file, or returns ErrLocked at once.
// It belongs to the open file: a second File of the same process is another
// process's here.
func (f *File) TryLock() error {
	err := f.flock(unix.LOCK_EX | unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		err = ErrLocked
	}
	return f.fail("lock", err)
}

func (f *File) flock(how int) error {
	return retry(func() error { return unix.Flock(f.fd, how) })
}

// Locked reports whether another process holds the exclusive lock of the file.
// The lock of f, which Locked asks for, must not be held by f itself: it would
// be given up. Whoever asks for the lock of a free file at the same moment may
// find it taken, and has to ask again.
func (f *File) Locked() (bool, error) {
	switch err := f.flock(unix.LOCK_SH | unix.LOCK_NB); err {
	case nil:
		return false, f.Unlock()
	case unix.EWOULDBLOCK:
		return true, nil
	default:
		return false, f.fail("lock", err)
	}
}

// Unlock gives up the lock.
func (f *File) Unlock() error { return f.fail("unlock", f.flock(unix.LOCK_UN)) }

// A waiter tries again after pauses that grow from firstPause to longestPause.
// Hundreds that try every 10 ms keep two cores so busy that the process which
// holds the lock does not run. A blocking flock is slower than that: it wakes
// its waiters one by one.
const (
	firstPause   = 50 * time.Microsecond
	longestPause = 50 * time.Millisecond
	// askPause is how often a waiter asks who holds the lock: reading
	// /proc/locks takes 20 µs and more.
	askPause = 100 * time.Millisecond
	// patience is how many times as long as its limit a waiter waits at most.
	patience = 10
)

// Lock takes the exclusive lock of the file. It waits for as long as the lock
// goes from one process to another, and for at most wait while one process
// keeps it; 10 times as long in all. Whoever can read a file can hold a lock
// on it for ever, hence the limits. With a wait of 0 it tries once.
//
// What counts is the time that it means to sleep: on a machine that is too busy
// to run it, a holder cannot be blamed for the rest.
func (f *File) Lock(wait time.Duration) error {
	err := f.TryLock()
	if !errors.Is(err, ErrLocked) || wait <= 0 {
		return err
	}
	holder := lockWatch{f: f}
	var waited, kept, asked time.Duration // in all, under one holder, since it was asked
	for pause := firstPause; kept < wait && waited < patience*wait; pause = min(2*pause, longestPause) {
		// Not all the same, or all would try at the same time.
		nap := min(pause/2+rand.N(pause), wait-kept)
		time.Sleep(nap)
		waited, kept, asked = waited+nap, kept+nap, asked+nap
		if err := f.TryLock(); !errors.Is(err, ErrLocked) {
			return err
		}
		if asked < askPause {
			continue
		}
		asked = 0
		changed, err := holder.changed()
		if !errors.Is(err, ErrLocked) {
			return err
		}
		if changed {
			kept = 0
		}
	}
	if pid := f.LockHolder(); pid != 0 {
		err = f.fail("lock", &LockedError{pid, command(pid)})
	}
	return err
}

// A lockWatch tells whether the lock of a file changes hands.
type lockWatch struct {
	f    *File
	last int // the holder that was seen last, or 0 for nobody
	seen bool
}

// changed reports whether another process than before holds the lock. Nobody,
// seen between two of its holders, is another one too. But a holder that lives
// in another pid namespace is never seen, so nobody counts only after somebody
// was. The error is that of the last try to take the lock.
func (w *lockWatch) changed() (bool, error) {
	holder := w.f.LockHolder()
	// Nobody: then it may be had right now.
	for range 3 {
		if holder != 0 {
			break
		}
		if err := w.f.TryLock(); !errors.Is(err, ErrLocked) {
			return false, err
		}
		holder = w.f.LockHolder()
	}
	changed := w.seen && (holder == 0 || holder != w.last)
	w.last, w.seen = holder, w.seen || holder != 0
	return changed, ErrLocked
}
