package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// A tmux is a terminal with a shell in it.
type tmux struct {
	t      *testing.T
	socket string
	modes  int // that were asked for
}

// startTmux starts a shell in a terminal of its own, in which dir is where
// stats are.
func startTmux(t *testing.T, dir string, width, height int, env ...string) *tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("this test needs tmux; scripts/test installs it")
	}
	sockets, err := os.MkdirTemp("", "tmux") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	x := &tmux{t: t, socket: sockets + "/s"}
	t.Cleanup(func() {
		exec.Command("tmux", "-S", x.socket, "kill-server").Run()
		os.RemoveAll(sockets)
	})
	shell := append([]string{"env", "-u", "ENV", "PS1=$ ", "TZ=UTC", "LC_ALL=C.UTF-8", "MMSTATS_PATH=" + dir,
		"PATH=" + os.Getenv("PATH")}, env...)
	args := []string{"-S", x.socket, "-f", "/dev/null", "-u", "new-session", "-d",
		"-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	if out, err := exec.Command("tmux", append(args, append(shell, "sh", "-i")...)...).CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	x.until("a prompt", func(screen string) bool { return strings.HasPrefix(screen, "$") })
	return x
}

func (x *tmux) do(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %s: %v: %s", args, err, out)
	}
	return string(out)
}

// keys types keys by their names in tmux; text types a line.
func (x *tmux) keys(names ...string) { x.t.Helper(); x.do(append([]string{"send-keys"}, names...)...) }
func (x *tmux) text(line string)     { x.t.Helper(); x.do("send-keys", "-l", line); x.keys("Enter") }

func (x *tmux) resize(width, height int) {
	x.t.Helper()
	x.do("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
}

func (x *tmux) screen() string { x.t.Helper(); return x.do("capture-pane", "-p") }

// until waits for a screen, and returns it.
func (x *tmux) until(what string, wanted func(screen string) bool) string {
	x.t.Helper()
	screen := ""
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if screen = x.screen(); wanted(screen) {
			return screen
		}
	}
	x.t.Fatalf("the screen never had %s:\n%s", what, screen)
	return ""
}

// shows waits for a screen that a pattern matches.
func (x *tmux) shows(pattern string) string {
	x.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	return x.until(pattern, re.MatchString)
}

// mode tells how the terminal is: what programs set, and what stty says.
func (x *tmux) mode() string {
	x.t.Helper()
	flags := x.do("display-message", "-p", "cursor #{cursor_flag} alternate #{alternate_on} wrap #{wrap_flag} keypad #{keypad_flag}")
	x.modes++
	end := fmt.Sprintf("end of stty %d", x.modes)
	x.text("clear; stty -a; echo " + end)
	screen := x.shows("^" + end + "$")
	// What was typed ahead may stand anywhere else.
	_, screen, _ = strings.Cut(screen, "speed")
	screen, _, _ = strings.Cut(screen, "\n"+end+"\n")
	return flags + screen
}

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

// pidOf returns the process that the shell runs.
func (x *tmux) pidOf(t *testing.T, name string) int {
	t.Helper()
	shell := strings.TrimSpace(x.do("display-message", "-p", "#{pane_pid}"))
	out, err := exec.Command("pgrep", "-P", shell, "-x", name).Output()
	pid, numberErr := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || numberErr != nil {
		t.Fatalf("pgrep %s: %v: %q", name, err, out)
	}
	return pid
}

func TestTerminalIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"jobs=5"}); err != nil {
		t.Fatal(err)
	}
	x := startTmux(t, dir, 80, 24)
	before := x.mode()
	const command = "pollstats -w -d 0.1"
	kill := func(s syscall.Signal) func() {
		return func() { syscall.Kill(x.pidOf(t, "pollstats"), s) }
	}
	stopAndGoOn := func(stop func()) func() {
		return func() {
			stop()
			x.shows(`^\[1\].*Stopped`)
			if now := x.mode(); now != before {
				t.Errorf("while it is stopped, the terminal is\n%s\nwant\n%s", now, before)
			}
			x.text("fg; echo status $?")
			x.shows(`^jobs  `)
			x.keys("q")
		}
	}
	for _, test := range []struct {
		name, command, want string
		end                 func()
	}{
		{"q", command, "status 0", func() { x.keys("q") }},
		{"Ctrl-C", command, "status 0", func() { x.keys("C-c") }},
		{"Ctrl-Z and fg", command, "status 0", stopAndGoOn(func() { x.keys("C-z") })},
		{"kill -TSTP and fg", command, "status 0", stopAndGoOn(kill(syscall.SIGTSTP))},
		{"kill -TERM", command, "status 143", kill(syscall.SIGTERM)},
		{"kill -HUP", command, "status 129", kill(syscall.SIGHUP)},
		{"kill -INT", command, "status 0", kill(syscall.SIGINT)},
		{"the end of -c", command + " -c 3", "status 0", func() {}},
		{"a panic", "panicker", "panic: on purpose", func() {}},
	} {
		x.text("clear; echo mark; " + test.command + "; echo status $?")
		x.shows(`^jobs  |^status`)
		test.end()
		screen := x.shows("^status [0-9]+$")
		if !strings.Contains(screen, test.want) || !strings.HasPrefix(screen, "mark\n") && !strings.Contains(test.name, "fg") {
			t.Errorf("after %s, the screen is\n%s\nwant what was there, and %q", test.name, screen, test.want)
		}
		if after := x.mode(); after != before {
			t.Errorf("after %s, the terminal is\n%s\nwant\n%s", test.name, after, before)
		}
	}
}

