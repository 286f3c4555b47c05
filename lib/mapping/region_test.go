//go:build unix

package mapping

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"mmstats/lib/programtest"
)

// accessors are updates of a region, and what they leave, by name. Those of
// cells are guarded.
func accessors(r *Region) map[string]func() {
	cell, float, count := CellAt[int16](r, 0, true), CellAt[float64](r, 8, true), CountAt(r, 16, true)
	word, buffers, ring := WordAt(r, 24), BuffersAt(r, 39, 24), RingAt(r, 96, 4)
	return map[string]func(){
		"Cell.Store":          func() { cell.Store(5) },
		"Cell.Add":            func() { float.Add(0.5) },
		"Count.Add":           func() { count.Add(1) },
		"Count.AddOwned":      func() { count.AddOwned(1) },
		"Word.Update":         func() { word.Update(func(w *[8]byte) error { w[0]++; return nil }) },
		"Buffers.WriteString": func() { buffers.WriteString("text") },
		"Buffers.Update":      func() { buffers.Update(make([]byte, 24), func() error { return nil }) },
		"Ring.Add":            func() { ring.Add(1) },
		"Append":              func() { r.Append(256, []byte{1, 0, 'a', 1, 0, 'B', 255, 0}) },
	}
}

// TestTruncated truncates a file under each kind of update: the first finds
// out, all are counted, and the process lives.
func TestTruncated(t *testing.T) {
	for name := range accessors(Heap(512)) {
		r, f := mapFile(t, PageSize())
		update := accessors(r)[name]
		update()
		if err := r.Err(); err != nil || r.Dropped() != 0 {
			t.Errorf("%s: before: %v, %d dropped", name, err, r.Dropped())
		}
		if err := unix.Ftruncate(f.fd, 0); err != nil {
			t.Fatal(err)
		}
		const updates = 5
		for range updates {
			update()
		}
		var fault *FaultError
		if err := r.Err(); !errors.As(err, &fault) || fault.Offset >= r.Size() {
			t.Errorf("%s: Err() = %v, want a FaultError inside the region", name, err)
		}
		if got := r.Dropped(); got != updates {
			t.Errorf("%s: Dropped() = %d, want %d", name, got, updates)
		}
		// It stays a sink when the file comes back.
		unix.Ftruncate(f.fd, int64(r.Size()))
		update()
		buf := make([]byte, r.Size())
		f.ReadAt(buf, 0)
		for i, b := range buf {
			if b != 0 {
				t.Errorf("%s: byte %d of the new file = %d", name, i, b)
				break
			}
		}
	}
}

// TestTruncatedReads looks at values of a file that is gone: they are no
// updates, and none is dropped.
func TestTruncatedReads(t *testing.T) {
	r, f := mapFile(t, PageSize())
	cell, count, ring := CellAt[int64](r, 0, true), CountAt(r, 8, true), RingAt(r, 64, 2)
	buffers, word := BuffersAt(r, 39, 8), WordAt(r, 16)
	cell.Store(5)
	unix.Ftruncate(f.fd, 0)
	if got := cell.Load(); got != 0 {
		t.Errorf("Cell.Load() = %d, want 0", got)
	}
	if got := count.Load(); got != 0 {
		t.Errorf("Count.Load() = %d, want 0", got)
	}
	if ring.Mean() != 0 {
		t.Error("a ring that is gone has a mean")
	}
	if err := buffers.Read(make([]byte, 8)); err != ErrGone {
		t.Errorf("Buffers.Read() = %v, want %v", err, ErrGone)
	}
	if _, err := word.Load(); err == nil {
		t.Error("Word.Load() = nil, want an error")
	}
	if got := r.Dropped(); got != 0 {
		t.Errorf("Dropped() after reads alone = %d, want 0", got)
	}
}

// TestTruncatedParallel has many goroutines meet the fault at once.
func TestTruncatedParallel(t *testing.T) {
	r, f := mapFile(t, PageSize())
	updates := accessors(r)
	var updating sync.WaitGroup
	var once sync.Once
	for _, name := range []string{"Cell.Store", "Cell.Add", "Cell.Add", "Count.Add", "Count.Add", "Word.Update", "Word.Update", "Buffers.Update", "Ring.Add"} {
		updating.Go(func() {
			for i := range 20_000 {
				if i == 5000 {
					once.Do(func() { unix.Ftruncate(f.fd, 0) })
				}
				updates[name]()
			}
		})
	}
	updating.Wait()
	var fault *FaultError
	if err := r.Err(); !errors.As(err, &fault) {
		t.Errorf("Err() = %v, want a FaultError", err)
	}
}

