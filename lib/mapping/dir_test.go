//go:build unix

package mapping

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDirStaysWhereItIs(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"given", "other"} {
		if err := os.Mkdir(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(top, dir, "file"), dir)
	}
	given := filepath.Join(top, "given")
	d, err := OpenDir(given + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.Rename(given, filepath.Join(top, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("other", given); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove("file"); err != nil {
		t.Errorf("Remove(file) = %v, want no error", err)
	}
	if _, err := os.Lstat(filepath.Join(top, "moved", "file")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the opened directory still holds the file: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(top, "other", "file")); err != nil {
		t.Errorf("the other directory lost its file: %v", err)
	}
	for _, name := range []string{given, given + "/", given + "//"} {
		if d, err := OpenDir(name); !errors.Is(err, ErrLinkedDir) {
			t.Errorf("OpenDir(%s, a link) = %v, %v, want %v", name, d, err, ErrLinkedDir)
		}
	}
	through, err := OpenDir(given + "/.")
	if err != nil {
		t.Fatalf("OpenDir(link/.) = %v, want no error", err)
	}
	through.Close()
}

func TestDirFollowsNothing(t *testing.T) {
	top := t.TempDir()
	writeFile(t, filepath.Join(top, "file"), "text")
	if err := os.Symlink("file", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(top)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if f, err := d.Open("link", syscall.O_RDONLY); err == nil {
		t.Errorf("Open(link) = %v, want an error", f.Name())
	}
	if i, err := d.Lstat("link"); err != nil || i.Mode != fs.ModeSymlink {
		t.Errorf("Lstat(link) = %v, %v, want a link", i.Mode, err)
	}
	if err := d.Remove("link"); err != nil {
		t.Errorf("Remove(link) = %v, want no error", err)
	}
	if _, err := os.Stat(filepath.Join(top, "file")); err != nil {
		t.Errorf("what the link led to: %v", err)
	}
	f, err := d.Open("file", syscall.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := filepath.Join(top, "file"); f.Name() != want {
		t.Errorf("Name() = %s, want %s", f.Name(), want)
	}
}

func TestReplace(t *testing.T) {
	top := t.TempDir()
	name := filepath.Join(top, "file")
	// A kill in the middle of an earlier Replace may leave this.
	writeFile(t, filepath.Join(top, ".file.new"), "litter")
	for _, text := range []string{"first", "second"} {
		f, err := CreateUnnamed(name, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte(text), 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Replace(); err != nil {
			t.Fatalf("Replace() = %v, want no error", err)
		}
		f.Close()
		if got, err := os.ReadFile(name); string(got) != text {
			t.Errorf("after Replace() the file holds %q, %v, want %q", got, err, text)
		}
	}
	if entries, _ := os.ReadDir(top); len(entries) != 1 {
		t.Errorf("Replace() left %v, want one file", entries)
	}
}
