//go:build unix

package mapping

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"unsafe"
)

// errStraddles says that a label size would lie in two words, so that readers
// could see half of it.
var errStraddles = errors.New("a label of this length cannot be added at this offset of the file")

// Append writes a field to offset, the end of the fields of a file. The caller
// holds the lock of the file, and the region is large enough for the field and
// the 0 that ends the fields.
//
// The label size, which readers read first, is written last, in one step.
func (r *Region) Append(offset int, field []byte) error {
	if offset%8 == 7 && field[0] != 0 && field[1] != 0 {
		return errStraddles
	}
	size := len(field) + 2 // with the 0 that ends the fields
	end := unsafe.Slice((*byte)(r.at(offset, size, 1)), size)
	var err error
	done := r.guard(func() {
		// A writer that was killed in here may have left bytes after the new
		// end, which would be read as a field.
		clear(end[len(field):])
		copy(end[2:], field[2:])
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

// orBytes sets the two bytes at offset, which are 0, to size: both in one step
// where they lie in one word, else the i-th alone.
func (r *Region) orBytes(offset int, size []byte, i int) {
	if offset%8 == 7 {
		offset, size = offset+i, size[i:i+1]
	}
	word := offset &^ 7
	var bytes [8]byte
	copy(bytes[offset-word:], size)
	// Other bytes of the word may be a value that others update, hence an or.
	atomic.OrUint64((*uint64)(r.at(word, 8, 8)), binary.NativeEndian.Uint64(bytes[:]))
}
