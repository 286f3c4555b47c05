//go:build unix

package mapping

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"mmstats/lib/programtest"
)

// TestMain makes the test binary several commands: what processes share is
// tested by processes.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // of commands, not of this process
	testscript.Main(m, map[string]func(){
		"add-samples":       addSamples,
		"create-unlinked":   createUnlinked,
		"share-lock":        shareLock,
		"reserve-on-disk":   reserveOnDisk,
		"update-after-loss": updateAfterLoss,
		"write-for-view":    writeForView,
	})
}

// mapFile returns a region of size bytes of a new file, and the file.
func mapFile(t testing.TB, size int) (*Region, *File) {
	t.Helper()
	f, err := Open(filepath.Join(t.TempDir(), "x"), unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Reserve(int64(size)); err != nil {
		t.Fatal(err)
	}
	r, err := Map(f, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, f
}

// shareLock is "share-lock FILE [later]": it holds the shared lock of a file
// until the test ends it; later, from SIGUSR1 on.
func shareLock() {
	f, err := Open(os.Args[1], unix.O_RDONLY, 0)
	programtest.Fatal(err)
	if len(os.Args) > 2 {
		now := make(chan os.Signal, 1)
		signal.Notify(now, unix.SIGUSR1)
		fmt.Println("ready")
		<-now
	}
	programtest.Fatal(unix.Flock(f.fd, unix.LOCK_SH))
	fmt.Println("ready")
	programtest.UntilTold()
}

// CellAt returns a cell that is bound.
func CellAt[T Number](r *Region, offset int, guarded bool) *Cell[T] {
	c := new(Cell[T])
	r.Access = access(guarded)
	c.Bind(r, offset, 0)
	return c
}

// CountAt is CellAt for a Count.
func CountAt(r *Region, offset int, guarded bool) *Count {
	c := new(Count)
	r.Access = access(guarded)
	c.Bind(r, offset, 0)
	return c
}

// HistogramAt is CellAt for a Histogram.
func HistogramAt(r *Region, offset int, guarded bool) *Histogram {
	h := new(Histogram)
	r.Access = access(guarded)
	h.Bind(r, offset, 0)
	return h
}

func access(guarded bool) Access {
	if guarded {
		return Guarded
	}
	return Plain
}
