package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
)

// A file that anybody put into the directory does not take all memory.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	const spawn = `import os, pty, sys; os.environ["TERM"] = "xterm"; pty.spawn(sys.argv[1:])`
	bin := t.TempDir() + "/pollstats"
	if err := os.Symlink(os.Args[0], bin); err != nil {
		t.Fatal(err)
	}
	for _, file := range clitest.HostileFiles(t) {
		clitest.CheckMemory(t, clitest.Command("pollstats", "-d", "0.01", "-c", "3", "00000007,00000009", file))
		for _, keys := range []string{"", "\r", "f\r"} { // a stat and the file are opened
			cmd := exec.Command("python3", "-c", spawn, bin, "-w", "-d", "0.01", "-c", "20", file)
			cmd.Stdin = strings.NewReader(keys)
			clitest.CheckMemory(t, cmd)
		}
	}
}

// An hour of polls, with stats that change and files that come and go, takes no more
// memory than ten minutes of them.
func TestScreenMemoryIsFlat(t *testing.T) {
	dir := t.TempDir()
	var writers []*published
	for i := range 10 {
		w, err := publish(fmt.Sprintf("%s/web-%d.mmstats", dir, i), []string{"a.b.c", "a.b.d", "a.b.e", "level:int=5", "name:string=x"})
		if err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	p := &poll{delay: time.Second}
	p.words.files = []string{dir}
	totals, err := newTotals(p)
	if err != nil {
		t.Fatal(err)
	}
	defer p.poller.Close()
	page := &listPage{totals: totals}
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	for i := range 3600 {
		for _, c := range writers[i%10].counters {
			c.Add(uint64(i))
		}
		if i%30 == 0 {
			name := fmt.Sprintf("%s/job-%d.mmstats", dir, i)
			if _, err := publish(name, []string{fmt.Sprintf("job.%d", i)}); err != nil {
				t.Fatal(err)
			}
			os.Remove(fmt.Sprintf("%s/job-%d.mmstats", dir, i-30))
		}
		totals.next()
		page.arrange("")
		if i == 600 {
			before = used()
		}
	}
	if after := used(); after > before+(1<<20) {
		t.Errorf("after 600 polls %d bytes are used, and after 3600 %d", before, after)
	}
	runtime.KeepAlive(page)
}
