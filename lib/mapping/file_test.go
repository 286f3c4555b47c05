//go:build unix

package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mmstats/lib/programtest"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// creators are the ways to make a file before it has its name.
var creators = map[string]func(name string, perm uint32) (*File, error){
	"CreateUnnamed": CreateUnnamed,
	"createDotName": createDotName,
}

func TestLink(t *testing.T) {
	for how, create := range creators {
		dir := t.TempDir()
		name := filepath.Join(dir, "x.mmstats")
		f, err := create(name, 0o644)
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if _, err := f.WriteAt([]byte("whole"), 0); err != nil {
			t.Fatal(err)
		}
		for _, found := range names(t, dir) {
			if !strings.HasPrefix(found, ".") {
				t.Errorf("%s: %s is there before Link", how, found)
			}
		}
		// The name is taken, be it by a link that leads nowhere.
		if err := os.Symlink("nowhere", name); err != nil {
			t.Fatal(err)
		}
		if err := f.Link(); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: Link() to a name that is taken = %v, want %v", how, err, fs.ErrExist)
		}
		os.Remove(name)
		if err := f.Link(); err != nil {
			t.Fatalf("%s: Link() = %v", how, err)
		}
		f.Discard()
		if got := names(t, dir); !slices.Equal(got, []string{"x.mmstats"}) {
			t.Errorf("%s: names after Link() = %q, want x.mmstats alone", how, got)
		}
		if got, err := os.ReadFile(name); string(got) != "whole" {
			t.Errorf("%s: %s holds %q, %v", how, name, got, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o644&^umask() {
			t.Errorf("%s: mode %v, %v, want %v", how, info.Mode(), err, 0o644&^umask())
		}
		f.Close()
	}
}

func umask() fs.FileMode {
	old := syscall.Umask(0)
	syscall.Umask(old)
	return fs.FileMode(old)
}

func TestDiscard(t *testing.T) {
	for how, create := range creators {
		dir := t.TempDir()
		f, err := create(filepath.Join(dir, "x.mmstats"), 0o644)
		if err != nil {
			t.Fatal(err)
		}
		f.Discard()
		f.Close()
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("%s: names after Discard() = %q, want none", how, got)
		}
	}
}

func TestCreateErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for how, create := range creators {
		for name, want := range map[string]error{
			filepath.Join(t.TempDir(), "none", "x"): fs.ErrNotExist,
			filepath.Join(file, "x"):                syscall.ENOTDIR,
		} {
			f, err := create(name, 0o644)
			var pathErr *fs.PathError
			if f != nil || !errors.Is(err, want) || !errors.As(err, &pathErr) || pathErr.Path != name {
				t.Errorf("%s(%s) = %v, %v, want %v of that path", how, name, f, err, want)
			}
		}
	}
}

// createUnlinked is a process that ends before it gives its file a name.
func createUnlinked() {
	f, err := CreateUnnamed(os.Args[1], 0o644)
	programtest.Fatal(err)
	programtest.Fatal(f.TryLock())
	programtest.Fatal(f.Reserve(4096))
	_, err = f.WriteAt([]byte("half of it"), 1)
	programtest.Fatal(err)
	fmt.Println("ready")
	programtest.UntilTold() // until the test ends
}

func TestKillBeforeLink(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("a file without a name needs Linux and its /proc")
	}
	dir := t.TempDir()
	cmd := programtest.StartReady(t, "create-unlinked", filepath.Join(dir, "x.mmstats"))
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("names before Link = %q, want none", got)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("names after a kill = %q, want none", got)
	}
}