// publishMany makes files of stats for the full screen.
func publishMany(t *testing.T, dir string) {
	t.Helper()
	stats := []string{"web.status.2XX=5", "web.status.5XX=7", "load:float=1.5", "name:string=api", "up:bool=true"}
	if _, err := publish(dir+"/a.mmstats", stats); err != nil {
		t.Fatal(err)
	}
	stats = nil
	for i := range 50 {
		stats = append(stats, fmt.Sprintf("many.%02d:int=%d", i, i))
	}
	if _, err := publish(dir+"/b.mmstats", stats); err != nil {
		t.Fatal(err)
	}
}

func TestFullScreen(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		width, height := size[0], size[1]
		t.Run(fmt.Sprintf("%dx%d", width, height), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			publishMany(t, dir)
			x := startTmux(t, dir, width, height)
			x.text("pollstats -w -d 0.1")
			lines := height - 3
			screen := x.shows(fmt.Sprintf(`1-%d of 55$`, lines))
			checkScreen(t, screen, width, height)
			x.shows(`^load  .* 1\.500 .*▁▁▁`)
			x.shows(`^many\.00 `)

			x.keys("NPage")
			x.shows(fmt.Sprintf(`\b%d-`, min(lines, 56-lines)))
			x.keys("End")
			checkScreen(t, x.shows(`-55 of 55$`), width, height)
			x.shows(`^web.status.5XX `)
			x.keys("k", "Up")
			x.shows(`-53 of 55$`)
			x.keys("j", "Down")
			x.shows(`-55 of 55$`)
			x.keys("G", "End", "k", "Up") // at once
			x.shows(`-53 of 55$`)
			x.keys("PPage", "PPage", "PPage", "PPage")
			x.shows(`\b1-`)
			x.keys("G")
			x.shows(`-55 of 55$`)
			x.keys("Home")
			x.shows(`\b1-`)

			x.keys("s")
			x.shows(`VALUE↓`)
			x.until("the largest value first", func(s string) bool { return strings.HasPrefix(line(s, 2), "many.49 ") })
			x.keys("r")
			x.shows(`VALUE↑`)
			x.until("the smallest value first", func(s string) bool { return strings.HasPrefix(line(s, 2), "many.00 ") })
			x.keys("s", "s", "s", "s", "s")
			x.shows(`^STAT↑`)

			x.keys("/", "S", "t", "a", "t", "u", "s", ".")
			x.shows(`^/Status\.`)
			x.until("two stats", func(s string) bool {
				return strings.HasPrefix(line(s, 2), "web.status.2XX ") && strings.HasPrefix(line(s, 3), "web.status.5XX ") && line(s, 4) == ""
			})
			x.keys("Enter")
			x.shows(`^filter: Status\..* 1-2 of 2$`)
			x.keys("/", "C-u", "*", "X", "Enter")
			x.shows(`^filter: \*X`)
			x.keys("/", "n", "o", "n", "e", "Enter")
			x.shows(`^no stat matches \*Xnone; Esc shows all$`)
			x.keys("Escape")
			x.shows(` of 55$`)

			x.keys("?")
			screen = x.shows(`^Any key goes back\.$`)
			if got := strings.TrimRight(screen, "\n"); got != helpText {
				t.Errorf("the help is\n%s\nwant\n%s", got, helpText)
			}
			x.keys("x")
			x.shows(` of 55$`)

			// It fits whatever the terminal becomes.
			x.resize(60, 12)
			checkScreen(t, x.shows(` 1-9 of 55$`), 60, 12)
			x.resize(20, 5)
			x.shows(`^load`)
			x.resize(200-width, 64-height)
			checkScreen(t, x.shows(fmt.Sprintf(` 1-%d of 55$`, 61-height)), 200-width, 64-height)
			x.keys("q")
			x.shows(`^\$ pollstats -w -d 0.1\n\$$`)
		})
	}
}

