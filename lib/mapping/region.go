//go:build unix

// Package mapping holds everything that touches memory shared with other
// processes or asks the kernel for it: open files and their locks, mapped
// regions, and the numbers and buffers in them.
//
// It is the only package that uses unsafe, and nothing unsafe leaves it:
// every accessor is checked against the bounds of its region when it is made,
// and its memory stays valid for as long as the accessor is reachable, also
// after the region is closed and after the file was truncated under it.
package mapping

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Region is a stretch of shared memory: a file's first bytes.
//
// Its address never changes, and is given back only after Close and when
// nothing refers to it any more. Close and a fault put private memory in its
// place, which takes updates and shows them to nobody. So an update never
// needs to ask whether the region is still there.
type Region struct {
	// Access is how numbers of the region are updated that are bound after it
	// is set.
	Access Access

	mem *memory

	mu      sync.Mutex
	closed  bool
	err     error // why the region became a sink, if not by Close
	broken  atomic.Bool
	dropped atomic.Uint64
}

// memory is what keeps the addresses valid: accessors hold it.
type memory struct {
	base unsafe.Pointer
	size int
	heap []byte // keeps the memory of a heap region
}

// Map maps the first size bytes of f, which must be there, for reading and
// writing.
func Map(f *File, size int) (*Region, error) {
	if size <= 0 {
		return nil, f.fail("map", unix.EINVAL)
	}
	base, err := unix.MmapPtr(f.fd, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, f.fail("map", err)
	}
	return &Region{mem: &memory{base: base, size: size}}, nil
}

// Heap returns a region of ordinary memory, for tests: the race detector does
// not see mapped memory.
func Heap(size int) *Region {
	words := make([]uint64, (size+7)/8)
	base := unsafe.Pointer(unsafe.SliceData(words))
	return &Region{mem: &memory{base: base, size: size, heap: unsafe.Slice((*byte)(base), size)}}
}

// PageSize returns what sizes of files are rounded up to, in bytes.
func PageSize() int { return os.Getpagesize() }

// RoundUp returns the least multiple of PageSize that holds size bytes.
func RoundUp(size int) int { return (size + PageSize() - 1) &^ (PageSize() - 1) }

// Size returns the size of the region in bytes.
func (r *Region) Size() int { return r.mem.size }

// at returns the address of size bytes at offset.
func (r *Region) at(offset, size, align int) unsafe.Pointer {
	if offset < 0 || size < 0 || offset > r.mem.size-size || offset%align != 0 {
		panic(fmt.Sprintf("mapping: %d bytes at %d, aligned to %d, in a region of %d", size, offset, align, r.mem.size))
	}
	return unsafe.Add(r.mem.base, offset)
}

// Close makes the region a sink. It may be called while others update it.
func (r *Region) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	if err := r.sink(); err != nil || r.mem.heap != nil {
		return err
	}
	runtime.AddCleanup(r.mem, func(m memory) { unix.MunmapPtr(m.base, uintptr(m.size)) }, *r.mem)
	return nil
}

// Holds reports whether the bytes at offset, which must be inside the region,
// are those of want.
func (r *Region) Holds(offset int, want string) bool {
	same := false
	now := unsafe.Slice((*byte)(r.at(offset, len(want), 1)), len(want))
	r.try(func() { same = string(now) == want })
	runtime.KeepAlive(r)
	return same
}

func (r *Region) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// sink puts private memory in the place of the file's.
func (r *Region) sink() error {
	if r.mem.heap != nil {
		return nil
	}
	_, err := unix.MmapPtr(-1, 0, r.mem.base, uintptr(r.mem.size),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED)
	return err
}

// Err returns why the region became a sink before it was closed, or nil.
func (r *Region) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Dropped returns how many updates went nowhere since the region broke, of
// those that watch for it.
func (r *Region) Dropped() uint64 { return r.dropped.Load() }

// A FaultError says that the memory of a region was not there any more: its
// file was truncated, or its disk failed.
type FaultError struct {
	Offset int // in the file, of the byte that was touched
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("memory fault at byte %d: the file was truncated, or its disk failed", e.Offset)
}

// guard runs update, which touches the region, so that a fault in it breaks
// the region and not the process. It reports whether update took place, and
// counts it as dropped if it did not.
func (r *Region) guard(update func()) (done bool) {
	if done = r.try(update); !done {
		r.dropped.Add(1)
	}
	return done
}

// try is guard for a look at the region, which is no update.
func (r *Region) try(look func()) (done bool) {
	if r.broken.Load() {
		return false
	}
	old := debug.SetPanicOnFault(true)
	defer func() {
		if !done {
			r.fault(recover(), old)
		}
	}()
	look()
	done = true
	debug.SetPanicOnFault(old)
	return done
}

// fault ends what panicked with cause, under debug.SetPanicOnFault(true): the
// region becomes a sink if it was a fault in its memory. old is what the
// setting was.
func (r *Region) fault(cause any, old bool) {
	debug.SetPanicOnFault(old)
	fault, ok := cause.(interface{ Addr() uintptr })
	offset := uintptr(0)
	if ok {
		offset = fault.Addr() - uintptr(r.mem.base)
	}
	if !ok || offset >= uintptr(r.mem.size) {
		panic(cause)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.err != nil {
		return
	}
	r.err = &FaultError{int(offset)}
	r.broken.Store(true)
	if err := r.sink(); err != nil {
		panic(cause)
	}
}

// Sync writes the region to the disk; with wait, it returns when that is
// done.
func (r *Region) Sync(wait bool) error {
	if r.mem.heap != nil {
		return nil
	}
	flags := unix.MS_ASYNC
	if wait {
		flags = unix.MS_SYNC
	}
	err := unix.Msync(unsafe.Slice((*byte)(r.mem.base), r.mem.size), flags)
	runtime.KeepAlive(r)
	return err
}
