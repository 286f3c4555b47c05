package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestReason(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{&fs.PathError{Op: "open", Path: "f", Err: syscall.ENOENT}, "f: no such file or directory"},
		{fmt.Errorf("opening: %w", &fs.PathError{Op: "open", Path: "f", Err: syscall.EACCES}), "f: permission denied"},
	} {
		if got := Reason(test.err); got != test.want {
			t.Errorf("Reason(%v) = %q, want %q", test.err, got, test.want)
		}
	}
}

// Whatever is said takes one line, and drives no terminal.
func TestMessages(t *testing.T) {
	var stderr strings.Builder
	a := App{Name: "cmd", Stderr: &stderr}
	if a.Status() != OK {
		t.Errorf("Status() = %d before an error, want %d", a.Status(), OK)
	}
	a.Errorf("%s: %q", "a\x1b[2J\nb", "\x1b")
	a.Error(&fs.PathError{Op: "open", Path: "c\u202e", Err: syscall.ENOENT})
	if a.Status() != Failed {
		t.Errorf("Status() = %d after an error, want %d", a.Status(), Failed)
	}
	if status := a.Misuse("no %s", "good"); status != Misused {
		t.Errorf("Misuse = %d, want %d", status, Misused)
	}
	want := "cmd: a\\x1b[2J\\nb: \"\\x1b\"\n" +
		"cmd: c\\xe2\\x80\\xae: no such file or directory\n" +
		"cmd: no good\nTry 'cmd --help'.\n"
	if stderr.String() != want {
		t.Errorf("stderr = %q, want %q", stderr.String(), want)
	}
}

func TestOutputFailed(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		stderr string
	}{
		{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}, OK, ""},
		{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}, Failed, "cmd: standard output: no space left on device\n"},
	} {
		var stderr strings.Builder
		a := App{Name: "cmd", Stderr: &stderr}
		if got := a.OutputFailed(test.err); got != test.status || stderr.String() != test.stderr {
			t.Errorf("OutputFailed(%v) = %d, %q, want %d, %q", test.err, got, stderr.String(), test.status, test.stderr)
		}
	}
}
