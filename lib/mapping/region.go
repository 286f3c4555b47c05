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

// A Region is shared memory: the first bytes of a file.
//
// Its address never changes. The memory is unmapped after Close, once no accessor
// refers to it any more. Close, and a fault in it, replace it by private memory:
// updates go there, and nobody sees them. So an update need not check whether the
// file is still mapped.
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

// memory is unmapped when nothing refers to it any more.
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

// Close replaces the memory by private memory. It may be called while others
// update it.
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

// sink replaces the memory of the file by private memory, at the same address.
func (r *Region) sink() error {
	if r.mem.heap != nil {
		return nil
	}
	_, err := unix.MmapPtr(-1, 0, r.mem.base, uintptr(r.mem.size),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED)
	return err
}

// Err returns the fault after which the region is private memory, or nil.
func (r *Region) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Dropped returns how many updates were dropped, of those that are guarded.
func (r *Region) Dropped() uint64 { return r.dropped.Load() }

// A FaultError says that mapped memory could not be accessed: the file was
// truncated, or its disk failed.
type FaultError struct {
	Offset int // in the file, of the byte that was touched
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("memory fault at byte %d: the file was truncated, or its disk failed", e.Offset)
}

// guard runs update, which accesses the region, so that a fault does not end the
// process. It reports whether update was done. If not, it counts it as dropped.
func (r *Region) guard(update func()) (done bool) {
	if done = r.try(update); !done {
		r.dropped.Add(1)
	}
	return done
}

// try is guard for what only reads: nothing is counted as dropped.
func (r *Region) try(read func()) (done bool) {
	if r.broken.Load() {
		return false
	}
	old := debug.SetPanicOnFault(true)
	defer func() {
		if !done {
			r.fault(recover(), old)
		}
	}()
	read()
	done = true
	debug.SetPanicOnFault(old)
	return done
}

// fault handles a panic with cause, under debug.SetPanicOnFault(true). After a
// fault in the memory of the region, that is replaced by private memory; any
// other panic goes on. old is what the setting was.
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
