// Package clitest holds what the tests of the commands share.
package clitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// quickRace is the environment variable of the race detector's options. Without
// one of them, each command that is built with it sleeps for a second at its
// exit.
const quickRace = "GORACE"

// Main runs the tests of a package; TestMain calls it. If the test binary is
// started by the name of one of commands, it runs that command instead.
func Main(m *testing.M, commands map[string]func()) {
	os.Setenv(quickRace, "atexit_sleep_ms=0")
	if commands[filepath.Base(os.Args[0])] == nil {
		restoreSignals()
	}
	testscript.Main(m, commands)
}

// restoreSignals lets what this process starts be ended by the signals that
// this process was told to ignore, by nohup or as a background job: a process
// inherits what is ignored, and not what is caught.
func restoreSignals() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// Scripts runs the scripts of testscript in testdata. $FIXTURES is the directory
// of the files that the Python original wrote. Scripts have these commands, and
// those in cmds:
//
//	status N COMMAND ARGS...  COMMAND exits with status N
//	tty COMMAND ARGS...       run COMMAND on a terminal
//	jsonlines FILE            every line of FILE is a JSON object
//	[!] control FILE          FILE holds a control character other than newline
//
// and these conditions:
//
//	[root]   the test runs as root, who may read and write all files
//	[tmpfs]  a tmpfs can be mounted, in a name space of its own: unshare -rm
//
// env holds further environment variables of the scripts, as KEY=VALUE.
func Scripts(t *testing.T, cmds map[string]func(ts *testscript.TestScript, neg bool, args []string), env ...string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"status": status, "tty": tty, "jsonlines": jsonLines, "control": control,
	}
	for name, cmd := range cmds {
		all[name] = cmd
	}
	fixtures := filepath.Join(root(t), "lib/format/testdata/python-0.8")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds:                all,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, env...)
			e.Setenv("FIXTURES", fixtures)
			e.Setenv(quickRace, os.Getenv(quickRace))
			return nil
		},
		Condition: condition,
	})
}

func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "tmpfs":
		return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", os.TempDir()).Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// root returns the directory of the module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this test")
		}
		dir = filepath.Dir(dir)
	}
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS...")
	}
	if got := exitStatus(ts, args[1], args[2:]...); strconv.Itoa(got) != args[0] {
		ts.Fatalf("%q ended with status %d, want %s", args[1:], got, args[0])
	}
}

func exitStatus(ts *testscript.TestScript, name string, args ...string) int {
	err := ts.Exec(name, args...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		ts.Fatalf("%v", err)
	}
	return exit.ExitCode()
}

// spawn is a Python program that runs its arguments as a command on a new
// terminal, and copies what the command writes to standard output.
const spawn = `import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))`

func tty(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: tty COMMAND ARGS...")
	}
	if got := exitStatus(ts, "python3", append([]string{"-c", spawn}, args...)...); neg == (got == 0) {
		ts.Fatalf("%q on a terminal ended with status %d", args, got)
	}
}

func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: jsonlines FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !strings.HasSuffix(line, "\n") {
			ts.Fatalf("%q: %v", line, err)
		}
	}
}

func control(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] control FILE")
	}
	found := Control(ts.ReadFile(args[0]))
	if neg && found != "" {
		ts.Fatalf("%s holds %s", args[0], found)
	}
	if !neg && found == "" {
		ts.Fatalf("%s holds no control character", args[0])
	}
}

// Control returns, quoted, the first part of s that may control a terminal: a
// control character other than newline and the tab of TSV, or a byte that is
// not UTF-8. It returns "" if there is none.
func Control(s string) string {
	if !utf8.ValidString(s) {
		return "what is not UTF-8"
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return strconv.QuoteRune(r)
		}
	}
	return ""
}

// Layout returns, quoted, the first character of s that changes the direction of
// text, or that ends a line as U+2028 does. It returns "" if there is none.
func Layout(s string) string {
	for _, r := range s {
		if unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return strconv.QuoteRune(r)
		}
	}
	return ""
}

// Command returns the command called name, for which the test binary stands in;
// see [Main].
func Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Args[0] = name
	return cmd
}
