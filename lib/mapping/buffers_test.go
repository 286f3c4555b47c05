//go:build unix

package mapping

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
)

// TestBuffers updates buffers at every place of a word, between bytes that
// they must not touch.
func TestBuffers(t *testing.T) {
	const size = 5
	for index := 3; index < 11; index++ {
		r := Heap(32)
		end := index + 1 + 2*size
		for i := range r.mem.heap {
			if i < index || i >= end {
				r.mem.heap[i] = 0xa5
			}
		}
		b := BuffersAt(r, index, size)
		got := make([]byte, size)
		for _, text := range []string{"abcde", "fg", "", "longer than that", "h"} {
			if !b.WriteString(text) {
				t.Errorf("WriteString(%q) = false", text)
			}
			want := (text + "\x00\x00\x00\x00\x00")[:size]
			if err := b.Read(got); err != nil || string(got) != want {
				t.Errorf("index %d: Read() after WriteString(%q) = %q, %v, want %q", index, text, got, err, want)
			}
		}
		if !b.WriteString("xyz") {
			t.Error("Write() = false")
		}
		buf := make([]byte, size)
		err := b.Update(buf, func() error {
			if string(buf) != "xyz\x00\x00" {
				t.Errorf("Update() gives %q, want what Write set", buf)
			}
			copy(buf, "XY")
			return nil
		})
		if b.Read(got); string(got) != "XYz\x00\x00" || err != nil {
			t.Errorf("Read() after Update() = %q, %v", got, err)
		}
		refusal := errors.New("no")
		if err := b.Update(buf, func() error { buf[0] = 'Z'; return refusal }); err != refusal {
			t.Errorf("Update() = %v, want the error of its function", err)
		}
		if b.Read(got); string(got) != "XYz\x00\x00" {
			t.Errorf("Read() after an Update() that failed = %q", got)
		}
		if index := r.mem.heap[index]; index > 1 {
			t.Errorf("write buffer = %d, want 0 or 1", index)
		}
		for i, c := range r.mem.heap {
			if (i < index || i >= end) && c != 0xa5 {
				t.Errorf("index %d: byte %d = %#x, was not to be touched", index, i, c)
			}
		}
	}
}

// TestBuffersPart updates a part of buffers, which leaves the rest as it is.
func TestBuffersPart(t *testing.T) {
	r := Heap(32)
	whole := []byte("\x00described new described old ")
	copy(r.mem.heap[3:], whole)
	b := BuffersAt(r, 3, 14).Part(10, 3)
	got := make([]byte, 3)
	if err := b.Read(got); err != nil || string(got) != "old" {
		t.Errorf("Read() = %q, %v, want old", got, err)
	}
	b.WriteString("one")
	b.WriteString("longer")
	b.Update(got, func() error { copy(got, "2"); return nil })
	if want := "\x01described 2on described lon "; string(r.mem.heap[3:3+len(want)]) != want {
		t.Errorf("the region holds %q, want %q", r.mem.heap, want)
	}
	for _, part := range [][2]int{{-1, 2}, {0, 15}, {14, 1}, {3, math.MaxInt}, {2, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Part(%d, %d) did not panic", part[0], part[1])
				}
			}()
			b.Part(part[0], part[1])
		}()
	}
}

// TestBuffersReaders reads while one goroutine writes: always a whole text.
// The memory is that of a file, because a reader that is late looks at bytes
// which the writer changes, as the race detector would rightly say: it finds
// out by the index, and starts again.
func TestBuffersReaders(t *testing.T) {
	const size = 4000
	r, _ := mapFile(t, 2*size+8)
	b := BuffersAt(r, 7, size)
	var letters []string
	for c := 'a'; c <= 'z'; c++ {
		letters = append(letters, strings.Repeat(string(c), size))
	}
	b.WriteString(letters[0])
	stop := make(chan struct{})
	var writing, reading sync.WaitGroup
	writing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				b.WriteString(letters[i%len(letters)])
			}
		}
	})
	// Readers that looked at the index before and after alone would fail within
	// a few dozen reads.
	reads := 4000
	if testing.Short() {
		reads = 500
	}
	for range 2 {
		reading.Go(func() {
			got := make([]byte, size)
			for range reads {
				switch err := b.Read(got); {
				case err == ErrBusy:
				case err != nil || !bytes.Equal(got, bytes.Repeat(got[:1], size)):
					t.Errorf("Read() = %.100q, %v, want one letter", got, err)
					return
				}
			}
		})
	}
	reading.Wait()
	close(stop)
	writing.Wait()
	got := make([]byte, size)
	if err := b.Read(got); err != nil || !bytes.Equal(got, bytes.Repeat(got[:1], size)) {
		t.Errorf("Read() = %.100q, %v, want one letter", got, err)
	}
}

