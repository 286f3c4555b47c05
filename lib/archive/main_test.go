package archive

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary several programs: what processes share is
// tested by processes.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // of programs, not of this process
	testscript.Main(m, programs)
}

var programs = map[string]func(){"record": recordEndlessly}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// newWriter returns a writer that the test closes, unless it does so itself.
func newWriter(t testing.TB, dir string, o Options) *Writer {
	t.Helper()
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	w, err := NewWriter(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func open(t testing.TB, path string) *Archive {
	t.Helper()
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// A tick is what one record should hold.
type tick struct {
	Moment
	files []File
}

// recordChurn records ticks of a churn, and returns them.
func recordChurn(t testing.TB, w *Writer, c *churn, first, n int) (ticks []tick) {
	t.Helper()
	for i := first; i < first+n; i++ {
		files := c.step()
		if err := w.Record(moment(i), files); err != nil {
			t.Fatal(err)
		}
		ticks = append(ticks, tick{moment(i), clone(files)})
	}
	return ticks
}

// wantRecord checks that r is what was recorded.
func wantRecord(t testing.TB, r *Record, want tick) {
	t.Helper()
	if !r.Time.Equal(want.Time) || r.Since != want.Since {
		t.Fatalf("record of %v, %v, want %v, %v", r.Time, r.Since, want.Time, want.Since)
	}
	wantFiles(t, r.Files, want.files)
}

// wantAll checks that Next returns all ticks and nothing else.
func wantAll(t testing.TB, a *Archive, ticks []tick) {
	t.Helper()
	for i, want := range ticks {
		r, err := a.Next()
		if err != nil {
			t.Fatalf("record %d: %v, damage %v", i, err, a.Damage())
		}
		wantRecord(t, r, want)
		if r.Baseline != (i == 0) {
			t.Fatalf("record %d: Baseline = %v", i, r.Baseline)
		}
	}
	if r, err := a.Next(); err != io.EOF {
		t.Fatalf("after the last record: %v, %v", r, err)
	}
}

// random returns bytes that cannot be compressed.
func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + rand.IntN(255))
	}
	return b
}

// segments returns the paths of the segments in a directory.
func segments(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(dir + "/*" + Ext)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// recordEndlessly is "record DIR SEED": it records a churn, and says when each
// tick is in the archive.
func recordEndlessly() {
	var seed uint64
	fmt.Sscan(os.Args[2], &seed)
	w, err := NewWriter(os.Args[1], Options{Interval: time.Second})
	fatal(err)
	c := newChurn(seed)
	for i := 0; ; i++ {
		fatal(w.Record(moment(i), c.step()))
		fmt.Println(i)
	}
}

// A process is a program of TestMain that runs beside the test.
type process struct {
	*exec.Cmd
	stdout *bufio.Scanner
}

func start(t testing.TB, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...)}
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewScanner(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	return p
}
