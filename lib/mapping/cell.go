//go:build unix

package mapping

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Number is a type that a Cell holds.
type Number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// A Cell is a number in a region, aligned to 8 bytes and alone in its 8-byte
// word. Every method may be called by any number of goroutines and processes,
// except where it says otherwise. The zero Cell drops what it is given.
//
// Nothing is ordered between cells, so a plain store serves as well as an
// atomic one and is many times faster: the Go memory model makes the store of
// one machine word whole, and the word is all that a reader looks at.
type Cell[T Number] struct {
	p   *T
	mem *memory // keeps p valid
}

// CellAt returns the cell at offset, which must be inside r and divide by 8.
func CellAt[T Number](r *Region, offset int) Cell[T] {
	return Cell[T]{(*T)(r.at(offset, 8, 8)), r.mem}
}

// split reports whether the compiler makes two accesses of one to a T.
func split[T Number]() bool {
	var v T
	return bits.UintSize == 32 && unsafe.Sizeof(v) == 8
}

// Load returns the number.
func (c Cell[T]) Load() (v T) {
	if c.p == nil {
		return 0
	}
	if split[T]() {
		word := atomic.LoadUint64((*uint64)(unsafe.Pointer(c.p)))
		v = *(*T)(unsafe.Pointer(&word))
	} else {
		v = *c.p
	}
	runtime.KeepAlive(c.mem)
	return v
}

// Store sets the number.
func (c Cell[T]) Store(v T) {
	if c.p == nil {
		return
	}
	if split[T]() {
		atomic.StoreUint64((*uint64)(unsafe.Pointer(c.p)), *(*uint64)(unsafe.Pointer(&v)))
	} else {
		*c.p = v
	}
	runtime.KeepAlive(c.mem)
}

// Add adds delta in one step, and wraps around as Go's arithmetic does.
func (c Cell[T]) Add(delta T) {
	if c.p == nil {
		return
	}
	switch {
	case T(1)/2 != 0 || unsafe.Sizeof(delta) < 4: // floats, and what has no instruction
		c.addSwap(delta)
	case unsafe.Sizeof(delta) == 8:
		atomic.AddUint64((*uint64)(unsafe.Pointer(c.p)), uint64(delta))
	default:
		atomic.AddUint32((*uint32)(unsafe.Pointer(c.p)), uint32(delta))
	}
	runtime.KeepAlive(c.mem)
}

// addSwap adds by comparing and swapping the cell's word.
func (c Cell[T]) addSwap(delta T) {
	if unsafe.Sizeof(delta) == 8 {
		p := (*uint64)(unsafe.Pointer(c.p))
		for {
			old := atomic.LoadUint64(p)
			sum := *(*T)(unsafe.Pointer(&old)) + delta
			if atomic.CompareAndSwapUint64(p, old, *(*uint64)(unsafe.Pointer(&sum))) {
				return
			}
		}
	}
	// The other bytes of the word are pad bytes, which never change.
	p := (*uint32)(unsafe.Pointer(c.p))
	for {
		old := atomic.LoadUint32(p)
		sum := old
		*(*T)(unsafe.Pointer(&sum)) += delta
		if atomic.CompareAndSwapUint32(p, old, sum) {
			return
		}
	}
}

// AddOwned adds delta for the one goroutine of all that ever updates the cell.
func (c Cell[T]) AddOwned(delta T) {
	if c.p == nil {
		return
	}
	if split[T]() {
		c.Store(c.Load() + delta)
		return
	}
	*c.p += delta
	runtime.KeepAlive(c.mem)
}
