package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/mapping"
	"mmstats/lib/programtest"
	"mmstats/lib/reader"
)

// A process is a mmstats-write that streams.
type process struct{ *programtest.Program }

func startStream(t *testing.T, name string, options ...string) process {
	t.Helper()
	return process{programtest.Start(t, clitest.Command("mmstats-write", append([]string{"-f", name, "stream"}, options...)...))}
}

// ask writes text and a line, and returns the next line of the answer.
func (p process) ask(t *testing.T, text string) string {
	t.Helper()
	if _, err := io.WriteString(p.In, text+"\n"); err != nil {
		t.Fatalf("writing %q: %v", text, err)
	}
	return p.Line()
}

// status waits for the end, and returns the exit status.
func (p process) status() int {
	p.Wait()
	return p.ProcessState.ExitCode()
}

// TestStreamAnswers sends one line at a time and waits for its answer, after
// which readers must see it.
func TestStreamAnswers(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	p := startStream(t, name, "--ack")
	for i := range 100 {
		if got := p.ask(t, "hits+=1 text="+strconv.Itoa(i)); got != "ok" {
			t.Fatalf("line %d: %q, want ok", i, got)
		}
		if got := values(t, name); got["hits"] != strconv.Itoa(i+1) || got["text"] != strconv.Itoa(i) {
			t.Fatalf("after line %d: hits = %s, text = %s", i, got["hits"], got["text"])
		}
	}
	if got, want := p.ask(t, "hits=x"), `error `+name+`: hits: "x" is not a value of type counter`; got != want {
		t.Errorf("hits=x: %q, want %q", got, want)
	}
	p.In.Close()
	if got := p.status(); got != 1 {
		t.Errorf("status %d, want 1", got)
	}
}

// TestStreamHoldsNothing looks whether others get the lock of a file while its
// stream waits for the rest of a line, or for the reader of its answers; and
// whether a signal ends it then.
func TestStreamHoldsNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	free := func() bool {
		f, err := mapping.Open(name, os.O_RDONLY, 0)
		if err != nil {
			return false
		}
		defer f.Close()
		return f.TryLock() == nil
	}
	t.Run("half a line", func(t *testing.T) {
		p := startStream(t, name)
		io.WriteString(p.In, "text=\ntext=a\ntext=")
		programtest.WaitFor(t, "text=a", func() bool { _, err := os.Stat(name); return err == nil && values(t, name)["text"] == "a" })
		programtest.WaitFor(t, "the lock", free)
		if got := p.ask(t, "b\n?"); got != "ok" || values(t, name)["text"] != "b" {
			t.Errorf("?: %q, text = %s, want ok and b", got, values(t, name)["text"])
		}
	})
	t.Run("unread answers", func(t *testing.T) {
		p := startStream(t, name, "--ack")
		filled := make(chan struct{})
		go func() {
			defer close(filled)
			lines := strings.Repeat("text=c\n", 1000)
			for {
				if _, err := io.WriteString(p.In, lines); err != nil {
					return
				}
			}
		}()
		// It stands still when the pipe is full.
		programtest.WaitFor(t, "the end of reading", func() bool {
			before := written(t, p.Process.Pid)
			time.Sleep(50 * time.Millisecond)
			return before > 0 && written(t, p.Process.Pid) == before
		})
		programtest.WaitFor(t, "the lock", free)
		p.Process.Signal(syscall.SIGTERM)
		if got := p.status(); got != 0 {
			t.Errorf("status after SIGTERM %d, want 0", got)
		}
		<-filled
	})
}

// written returns how many bytes a process has written to files and pipes.
func written(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		t.Skipf("no counts of a process's output here: %v", err)
	}
	var n int
	_, after, _ := strings.Cut(string(text), "wchar: ")
	fmt.Sscan(after, &n)
	return n
}

