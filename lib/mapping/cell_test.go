//go:build unix

package mapping

import (
	"errors"
	"math"
	"sync"
	"testing"
	"unsafe"

	"mmstats/lib/programtest"
)

// testCell tests a cell of T between two words that it must not touch: limit
// is the greatest T, and next what comes after it when it wraps around.
func testCell[T Number](t *testing.T, limit, next T) {
	for _, guarded := range []bool{false, true} {
		r := Heap(24)
		for i := range r.mem.heap {
			r.mem.heap[i] = 0xa5
		}
		clear(r.mem.heap[8:16])
		c := CellAt[T](r, 8, guarded)
		if got := c.Load(); got != 0 {
			t.Errorf("%T, guarded %v: Load() = %v, want 0", limit, guarded, got)
		}
		c.Store(limit)
		if got := c.Load(); got != limit {
			t.Errorf("%T, guarded %v: Load() after Store(%v) = %v", limit, guarded, limit, got)
		}
		c.Add(1)
		if got := c.Load(); got != next {
			t.Errorf("%T, guarded %v: %v after Add(1) = %v, want %v", limit, guarded, limit, got, next)
		}
		c.Store(40)
		c.Add(2)
		if got := c.Load(); got != 42 {
			t.Errorf("%T, guarded %v: 40 after Add(2) = %v", limit, guarded, got)
		}
		for i, b := range r.mem.heap {
			inside := i >= 8 && i < 8+int(unsafe.Sizeof(limit))
			if pad := i >= 8 && i < 16; !inside && (pad && b != 0 || !pad && b != 0xa5) {
				t.Errorf("%T, guarded %v: byte %d = %#x, was not to be touched", limit, guarded, i, b)
			}
		}
	}
	var zero Cell[T]
	zero.Store(7)
	zero.Add(7)
	if got := zero.Load(); got != 0 {
		t.Errorf("%T: Load() of a zero Cell = %v, want 0", limit, got)
	}
}

func TestCell(t *testing.T) {
	testCell[int8](t, math.MaxInt8, math.MinInt8)
	testCell[int16](t, math.MaxInt16, math.MinInt16)
	testCell[int32](t, math.MaxInt32, math.MinInt32)
	testCell[int64](t, math.MaxInt64, math.MinInt64)
	testCell[uint8](t, math.MaxUint8, 0)
	testCell[uint16](t, math.MaxUint16, 0)
	testCell[uint32](t, math.MaxUint32, 0)
	testCell[uint64](t, math.MaxUint64, 0)
	testCell[float32](t, math.MaxFloat32, math.MaxFloat32)
	testCell[float64](t, math.MaxFloat64, math.MaxFloat64)
}

func TestCellNegative(t *testing.T) {
	r := Heap(16)
	small, whole := CellAt[int8](r, 0, false), CellAt[int64](r, 8, false)
	small.Add(-128)
	whole.Add(-5)
	if got := small.Load(); got != -128 {
		t.Errorf("int8: 0 after Add(-128) = %d", got)
	}
	if got := whole.Load(); got != -5 {
		t.Errorf("int64: 0 after Add(-5) = %d", got)
	}
}

func TestCount(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		c := CountAt(Heap(8), 0, guarded)
		c.Add(math.MaxUint64)
		c.AddOwned(3)
		c.Add(5)
		if got := c.Load(); got != 7 {
			t.Errorf("guarded %v: Load() = %d, want 7", guarded, got)
		}
	}
	var zero Count
	zero.Add(1)
	zero.AddOwned(1)
	if got := zero.Load(); got != 0 {
		t.Errorf("Load() of a zero Count = %d, want 0", got)
	}
}

// testParallelAdds has eight goroutines add 1 a thousand times each.
func testParallelAdds[T Number](t *testing.T, want T) {
	for _, guarded := range []bool{false, true} {
		c := CellAt[T](Heap(8), 0, guarded)
		var adding sync.WaitGroup
		for range 8 {
			adding.Go(func() {
				for range 1000 {
					c.Add(1)
				}
			})
		}
		adding.Wait()
		if got := c.Load(); got != want {
			t.Errorf("%T, guarded %v: %v after 8000 adds, want %v", want, guarded, got, want)
		}
	}
}

