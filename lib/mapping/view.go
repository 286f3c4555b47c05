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

// MapView maps the first size bytes of f. They need not be there: what reads
// past the end of the file gets a *FaultError. The view outlives f, and keeps
// the file's inode from being given to another file.
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

// A Place is where a field is in a file, and which part of it is wanted.
type Place struct {
	// Offset is that of the field, and Label and Signature are what it has
	// there: where they are others, the file was rewritten.
	Offset           int
	Label, Signature string
	// Size is that of one buffer. The value starts Skip bytes into it, and Len
	// bytes of it are wanted.
	Size, Skip, Len int
	Buffered        bool
	// Words says that every aligned word of 8 bytes is a value of its own, in
	// any buffer, so that one load of each is all it takes. They are loaded from
	// the last to the first.
	Words bool
}

// Outcome is what came of a look at a Place.
type Outcome uint8

// The outcomes.
const (
	Whole Outcome = iota
	// Busy values changed at every one of many looks.
	Busy
	// Moved fields are not at their place any more: the file was rewritten.
	Moved
)

// Read copies the values at places to dst, one after the other, which has room
// for the sum of their Lens, and what came of each to outcomes. Where end is
// not 0, more tells whether a label size stands there by now, and so whether
// the file has got more fields. The error is a *FaultError.
func (v *View) Read(places []Place, dst []byte, outcomes []Outcome, end int) (more bool, err error) {
	defer v.catchFault(debug.SetPanicOnFault(true), &err)
	for i := range places {
		p := &places[i]
		outcomes[i] = v.read(p, dst[:p.Len])
		dst = dst[p.Len:]
	}
	if end != 0 {
		size := v.bytes(end, 2)
		more = size[0] != 0 || size[1] != 0
	}
	return more, nil
}

// catchFault is deferred with what debug.SetPanicOnFault returned. It is not
// Region.fault: a view becomes no sink, and its address is told apart
// from the errors of the caller alone.
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

// bytes returns size bytes at offset, which change under the hands of whoever
// looks at them.
func (v *View) bytes(offset, size int) []byte {
	if offset < 0 || size < 0 || offset > v.size-size {
		panic("mapping: place outside of the view")
	}
	return unsafe.Slice((*byte)(unsafe.Add(v.base, offset)), size)
}

func (v *View) read(p *Place, dst []byte) Outcome {
	label, signature := len(p.Label), len(p.Signature)
	size := 4 + label + signature
	b := v.bytes(p.Offset, size)
	if int(binary.NativeEndian.Uint16(b)) != label || string(b[2:2+label]) != p.Label ||
		int(binary.NativeEndian.Uint16(b[2+label:])) != signature || string(b[4+label:]) != p.Signature {
		return Moved
	}
	at := p.Offset + size
	outcome := Busy
	index := func() byte { return v.load(at) }
	value := func(index byte) unsafe.Pointer {
		if p.Buffered && index > 1 || !p.Buffered && index != 255 {
			outcome = Moved
			return nil
		}
		start := at + 1 + p.Skip
		if index == 0 {
			start += p.Size
		}
		return unsafe.Pointer(unsafe.SliceData(v.bytes(start, len(dst))))
	}
	switch {
	case !p.Words:
		if readWhole(dst, index, value) {
			outcome = Whole
		}
	default:
		if from := value(index()); from != nil {
			copyEachWord(dst, from)
			outcome = Whole
		}
	}
	return outcome
}

// load returns the byte at offset, by an atomic load: the compiler must not
// reuse what an earlier one got.
func (v *View) load(offset int) byte {
	word := atomic.LoadUint32((*uint32)(unsafe.Pointer(unsafe.SliceData(v.bytes(offset&^3, 4)))))
	return (*[4]byte)(unsafe.Pointer(&word))[offset&3]
}
