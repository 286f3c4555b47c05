package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"mmstats/lib/cli"
)

// What a full screen needs of a terminal: the other screen, which keeps what
// the user had on this one, no cursor, and no line that wraps; and back. It is
// left blank: some terminals pull lines of it over when their size changed.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[0m\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// A terminal shows a full screen and reads keys. Whoever enters must leave,
// whatever happens.
type terminal struct {
	in, out *os.File
	before  *term.State // how it was, while a screen is shown
	input   chan []byte // what is typed; closed at the end of it
	signals chan os.Signal
}

// openTerminal returns the terminal that out is. Keys come from standard input
// if that is a terminal too, and else from the one that controls the process.
func openTerminal(out io.Writer) (*terminal, error) {
	if !cli.Terminal(out) || os.Getenv("TERM") == "dumb" {
		return nil, errors.New("-w needs a terminal that can show a full screen")
	}
	t := &terminal{in: os.Stdin, out: out.(*os.File), input: make(chan []byte), signals: make(chan os.Signal, 8)}
	if !cli.Terminal(t.in) {
		tty, err := os.Open("/dev/tty")
		if err != nil {
			return nil, errors.New("-w needs a terminal to read keys from")
		}
		t.in = tty
	}
	return t, nil
}

// enter shows the screen, and starts to read keys and signals.
func (t *terminal) enter() error {
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGTSTP,
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	if err := t.show(); err != nil {
		return err
	}
	go t.read()
	return nil
}

func (t *terminal) show() error {
	before, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return err
	}
	t.before = before
	_, err = io.WriteString(t.out, enterScreen)
	return err
}

// leave makes the terminal what it was before. It may be called twice.
func (t *terminal) leave() {
	if t.before == nil {
		return
	}
	io.WriteString(t.out, leaveScreen)
	term.Restore(int(t.in.Fd()), t.before)
	t.before = nil
}

// read sends what is typed. It must not panic: nobody would leave the screen.
func (t *terminal) read() {
	defer close(t.input)
	for {
		buf := make([]byte, 256)
		n, err := t.in.Read(buf)
		if n == 0 || err != nil {
			return
		}
		t.input <- buf[:n]
	}
}

// suspend stops the whole job, as Ctrl-Z does to any other, until it is
// continued. It does nothing where no shell could continue it: job control
// gives a job a process group of its own, and never that of the session.
func (t *terminal) suspend() error {
	session, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	if syscall.Getpgrp() == int(session) {
		return nil
	}
	return t.stop(0)
}

// stop stops a process, or 0 for all of the job. By SIGTSTP it would not do:
// once a Go program has asked for that signal, it does not stop it any more.
func (t *terminal) stop(pid int) error {
	t.leave()
	for range len(t.signals) {
		if s := <-t.signals; !passes(s) { // not an old SIGCONT
			t.signals <- s
		}
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	// Another thread may take the signal, a moment later.
	select {
	case s := <-t.signals:
		if !passes(s) {
			t.signals <- s // for the loop
		}
	case <-time.After(time.Second):
	}
	return t.show()
}

// passes reports whether nothing is left to do at s once the screen is shown.
func passes(s os.Signal) bool {
	return s == syscall.SIGCONT || s == syscall.SIGWINCH || s == syscall.SIGTSTP
}

// resume shows the screen again after a stop that could not be caught: shells
// make the terminal theirs meanwhile.
func (t *terminal) resume() error {
	before := t.before
	if err := t.show(); err != nil {
		return err
	}
	t.before = before
	return nil
}

// die ends the process by a signal, as if nobody had caught it.
func (t *terminal) die(s syscall.Signal) {
	t.leave()
	signal.Reset(s)
	syscall.Kill(os.Getpid(), s)
	time.Sleep(time.Second) // until it is taken
	os.Exit(128 + int(s))
}