func TestParallelAdds(t *testing.T) {
	testParallelAdds[int8](t, 8000&0xff)
	testParallelAdds[int16](t, 8000)
	testParallelAdds[int32](t, 8000)
	testParallelAdds[int64](t, 8000)
	testParallelAdds[uint8](t, 8000&0xff)
	testParallelAdds[uint16](t, 8000)
	testParallelAdds[uint32](t, 8000)
	testParallelAdds[uint64](t, 8000)
	testParallelAdds[float32](t, 8000)
	testParallelAdds[float64](t, 8000)
}

func TestWord(t *testing.T) {
	const times = 50_000
	w := WordAt(Heap(24), 8)
	var adding sync.WaitGroup
	for i := range 8 {
		adding.Go(func() {
			for range times {
				if err := w.Update(func(word *[8]byte) error { word[i]++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	adding.Wait()
	refusal := errors.New("no")
	err := w.Update(func(word *[8]byte) error { word[0] = 1; return refusal })
	if err != refusal {
		t.Errorf("Update() = %v, want the error of its function", err)
	}
	word, err := w.Load()
	const each = times & 0xff
	if want := [8]byte{each, each, each, each, each, each, each, each}; word != want || err != nil {
		t.Errorf("Load() = %v, %v, want %v", word, err, want)
	}
}

// TestBounds makes accessors that would reach over the ends of their region.
func TestBounds(t *testing.T) {
	r := Heap(64)
	for name, make := range map[string]func(){
		"cell at 64":         func() { CellAt[uint8](r, 64, false) },
		"cell at 57":         func() { CellAt[uint8](r, 57, true) },
		"cell before":        func() { CellAt[uint64](r, -8, false) },
		"unaligned cell":     func() { CellAt[uint16](r, 2, false) },
		"count at 64":        func() { CountAt(r, 64, false) },
		"word at 60":         func() { WordAt(r, 60) },
		"buffers at the end": func() { BuffersAt(r, 40, 12) },
		"huge buffers":       func() { BuffersAt(r, 1, math.MaxInt/2) },
		"ring at the end":    func() { RingAt(r, 8, 5) },
		"unaligned ring":     func() { RingAt(r, 4, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s in a region of 64 bytes did not panic", name)
				}
			}()
			make()
		}()
	}
}

// TestBindWhileUpdating binds cells that goroutines update: each update is
// dropped or reaches the region, and none of them faults. The region is that of
// a file, as the race detector does not take plain stores of words for whole.
func TestBindWhileUpdating(t *testing.T) {
	r, _ := mapFile(t, PageSize())
	for range 5 {
		var count Count
		var gauge Cell[float64]
		var small Cell[int8]
		stop := make(chan struct{})
		var updating sync.WaitGroup
		for _, update := range []func(){
			func() { count.Inc() }, func() { count.Add(2) }, func() { count.Load() },
			func() { gauge.Store(gauge.Load() + 1) }, func() { gauge.Add(1) }, func() { small.Add(1) },
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
		for _, access := range []Access{Plain, Guarded, Plain} {
			r.Access = access
			count.Bind(r, 0, 0)
			gauge.Bind(r, 8, 0)
			small.Bind(r, 16, 0)
			seen := count.Load()
			programtest.WaitFor(t, "an update of a cell that was bound", func() bool { return count.Load() > seen })
		}
		close(stop)
		updating.Wait()
	}
}

// TestVisitedWrittenAnew puts other fields to where cells of a visited file are
// bound: their updates are dropped, also where the pad bytes before the number
// are the same.
func TestVisitedWrittenAnew(t *testing.T) {
	for pad, field := range map[int]string{
		0:  "hits\x02\x00Q \xff",
		16: "hits\x08\x0016xQ    \xffunit=ms\n\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		r, f := mapFile(t, PageSize())
		f.WriteAt([]byte(field), int64(64-len(field)))
		r.Access = Visited
		var count Count
		var gauge Cell[int32]
		count.Bind(r, 64, pad)
		gauge.Bind(r, 64, pad)
		count.Inc()
		gauge.Add(1)
		if got := count.Load(); got != 2 || r.Dropped() != 0 {
			t.Errorf("Load() = %d, %d updates dropped, want 2 and none", got, r.Dropped())
		}
		f.WriteAt([]byte("another label"), int64(64-pad-13))
		count.Inc()
		count.Add(1)
		gauge.Store(9)
		gauge.Add(9)
		if got := r.Dropped(); got != 4 {
			t.Errorf("%d pad bytes: %d updates dropped, want 4", pad, got)
		}
		if got := count.Load(); got != 2 {
			t.Errorf("%d pad bytes: the file holds %d", pad, got)
		}
	}
}
