//go:build unix

package mapping

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"mmstats/lib/format"
)

// rawField returns a field as Python's writers lay it out, unbuffered.
func rawField(label string, value byte) []byte {
	field := binary.NativeEndian.AppendUint16(nil, uint16(len(label)))
	field = append(field, label...)
	field = binary.NativeEndian.AppendUint16(field, 1)
	return append(field, 'B', format.Unbuffered, value)
}

// TestAppend appends to a file that ends at each place of a word.
func TestAppend(t *testing.T) {
	for pad := range 8 {
		r := Heap(256)
		copy(r.mem.heap, append([]byte{format.Version}, rawField(strings.Repeat("a", 1+pad), 7)...))
		end := 1 + len(rawField(strings.Repeat("a", 1+pad), 7))
		// What a writer left that was killed in here.
		for i := end + 2; i < end+80; i++ {
			r.mem.heap[i] = 0xee
		}
		if err := r.Append(end, rawField("bb", 8)); err != nil {
			t.Fatalf("Append(%d) = %v", end, err)
		}
		s, err := format.Scan(r.mem.heap, true, new(format.Signatures))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []byte{7, 8} {
			f, err := s.Next()
			if err != nil {
				t.Fatalf("end at %d: field %d: %v", end, i, err)
			}
			if got := r.mem.heap[f.ValueOffset]; got != want {
				t.Errorf("end at %d: field %d = %d, want %d", end, i, got, want)
			}
		}
		if f, err := s.Next(); err != io.EOF {
			t.Errorf("end at %d: after the last field: %+v, %v, want the end", end, f, err)
		}
	}
}

// TestAppendStraddling appends a field whose label size would be in two words,
// of which a reader could see one.
func TestAppendStraddling(t *testing.T) {
	for offset := 8; offset < 16; offset++ {
		r := Heap(1024)
		want := error(nil)
		if offset == 15 {
			want = errStraddles
		}
		if err := r.Append(offset, rawField(strings.Repeat("l", 0x101), 1)); !errors.Is(err, want) {
			t.Errorf("Append(%d) of a label of 257 bytes = %v, want %v", offset, err, want)
		}
		if err := Heap(1024).Append(offset, rawField(strings.Repeat("l", 0x100), 1)); err != nil {
			t.Errorf("Append(%d) of a label of 256 bytes = %v", offset, err)
		}
	}
}

// TestAppendReaders looks for each field while it is appended: once its label
// size is there, all of it is.
func TestAppendReaders(t *testing.T) {
	var fields [][]byte
	size := 1
	for i := range 400 {
		// Of all lengths, to end at each place of a word.
		label := strings.Repeat("l", 600-i%13)
		if size%8 == 7 {
			label = "l"
		}
		fields = append(fields, rawField(label, 'v'))
		size += len(fields[i])
	}
	r, f := mapFile(t, size+2)
	seen := make(chan struct{}, len(fields))
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(seen)
		at := 1
		for i, field := range fields {
			head := (*byte)(r.at(at, len(field), 1))
			for tries := 1; binary.NativeEndian.Uint16(unsafe.Slice(head, 2)) == 0; tries++ {
				if tries%10_000 == 0 {
					runtime.Gosched()
				}
			}
			if got := unsafe.Slice(head, len(field)); !bytes.Equal(got, field) {
				t.Errorf("field %d = %.100q, want %.100q", i, got, field)
				return
			}
			at += len(field)
			seen <- struct{}{}
		}
	})
	end := 1
	for _, field := range fields {
		if err := r.Append(end, field); err != nil {
			t.Fatalf("Append(%d) = %v", end, err)
		}
		end += len(field)
		if _, ok := <-seen; !ok {
			break
		}
	}
	reading.Wait()
	// What the memory holds, the file does.
	data := make([]byte, size)
	if _, err := f.ReadAt(data, 0); err != nil || !bytes.Equal(data[1:], bytes.Join(fields, nil)) {
		t.Errorf("the file does not hold what was appended: %v", err)
	}
}
