package statfile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestWatchGlob(t *testing.T) {
	dir := t.TempDir()
	w := NewWatch([]string{dir + "/*/app-*"})
	paths := func() []string {
		found := map[string]bool{}
		for _, e := range w.Entries() {
			if e.Err != nil {
				t.Errorf("Entries() has %v", e.Err)
			}
			rel, _ := filepath.Rel(dir, e.Path)
			found[rel] = true
		}
		return slices.Sorted(maps.Keys(found))
	}
	for i, step := range []struct {
		do      func()
		changed bool
		want    []string
	}{
		{func() { os.Mkdir(dir+"/x", 0o755) }, true, nil},
		{func() { os.WriteFile(dir+"/x/app-1", nil, 0o644) }, true, []string{"x/app-1"}},
		{func() { os.WriteFile(dir+"/x/other", nil, 0o644) }, false, []string{"x/app-1"}},
		{func() { os.Mkdir(dir+"/y", 0o755); os.WriteFile(dir+"/y/app-1", nil, 0o644) }, true, []string{"x/app-1", "y/app-1"}},
		{func() {}, false, []string{"x/app-1", "y/app-1"}},
		{func() { os.RemoveAll(dir + "/x") }, true, []string{"y/app-1"}},
	} {
		step.do()
		if changed := w.Refresh(); changed != step.changed || !slices.Equal(paths(), step.want) {
			t.Errorf("step %d: Refresh() = %v with %q, want %v with %q", i, changed, paths(), step.changed, step.want)
		}
	}
}

// An argument may mean another file where its directory has changed, and where
// that does not tell.
func TestWatchArguments(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	replace := func(name string) {
		if err := os.WriteFile(name+"~", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+"~", name); err != nil {
			t.Fatal(err)
		}
	}
	var args []string
	for i := range 32 {
		args = append(args, fmt.Sprintf("%s/app-%02d", dir, i))
		replace(args[i])
	}
	replace(other + "/target")
	args = append(args, dir+"/link")
	if err := os.Symlink(other+"/target", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	w := NewWatch(args)
	missing := func() (n int) {
		for _, e := range w.Entries() {
			if e.Err != nil {
				n++
			}
		}
		return n
	}
	for i, step := range []struct {
		do      func()
		changed bool
		missing int
	}{
		{func() {}, true, 0},
		{func() {}, false, 0},
		{func() { replace(args[3]) }, true, 0},
		{func() { replace(dir + "/another") }, false, 0},
		{func() { os.Remove(args[3]) }, true, 1},
		{func() {}, false, 1},
		{func() { replace(args[3]) }, true, 0},
		{func() { replace(other + "/target") }, true, 0},
		{func() { os.Remove(other + "/target") }, true, 1},
		{func() { os.Mkdir(other+"/target", 0o755); replace(other + "/target/x" + Suffix) }, true, 0},
		{func() { os.RemoveAll(dir) }, true, len(args)},
	} {
		step.do()
		if changed := w.Refresh(); changed != step.changed || missing() != step.missing || len(w.Entries()) != len(args) {
			t.Errorf("step %d: Refresh() = %v with %d of %d missing, want %v with %d of %d", i,
				changed, missing(), len(w.Entries()), step.changed, step.missing, len(args))
		}
	}
}

// A change that leaves the modification time of a directory as it was is seen
// all the same: the time may be one of whole seconds.
func TestWatchCoarseClock(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a"+Suffix)
	modified := time.Now()
	change := func(name string) {
		t.Helper()
		for _, do := range []func() error{
			func() error { return os.WriteFile(name, nil, 0o644) },
			func() error { return os.Chtimes(dir, modified, modified) },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := time.Now()
	for _, args := range [][]string{{dir}, {file, filepath.Join(dir, "b"+Suffix)}} {
		os.Remove(file)
		os.Remove(filepath.Join(dir, "b"+Suffix))
		change(filepath.Join(dir, "other"))
		w := NewWatch(args)
		w.refresh(now)
		change(file)
		if now = now.Add(time.Second); !w.refresh(now) {
			t.Errorf("%q: a file that came in the second of the last change is not seen", args)
		}
		change(filepath.Join(dir, "b"+Suffix))
		if now = now.Add(time.Second); !w.refresh(now) {
			t.Errorf("%q: a file that came before the last reading is not seen", args)
		}
		for range 3 {
			if now = now.Add(time.Second); w.refresh(now) {
				t.Errorf("%q: something is new in a directory that rests", args)
			}
		}
		modified = modified.Add(time.Second)
		os.Remove(file)
		change(file + "~")
		if now = now.Add(time.Millisecond); !w.refresh(now) {
			t.Errorf("%q: a file that is gone is not seen", args)
		}
	}
}

// A directory that cannot be read for a while is read when it can be.
func TestWatchUnreadableForAWhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	w := NewWatch([]string{dir + "/*"})
	now := time.Now()
	refresh := func(want bool) {
		t.Helper()
		for i := range 3 {
			now = now.Add(time.Second)
			if changed := w.refresh(now); changed != (want && i == 0) {
				t.Errorf("refresh %d = %v with %v", i, changed, w.Entries())
			}
		}
	}
	refresh(true) // it is not there
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	refresh(true)
	if err := os.WriteFile(dir+"/a", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	refresh(true)
	if os.Geteuid() == 0 {
		return // no mode stops root
	}
	for _, mode := range []os.FileMode{0, 0o400} {
		// The modification time tells of one change of mode, and not of the next.
		if err := errors.Join(os.Chtimes(dir, now, now), os.Chmod(dir, mode)); err != nil {
			t.Fatal(err)
		}
		refresh(true)
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		refresh(true)
	}
}