// TestBuffersBusy reads a value that changes at every look.
func TestBuffersBusy(t *testing.T) {
	r, _ := mapFile(t, PageSize())
	size := PageSize() / 4
	b := BuffersAt(r, 0, size)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := byte(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				b.WriteString(string([]byte{i}))
			}
		}
	})
	// Whatever the answer is, it comes.
	got := make([]byte, size)
	for range 1000 {
		if err := b.Read(got); err != nil && err != ErrBusy {
			t.Errorf("Read() = %v, want nil or %v", err, ErrBusy)
		}
	}
	close(stop)
	writing.Wait()
}

func TestRing(t *testing.T) {
	r := Heap(8 + 24 + 8*3 + 8)
	binary.NativeEndian.PutUint64(r.mem.heap[0:], 0xa5)
	binary.NativeEndian.PutUint64(r.mem.heap[len(r.mem.heap)-8:], 0xa5)
	g := RingAt(r, 8, 3)
	if g.Mean() != 0 {
		t.Errorf("Mean() of a new ring = %v, want 0", g.Mean())
	}
	for i, sample := range []struct{ add, mean float64 }{{1, 1}, {3, 2}, {5, 3}, {7, 5}, {0, 4}, {-1, 2}} {
		if !g.Add(sample.add) {
			t.Errorf("Add(%v) = false", sample.add)
		}
		if got := g.Mean(); got != sample.mean {
			t.Errorf("Mean() after Add(%v) = %v, want %v", sample.add, got, sample.mean)
		}
		words := [...]uint64{*g.word(1), *g.word(2), *g.word(3 + i%3)}
		if want := [...]uint64{uint64(i+1) % 3, uint64(i + 1), math.Float64bits(sample.add)}; words != want {
			t.Errorf("next slot, count and this slot after Add(%v) = %x, want %x", sample.add, words, want)
		}
	}
	// Another accessor goes on from there.
	g = RingAt(r, 8, 3)
	g.Add(4)
	if got := g.Mean(); got != 1 {
		t.Errorf("Mean() = %v, want 1", got)
	}
	for _, at := range []int{0, len(r.mem.heap) - 8} {
		if got := binary.NativeEndian.Uint64(r.mem.heap[at:]); got != 0xa5 {
			t.Errorf("word at %d = %#x, was not to be touched", at, got)
		}
	}
}

// TestRingWithWrongSlot gives a ring a next slot that no writer of ours leaves.
func TestRingWithWrongSlot(t *testing.T) {
	r := Heap(24 + 8*2)
	binary.NativeEndian.PutUint64(r.mem.heap[8:], math.MaxUint64)
	g := RingAt(r, 0, 2)
	g.Add(3)
	g.Add(5)
	if got := g.Mean(); got != 4 {
		t.Errorf("Mean() = %v, want 4", got)
	}
}

// TestRingReaders reads a ring while one goroutine adds to it.
func TestRingReaders(t *testing.T) {
	g := RingAt(Heap(24+8*4), 0, 4)
	var reading sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if mean := g.Mean(); mean != 0 && mean != 2.5 {
					t.Errorf("Mean() = %v, want 2.5", mean)
				}
			}
		})
	}
	for range 2000 {
		g.Add(2.5)
	}
	close(done)
	reading.Wait()
}
