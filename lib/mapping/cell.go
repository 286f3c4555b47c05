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
	p      *T      // nil in a guarded and in a zero Cell, to tell them with one look
	anchor *anchor // keeps p valid
}

type anchor struct {
	mem     *memory
	region  *Region
	guarded unsafe.Pointer
}

// CellAt returns the cell at offset, which must be inside r and divide by 8.
// The updates of a guarded one survive that the file is truncated, for a few
// nanoseconds each; without it, such a fault ends the process.
func CellAt[T Number](r *Region, offset int, guarded bool) Cell[T] {
	p := r.at(offset, 8, 8)
	if guarded {
		return Cell[T]{nil, &anchor{r.mem, r, p}}
	}
	return Cell[T]{(*T)(p), &anchor{mem: r.mem}}
}

// The guarded halves of the methods stand apart, so that the others are
// inlined.

func (c Cell[T]) loadGuarded() (v T) {
	if c.anchor != nil {
		c.anchor.region.guard(func() { v = c.bare().Load() })
	}
	return v
}

func (c Cell[T]) storeGuarded(v T) {
	if c.anchor != nil {
		c.anchor.region.guard(func() { c.bare().Store(v) })
	}
}

func (c Cell[T]) addGuarded(delta T) {
	if c.anchor != nil {
		c.anchor.region.guard(func() { c.bare().Add(delta) })
	}
}

func (c Cell[T]) addOwnedGuarded(delta T) {
	if c.anchor != nil {
		c.anchor.region.guard(func() { c.bare().AddOwned(delta) })
	}
}

// bare returns a guarded cell without its guard.
func (c Cell[T]) bare() Cell[T] { return Cell[T]{(*T)(c.anchor.guarded), c.anchor} }

// split reports whether the compiler makes two accesses of one to a T.
func split[T Number]() bool {
	var v T
	return bits.UintSize == 32 && unsafe.Sizeof(v) == 8
}

// Load returns the number.
func (c Cell[T]) Load() (v T) {
	if c.p == nil {
		return c.loadGuarded()
	}
	if split[T]() {
		word := atomic.LoadUint64((*uint64)(unsafe.Pointer(c.p)))
		v = *(*T)(unsafe.Pointer(&word))
	} else {
		v = *c.p
	}
	runtime.KeepAlive(c.anchor)
	return v
}

// Store sets the number.
func (c Cell[T]) Store(v T) {
	if c.p == nil {
		c.storeGuarded(v)
		return
	}
	if split[T]() {
		atomic.StoreUint64((*uint64)(unsafe.Pointer(c.p)), *(*uint64)(unsafe.Pointer(&v)))
	} else {
		*c.p = v
	}
	runtime.KeepAlive(c.anchor)
}

// Add adds delta in one step, and wraps around as Go's arithmetic does.
func (c Cell[T]) Add(delta T) {
	if c.p == nil {
		c.addGuarded(delta)
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
	runtime.KeepAlive(c.anchor)
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
		c.addOwnedGuarded(delta)
		return
	}
	if split[T]() {
		c.Store(c.Load() + delta)
		return
	}
	*c.p += delta
	runtime.KeepAlive(c.anchor)
}

// A Word is an aligned 8-byte word of a region that holds a number of any
// type, and pad bytes. Any number of goroutines and processes may use it.
type Word struct {
	region *Region
	offset int
}

// WordAt returns the word at offset.
func WordAt(r *Region, offset int) Word {
	r.at(offset, 8, 8)
	return Word{r, offset}
}

// Load returns the bytes of the word.
func (w Word) Load() (word [8]byte, err error) {
	done := w.region.guard(func() {
		v := atomic.LoadUint64((*uint64)(w.region.at(w.offset, 8, 8)))
		word = *(*[8]byte)(unsafe.Pointer(&v))
		runtime.KeepAlive(w.region)
	})
	if !done {
		err = w.region.Err()
	}
	return word, err
}

// Update replaces the word by what next makes of its bytes, in one step. It
// calls next again when another writer came between, and ends with its error
// if it returns one.
func (w Word) Update(next func(word *[8]byte) error) error {
	var err error
	done := w.region.guard(func() {
		p := (*uint64)(w.region.at(w.offset, 8, 8))
		for err == nil {
			old := atomic.LoadUint64(p)
			word := old
			if err = next((*[8]byte)(unsafe.Pointer(&word))); err == nil && atomic.CompareAndSwapUint64(p, old, word) {
				break
			}
		}
		runtime.KeepAlive(w.region)
	})
	if !done {
		return w.region.Err()
	}
	return err
}
