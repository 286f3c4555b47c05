//go:build unix

package mapping

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

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
			want = ErrStraddles
		}
		if err := r.Append(offset, rawField(strings.Repeat("l", 0x101), 1)); !errors.Is(err, want) {
			t.Errorf("Append(%d) of a label of 257 bytes = %v, want %v", offset, err, want)
		}
		if err := Heap(1024).Append(offset, rawField(strings.Repeat("l", 0x100), 1)); err != nil {
			t.Errorf("Append(%d) of a label of 256 bytes = %v", offset, err)
		}
	}
}

// TestAppendReaders reads the file while fields are appended: each that a
// reader sees is whole, and none disappears.
func TestAppendReaders(t *testing.T) {
	const fields = 2000
	r, f := mapFile(t, 64<<10)
	if _, err := f.WriteAt([]byte{format.Version}, 0); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			data := make([]byte, r.Size())
			for seen := 0; seen < fields; {
				if _, err := f.ReadAt(data, 0); err != nil {
					t.Error(err)
					return
				}
				count, err := scanLetters(data)
				if err != nil || count < seen {
					t.Errorf("%d fields, %v, after %d", count, err, seen)
					return
				}
				seen = count
			}
		})
	}
	end := 1
	for i := range fields {
		letter := 'a' + byte(i%26)
		// Of all lengths, to end at each place of a word.
		field := rawField(strings.Repeat(string(letter), 1+i%13), letter)
		if err := r.Append(end, field); err != nil {
			t.Fatalf("Append(%d) = %v", end, err)
		}
		end += len(field)
	}
	reading.Wait()
}

// scanLetters counts fields, whose labels must be of one letter, which is also
// the value.
func scanLetters(data []byte) (count int, err error) {
	s, err := format.Scan(data, true, new(format.Signatures))
	for err == nil {
		var f format.Field
		if f, err = s.Next(); err != nil {
			break
		}
		value := string(data[f.ValueOffset])
		if strings.Trim(string(f.Label), value) != "" {
			return count, errors.New("field of " + string(f.Label) + " holds " + value)
		}
		count++
	}
	if err == io.EOF {
		err = nil
	}
	return count, err
}