// updateAfterLoss is "update-after-loss NAME": an update of a cell that is not
// guarded, of a file that is gone.
func updateAfterLoss() {
	f, err := Open(os.Args[1], unix.O_RDWR, 0)
	programtest.Fatal(err)
	r, err := Map(f, PageSize())
	programtest.Fatal(err)
	c := CellAt[int32](r, 0, false) // on 32 bits, those of 64 are guarded
	c.Store(1)
	programtest.Fatal(unix.Ftruncate(f.fd, 0))
	c.Store(2)
	fmt.Println("survived")
}

// TestTruncatedUnguarded shows what guards are for, and that a panic of
// another cause goes its way.
func TestTruncatedUnguarded(t *testing.T) {
	_, f := mapFile(t, PageSize())
	out, err := exec.Command("update-after-loss", f.Name()).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Errorf("an update without a guard after truncation: %s, %v, want the end of the process", out, err)
	}
	w := WordAt(Heap(8), 0)
	defer func() {
		if cause := recover(); cause != "mine" {
			t.Errorf("panic(%v) came out of Update, want mine", cause)
		}
	}()
	w.Update(func(*[8]byte) error { panic("mine") })
}

// TestCloseWhileUpdating closes a region under updates of all kinds. They go
// on, and nobody sees them.
func TestCloseWhileUpdating(t *testing.T) {
	r, f := mapFile(t, PageSize())
	count, float, gauge := CountAt(r, 0, false), CellAt[float32](r, 8, false), CellAt[uint16](r, 16, false)
	buffers, ring, word := BuffersAt(r, 39, 64), RingAt(r, 256, 8), WordAt(r, 24)
	stop := make(chan struct{})
	var updating sync.WaitGroup
	for _, update := range []func(){
		func() { count.Add(1) },
		func() { float.Add(1) },
		func() { gauge.Store(gauge.Load() + 1) },
		func() { buffers.WriteString("text") },
		func() { ring.Add(1) },
		func() { word.Update(func(w *[8]byte) error { w[0]++; return nil }) },
	} {
		updating.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					update()
				}
			}
		})
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	before := make([]byte, r.Size())
	f.ReadAt(before, 0)
	seen := count.Load()
	programtest.WaitFor(t, "an update after Close", func() bool { return count.Load() > seen })
	close(stop)
	updating.Wait()
	after := make([]byte, r.Size())
	f.ReadAt(after, 0)
	if string(before) != string(after) {
		t.Error("an update after Close reached the file")
	}
	if err := r.Close(); err != nil {
		t.Errorf("second Close() = %v", err)
	}
	if err := r.Err(); err != nil {
		t.Errorf("Err() after Close = %v", err)
	}
	// The memory stays for as long as somebody may touch it.
	r = nil
	for range 3 {
		runtime.GC()
	}
	count.Add(1)
	gauge.Store(3)
	buffers.WriteString("still")
	ring.Add(1)
	if got := gauge.Load(); got != 3 {
		t.Errorf("a cell of a closed region = %d, want 3", got)
	}
}

// TestUnmapped closes many regions: their memory is given back.
func TestUnmapped(t *testing.T) {
	if _, err := os.Stat("/proc/self/maps"); err != nil {
		t.Skip("needs /proc/self/maps")
	}
	maps := func() int {
		data, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for _, b := range data {
			if b == '\n' {
				lines++
			}
		}
		return lines
	}
	_, f := mapFile(t, 2*PageSize())
	before := maps()
	for i := range 200 {
		r, err := Map(f, (1+i%2)*PageSize())
		if err != nil {
			t.Fatal(err)
		}
		count := CountAt(r, 0, i%3 == 0)
		count.Add(1)
		r.Close()
	}
	programtest.WaitFor(t, "the unmapping of closed regions", func() bool {
		runtime.GC()
		return maps() < before+50
	})
}

func TestMapErrors(t *testing.T) {
	_, f := mapFile(t, PageSize())
	if r, err := Map(f, 0); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Map(0) = %v, %v, want %v", r, err, syscall.EINVAL)
	}
}

func TestSync(t *testing.T) {
	r, f := mapFile(t, PageSize())
	for _, wait := range []bool{false, true} {
		if err := r.Sync(wait); err != nil {
			t.Errorf("Sync(%v) = %v", wait, err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Errorf("File.Sync() = %v", err)
	}
	if err := Heap(8).Sync(true); err != nil {
		t.Errorf("Sync() of heap memory = %v", err)
	}
}
