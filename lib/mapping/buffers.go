//go:build unix

package mapping

import (
	"encoding/binary"
	"errors"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Buffers are the two values of a buffered field, and its write buffer:
// mmstats(5), BUFFERED FIELDS. One writer at a time may use them, which the lock
// of the file or a mutex of the process that owns it ensures, and any number of
// readers.
type Buffers struct {
	region *Region
	index  int // offset of the write buffer; the values follow
	size   int // of one value
	skip   int // bytes at the start of each value that are left alone
	part   int // bytes after them
}

// BuffersAt returns the buffers whose write buffer is at index, of size bytes
// each.
func BuffersAt(r *Region, index, size int) Buffers {
	r.at(index, 1+2*size, 1)
	return Buffers{region: r, index: index, size: size, part: size}
}

// Part returns the same buffers, of whose values only the part bytes after the
// first skip are read and written. The others must be the same in both values.
func (b Buffers) Part(skip, part int) Buffers {
	if skip < 0 || part < 0 || part > b.size-skip {
		panic("mapping: part outside of the value")
	}
	b.skip, b.part = skip, part
	return b
}

// word returns the aligned word that holds the write buffer, and by how many bits
// it is shifted in it. Other bytes of the word may be a value that is updated, so
// it may only be replaced by a compare-and-swap.
func (b *Buffers) word() (p *uint32, shift int) {
	at := b.index &^ 3
	shift = 8 * (b.index - at)
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		shift = 24 - shift
	}
	return (*uint32)(unsafe.Add(b.region.mem.base, at)), shift
}

func (b *Buffers) load() byte {
	p, shift := b.word()
	return byte(atomic.LoadUint32(p)>>shift) & 1
}

func (b *Buffers) value(index byte) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(b.region.mem.base, b.index+1+int(index)*b.size+b.skip)), b.part)
}

// WriteString sets the value to src, filled up with NULs, in one step. It reports
// whether it did: not if the file was truncated.
func (b *Buffers) WriteString(src string) (done bool) {
	return b.region.guard(func() {
		// Readers read the other value. One that has been reading this one since
		// before the last flip finds another write buffer, and starts again.
		index := b.load()
		spare := b.value(index)
		clear(spare[copy(spare, src):])
		b.flip(index)
	})
}

// Update calls next with the value in buf, which has its size, and sets the value
// to what next leaves there. If next returns an error, the value stays as it is.
// The error is ErrGone if the file was truncated.
func (b *Buffers) Update(buf []byte, next func() error) error {
	var err error
	done := b.region.guard(func() {
		index := b.load()
		copy(buf, b.value(index^1))
		if err = next(); err == nil {
			copy(b.value(index), buf)
			b.flip(index)
		}
	})
	if !done {
		return ErrGone
	}
	return err
}

// flip makes the value that was written the one that readers read. The swap
// releases its bytes: whoever loads the write buffer after it sees all of them.
func (b *Buffers) flip(index byte) {
	p, shift := b.word()
	for {
		old := atomic.LoadUint32(p)
		flipped := old&^(0xff<<shift) | uint32(index^1)<<shift
		if atomic.CompareAndSwapUint32(p, old, flipped) {
			break
		}
	}
	runtime.KeepAlive(b.region)
}

// ErrGone says that the memory of a value cannot be accessed any more.
var ErrGone = errors.New("the file was truncated under its map")

// Read copies the value that readers take to dst, which holds its size. It may
// be called while others write.
func (b *Buffers) Read(dst []byte) error {
	err := ErrGone // what is left after a fault
	b.region.try(func() {
		value := func(index byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b.value(index ^ 1))) }
		if err = nil; !readWhole(dst, b.load, value) {
			err = ErrBusy
		}
	})
	runtime.KeepAlive(b.region)
	return err
}
