package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
)

// TestChangedMeanwhile changes a file between the looks at it: while the
// process table is asked, and before the name is removed.
func TestChangedMeanwhile(t *testing.T) {
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for _, test := range []struct {
		name   string
		change func(name string)
		want   string
	}{
		{"nothing", func(string) {}, ""},
		{"replaced", func(name string) {
			check(os.WriteFile(name+".new", statFile(nobodysPID, time.Now(), true), 0o644))
			check(os.Rename(name+".new", name))
		}, "changed while it was looked at"},
		{"linked", func(name string) {
			check(os.Link(name, name+".link"))
		}, "changed while it was looked at"},
		{"made a link", func(name string) {
			check(os.Rename(name, name+".moved"))
			check(os.Symlink(name+".moved", name))
		}, "changed while it was looked at"},
		{"gone", func(name string) { check(os.Remove(name)) }, "changed while it was looked at"},
		// As a program does that has the same id again and makes its file anew.
		{"rewritten", func(name string) {
			check(os.WriteFile(name, statFile(nobodysPID, time.Now().Add(time.Hour), true), 0o644))
		}, "changed while it was looked at"},
		{"another writer", func(name string) {
			check(os.WriteFile(name, statFile(os.Getpid(), time.Now(), true), 0o644))
		}, "changed while it was looked at"},
		{"truncated", func(name string) { check(os.Truncate(name, 0)) }, "empty file"},
	} {
		for i := range 4 {
			late, keepsLock := i&1 != 0, i&2 != 0
			if late && keepsLock && (test.name == "rewritten" || test.name == "another writer" || test.name == "truncated") {
				continue // its lock is held by then, which keeps such writers away
			}
			if !keepsLock && runtime.GOOS != "linux" {
				continue // such files are never removed
			}
			dir := t.TempDir()
			name := filepath.Join(dir, "file")
			writeStats(t, name, nobodysPID, time.Now().Add(-time.Hour), keepsLock)
			c := &cleaner{counts: make(map[string]int)}
			c.judge.Process = func(int) liveness.Process {
				if !late {
					test.change(name)
				}
				return liveness.Process{}
			}
			n := &candidate{base: "file"}
			err := c.enter(dir + "/")
			if err == nil {
				err = c.examine(n)
			}
			if err == nil && late {
				test.change(name)
			}
			if err == nil {
				err = c.setAside(n)
			}
			if err == nil {
				err = c.remove(n)
			}
			if n.former != "" && err != nil {
				err = c.restore(n, err)
			}
			n.f.Close()
			c.leave()
			if errors.Is(err, os.ErrNotExist) { // which is no less safe
				err = errChanged
			}
			if got := errorText(err); got != test.want {
				t.Errorf("%s, late %v: removing says %q, want %q", test.name, late, got, test.want)
			}
			left, err := os.ReadDir(dir)
			if (len(left) == 0) != (test.want == "" || test.name == "gone") {
				t.Errorf("%s, late %v: left are %v, %v", test.name, late, left, err)
			}
			for _, e := range left {
				if strings.Contains(e.Name(), aside) {
					t.Errorf("%s, late %v: a file is still called %s", test.name, late, e.Name())
				}
			}
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestManPage(t *testing.T) {
	clitest.ManPage(t, "cleanstats", func(t *testing.T, dir string) {
		writeStats(t, filepath.Join(dir, "dead.mmstats"), nobodysPID, time.Now(), true, 1)
		if err := os.WriteFile(filepath.Join(dir, "nobodys.mmstats"), []byte{format.Version}, 0o644); err != nil {
			t.Fatal(err)
		}
	})
}
