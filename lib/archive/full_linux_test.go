package archive

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() { programs["record-full"] = recordOnFullDisk }

// recordOnFullDisk is "record-full DIR": it mounts a small disk there, which
// others fill.
func recordOnFullDisk() {
	dir := os.Args[1]
	fatal(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"))
	w, err := NewWriter(dir, Options{Interval: time.Second, MaxSize: 64 << 20})
	fatal(err)
	c := newChurn(1)
	n, dropped := 0, 0
	record := func(times int) {
		for range times {
			if err := w.Record(moment(n), c.step()); err != nil {
				if !errors.Is(err, syscall.ENOSPC) {
					fatal(err)
				}
				dropped++
			}
			n++
		}
	}
	// The disk is full of old segments: they make room.
	for range 5 {
		record(300)
		fatal(w.Close())
		w, err = NewWriter(dir, Options{Interval: time.Second, MaxSize: 64 << 20})
		fatal(err)
	}
	record(1500)
	fmt.Println("full of segments, dropped:", dropped)

	// Somebody else takes all there is.
	hog := filepath.Join(dir, "hog")
	fill := func() {
		f, err := os.OpenFile(hog, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		fatal(err)
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		f.Close()
	}
	for range 100 {
		fill()
		record(1)
	}
	fmt.Println("full of others, dropped some:", dropped > 50)
	segments, err := listSegments(dir)
	fatal(err)
	fmt.Println("segments are left:", len(segments) > 0)
	fatal(os.Remove(hog))
	before := dropped
	record(10)
	fmt.Println("room again, dropped:", dropped-before)

	a, err := Open(dir)
	fatal(err)
	read, notes := 0, ""
	for {
		r, err := a.Next()
		if err == io.EOF {
			break
		}
		fatal(err)
		read++
		for _, note := range r.Notes {
			notes = note
		}
	}
	fmt.Println("damage:", a.Damage())
	r, err := a.At(moment(n - 1).Time)
	fatal(err)
	fmt.Println("last:", r.Time.Equal(moment(n-1).Time), notes)
}

// On a full disk, recording goes on: at the cost of the oldest segments, and
// where that does not do, of ticks, which are counted.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", dir).Run(); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	out, err := exec.Command("unshare", "-rm", "record-full", dir).CombinedOutput()
	want := "full of segments, dropped: 0\nfull of others, dropped some: true\nsegments are left: true\n" +
		"room again, dropped: 0\ndamage: []\nlast: true "
	if err != nil || !strings.HasPrefix(string(out), want) || !strings.Contains(string(out), "ticks dropped: ") {
		t.Errorf("%v:\n%s, want\n%s", err, out, want)
	}
}

// writes returns how many system calls that write this thread has made.
func writes(t *testing.T) (n int) {
	t.Helper()
	for line := range strings.Lines(string(readFile(t, "/proc/thread-self/io"))) {
		fmt.Sscanf(line, "syscw: %d", &n)
	}
	return n
}

// A record takes one system call that writes, also where it begins a segment.
// The least of some attempts counts: the runtime of Go writes too, now and then,
// to wake its poller.
func TestOneWriteARecord(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	least := math.MaxInt
	for range 10 {
		w := newWriter(t, t.TempDir(), Options{})
		c := newChurn(1)
		before := writes(t)
		recordChurn(t, w, c, 0, 20)
		w.records = keyEvery
		recordChurn(t, w, c, 20, 20)
		if least = min(least, writes(t)-before); least == 40 {
			return
		}
	}
	t.Errorf("40 records took %d writes", least)
}
