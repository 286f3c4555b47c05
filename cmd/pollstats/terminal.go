package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gdamore/tcell/v2"

	"mmstats/lib/cli"
)

// A terminal shows a full screen and tells of keys and signals. Whoever enters
// must leave, whatever happens: then the terminal is what it was before.
type terminal struct {
	tty     tty
	screen  tcell.Screen     // nil before enter and after leave
	events  chan tcell.Event // keys and the mouse
	signals chan os.Signal
	parent  int // process that has started this one
}

// openTerminal returns the terminal that out is. Keys come from standard input
// if that is a terminal too, and else from the one that controls the process.
func openTerminal(out io.Writer) (*terminal, error) {
	if !cli.Terminal(out) || os.Getenv("TERM") == "dumb" {
		return nil, errors.New("-w needs a terminal that can show a full screen")
	}
	t := &terminal{events: make(chan tcell.Event), signals: make(chan os.Signal, 8), parent: os.Getppid()}
	t.tty.in, t.tty.out = os.Stdin, out.(*os.File)
	if !cli.Terminal(t.tty.in) {
		in, err := os.Open("/dev/tty")
		if err != nil {
			return nil, errors.New("-w needs a terminal to read keys from")
		}
		t.tty.in = in
	}
	return t, nil
}

// enter shows a screen, and starts to read keys and signals.
func (t *terminal) enter() error {
	os.Unsetenv("NO_COLOR") // it would overrule --color in tcell
	tcell.SetEncodingFallback(tcell.EncodingFallbackASCII)
	entry, err := tcell.LookupTerminfo(os.Getenv("TERM"))
	if err != nil {
		// A terminal that is too new to be known understands what xterm does.
		if entry, err = tcell.LookupTerminfo("xterm-256color"); err != nil {
			return err
		}
	}
	screen, err := tcell.NewTerminfoScreenFromTtyTerminfo(&t.tty, entry)
	if err != nil {
		return err
	}
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGTSTP,
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	if err := screen.Init(); err != nil {
		return err
	}
	t.screen = screen
	screen.EnableMouse(tcell.MouseButtonEvents)
	screen.EnablePaste()
	go screen.ChannelEvents(t.events, nil)
	return t.tty.flush()
}

// leave makes the terminal what it was before. It may be called twice.
func (t *terminal) leave() {
	if t.screen == nil {
		return
	}
	t.discard(t.screen.Fini)
	t.screen = nil
}

// discard ignores what is typed while f runs. Where f ends the reading of keys,
// it waits until all that came are received.
func (t *terminal) discard(f func()) {
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case _, ok := <-t.events:
				if !ok {
					return
				}
			}
		}
	}()
	f()
	close(done)
}

// show writes the cells that have changed.
func (t *terminal) show() error {
	t.screen.Show()
	return t.tty.flush()
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
	t.discard(func() { t.screen.Suspend() })
	for range len(t.signals) {
		if s := <-t.signals; !passes(s) { // not an old SIGCONT
			t.signals <- s
		}
	}
	for ok := true; ok; ok = !t.tty.foreground() && !t.orphaned() { // again after "bg"
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return err
		}
		// Another thread may take the signal, a moment later.
		select {
		case s := <-t.signals:
			if !passes(s) {
				t.die(s.(syscall.Signal))
			}
		case <-time.After(time.Second):
		}
	}
	return t.screen.Resume()
}

// passes reports whether nothing is left to do at s once the screen is shown.
func passes(s os.Signal) bool {
	return s == syscall.SIGCONT || s == syscall.SIGWINCH || s == syscall.SIGTSTP
}

// resume shows the screen again after a stop that could not be caught: shells
// make the terminal theirs meanwhile.
func (t *terminal) resume() error {
	for !t.tty.foreground() && !t.orphaned() { // continued in the background
		if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
			return err
		}
		time.Sleep(time.Millisecond) // until it is stopped
	}
	t.discard(func() { t.screen.Suspend() })
	return t.screen.Resume()
}

// orphaned reports whether the shell that has started the process has ended, and
// another one has the terminal.
func (t *terminal) orphaned() bool { return os.Getppid() != t.parent && !t.tty.foreground() }

// die ends the process by a signal, as if nobody had caught it. But a Go program
// that nobody has SIGQUIT caught in writes all its stacks.
func (t *terminal) die(s syscall.Signal) {
	t.leave()
	if s != syscall.SIGQUIT {
		signal.Reset(s)
		syscall.Kill(os.Getpid(), s)
		time.Sleep(time.Second) // until it is taken
	}
	os.Exit(128 + int(s))
}