func TestStreamSignals(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		p := startStream(t, name, "--ack")
		p.ask(t, "hits+=1")
		p.Process.Signal(signal)
		if got := p.status(); got != 0 {
			t.Errorf("status after %v %d, want 0", signal, got)
		}
		if _, err := os.Stat(name); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
		p = startStream(t, name, "--ack", "--until-eof")
		p.ask(t, "hits+=1")
		p.Process.Signal(signal)
		if got := p.ask(t, "hits+=1"); got != "ok" {
			t.Errorf("after %v --until-eof answers %q, want ok", signal, got)
		}
		p.In.Close()
		if got := p.status(); got != 0 {
			t.Errorf("status %d, want 0", got)
		}
		p = startStream(t, name, "--ack", "--rm-on-exit")
		p.ask(t, "hits+=1")
		p.Process.Signal(signal)
		if got := p.status(); got != 0 {
			t.Errorf("status after %v %d, want 0", signal, got)
		}
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %v and --rm-on-exit: %v, want no file", signal, err)
		}
	}
}

// TestStreamReplaced takes the file away while a stream writes to it: without
// pause and with pauses, the stream goes on in a new one.
func TestStreamReplaced(t *testing.T) {
	for what, takeAway := range map[string]func(name string) error{
		"removed":  os.Remove,
		"replaced": replace,
	} {
		t.Run(what, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "x.mmstats")
			p := startStream(t, name, "--ack")
			p.ask(t, "hits+=1")
			if err := takeAway(name); err != nil {
				t.Fatal(err)
			}
			programtest.WaitFor(t, "another file", func() bool {
				if got := p.ask(t, "hits+=1"); got != "ok" {
					t.Fatalf("hits+=1 = %q, want ok", got)
				}
				return count(name) > 0
			})
			// A text, which needs the lock, finds out at once.
			if err := takeAway(name); err != nil {
				t.Fatal(err)
			}
			if got := p.ask(t, "text=a"); got != "ok" || values(t, name)["text"] != "a" {
				t.Errorf("text=a = %q, then %s in the file, want ok and a", got, values(t, name)["text"])
			}
		})
		t.Run(what+" in a flood", func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "x.mmstats")
			p := startStream(t, name)
			p.ask(t, "hits+=1\n?")
			flooded := make(chan struct{})
			go func() {
				defer close(flooded)
				lines := strings.Repeat("hits+=1\n", 10_000)
				for {
					if _, err := io.WriteString(p.In, lines); err != nil {
						return
					}
				}
			}()
			if err := takeAway(name); err != nil {
				t.Fatal(err)
			}
			programtest.WaitFor(t, "another file", func() bool { return count(name) > 0 })
			p.Process.Kill()
			<-flooded
		})
	}
	t.Run("truncated", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "x.mmstats")
		p := startStream(t, name, "--ack")
		p.ask(t, "hits+=1")
		if err := os.Truncate(name, 0); err != nil {
			t.Fatal(err)
		}
		// No fault ends it; when it has seen what happened, it says so.
		programtest.WaitFor(t, "an error", func() bool { return p.ask(t, "hits+=1") == "error "+name+": empty file" })
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if got := p.ask(t, "hits+=1"); got != "ok" || count(name) != 1 {
			t.Errorf("hits+=1 = %q, then %d in the file, want ok and 1", got, count(name))
		}
	})
}

