// Package programtest runs programs beside a test, which say by lines how far
// they are.
package programtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Fatal ends a program after an error.
func Fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// UntilTold waits until the test closes the standard input of a program, or ends.
func UntilTold() { io.Copy(io.Discard, os.Stdin) }

// A Program runs beside a test, which kills it at the end.
type Program struct {
	*exec.Cmd
	In io.WriteCloser

	t   testing.TB
	out *bufio.Reader
}

// Start starts a program.
func Start(t testing.TB, cmd *exec.Cmd) *Program {
	t.Helper()
	p := &Program{Cmd: cmd, t: t}
	p.Stderr = os.Stderr
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.In, p.out = in, bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// StartReady starts a program, and returns when it has written the line "ready".
func StartReady(t testing.TB, name string, args ...string) *Program {
	t.Helper()
	p := Start(t, exec.Command(name, args...))
	if line := p.Line(); line != "ready" {
		t.Fatalf("%s %q wrote %q, want ready", name, args, line)
	}
	return p
}

// Line returns the next line that the program writes.
func (p *Program) Line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("%q ended: %v", p.Args, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// Kill ends the program by SIGKILL.
func (p *Program) Kill() {
	p.Process.Kill()
	p.Wait()
}

// Finish lets the program end, which must go well.
func (p *Program) Finish() {
	p.t.Helper()
	p.In.Close()
	if err := p.Wait(); err != nil {
		p.t.Errorf("%q: %v", p.Args, err)
	}
}

// WaitFor waits until a condition holds.
func WaitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}
