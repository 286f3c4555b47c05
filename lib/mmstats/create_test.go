package mmstats_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
)

// pythonFile returns a file as a Python program writes it: nothing in it is
// aligned. Buffered stats are hits, of 41, and note, "old".
func pythonFile(pid int) []byte {
	native := binary.NativeEndian
	file := []byte{1}
	add := func(label, signature string, index byte, values ...byte) {
		file = native.AppendUint16(file, uint16(len(label)))
		file = append(file, label...)
		file = native.AppendUint16(file, uint16(len(signature)))
		file = append(file, signature...)
		file = append(append(file, index), values...)
	}
	add("sys.pid", "i", 255, native.AppendUint32(nil, uint32(pid))...)
	add("hits", "Q", 1, native.AppendUint64(native.AppendUint64(nil, 41), 0)...)
	add("note", "5s", 0, []byte("xxxxxold\x00\x00")...)
	return append(file, make([]byte, 4096-len(file))...)
}

// endedPID returns the process id of a process that ended.
func endedPID(t *testing.T) int {
	t.Helper()
	p := programtest.StartReady(t, "lock", os.Args[0])
	p.Kill()
	return p.Process.Pid
}

// TestReplaced creates a file whose name is taken.
func TestReplaced(t *testing.T) {
	write := func(path string, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var errNot = errors.New("any error")
	for _, test := range []struct {
		name string
		take func(path string)
		want error // nil: the file is replaced
		says string
	}{
		{"a file of a process that was killed", func(path string) { programtest.StartReady(t, "own", path).Kill() }, nil, ""},
		{"a file of a process that ended well", func(path string) { programtest.StartReady(t, "own", path).Finish() }, nil, ""},
		{"a file that this process closed", func(path string) { create(t, mmstats.Options{Path: path}).Close() }, nil, ""},
		{"a file of Python's that ended", func(path string) { write(path, pythonFile(endedPID(t))) }, nil, ""},
		{"a file of a process that runs", func(path string) { programtest.StartReady(t, "own", path) }, mmstats.ErrInUse, ""},
		{"a file of this process", func(path string) { create(t, mmstats.Options{Path: path}) }, mmstats.ErrInUse, ""},
		{"a file whose lock is held", func(path string) {
			programtest.StartReady(t, "own", path).Kill()
			programtest.StartReady(t, "lock", path)
		}, mmstats.ErrInUse, ""},
		{"a file of Python's that runs", func(path string) { write(path, pythonFile(os.Getppid())) }, mmstats.ErrInUse, ""},
		{"a file that a shell tied to a process that runs", func(path string) {
			create(t, mmstats.Options{Path: path, Shared: true, PID: os.Getppid()}).Close()
		}, mmstats.ErrInUse, ""},
		{"a file that a shell tied to a process that ended", func(path string) {
			create(t, mmstats.Options{Path: path, Shared: true, PID: endedPID(t)}).Close()
		}, nil, ""},
		{"a file of nobody", func(path string) { create(t, mmstats.Options{Path: path, Shared: true}).Close() }, fs.ErrExist, "belongs to no process"},
		{"a foreign file", func(path string) { write(path, []byte("foreign")) }, errNot, "not a version 1 stat file"},
		{"an empty file", func(path string) { write(path, nil) }, errNot, "empty file"},
		{"a damaged file", func(path string) { write(path, pythonFile(endedPID(t))[:30]) }, errNot, "damaged at byte"},
		{"a directory", func(path string) { os.Mkdir(path, 0o700) }, errNot, "is a directory"},
		{"a FIFO", func(path string) { syscall.Mkfifo(path, 0o600) }, errNot, "not a regular file"},
		{"a link to a file that could be replaced", func(path string) {
			programtest.StartReady(t, "own", path+".real").Kill()
			os.Symlink(path+".real", path)
		}, errNot, "is a symbolic link"},
		{"a link that leads nowhere", func(path string) { os.Symlink("nowhere", path) }, errNot, "is a symbolic link"},
	} {
		path := temp(t, "x.mmstats")
		test.take(path)
		before, _ := os.Lstat(path)
		var stats struct{ New mmstats.Counter }
		f, err := mmstats.Create(mmstats.Options{Path: path}, &stats)
		after, lerr := os.Lstat(path)
		if lerr != nil {
			t.Errorf("%s: %v", test.name, lerr)
			continue
		}
		if test.want == nil {
			if err != nil || os.SameFile(before, after) {
				t.Errorf("%s: Create() = %v, want another file", test.name, err)
				continue
			}
			if got := read(t, path)["New"]; got != "counter 0" {
				t.Errorf("%s: New = %q", test.name, got)
			}
			f.Close()
			continue
		}
		if err == nil || test.want != errNot && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: Create() = %v, want %v, %q", test.name, err, test.want, test.says)
		}
		var pathErr *fs.PathError
		if !errors.As(err, &pathErr) || pathErr.Path != path {
			t.Errorf("%s: Create() = %v, want an error that names %s", test.name, err, path)
		}
		if !os.SameFile(before, after) || before.Size() != after.Size() {
			t.Errorf("%s: Create() changed the file", test.name)
		}
		for _, name := range names(t, path[:strings.LastIndexByte(path, '/')]) {
			if !strings.HasPrefix(name, "x.mmstats") {
				t.Errorf("%s: Create() left %s", test.name, name)
			}
		}
	}
}

