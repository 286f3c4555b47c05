package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// deadline is how long a terminal may take to show what it must.
const deadline = time.Minute

// A Tmux is a terminal of tmux(1) in which a shell runs.
type Tmux struct {
	t      *testing.T
	socket string
	modes  int // how often Mode was called
}

// StartTmux starts shell, a command and its arguments, in a terminal of its own.
// Its prompt must start with "$". dir becomes $MMSTATS_PATH, and env holds
// further environment variables, as KEY=VALUE.
func StartTmux(t *testing.T, dir string, width, height int, shell []string, env ...string) *Tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("this test needs tmux; scripts/test installs it")
	}
	sockets, err := os.MkdirTemp("", "tmux") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	x := &Tmux{t: t, socket: sockets + "/s"}
	t.Cleanup(func() {
		exec.Command("tmux", "-S", x.socket, "kill-server").Run()
		os.RemoveAll(sockets)
	})
	command := append([]string{"env", "-u", "ENV", "PS1=$ ", "TZ=UTC", "LC_ALL=C.UTF-8", "MMSTATS_PATH=" + dir,
		"PATH=" + os.Getenv("PATH")}, env...)
	args := []string{"-S", x.socket, "-f", "/dev/null", "-u", "new-session", "-d",
		"-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	if out, err := exec.Command("tmux", append(args, append(command, shell...)...)...).CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	x.Until("a prompt", func(screen string) bool { return strings.HasPrefix(screen, "$") })
	return x
}

// Do runs a command of tmux, and returns what it writes.
func (x *Tmux) Do(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %s: %v: %s", args, err, out)
	}
	return string(out)
}

// Keys types keys by their names in tmux.
func (x *Tmux) Keys(names ...string) { x.t.Helper(); x.Do(append([]string{"send-keys"}, names...)...) }

// Type types text as it is.
func (x *Tmux) Type(text string) { x.t.Helper(); x.Do("send-keys", "-l", text) }

// Text types a line.
func (x *Tmux) Text(line string) { x.t.Helper(); x.Type(line); x.Keys("Enter") }

// Resize changes the size of the terminal.
func (x *Tmux) Resize(width, height int) {
	x.t.Helper()
	x.Do("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
}

// Screen returns what the terminal shows.
func (x *Tmux) Screen() string { x.t.Helper(); return x.Do("capture-pane", "-p") }

// Until waits for a screen, and returns it.
func (x *Tmux) Until(what string, wanted func(screen string) bool) string {
	x.t.Helper()
	screen := ""
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if screen = x.Screen(); wanted(screen) {
			return screen
		}
	}
	x.t.Fatalf("the screen never had %s:\n%s", what, screen)
	return ""
}

// Shows waits for a screen that a pattern matches.
func (x *Tmux) Shows(pattern string) string {
	x.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	return x.Until(pattern, re.MatchString)
}

// Mode tells how the terminal is: what programs set, and what stty says.
func (x *Tmux) Mode() string {
	x.t.Helper()
	flags := x.Do("display-message", "-p", "cursor #{cursor_flag} alternate #{alternate_on} wrap #{wrap_flag} keypad #{keypad_flag} mouse #{mouse_any_flag}")
	x.modes++
	end := fmt.Sprintf("end of stty %d", x.modes)
	x.Text("clear; stty -a; echo " + end)
	screen := x.Shows("^" + end + "$")
	// What was typed ahead may stand anywhere else.
	_, screen, _ = strings.Cut(screen, "speed")
	screen, _, _ = strings.Cut(screen, "\n"+end+"\n")
	return flags + screen
}

// PID returns the id of the process called name that the shell runs.
func (x *Tmux) PID(name string) int {
	t := x.t
	t.Helper()
	shell := strings.TrimSpace(x.Do("display-message", "-p", "#{pane_pid}"))
	out, err := exec.Command("pgrep", "-P", shell, "-x", name).Output()
	pid, numberErr := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || numberErr != nil {
		t.Fatalf("pgrep %s: %v: %q", name, err, out)
	}
	return pid
}
