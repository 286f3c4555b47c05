package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

// Statuses of env(1) for a command that cannot be run.
const (
	notExecutable = 126
	notFound      = 127
	bySignal      = 128 // and the number of the signal that ended it
)

// timeCommand runs a command, and then adds its duration to the timer called
// label. It ends as the command does: stats that cannot be written are said,
// and change nothing of that.
func (s *session) timeCommand(a *cli.App, label string, command []string) int {
	status, took, err := execute(command)
	if err != nil {
		a.Error(err)
	}
	if err := s.apply(outcome(label, status, took, err == nil)); err != nil {
		a.Error(err)
	}
	return status
}

// outcome returns the batch that says how a command ended.
func outcome(label string, status int, took time.Duration, ran bool) []mmstats.Change {
	ok, failed := counted(format.UintValue(1)), counted(format.UintValue(0))
	if status != 0 {
		ok, failed = failed, ok
	}
	ok.Label, failed.Label = label+".ok", label+".failed"
	batch := []mmstats.Change{ok, failed, {Label: label + ".last_exit", Op: mmstats.Set, Text: strconv.Itoa(status)}}
	if ran {
		batch = append(batch, mmstats.Change{
			Label: label, Op: mmstats.Add, Type: format.Moving, TypeName: "timer", Value: format.FloatValue(took.Seconds()),
		})
	}
	return batch
}

// execute runs a command with our own standard files, and hands on the signals
// that we get. The error says why it did not run.
func execute(command []string) (status int, took time.Duration, err error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 16)
	for _, s := range []os.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGWINCH,
	} {
		if !signal.Ignored(s) { // as nohup makes it
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		status = notExecutable
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			status = notFound
		}
		var execErr *exec.Error
		if errors.As(err, &execErr) {
			err = &fs.PathError{Op: "run", Path: execErr.Name, Err: execErr.Err}
		}
		return status, 0, err
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	for {
		select {
		case s := <-signals:
			if !fromKeyboard(s) {
				cmd.Process.Signal(s)
			}
		case <-ended:
			took = time.Since(start)
			ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if ws.Signaled() {
				return bySignal + int(ws.Signal()), took, nil
			}
			return ws.ExitStatus(), took, nil
		}
	}
}

// fromKeyboard reports whether a terminal sent the signal: it sent it to the
// command as well, which should not get it twice.
func fromKeyboard(s os.Signal) bool {
	switch s {
	case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH:
		return cli.InForeground()
	}
	return false
}
