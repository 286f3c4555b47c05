package statfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// touch makes empty files, and the directories that they are in.
func touch(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// all returns what All(args) yields, a name that was found as "found NAME".
func all(args ...string) (list []string) {
	for name, err := range All(args) {
		switch {
		case err != nil:
			list = append(list, "error "+err.Error())
		case name.Found:
			list = append(list, "found "+name.Path)
		default:
			list = append(list, name.Path)
		}
	}
	return list
}

func TestAll(t *testing.T) {
	t.Chdir(t.TempDir())
	touch(t, "d/b.mmstats", "d/a.mmstats", "d/.hidden.mmstats", "d/c.txt", "d/mmstats", "d/sub/x.mmstats",
		"e/z.mmstats", "here.mmstats", "we[i]rd/a.mmstats", "empty/other")
	if err := os.Symlink("d", "link"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("fifo", 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, glob string // the environment
		args, want []string
	}{
		{"d", "", nil, []string{"found d/a.mmstats", "found d/b.mmstats"}},
		{"d/", "", nil, []string{"found d/a.mmstats", "found d/b.mmstats"}},
		{"we[i]rd", "", nil, []string{"found we[i]rd/a.mmstats"}},
		{"empty", "", nil, nil},
		{"nowhere", "", nil, []string{"error open nowhere: no such directory"}},
		{"here.mmstats", "", nil, []string{"error open here.mmstats: not a directory"}},
		{"here.mmstats/x", "", nil, []string{"error open here.mmstats/x: not a directory"}},
		{"fifo", "", nil, []string{"error open fifo: not a directory"}},
		{"nowhere", "d/b*", nil, []string{"found d/b.mmstats"}},
		{"", "*/[az].mmstats", nil, []string{"found d/a.mmstats", "found e/z.mmstats", "found link/a.mmstats", "found we[i]rd/a.mmstats"}},
		{"", "[!d]*/*", nil, []string{"found e/z.mmstats", "found empty/other", "found link/a.mmstats", "found link/b.mmstats", "found link/c.txt", "found link/mmstats", "found link/sub", "found we[i]rd/a.mmstats"}},
		{"", "d/[!a]*.mmstats", nil, []string{"found d/b.mmstats"}},
		{"", "d/[^a]*.mmstats", nil, []string{"found d/b.mmstats"}},
		{"", `we\[i]*/[-a].mmstats`, nil, []string{"found we[i]rd/a.mmstats"}},
		{"", "d/*", nil, []string{"found d/a.mmstats", "found d/b.mmstats", "found d/c.txt", "found d/mmstats", "found d/sub"}},
		{"", `d/\.h*`, nil, []string{"found d/.hidden.mmstats"}},
		{"", ".*/x", nil, nil},
		{"", "*/*/*.mmstats", nil, []string{"found d/sub/x.mmstats", "found link/sub/x.mmstats"}},
		{"", "./*.mmstats", nil, []string{"found here.mmstats"}},
		{"", "*.mmstats", nil, []string{"found here.mmstats"}},
		{"", "d//", nil, []string{"found d/a.mmstats", "found d/b.mmstats"}},
		{"", "d/", nil, []string{"found d/a.mmstats", "found d/b.mmstats"}},
		{"", "d/.h*", nil, []string{"found d/.hidden.mmstats"}},
		{"", "d/[", nil, []string{"error glob d/[: malformed pattern"}},
		{"", "[/*.mmstats", nil, []string{"error glob [/*.mmstats: malformed pattern"}},
		{"", "none*/*.mmstats", nil, nil},
		{"nowhere", "", []string{"d"}, []string{"found d/a.mmstats", "found d/b.mmstats"}},
		{"", "", []string{"d/"}, []string{"found d/a.mmstats", "found d/b.mmstats"}},
		{"", "", []string{"link"}, []string{"found link/a.mmstats", "found link/b.mmstats"}},
		{"", "", []string{"."}, []string{"found here.mmstats"}},
		{"", "", []string{"e", "here.mmstats", "d/c.txt", "gone", "e"},
			[]string{"found e/z.mmstats", "here.mmstats", "d/c.txt", "gone", "found e/z.mmstats"}},
		{"", "", []string{"*.mmstats"}, []string{"*.mmstats"}}, // a name, for the shell has expanded it
	} {
		t.Setenv("MMSTATS_PATH", test.path)
		t.Setenv("MMSTATS_GLOB", test.glob)
		if got := all(test.args...); !slices.Equal(got, test.want) {
			t.Errorf("All(%q) with MMSTATS_PATH=%s MMSTATS_GLOB=%s = %q, want %q", test.args, test.path, test.glob, got, test.want)
		}
	}
}

// asNobody runs the test once more, as a user whom modes of files stop.
func asNobody(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("root reads every directory")
	}
	const nobody = 65534
	// By this name, since the directory of the test binary is closed to others.
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as another user: %v\n%s", err, out)
	}
}

func TestAllUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/d", 0o100); err != nil {
		t.Fatal(err)
	}
	want := []string{"error open " + dir + "/d: permission denied", dir + "/f"}
	if got := all(dir+"/d", dir+"/f"); !slices.Equal(got, want) {
		t.Errorf("All = %q, want %q", got, want)
	}
}

// Whoever has seen enough is asked no more.
func TestAllStops(t *testing.T) {
	t.Chdir(t.TempDir())
	touch(t, "d/a.mmstats", "d/b.mmstats")
	for _, args := range [][]string{{"d", "d"}, {"x", "d"}} {
		seen := 0
		for range All(args) {
			seen++
			break
		}
		if seen != 1 {
			t.Errorf("All(%q) yields %d after one was enough", args, seen)
		}
	}
}

// Many names, and long ones, come sorted and whole.
func TestAllMany(t *testing.T) {
	t.Chdir(t.TempDir())
	var names, want []string
	for i := range 1000 {
		name := fmt.Sprintf("%04d%s.mmstats", i*7919%1000, strings.Repeat("n", i%200))
		names = append(names, name)
		want = append(want, "found "+name)
	}
	touch(t, names...)
	slices.Sort(want)
	if got := all("."); !slices.Equal(got, want) {
		t.Errorf("All(.) = %d names, want %d, sorted", len(got), len(want))
	}
}

func TestAllOfGlob(t *testing.T) {
	t.Chdir(t.TempDir())
	touch(t, "a.mmstats", "b.mmstats")
	var got []string
	t.Setenv("MMSTATS_GLOB", "[b-z]*")
	for name, err := range All(nil) {
		got = append(got, fmt.Sprint(name.Path, " ", name.Found, " ", err))
	}
	if want := []string{"b.mmstats true <nil>"}; !slices.Equal(got, want) {
		t.Errorf("All of $MMSTATS_GLOB = %q, want %q", got, want)
	}
	t.Setenv("MMSTATS_GLOB", "[")
	for _, err := range All(nil) {
		var pathErr *fs.PathError
		if !errors.As(err, &pathErr) || pathErr.Path != "[" {
			t.Errorf("All of a malformed $MMSTATS_GLOB yields %v, want a PathError", err)
		}
	}
}
