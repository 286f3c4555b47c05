package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// lastSuccess ends the label of when the command last ended with status 0, and
// is the longest of such ends.
const lastSuccess = ".last_success"

// Statuses of env(1) for a command that cannot be run.
const (
	notExecutable = 126
	notFound      = 127
	bySignal      = 128 // and the number of the signal that ended it
)

// runTime carries out time.
func (s *session) runTime(a *cli.App, words []string) int {
	if len(words) > 1 && words[1] == "--" {
		words = slices.Delete(words, 1, 2)
	}
	if len(words) < 2 {
		return a.Misuse("time takes LABEL[:TYPE] [--] CMD...")
	}
	sample, err := parseSample(words[0], s.options.Prefix)
	if err != nil {
		return a.Misuse("%s", err)
	}
	return s.timeCommand(a, sample, words[1:])
}

// parseSample reads LABEL[:TYPE] of time. Of a label that is new, the samples
// make a histogram of seconds.
func parseSample(text, prefix string) (c change.Change, err error) {
	label, err := cutType(&c, text)
	if err == nil {
		c.Label, err = escape.Unescape(label)
	}
	if err == nil {
		err = format.CheckLabel(c.Label)
	}
	if err == nil {
		err = checkLabel(prefix, c.Label+lastSuccess)
	}
	if err == nil && c.Type != 0 && !c.Type.TakesSamples() {
		err = fmt.Errorf("%s takes no samples; types of time: histogram, timer[N], moving[N], average", c.TypeName)
	}
	c.NewType, c.NewUnit = format.Histogram, "seconds"
	return c, err
}

// timeCommand runs a command, and then adds its duration by the change sample. It
// ends as the command does: stats that cannot be written are said, and change
// nothing of that.
func (s *session) timeCommand(a *cli.App, sample change.Change, command []string) int {
	status, took, err := execute(command)
	if err != nil {
		a.Error(err)
	}
	if err := s.apply(outcome(sample, status, took, err == nil)); err != nil {
		a.Error(err)
	}
	return status
}

// outcome returns the batch that says how a command ended.
func outcome(sample change.Change, status int, took time.Duration, ran bool) []change.Change {
	label := sample.Label
	ok, failed := counted(format.UintValue(1)), counted(format.UintValue(0))
	if status != 0 {
		ok, failed = failed, ok
	}
	ok.Label, failed.Label = label+".ok", label+".failed"
	batch := []change.Change{
		ok, failed, {Label: label + ".last_exit", Op: change.Set, Text: strconv.Itoa(status)},
		{Label: label + lastSuccess, Op: change.Declare, NewType: format.Int64, NewUnit: "unixtime"},
	}
	if status == 0 {
		last := &batch[len(batch)-1]
		last.Op, last.Value = change.Set, format.IntValue(time.Now().Unix())
	}
	if ran {
		sample.Op, sample.Value = change.Add, format.FloatValue(took.Seconds())
		batch = append(batch, sample)
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