// TestReplacedOtherUser creates a file where one of another user's is.
func TestReplacedOtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file away")
	}
	path := temp(t, "x.mmstats")
	programtest.StartReady(t, "own", path).Kill()
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	_, err := mmstats.Create(mmstats.Options{Path: path})
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("Create() = %v, want an ErrExist that says whose it is", err)
	}
}

// TestCreateStartsWhereTheNameIsTaken creates files with the default name, which
// others have: a program in another container, with the same process id.
func TestCreateStartsWhereTheNameIsTaken(t *testing.T) {
	path := temp(t, "srv-1-1.mmstats")
	dir := filepath.Dir(path)
	t.Setenv("MMSTATS_PATH", dir)
	t.Setenv("MMSTATS_FILES", "srv-1-1.mmstats")
	first := programtest.StartReady(t, "own", path)
	if err := os.WriteFile(filepath.Join(dir, "srv-1-1-2.mmstats"), []byte("foreign"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := mmstats.Create(mmstats.Options{})
	if err != nil {
		t.Fatalf("Create() where another program has the name = %v", err)
	}
	defer f.Close()
	if want := filepath.Join(dir, "srv-1-1-3.mmstats"); f.Path() != want {
		t.Errorf("Path() = %s, want %s", f.Path(), want)
	}
	if got := read(t, f.Path())["sys.pid"]; got != fmt.Sprintf("uint32 %d", os.Getpid()) {
		t.Errorf("sys.pid = %s, want that of this process", got)
	}
	if got := read(t, path)["note"]; got != "string owned" {
		t.Errorf("note of the program that was first = %q", got)
	}
	for _, chosen := range []mmstats.Options{{Path: path}, {Dir: dir, Name: "srv-1-1.mmstats"}} {
		if f, err := mmstats.Create(chosen); !errors.Is(err, mmstats.ErrInUse) {
			t.Errorf("Create(%+v) = %v, %v, want %v", chosen, f, err, mmstats.ErrInUse)
		}
	}
	first.Kill()
	again, err := mmstats.Create(mmstats.Options{})
	if err != nil || again.Path() != path {
		t.Fatalf("Create() after the program that was first ended: %v, %v, want the name again", again, err)
	}
	again.Close()
}

// TestReplacedParallel has many creators of one name meet a file that may be
// replaced: one of them gets it.
func TestReplacedParallel(t *testing.T) {
	path := temp(t, "x.mmstats")
	programtest.StartReady(t, "own", path).Kill()
	files := make(chan *mmstats.File, 20)
	var creating sync.WaitGroup
	for range cap(files) {
		creating.Go(func() {
			f, err := mmstats.Create(mmstats.Options{Path: path})
			if err == nil {
				files <- f
			} else if !errors.Is(err, mmstats.ErrInUse) {
				t.Errorf("Create() = %v, want nil or %v", err, mmstats.ErrInUse)
			}
		})
	}
	creating.Wait()
	close(files)
	if len(files) != 1 {
		t.Errorf("%d creators got the name, want 1", len(files))
	}
	for f := range files {
		if err := f.Err(); err != nil {
			t.Errorf("Err() of who got it = %v", err)
		}
		f.Close()
	}
}

func TestSharedExists(t *testing.T) {
	path := temp(t, "x.mmstats")
	programtest.StartReady(t, "own", path).Kill()
	o := shared
	o.Path = path
	if _, err := mmstats.Create(o); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create() of a shared file that exists = %v, want %v", err, fs.ErrExist)
	}
}

func TestCreateErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := mmstats.Create(mmstats.Options{Path: dir + "/none/x"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Create() in no directory = %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := mmstats.Open(dir+"/none", mmstats.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open() of no file = %v, want %v", err, fs.ErrNotExist)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}

// noMap is "no-map DIR": a program that may use no more memory creates a file.
func noMap() {
	var texts []any
	for i := range 7 {
		texts = append(texts, mmstats.Labeled{Label: fmt.Sprint(i), Stat: new(mmstats.String), Size: 1 << 20})
	}
	heap := make([]byte, 256<<20) // of addresses, which are there for the heap then
	runtime.KeepAlive(heap)
	heap = nil
	runtime.GC()
	var size uint64
	statm, err := os.ReadFile("/proc/self/statm")
	programtest.Fatal(err)
	fmt.Sscan(string(statm), &size)
	size = size*uint64(os.Getpagesize()) + 12<<20
	var limit syscall.Rlimit // of numbers with a sign on some systems
	fmt.Sscan(fmt.Sprint(size, " ", size), &limit.Cur, &limit.Max)
	programtest.Fatal(syscall.Setrlimit(syscall.RLIMIT_AS, &limit))
	if _, err := mmstats.Create(mmstats.Options{Dir: os.Args[1]}, texts...); !errors.Is(err, syscall.ENOMEM) {
		programtest.Fatal(fmt.Errorf("Create() = %v, want %v", err, syscall.ENOMEM))
	}
}

// TestCreateThatFailsLeavesNoFile creates a file that cannot be mapped: it was
// left behind, as that of a process that runs.
func TestCreateThatFailsLeavesNoFile(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("needs /proc/self/statm")
	}
	dir := t.TempDir()
	// With small stacks its threads have room below the limit.
	if out, err := exec.Command("sh", "-c", `ulimit -s 256; exec no-map "$0"`, dir).CombinedOutput(); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("files: %q, want none", got)
	}
}

// TestNewFileHasRoom adds stats to a file: it grew, and the pollstats of Python
// ends when a file grows past its map.
func TestNewFileHasRoom(t *testing.T) {
	for _, o := range []mmstats.Options{{}, shared} {
		f := create(t, o)
		before, err := os.Stat(f.Path())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 120 {
			if err := f.Add(mmstats.Labeled{Label: fmt.Sprint("more.than.half.a.page.", i), Stat: new(mmstats.Counter)}); err != nil {
				t.Fatal(err)
			}
		}
		after, err := os.Stat(f.Path())
		if err != nil || after.Size() != before.Size() {
			t.Errorf("the file has %d bytes after %d", after.Size(), before.Size())
		}
	}
}

// TestLockInherited kills a program whose child lives on: the child does not
// hold the lock of its file.
func TestLockInherited(t *testing.T) {
	path := temp(t, "x.mmstats")
	p := programtest.Start(t, exec.Command("own", path, "sleep"))
	child, err := strconv.Atoi(p.Line())
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(child, syscall.SIGKILL)
	p.Line()
	p.Kill()
	if err := syscall.Kill(child, 0); err != nil {
		t.Fatalf("the child is gone: %v", err)
	}
	var stats struct {
		Note mmstats.String `mmstats:"note"`
	}
	f := visit(t, path, mmstats.Options{}, &stats)
	stats.Note.Set("new")
	if err := f.Err(); err != nil {
		t.Errorf("Err() = %v", err)
	}
	create(t, mmstats.Options{Path: path})
}

func TestRemove(t *testing.T) {
	f := create(t, mmstats.Options{})
	if err := f.Remove(); err != nil {
		t.Errorf("Remove() = %v", err)
	}
	if _, err := os.Stat(f.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
	if err := f.Remove(); err != nil {
		t.Errorf("second Remove() = %v", err)
	}

	// A file that took its name stays.
	f = create(t, mmstats.Options{})
	os.Remove(f.Path())
	other := create(t, mmstats.Options{Path: f.Path()})
	if err := f.Remove(); err != nil {
		t.Errorf("Remove() after another file took the name = %v", err)
	}
	if err := other.Err(); err != nil {
		t.Errorf("Err() of the other file = %v", err)
	}
	// So does one that a visitor may not have.
	p := programtest.StartReady(t, "own", temp(t, "x"))
	visitor := visit(t, p.Args[1], mmstats.Options{})
	if err := visitor.Remove(); !errors.Is(err, mmstats.ErrLocked) {
		t.Errorf("Remove() by a visitor = %v, want %v", err, mmstats.ErrLocked)
	}
	if !slices.Contains(names(t, p.Args[1][:len(p.Args[1])-2]), "x") {
		t.Error("a visitor removed the file of a process that runs")
	}
}

func TestCreateWhereFilesSays(t *testing.T) {
	elsewhere := t.TempDir()
	t.Setenv("MMSTATS_PATH", t.TempDir())
	t.Setenv("MMSTATS_FILES", filepath.Join(elsewhere, "web-{PID}.mmstats"))
	f, err := mmstats.Create(mmstats.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Remove()
	if want := filepath.Join(elsewhere, fmt.Sprintf("web-%d.mmstats", os.Getpid())); f.Path() != want {
		t.Errorf("the file is %s, want %s", f.Path(), want)
	}
}
