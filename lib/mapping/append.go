//go:build unix

package mapping

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"unsafe"
)

// ErrStraddles says that a label size would lie in two words, and so could be
// seen half written.
var ErrStraddles = errors.New("a label of this length cannot be added at this place of the file")

// Append writes a field to offset, the end of the fields of a file. The
// caller holds the lock of the file, and the region has room for field and
// for the 0 that ends the fields.
//
// Readers look at the label size first, and it is 0 until the rest is there.
func (r *Region) Append(offset int, field []byte) error {
	if offset%8 == 7 && field[0] != 0 && field[1] != 0 {
		return ErrStraddles
	}
	rest := unsafe.Slice((*byte)(r.at(offset, r.mem.size-offset, 1)), r.mem.size-offset)
	var err error
	done := r.guard(func() {
		// A writer that was killed in here may have left its bytes.
		for part := range slices.Chunk(rest, len(zeros)) {
			if !bytes.Equal(part, zeros[:len(part)]) {
				clear(part)
			}
		}
		copy(rest[2:len(field)], field[2:])
		for i := range 2 {
			r.orBytes(offset, field[:2], i)
			if offset%8 != 7 {
				break
			}
		}
	})
	if !done {
		err = r.Err()
	}
	return err
}

// zeros are compared with many bytes at once.
var zeros [4096]byte

// orBytes sets the two bytes at offset, which are 0, to size. Where they lie
// in one word it does so in one step, else it sets the i-th alone.
func (r *Region) orBytes(offset int, size []byte, i int) {
	if offset%8 == 7 {
		offset, size = offset+i, size[i:i+1]
	}
	word := offset &^ 7
	var bytes [8]byte
	copy(bytes[offset-word:], size)
	// The word's other bytes may be a value that others update, hence or.
	atomic.OrUint64((*uint64)(r.at(word, 8, 8)), binary.NativeEndian.Uint64(bytes[:]))
}