// TestStreamLeavesAProgramThatStartsAgainAlone lets a Python program start again
// in the file of a stream, as those do that keep their file: the stream went on
// where its stats had been, and altered labels of the program.
func TestStreamLeavesAProgramThatStartsAgainAlone(t *testing.T) {
	const fixtures = "../../lib/format/testdata/python-0.8/"
	python := func(fixture string, pid int) []byte {
		data, err := pythonFile(fixtures+fixture, pid)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	write := func(name string, data []byte) { // in place, by O_TRUNC
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for _, begin := range []struct {
		what string
		make func(name string)
	}{
		{"a file of the shell", func(string) {}},
		{"the file that the program left", func(name string) {
			write(name, python("restarted-1.mmstats", ended.Process.Pid))
		}},
	} {
		name := filepath.Join(t.TempDir(), "x.mmstats")
		begin.make(name)
		p := startStream(t, name, "--ack")
		// The stats of the stream are all over the file.
		line := "jobs+=1 more:int=1 mean:average+=1 last:timer+=1 flag=true note=text"
		if got := p.ask(t, line); got != "ok" {
			t.Fatalf("%s: %s = %q, want ok", begin.what, line, got)
		}
		running := python("restarted-2.mmstats", os.Getpid())
		write(name, running)
		for _, line := range append(strings.Fields(line), line) {
			if got, want := p.ask(t, line), "error "+name+": in use by a running process"; got != want {
				t.Errorf("%s: %s = %q, want %q", begin.what, line, got, want)
			}
		}
		if data, err := os.ReadFile(name); err != nil || string(data) != string(running) {
			t.Errorf("%s: the file of the program that runs was altered, %v", begin.what, err)
		}
		// When that has ended, too, the stream goes on where the stat is now.
		write(name, python("restarted-2.mmstats", ended.Process.Pid))
		if got := p.ask(t, "jobs+=1"); got != "ok" || values(t, name)["jobs"] != "4" {
			t.Errorf("%s: jobs+=1 = %q, then %s in the file, want ok and 4", begin.what, got, values(t, name)["jobs"])
		}
		p.In.Close()
		p.status()
	}
}

// replace puts another stat file in the place of one.
func replace(name string) error {
	other := name + ".other"
	if out, err := clitest.Command("mmstats-write", "-f", other, "create", "hits:counter").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return os.Rename(other, name)
}

// count returns hits, or 0 where there is no such file or stat.
func count(name string) int {
	stats, _ := reader.ReadFile(name)
	for _, st := range stats {
		if string(st.Label) == "hits" {
			return int(st.Value.Uint())
		}
	}
	return 0
}

// TestStreamKilled kills streams at random points of their lines, which update
// all types and make new stats. The file must be readable each time, hold no
// lock, and the next writer goes on.
func TestStreamKilled(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 30
	}
	name, last := "", 0
	for i := range kills {
		if i%10 == 0 { // the test reads it again and again
			name, last = filepath.Join(t.TempDir(), "x.mmstats"), 0
		}
		p := startStream(t, name)
		written := make(chan struct{})
		go func() {
			defer close(written)
			for n := 0; ; n++ {
				line := fmt.Sprintf("hits+=1 level:int8=%d text=%s mean:average+=2 last:timer+=2 up=%v new.%d.%d+=1\n",
					n%100, strings.Repeat(strconv.Itoa(n%10), n%50), n%2 == 0, i, n%20)
				if _, err := io.WriteString(p.In, line); err != nil {
					return
				}
			}
		}()
		aim := last + 1 + rand.IntN(100)
		programtest.WaitFor(t, "the next line", func() bool { return count(name) >= aim })
		p.Process.Kill()
		p.Wait()
		<-written

		got := values(t, name)
		hits, _ := strconv.Atoi(got["hits"])
		if hits < aim || got["mean"] != "2" || got["last"] != "2" || strings.Trim(got["text"], got["text"][:min(1, len(got["text"]))]) != "" {
			t.Fatalf("after kill %d: hits = %d, mean = %s, last = %s, text = %q", i, hits, got["mean"], got["last"], got["text"])
		}
		cmd := clitest.Command("mmstats-write", "-f", name, "hits+=1", "text=next", "mean+=2", fmt.Sprintf("next.%d=1", i))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("the next writer after kill %d = %q, %v", i, out, err)
		}
		last = hits + 1
		if got := values(t, name); got["hits"] != strconv.Itoa(last) || got["text"] != "next" || got[fmt.Sprintf("next.%d", i)] != "1" {
			t.Fatalf("after the next writer: hits = %s, text = %q, want %d, next", got["hits"], got["text"], last)
		}
	}
}
