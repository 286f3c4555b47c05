package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"mmstats/lib/cli"
)

// A tty is the terminal as package tcell reads and writes it. All methods but
// Read are called by the goroutine of the screen.
//
// What is written is held back until flush, so that the terminal gets a frame in
// one write. The first error of a write is returned by flush: tcell ignores it.
type tty struct {
	in, out *os.File
	before  *term.State // of in, before Start
	raw     *term.State // and after it
	buf     []byte

	// Closing wake ends a Read that waits for keys; waiting is its other end.
	wake, waiting *os.File
}

var errStopped = errors.New("no more keys are read")

// Start implements tcell.Tty: keys come as they are typed from now on.
func (t *tty) Start() (err error) {
	if t.waiting, t.wake, err = os.Pipe(); err != nil {
		return err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		t.before, err = term.MakeRaw(int(t.in.Fd()))
	}
	if err != nil {
		return err
	}
	t.raw, err = term.GetState(int(t.in.Fd()))
	return err
}

// Drain implements tcell.Tty: it ends Read.
func (t *tty) Drain() error { return t.wake.Close() }

// Stop implements tcell.Tty. The terminal becomes what it was before Start, unless
// somebody else has changed it meanwhile: a shell that has taken it back.
func (t *tty) Stop() error {
	t.waiting.Close()
	err := t.flush()
	if now, stateErr := term.GetState(int(t.in.Fd())); stateErr != nil || *now != *t.raw {
		return errors.Join(err, stateErr)
	}
	// A process in the background is stopped otherwise, or fails if it is an orphan.
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	return errors.Join(err, term.Restore(int(t.in.Fd()), t.before))
}

// Close implements tcell.Tty.
func (t *tty) Close() error { return nil }

// NotifyResize implements tcell.Tty. The screen itself notices a new size.
func (t *tty) NotifyResize(func()) {}

// The largest screen that is drawn. A terminal can claim to be 65,535 characters
// wide and high, and a cell takes 200 bytes.
const (
	maxWidth  = 1000
	maxHeight = 300
)

// foreground reports whether the process is in the job that the terminal listens
// to.
func (t *tty) foreground() bool {
	group, err := unix.IoctlGetInt(int(t.in.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// WindowSize implements tcell.Tty.
func (t *tty) WindowSize() (tcell.WindowSize, error) {
	width, height := cli.Size(t.out)
	if width == 0 || height == 0 { // the terminal does not tell
		width, height = 80, 24
	}
	return tcell.WindowSize{Width: min(width, maxWidth), Height: min(height, maxHeight)}, nil
}

// Read implements tcell.Tty.
func (t *tty) Read(b []byte) (int, error) {
	in, waiting := int(t.in.Fd()), int(t.waiting.Fd())
	for {
		var ready unix.FdSet
		ready.Set(in)
		ready.Set(waiting)
		// Not poll: macOS has none for terminals.
		switch _, err := unix.Select(max(in, waiting)+1, &ready, nil, nil, nil); {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case ready.IsSet(waiting):
			return 0, errStopped
		}
		n, err := unix.Read(in, b)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// Write implements tcell.Tty.
func (t *tty) Write(b []byte) (int, error) {
	t.buf = append(t.buf, b...)
	return len(b), nil
}

// flush writes what was held back.
func (t *tty) flush() error {
	_, err := t.out.Write(t.buf)
	t.buf = t.buf[:0]
	return err
}
