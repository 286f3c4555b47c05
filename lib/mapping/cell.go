//go:build unix

package mapping

import (
	"math/bits"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"unsafe"
)

// Number is a type that a Cell holds.
type Number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// A Cell is a number in a region, aligned to 8 bytes and alone in its 8-byte
// word. Every method may be called by any number of goroutines and processes.
// The zero Cell drops what it is given.
//
// Nothing is ordered between cells, so a plain store serves as well as an
// atomic one and is many times faster: the Go memory model makes the store of
// one machine word whole, and the word is all that a reader looks at.
//
// The methods are small so that they are inlined; what a guarded or a zero
// Cell needs stands apart from them for that.
type Cell[T Number] struct {
	p      *T      // nil in a guarded and in a zero Cell, to tell them with one look
	anchor *anchor // keeps p valid
}

// A Count is a Cell of uint64 for counters. What a generic type does not get,
// its methods do: they are inlined where a counter is updated.
type Count struct {
	p      *uint64
	anchor *anchor
}

type anchor struct {
	mem     *memory
	region  *Region
	guarded unsafe.Pointer // nil if it is not
}

// halved says that a plain access to 8 bytes is two. Cells of that size are
// guarded then, because the guarded halves of the methods do without it.
const halved = bits.UintSize == 32

// CellAt returns the cell at offset, which must be inside r and divide by 8.
// The updates of a guarded one survive that the file is truncated, for a few
// nanoseconds each; without it, such a fault ends the process.
func CellAt[T Number](r *Region, offset int, guarded bool) Cell[T] {
	var v T
	p, a := r.anchorAt(offset, 8, guarded || halved && unsafe.Sizeof(v) == 8)
	return Cell[T]{(*T)(p), a}
}

// CountAt is CellAt for a Count.
func CountAt(r *Region, offset int, guarded bool) Count {
	p, a := r.anchorAt(offset, 8, guarded || halved)
	return Count{(*uint64)(p), a}
}

func (r *Region) anchorAt(offset, size int, guarded bool) (unsafe.Pointer, *anchor) {
	p := r.at(offset, size, 8)
	if guarded {
		return nil, &anchor{r.mem, r, p}
	}
	return p, &anchor{mem: r.mem, region: r}
}

// Load returns the number.
func (c *Cell[T]) Load() T {
	if c.p == nil {
		return c.loadSlow()
	}
	v := *c.p
	runtime.KeepAlive(c.anchor)
	return v
}

// Store sets the number.
func (c *Cell[T]) Store(v T) {
	if c.p == nil {
		c.storeSlow(v)
		return
	}
	*c.p = v
	runtime.KeepAlive(c.anchor)
}

// Add adds delta in one step, and wraps around as Go's arithmetic does.
func (c *Cell[T]) Add(delta T) {
	if c.anchor == nil {
		return
	}
	if p := c.p; p != nil {
		add(p, delta)
	} else {
		c.anchor.region.guard(func() { add((*T)(c.anchor.guarded), delta) })
	}
	runtime.KeepAlive(c.anchor)
}

func (c *Cell[T]) loadSlow() (v T) {
	if c.anchor != nil {
		c.anchor.region.try(func() { v = load((*T)(c.anchor.guarded)) })
	}
	runtime.KeepAlive(c.anchor)
	return v
}

func (c *Cell[T]) storeSlow(v T) {
	if c.anchor != nil {
		c.anchor.region.guard(func() { store((*T)(c.anchor.guarded), v) })
	}
	runtime.KeepAlive(c.anchor)
}

// load and store are whole also where a plain access to 8 bytes is two.
func load[T Number](p *T) T {
	if unsafe.Sizeof(*p) < 8 {
		return *p
	}
	word := atomic.LoadUint64((*uint64)(unsafe.Pointer(p)))
	return *(*T)(unsafe.Pointer(&word))
}

func store[T Number](p *T, v T) {
	if unsafe.Sizeof(*p) < 8 {
		*p = v
		return
	}
	atomic.StoreUint64((*uint64)(unsafe.Pointer(p)), *(*uint64)(unsafe.Pointer(&v)))
}

func add[T Number](p *T, delta T) {
	whole := T(1)/2 == 0
	switch {
	case whole && unsafe.Sizeof(delta) == 8:
		atomic.AddUint64((*uint64)(unsafe.Pointer(p)), uint64(delta))
	case whole && unsafe.Sizeof(delta) == 4:
		atomic.AddUint32((*uint32)(unsafe.Pointer(p)), uint32(delta))
	case unsafe.Sizeof(delta) == 8:
		word := (*uint64)(unsafe.Pointer(p))
		for {
			old := atomic.LoadUint64(word)
			sum := *(*T)(unsafe.Pointer(&old)) + delta
			if atomic.CompareAndSwapUint64(word, old, *(*uint64)(unsafe.Pointer(&sum))) {
				return
			}
		}
	default:
		// The other bytes of the word are pad bytes, which never change.
		word := (*uint32)(unsafe.Pointer(p))
		for {
			old := atomic.LoadUint32(word)
			sum := old
			*(*T)(unsafe.Pointer(&sum)) += delta
			if atomic.CompareAndSwapUint32(word, old, sum) {
				return
			}
		}
	}
}

// Load returns the count.
func (c *Count) Load() (v uint64) {
	if c.p == nil {
		if c.anchor != nil {
			c.anchor.region.try(func() { v = atomic.LoadUint64((*uint64)(c.anchor.guarded)) })
		}
		return v
	}
	v = atomic.LoadUint64(c.p)
	runtime.KeepAlive(c.anchor)
	return v
}

// Add adds n in one atomic instruction.
func (c *Count) Add(n uint64) {
	if c.p == nil {
		c.addGuarded(n)
		return
	}
	atomic.AddUint64(c.p, n)
	runtime.KeepAlive(c.anchor)
}

// AddOwned adds n for the one goroutine of all that ever updates the count.
func (c *Count) AddOwned(n uint64) {
	if c.p == nil {
		c.addGuarded(n)
		return
	}
	*c.p += n
	runtime.KeepAlive(c.anchor)
}

// addGuarded is Region.guard written out, which counters are worth.
func (c *Count) addGuarded(n uint64) {
	if c.anchor == nil {
		return
	}
	r := c.anchor.region
	if r.broken.Load() {
		r.dropped.Add(1)
		return
	}
	old, done := debug.SetPanicOnFault(true), false
	defer func() {
		if !done {
			r.fault(recover(), old)
			r.dropped.Add(1)
		}
	}()
	atomic.AddUint64((*uint64)(c.anchor.guarded), n)
	runtime.KeepAlive(c.anchor)
	done = true
	debug.SetPanicOnFault(old)
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
	done := w.region.try(func() {
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
