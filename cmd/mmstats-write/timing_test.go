package main

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mmstats/lib/cli/clitest"
)

// TestTimeSignals sends signals to mmstats-write: its command gets them, and
// decides what becomes of it.
func TestTimeSignals(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	const script = `for s in HUP INT QUIT TERM USR1 USR2 ALRM WINCH; do trap "echo $s; exit 9" $s; done
echo ready; while :; do sleep 0.01; done`
	signals := map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "TERM": syscall.SIGTERM,
		"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "ALRM": syscall.SIGALRM, "WINCH": syscall.SIGWINCH,
	}
	for word, signal := range signals {
		cmd := clitest.Command("mmstats-write", "-f", name, "time", "job", "--", "sh", "-c", script)
		// Without a terminal, nobody but us sends any.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		stdout, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		out := bufio.NewReader(stdout)
		if line, err := out.ReadString('\n'); line != "ready\n" {
			t.Fatalf("the command wrote %q, %v", line, err)
		}
		cmd.Process.Signal(signal)
		rest, _ := io.ReadAll(out)
		cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); string(rest) != word+"\n" || got != 9 {
			t.Errorf("after SIG%s the command wrote %q, status %d, want %s and 9", word, rest, got, word)
		}
	}
	if got, want := values(t, name)["job.failed"], fmt.Sprint(len(signals)); got != want {
		t.Errorf("job.failed = %s, want %s", got, want)
	}
	if got := strings.TrimSpace(values(t, name)["job.last_exit"]); got != "9" {
		t.Errorf("job.last_exit = %s, want 9", got)
	}
}
