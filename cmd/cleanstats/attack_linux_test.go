package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestAttack runs the command again and again while somebody with all rights
// in its directory, and over it, puts other things in the place of names.
// What lies outside looks dead as well, and must not be touched.
func TestAttack(t *testing.T) {
	moves := int64(10_000)
	if testing.Short() {
		moves = 2000
	}
	top := t.TempDir()
	dir, outside := filepath.Join(top, "dir"), filepath.Join(top, "outside")
	for _, d := range []string{dir, outside} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	made := time.Now().Add(-time.Hour).Truncate(time.Second)
	sentinel := filepath.Join(outside, "0.mmstats")
	writeStats(t, sentinel, nobodysPID, made, true, 1)
	before, err := os.Stat(sentinel)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sentinel)
	if err != nil {
		t.Fatal(err)
	}

	// It goes on until something was removed, which shows that the command
	// works at all.
	var moved atomic.Int64
	baits := [][]byte{content, statFile(nobodysPID, made, false, 1)}
	stop, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-stop:
				return
			default:
				attack(top, dir, sentinel, baits[moved.Add(1)%2])
			}
		}
	}()
	runs, gone := 0, 0
	for ; gone == 0 || moved.Load() < moves; runs++ {
		_, stdout, _ := command("--fold", filepath.Join(top, "totals"), dir)
		gone += strings.Count(stdout, "removed\t")
	}
	close(stop)
	<-over
	after, err := os.Stat(sentinel)
	if err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(made) {
		t.Errorf("the file outside: %v, %+v, want it as it was, %+v", err, after, before)
	}
	if now, err := os.ReadFile(sentinel); string(now) != string(content) {
		t.Errorf("the file outside has changed (%v)", err)
	}
	t.Logf("%d runs, %d files removed", runs, gone)
}

// attack makes one move, which may fail.
func attack(top, dir, sentinel string, content []byte) {
	name := filepath.Join(dir, string(rune('0'+rand.IntN(4)))+".mmstats")
	other := filepath.Join(dir, string(rune('0'+rand.IntN(4)))+".mmstats")
	hidden := filepath.Join(dir, "hidden")
	os.Remove(hidden) // of two names of one file, rename leaves both
	switch rand.IntN(8) {
	case 0, 1: // bait
		if create(hidden, content) {
			os.Rename(hidden, name)
		}
	case 2:
		if create(hidden, content[:rand.IntN(len(content))]) {
			os.Rename(hidden, name)
		}
	case 3:
		if os.Symlink(sentinel, hidden) == nil {
			os.Rename(hidden, name)
		}
	case 4:
		if os.Link(sentinel, hidden) == nil {
			os.Rename(hidden, name)
		}
	case 5:
		if syscall.Mkfifo(hidden, 0o644) == nil {
			os.Rename(hidden, name)
		}
	case 6:
		os.Rename(name, other)
	case 7: // the directory itself
		aside := filepath.Join(top, "aside")
		if os.Rename(dir, aside) == nil {
			os.Symlink("outside", dir)
			time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			os.Remove(dir)
			os.Rename(aside, dir)
		}
	}
}

// create makes a new file. It goes through no link, unlike os.WriteFile.
func create(name string, content []byte) bool {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Write(content)
	return err == nil
}