func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	open := func() *File {
		f, err := Open(name, unix.O_RDWR|unix.O_CREAT, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	holder, other := open(), open()
	if err := holder.TryLock(); err != nil {
		t.Fatalf("TryLock() of a free file = %v", err)
	}
	if err := other.TryLock(); !errors.Is(err, ErrLocked) {
		t.Errorf("TryLock() = %v, want %v", err, ErrLocked)
	}
	if err := other.Lock(20 * time.Millisecond); !errors.Is(err, ErrLocked) {
		t.Errorf("Lock() of a file that stays locked = %v, want %v", err, ErrLocked)
	}
	var pathErr *fs.PathError
	if err := other.Lock(0); !errors.As(err, &pathErr) || pathErr.Path != name {
		t.Errorf("Lock(0) = %v, want an error that names %s", err, name)
	}
	// It comes while somebody waits.
	waiting := make(chan error)
	go func() { waiting <- other.Lock(time.Minute) }()
	if err := holder.Unlock(); err != nil {
		t.Error(err)
	}
	if err := <-waiting; err != nil {
		t.Errorf("Lock() of a file that becomes free = %v", err)
	}
	// A closed file gives up its lock.
	other.Close()
	if err := holder.Lock(0); err != nil {
		t.Errorf("Lock() after its holder closed the file = %v", err)
	}
}

func TestReadAtWriteAt(t *testing.T) {
	_, f := mapFile(t, 10)
	if n, err := f.WriteAt([]byte("0123456789"), 0); n != 10 || err != nil {
		t.Errorf("WriteAt() = %d, %v", n, err)
	}
	buf := make([]byte, 8)
	if n, err := f.ReadAt(buf, 2); n != 8 || err != nil || string(buf) != "23456789" {
		t.Errorf("ReadAt(2) = %d, %v, %q", n, err, buf)
	}
	if n, err := f.ReadAt(buf, 5); n != 5 || err != io.EOF {
		t.Errorf("ReadAt(5) = %d, %v, want 5, EOF", n, err)
	}
	if n, err := f.ReadAt(nil, 0); n != 0 || err != nil {
		t.Errorf("ReadAt() of nothing = %d, %v", n, err)
	}
}

func TestReserve(t *testing.T) {
	_, f := mapFile(t, 100)
	f.WriteAt(bytes.Repeat([]byte("a"), 100), 0)
	for _, size := range []int64{200_000, 50, 200_000} {
		if err := f.Reserve(size); err != nil {
			t.Errorf("Reserve(%d) = %v", size, err)
		}
	}
	info, err := f.Stat()
	if err != nil || info.Size != 200_000 {
		t.Errorf("size = %d, %v, want 200000", info.Size, err)
	}
	data := make([]byte, info.Size)
	f.ReadAt(data, 0)
	if want := append(bytes.Repeat([]byte("a"), 100), make([]byte, 199_900)...); !bytes.Equal(data, want) {
		t.Error("Reserve changed what was there, or added other than zeros")
	}
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil || st.Blocks*512 < info.Size {
		t.Errorf("%d blocks of 512 bytes are reserved for %d bytes", st.Blocks, info.Size)
	}
}

// reserveOnDisk is "reserve-on-disk TYPE DIR": it mounts a disk of 64 KiB and
// reserves space there.
func reserveOnDisk() {
	kind, dir := os.Args[1], os.Args[2]
	programtest.Fatal(exec.Command("mount", "-t", kind, "-o", "size=64k", kind, dir).Run())
	f, err := CreateUnnamed(filepath.Join(dir, "x"), 0o600)
	programtest.Fatal(err)
	programtest.Fatal(f.Reserve(32 << 10))
	programtest.Fatal(f.Link())
	fmt.Println("32 KiB:", f.Reserve(32<<10))
	fmt.Println("1 MiB:", errors.Is(f.Reserve(1<<20), unix.ENOSPC))
	info, err := f.Stat()
	programtest.Fatal(err)
	fmt.Println("size:", info.Size >= 32<<10)
}

// TestReserveFull reserves space on a disk that has too little, and on a file
// system that cannot reserve, where zeros are written.
func TestReserveFull(t *testing.T) {
	for kind, want := range map[string]string{
		"tmpfs": "32 KiB: <nil>\n1 MiB: true\nsize: true\n",
		"ramfs": "32 KiB: <nil>\n1 MiB: false\nsize: true\n", // knows no limit
	} {
		dir := t.TempDir()
		if err := exec.Command("unshare", "-rm", "mount", "-t", kind, kind, dir).Run(); err != nil {
			t.Logf("no %s can be mounted here: %v", kind, err)
			continue
		}
		out, err := exec.Command("unshare", "-rm", "reserve-on-disk", kind, dir).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("on %s: %s%v, want\n%s", kind, out, err, want)
		}
	}
}

func TestParallelDotNames(t *testing.T) {
	dir := t.TempDir()
	var creating sync.WaitGroup
	var mu sync.Mutex
	linked := 0
	for range 20 {
		creating.Go(func() {
			f, err := createDotName(filepath.Join(dir, "x"), 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			defer f.Discard()
			if f.Link() == nil {
				mu.Lock()
				defer mu.Unlock()
				linked++
			}
		})
	}
	creating.Wait()
	if got := names(t, dir); linked != 1 || !slices.Equal(got, []string{"x"}) {
		t.Errorf("%d of 20 got the name, %q are there; want one, x", linked, got)
	}
}
