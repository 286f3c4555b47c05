package statfile

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
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
		if changed := w.Look(); changed != step.changed || !slices.Equal(paths(), step.want) {
			t.Errorf("step %d: Look() = %v with %q, want %v with %q", i, changed, paths(), step.changed, step.want)
		}
	}
}

// Many arguments in one directory are looked at by one look at that, unless
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
	for i := range 2 * minHome {
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
		if changed := w.Look(); changed != step.changed || missing() != step.missing || len(w.Entries()) != len(args) {
			t.Errorf("step %d: Look() = %v with %d of %d missing, want %v with %d of %d", i,
				changed, missing(), len(w.Entries()), step.changed, step.missing, len(args))
		}
	}
}
