package mmstats_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
	"mmstats/lib/reader"
)

// TestMain makes the test binary several programs: what processes share is
// tested by processes.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // of programs, not of this process
	testscript.Main(m, map[string]func(){
		"add":              add,
		"set-texts":        setTexts,
		"average":          average,
		"all-kinds":        allKinds,
		"snapshots":        snapshots,
		"own":              own,
		"lock":             lock,
		"hold":             hold,
		"no-map":           noMap,
		"truncate":         truncateUnder,
		"disk-full":        fillDisk,
		"describe":         describe,
		"beat":             beat,
		"remove-on-signal": removeOnSignal,
	})
}

// ready tells the test that a program has begun.
func ready() { fmt.Println("ready") }

// create creates a file in a directory of the test's own, and closes it at the
// end.
func create(t testing.TB, o mmstats.Options, stats ...any) *mmstats.File {
	t.Helper()
	if o.Path == "" && o.Dir == "" {
		o.Dir = t.TempDir()
	}
	f, err := mmstats.Create(o, stats...)
	if err != nil {
		t.Fatalf("Create(%+v) = %v", o, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// shared are the options of a file that any process may update.
var shared = mmstats.Options{Shared: true, NoDefaults: true}

// visit opens a file, and closes it at the end.
func visit(t testing.TB, path string, o mmstats.Options, stats ...any) *mmstats.File {
	t.Helper()
	f, err := mmstats.Open(path, o, stats...)
	if err != nil {
		t.Fatalf("Open(%s) = %v", path, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// read returns what readers find in a file, as "TYPE VALUE" by label.
func read(t testing.TB, path string) map[string]string {
	t.Helper()
	stats, err := reader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, st := range stats {
		if st.Err != nil {
			t.Errorf("%s: %s: %v", path, st.Label, st.Err)
		}
		if _, twice := found[string(st.Label)]; twice {
			t.Errorf("%s holds %s twice", path, st.Label)
		}
		found[string(st.Label)] = fmt.Sprintf("%v %s", st.Type(), st.Value.AppendText(nil))
	}
	return found
}

// statIn returns what readers find of a stat in a file.
func statIn(t testing.TB, path, label string) *format.Stat {
	t.Helper()
	stats, err := reader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range stats {
		if string(stats[i].Label) == label {
			return &stats[i]
		}
	}
	t.Fatalf("%s has no %s", path, label)
	return nil
}

// wantSamples checks how many samples an average or a moving average had, and
// the last of those in its window.
func wantSamples(t testing.TB, path, label string, count uint64, last ...float64) {
	t.Helper()
	st := statIn(t, path, label)
	if got := st.Samples().Count; got != count {
		t.Errorf("%s had %d samples, want %d", label, got, count)
	}
	recent := st.Recent(nil)
	if got := recent[max(0, len(recent)-len(last)):]; !slices.Equal(got, last) {
		t.Errorf("%s had last %v, want %v", label, got, last)
	}
}

// wantStats compares what readers find in a file with all that should be there.
func wantStats(t testing.TB, path string, want map[string]string) {
	t.Helper()
	got := read(t, path)
	for label, value := range want {
		if got[label] != value {
			t.Errorf("%s = %q, want %q", label, got[label], value)
		}
		delete(got, label)
	}
	for label, value := range got {
		t.Errorf("%s = %q, want none", label, value)
	}
}

// names returns what is in a directory, dot-names included.
func names(t testing.TB, dir string) []string {
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

// lock is "lock FILE": it holds the lock of a file.
func lock() {
	f, err := mapping.Open(os.Args[1], os.O_RDONLY, 0)
	programtest.Fatal(err)
	programtest.Fatal(f.TryLock())
	ready()
	programtest.UntilTold()
}

// hold is "hold FILE": it has a file open for writing, without a lock, as
// programs in Python do, and their children.
func hold() {
	_, err := os.OpenFile(os.Args[1], os.O_RDWR, 0)
	programtest.Fatal(err)
	ready()
	programtest.UntilTold()
}

// own is "own FILE [CHILD]": a program that publishes a file, and may start
// another one that outlives it.
func own() {
	var stats struct {
		Hits mmstats.Counter `mmstats:"hits"`
		Note mmstats.String  `mmstats:"note"`
	}
	_, err := mmstats.Create(mmstats.Options{Path: os.Args[1]}, &stats)
	programtest.Fatal(err)
	stats.Hits.Add(3)
	stats.Note.Set("owned")
	if len(os.Args) > 2 {
		child := exec.Command(os.Args[2], "60")
		programtest.Fatal(child.Start())
		fmt.Println(child.Process.Pid)
	}
	ready()
	programtest.UntilTold()
}

func temp(t testing.TB, base string) string { return filepath.Join(t.TempDir(), base) }

// stop stops a program by SIGSTOP, and returns when it has stopped.
func stop(t testing.TB, p *programtest.Program) {
	t.Helper()
	p.Process.Signal(syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("%q did not stop: %v", p.Args, err)
	}
}

// goOn has a stopped program go on.
func goOn(t testing.TB, p *programtest.Program) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}
