//go:build unix

package mapping

import (
	"encoding/binary"
	"runtime/debug"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A View is a file's first bytes, mapped for reading alone. One goroutine at a
// time may use it. Its file may be truncated, and written anew, at any time.
type View struct {
	base unsafe.Pointer
	size int
}

// defaultMaxMaps is what Linux allows a process, unless it is told otherwise.
const defaultMaxMaps = 65530

// MapView maps the first size bytes of f. The file may be shorter: a read past
// its end returns a [*FaultError]. The view stays valid after f is closed, and as
// long as it exists, no other file gets the inode of this one.
func MapView(f *File, size int) (*View, error) {
	if size <= 0 {
		return nil, f.fail("map", unix.EINVAL)
	}
	size = RoundUp(size)
	base, err := unix.MmapPtr(f.fd, 0, nil, uintptr(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, f.fail("map", err)
	}
	return &View{base, size}, nil
}

// Close gives the memory back. The view must not be used any more.
func (v *View) Close() error {
	base := v.base
	v.base = nil
	return unix.MunmapPtr(base, uintptr(v.size))
}

// A Request says which field of a file to read, and which bytes of its value.
type Request struct {
	// Offset is where the field starts, and Label and Signature are what it has
	// there. If it has others, the file was rewritten.
	Offset           int
	Label, Signature string
	// Size is the size of one buffer. The value starts Skip bytes into it, and
	// its first Len bytes are read.
	Size, Skip, Len int
	Buffered        bool
	// Words says that every aligned word of 8 bytes is a value of its own, in
	// both buffers, so that one load of each gets it. They are loaded from the
	// last to the first.
	Words bool
}

// Outcome is the result of a [Request].
type Outcome uint8

// The outcomes.
const (
	Whole Outcome = iota
	// Busy values changed while they were read, again and again.
	Busy
	// Moved fields are not where they were: the file was rewritten.
	Moved
)

// Read copies the values of requests to dst, one after the other, and their
// outcomes to outcomes. Dst holds the sum of their Lens. If end is not 0, more
// tells whether there is a label size at that offset by now, and so whether the
// file has more fields than before. The error is a [*FaultError].
func (v *View) Read(requests []Request, dst []byte, outcomes []Outcome, end int) (more bool, err error) {
	defer v.catchFault(debug.SetPanicOnFault(true), &err)
	for i := range requests {
		r := &requests[i]
		outcomes[i] = v.read(r, dst[:r.Len])
		dst = dst[r.Len:]
	}
	if end != 0 {
		size := v.bytes(end, 2)
		more = size[0] != 0 || size[1] != 0
	}
	return more, nil
}

// catchFault is deferred, with what debug.SetPanicOnFault returned. It makes a
// fault in the view an error, and any other panic goes on.
func (v *View) catchFault(old bool, err *error) {
	debug.SetPanicOnFault(old)
	cause := recover()
	if cause == nil {
		return
	}
	fault, ok := cause.(interface{ Addr() uintptr })
	if !ok || fault.Addr()-uintptr(v.base) >= uintptr(v.size) {
		panic(cause)
	}
	*err = &FaultError{int(fault.Addr() - uintptr(v.base))}
}

// bytes returns size bytes at offset, which may change at any time.
func (v *View) bytes(offset, size int) []byte {
	if offset < 0 || size < 0 || offset > v.size-size {
		panic("mapping: bytes outside of the view")
	}
	return unsafe.Slice((*byte)(unsafe.Add(v.base, offset)), size)
}

func (v *View) read(r *Request, dst []byte) Outcome {
	label, signature := len(r.Label), len(r.Signature)
	size := 4 + label + signature
	b := v.bytes(r.Offset, size)
	if int(binary.NativeEndian.Uint16(b)) != label || string(b[2:2+label]) != r.Label ||
		int(binary.NativeEndian.Uint16(b[2+label:])) != signature || string(b[4+label:]) != r.Signature {
		return Moved
	}
	at := r.Offset + size
	outcome := Busy
	index := func() byte { return v.load(at) }
	value := func(index byte) unsafe.Pointer {
		if r.Buffered && index > 1 || !r.Buffered && index != 255 {
			outcome = Moved
			return nil
		}
		start := at + 1 + r.Skip
		if index == 0 {
			start += r.Size
		}
		return unsafe.Pointer(unsafe.SliceData(v.bytes(start, len(dst))))
	}
	if r.Words {
		if from := value(index()); from != nil {
			copyEachWord(dst, from)
			outcome = Whole
		}
	} else if readWhole(dst, index, value) {
		outcome = Whole
	}
	return outcome
}

// load returns the byte at offset, by an atomic load: the compiler must not
// reuse what an earlier one got.
func (v *View) load(offset int) byte {
	word := atomic.LoadUint32((*uint32)(unsafe.Pointer(unsafe.SliceData(v.bytes(offset&^3, 4)))))
	return (*[4]byte)(unsafe.Pointer(&word))[offset&3]
}
