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
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// A Cell is a number in a region, aligned to 8 bytes and alone in its 8-byte
// word. Every method may be called by any number of goroutines and processes.
// The zero Cell drops updates.
//
// Nothing is ordered between cells, so a plain store serves as well as an
// atomic one and is many times faster: the Go memory model makes the store of
// one machine word whole, and readers load no more than that word.
//
// The methods are small so that they are inlined; what a guarded or a zero Cell
// needs stands apart from them for that.
type Cell[T Number] struct {
	fast atomic.Pointer[T] // the number; nil where an update is guarded, and in a zero Cell
	ref
}

// A Count is a Cell of uint64 for counters. Unlike Cell[uint64]'s, its methods
// are inlined, and Inc so that what calls it can be, too: hence the two methods
// without an argument, and a pointer of the kind that costs the inliner least.
type Count struct {
	fast unsafe.Pointer
	ref
}

// A ref keeps the memory of a cell mapped, and guards updates of it.
type ref struct {
	anchor atomic.Pointer[anchor]
}

// An anchor is where the words of a cell are.
type anchor struct {
	words   unsafe.Pointer
	region  *Region
	last    *Region // of the anchor before: an update may be on its way there
	visited bool
	before  int    // if visited, how far before the words the 8 bytes are that are checked
	were    uint64 // what they were when it was bound
}

// Access is how the numbers of a region are updated.
type Access uint8

const (
	// Plain updates are the fastest. If the file was truncated, they end the
	// process by a fault.
	Plain Access = iota
	// Guarded updates survive that the file is truncated, for a few nanoseconds
	// each.
	Guarded
	// Visited is for a file of somebody else, who may write it anew at any
	// time: updates are guarded, and are dropped if the 8 bytes before the number
	// and its pad bytes are not those that were there when it was bound. Those are
	// the end of the signature and the write buffer, which never change.
	Visited
)

// halved says that a plain access to 8 bytes is made in two steps. Cells of that
// size are always guarded then: guarded updates are atomic.
const halved = bits.UintSize == 32

// Bind makes the cell that of the number at offset, which must be inside r and
// divide by 8. pad is how many pad bytes of its value are before it.
func (c *Cell[T]) Bind(r *Region, offset, pad int) {
	var v T
	c.fast.Store((*T)(c.bind(r, offset, pad, 8, halved && unsafe.Sizeof(v) == 8)))
}

// Bind is Cell.Bind.
func (c *Count) Bind(r *Region, offset, pad int) {
	atomic.StorePointer(&c.fast, c.bind(r, offset, pad, 8, halved))
}

// Bound reports whether updates reach a region, one that is not closed.
func (f *ref) Bound() bool {
	a := f.anchor.Load()
	return a != nil && !a.region.isClosed()
}

// bind binds the ref to size bytes at offset of r, after pad bytes. It returns
// their address, or nil where updates are guarded.
func (f *ref) bind(r *Region, offset, pad, size int, guarded bool) unsafe.Pointer {
	a := &anchor{words: r.at(offset, size, 8), region: r}
	if last := f.anchor.Load(); last != nil {
		a.last = last.region
	}
	if a.visited = r.Access == Visited; a.visited {
		a.before = pad + 8
		r.at(offset-a.before, 8, 8)
		r.try(func() { a.were = a.wordBefore() })
	}
	f.anchor.Store(a)
	if guarded || r.Access != Plain {
		return nil
	}
	return a.words
}

// moved reports whether the file was written anew since the anchor was made.
// Only guarded updates ask.
func (a *anchor) moved() bool {
	return a.visited && a.wordBefore() != a.were
}

func (a *anchor) wordBefore() uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Add(a.words, -a.before)))
}

// update runs change on the words, guarded.
func (f *ref) update(change func(words unsafe.Pointer)) {
	a := f.anchor.Load()
	if a == nil {
		return
	}
	a.region.guard(func() {
		if a.moved() {
			a.region.dropped.Add(1)
		} else {
			change(a.words)
		}
	})
	runtime.KeepAlive(a)
}

// Load returns the number.
func (c *Cell[T]) Load() T {
	p := c.fast.Load()
	if p == nil {
		return c.loadGuarded()
	}
	v := *p
	runtime.KeepAlive(c)
	return v
}

// Store sets the number.
func (c *Cell[T]) Store(v T) {
	p := c.fast.Load()
	if p == nil {
		c.update(func(words unsafe.Pointer) { store((*T)(words), v) })
		return
	}
	*p = v
	runtime.KeepAlive(c)
}

// Add adds delta in one step, and wraps around as Go's arithmetic does.
func (c *Cell[T]) Add(delta T) {
	p := c.fast.Load()
	if p == nil {
		c.update(func(words unsafe.Pointer) { add((*T)(words), delta) })
		return
	}
	add(p, delta)
	runtime.KeepAlive(c)
}

func (c *Cell[T]) loadGuarded() (v T) {
	if a := c.anchor.Load(); a != nil {
		a.region.try(func() { v = load((*T)(a.words)) })
		runtime.KeepAlive(a)
	}
	return v
}

// load and store access 8 bytes in one step on any machine.
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
	if p := atomic.LoadPointer(&c.fast); p != nil {
		v = atomic.LoadUint64((*uint64)(p))
		runtime.KeepAlive(c)
	} else if a := c.anchor.Load(); a != nil {
		a.region.try(func() { v = atomic.LoadUint64((*uint64)(a.words)) })
		runtime.KeepAlive(a)
	}
	return v
}

// Inc adds 1 in one atomic instruction.
func (c *Count) Inc() {
	if p := atomic.LoadPointer(&c.fast); p != nil {
		atomic.AddUint64((*uint64)(p), 1)
		runtime.KeepAlive(c)
	} else {
		c.incGuarded()
	}
}

// Add adds n in one atomic instruction.
func (c *Count) Add(n uint64) {
	if p := atomic.LoadPointer(&c.fast); p != nil {
		atomic.AddUint64((*uint64)(p), n)
		runtime.KeepAlive(c)
	} else {
		c.addGuarded(n)
	}
}

// IncOwned adds 1 for the one goroutine of all that ever updates the count.
func (c *Count) IncOwned() {
	if p := atomic.LoadPointer(&c.fast); p != nil {
		*(*uint64)(p)++
		runtime.KeepAlive(c)
	} else {
		c.incGuarded()
	}
}

// AddOwned adds n for the one goroutine of all that ever updates the count.
func (c *Count) AddOwned(n uint64) {
	if p := atomic.LoadPointer(&c.fast); p != nil {
		*(*uint64)(p) += n
		runtime.KeepAlive(c)
	} else {
		c.addGuarded(n)
	}
}

func (c *Count) addGuarded(n uint64) {
	c.update(func(words unsafe.Pointer) { atomic.AddUint64((*uint64)(words), n) })
}

// incGuarded is addGuarded of 1, faster where all is well.
func (c *Count) incGuarded() {
	if !c.tryInc() {
		c.addGuarded(1)
	}
}

// tryInc adds 1 and reports whether it did. If not, addGuarded meets the same
// cause again, and deals with it. The deferred function refers to no variable:
// one that does takes 1.5 ns more.
func (c *Count) tryInc() (done bool) {
	a := c.anchor.Load()
	if a == nil || a.visited || a.region.broken.Load() || debug.SetPanicOnFault(true) {
		return false
	}
	defer func() {
		if recover() != nil {
			debug.SetPanicOnFault(false)
		}
	}()
	atomic.AddUint64((*uint64)(a.words), 1)
	runtime.KeepAlive(a)
	debug.SetPanicOnFault(false)
	return true
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
