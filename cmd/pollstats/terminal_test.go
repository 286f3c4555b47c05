package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
)

// shell is the one that commands are typed into.
var shell = []string{"sh", "-i"}

func panickerMain() {
	t, err := openTerminal(os.Stdout)
	if err != nil {
		panic(err)
	}
	defer t.leave()
	if err := t.enter(); err != nil {
		panic(err)
	}
	panic("on purpose")
}

// A screenTest is a terminal, and what is done to a full screen in it.
type screenTest struct {
	*clitest.Tmux
	t *testing.T
}

func startScreen(t *testing.T, dir string, width, height int, env ...string) screenTest {
	t.Helper()
	return screenTest{clitest.StartTmux(t, dir, width, height, shell, env...), t}
}

// selects waits until the row with the cursor starts with a text.
func (x screenTest) selects(text string) {
	x.t.Helper()
	row := regexp.MustCompile(`(?m)^(\x1b\[[0-9;]*m)*\x1b\[([0-9;]*;)?7m(\x1b\[[0-9;]*m)* *` + regexp.QuoteMeta(text) + `(\x1b\[[0-9;]*m)* `)
	screen := ""
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if screen = x.Do("capture-pane", "-p", "-e"); row.MatchString(screen) {
			return
		}
	}
	x.t.Fatalf("the cursor never was on %s:\n%s", text, screen)
}

// first waits until the first row starts with a text.
func (x screenTest) first(text string) {
	x.t.Helper()
	x.Until("in the first row "+text, func(s string) bool { return strings.HasPrefix(line(s, 2), "  "+text+" ") })
}

// mouse sends what a terminal does for a button of the mouse.
func (x screenTest) mouse(button, column, line int) {
	x.t.Helper()
	keys := []string{"send-keys", "-H"}
	for _, c := range []byte(fmt.Sprintf("\x1b[<%d;%d;%dM", button, column+1, line+1)) {
		keys = append(keys, strconv.FormatInt(int64(c), 16))
	}
	x.Do(keys...)
}

func (x screenTest) click(column, line int) { x.t.Helper(); x.mouse(0, column, line) }
func (x screenTest) wheelUp()               { x.t.Helper(); x.mouse(64, 0, 5) }
func (x screenTest) wheelDown()             { x.t.Helper(); x.mouse(65, 0, 5) }

func TestTerminalIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"jobs=5"}); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, dir, 80, 24)
	before := x.Mode()
	const command = "pollstats -w -d 0.1"
	kill := func(s syscall.Signal) func() {
		return func() { syscall.Kill(x.PID("pollstats"), s) }
	}
	stopAndGoOn := func(stop func()) func() {
		return func() {
			stop()
			x.Shows(`^\[1\].*Stopped`)
			if now := x.Mode(); now != before {
				t.Errorf("while it is stopped, the terminal is\n%s\nwant\n%s", now, before)
			}
			x.Text("fg; echo status $?")
			x.Shows(`^  jobs  `)
			x.Keys("q")
		}
	}
	for _, test := range []struct {
		name, command, want string
		end                 func()
	}{
		{"q", command, "status 0", func() { x.Keys("q") }},
		{"Ctrl-C", command, "status 0", func() { x.Keys("C-c") }},
		{"Ctrl-Z and fg", command, "status 0", stopAndGoOn(func() { x.Keys("C-z") })},
		{"kill -TSTP and fg", command, "status 0", stopAndGoOn(kill(syscall.SIGTSTP))},
		{"kill -TERM", command, "status 143", kill(syscall.SIGTERM)},
		{"kill -HUP", command, "status 129", kill(syscall.SIGHUP)},
		{"kill -QUIT", command, "status 131", kill(syscall.SIGQUIT)},
		{"kill -INT", command, "status 0", kill(syscall.SIGINT)},
		{"the end of -c", command + " -c 3", "\n  jobs  ", func() {}},
		{"a panic", "panicker", "panic: on purpose", func() {}},
	} {
		x.Text("clear; echo mark; " + test.command + "; echo status $?")
		x.Shows(`^  jobs  |^status`)
		if now := x.Do("display-message", "-p", "#{alternate_on} #{mouse_any_flag}"); test.name == "q" && now != "1 1\n" {
			t.Errorf("the full screen has alternate screen and mouse %q", now)
		}
		test.end()
		screen := x.Shows("^status [0-9]+$")
		if !strings.Contains(screen, test.want) || !strings.HasPrefix(screen, "mark\n") && !strings.Contains(test.name, "fg") {
			t.Errorf("after %s, the screen is\n%s\nwant what was there, and %q", test.name, screen, test.want)
		}
		if after := x.Mode(); after != before {
			t.Errorf("after %s, the terminal is\n%s\nwant\n%s", test.name, after, before)
		}
	}
}

// Where the shell that has started it is killed, another one has the terminal: the
// screen is not drawn over that.
func TestScreenEndsWithItsShell(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"jobs=5"}); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, dir, 80, 24)
	before := x.Mode()
	pids := filepath.Join(t.TempDir(), "pids")
	x.Text("clear; echo mark; sh -c 'echo $$ >" + pids + "; pollstats -w -d 0.1; :'")
	x.Shows(`^  jobs  `)
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	parent := strings.TrimSpace(string(text))
	child, err := exec.Command("pgrep", "-P", parent).Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(child)))
	if err := exec.Command("kill", "-KILL", parent).Run(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(deadline); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("pollstats goes on")
		}
	}
	if screen := x.Shows("^mark$"); strings.Contains(screen, "jobs  ") {
		t.Errorf("the screen is\n%s\nwant what was there", screen)
	}
	if after := x.Mode(); after != before {
		t.Errorf("the terminal is\n%s\nwant\n%s", after, before)
	}
}