func line(screen string, i int) string { return strings.Split(screen, "\n")[i] }

// checkScreen checks what holds for any full screen.
func checkScreen(t *testing.T, screen string, width, height int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
	first, last := lines[0], lines[len(lines)-1]
	if len(lines) != height || utf8.RuneCountInString(first) != width || utf8.RuneCountInString(last) != width {
		t.Errorf("on %dx%d, the screen has %d lines, of %d and %d characters:\n%s", width, height,
			len(lines), utf8.RuneCountInString(first), utf8.RuneCountInString(last), screen)
	}
	if !strings.HasPrefix(first, "pollstats  2 files  55 stats  every 100ms") || !regexp.MustCompile(` \d\d:\d\d:\d\d$`).MatchString(first) {
		t.Errorf("the first line is %q", first)
	}
	if !strings.HasPrefix(lines[1], "STAT") || !strings.Contains(lines[1], "RATE/s") || strings.Contains(lines[1], "TREND") != (width >= 64) {
		t.Errorf("the titles are %q", lines[1])
	}
}

func TestFullScreenFollowsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := startTmux(t, dir, 80, 24, "LC_ALL=C", "NO_COLOR=1")
	x.text("pollstats -w -d 0.05 -p web. 'j*' runs")
	x.shows(`^no stats yet; q quits$`)
	writer := startWriter(t, "-rate", "1000", dir+"/a.mmstats", "web.jobs", "web.runs", "web.other", "jobs")
	x.shows(`^STAT\^ .*TREND`)
	x.shows(`^jobs  .* #+`)
	screen := x.shows(`^runs  .* 1-2 of 2|1-2 of 2$`)
	if strings.Contains(screen, "other") {
		t.Errorf("the screen has what no glob matches:\n%s", screen)
	}
	writer.Kill()
	x.shows(`^jobs +\d+ +0 `)
	os.Remove(dir + "/a.mmstats")
	x.shows(`^jobs +- +- `)
	x.shows(`^no stats yet; q quits$`)
	os.WriteFile(dir+"/b.mmstats", []byte("text"), 0o644)
	x.shows(`1 unreadable: ~.*byte 0x74`)
	x.keys("q")
	x.shows(`^\$$`)
}

func TestFullScreenNeedsTerminal(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("pollstats", "-w").CombinedOutput()
	want := "pollstats: -w needs a terminal that can show a full screen\nTry 'pollstats --help'.\n"
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || string(out) != want {
		t.Errorf("pollstats -w in a pipe: %v, %q, want status 2, %q", err, out, want)
	}
}

func TestRowsOnTerminal(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		dir := t.TempDir()
		stats := []string{"web.status.2XX=123456", "web.status.3XX", "load:float=0.25", "a.label.that.is.longer.than.any.column.may.be=1"}
		if _, err := publish(dir+"/a.mmstats", stats); err != nil {
			t.Fatal(err)
		}
		x := startTmux(t, dir, size[0], size[1])
		x.text("clear; pollstats -n 4 -d 0.05 -p web.status 2XX:value,3XX")
		x.shows(`^time     2XX:value   3XX/s\n(\d\d:\d\d:\d\d    123.5k       0\n){4}time     2XX:value   3XX/s\n`)
		x.keys("C-c")
		x.shows(`^\^C\n\$$`)
		x.text("echo status $?")
		x.shows(`^status 0$`)

		// The titles come again when the size changes, and fit.
		x.text("clear; pollstats -n 0 -d 0.2 web.status.2XX:value,load,a.label.that.is.longer.than.any.column.may.be:value,web.status.3XX")
		x.shows(`^time     web.status.2XX:value    load …any.column.may.be:value web.status.3XX/s\n`)
		x.resize(50, size[1])
		x.shows(`^time     …2XX:value    load ….be:value …tus.3XX/s\n\d\d:\d\d:\d\d     123.5k  0.2500          1          0\n`)
		x.resize(30, size[1])
		x.shows(`^pollstats: no room for a.label`)
		x.shows(`^time     …2XX:value    load\n`)
		x.keys("C-c")
		x.shows(`^\^C\n\$$`)
		x.text("clear; echo status $?")
		x.shows(`^status 0$`)
	}
}
