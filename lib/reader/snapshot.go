// Package reader reads stat files while their writers write. It never
// disturbs a writer, never trusts a file, and never shows half of a value: see
// mmstats(5), READING.
package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// DefaultMaxSize is how far into a file is read, in bytes, unless it is told
// otherwise.
const DefaultMaxSize = 16 << 20

const (
	chunk    = 64 << 10 // bytes of one step; no size in a file says more
	maxTries = 64       // looks at a value that changes while it is read
)

// A Stat is one stat as it was read.
type Stat struct {
	format.Field
	// Value is absent where Err says why.
	Value format.Value
	// Err is mapping.ErrBusy for a value that changed at every look.
	Err error
}

// A Reader takes snapshots of files, one after the other. It keeps its memory
// from one to the next: what Read returns is good until the next Read. The
// zero Reader is ready to use, by one goroutine.
type Reader struct {
	// MaxSize is how far into a file is read, in bytes; 0 is DefaultMaxSize.
	MaxSize int

	data  []byte // the file, up to the end of its fields
	again []byte // the second look at some of it
	stats []Stat
	sigs  format.Signatures
}

// Read returns the stats of f, which info is of, in the order of the file.
// Where the file is damaged, those before the damage are returned with an
// error that wraps a *format.DamageError.
func (r *Reader) Read(f *mapping.File, info mapping.Info) ([]Stat, error) {
	r.stats = r.stats[:0]
	err := r.scan(f, info.Size)
	if err == nil || len(r.stats) > 0 {
		r.values(f)
	}
	var damage *format.DamageError
	if errors.As(err, &damage) {
		err = &fs.PathError{Op: "read", Path: f.Name(), Err: err}
	}
	return r.stats, err
}

// scan reads the file in steps, and finds its fields.
func (r *Reader) scan(f *mapping.File, size int64) error {
	if err := r.extend(f, 0, size); err != nil {
		return err
	}
	s, err := format.Scan(r.data, len(r.data) == 0, &r.sigs)
	if err != nil {
		return err
	}
	for whole := false; ; {
		field, err := s.Next()
		switch {
		case err == nil:
			r.stats = append(r.stats, Stat{Field: field})
			continue
		case err == io.EOF:
			return nil
		case err != format.ErrMore || whole:
			return err
		}
		// The file may have grown since it was opened.
		info, err := f.Stat()
		if err != nil {
			return err
		}
		before := len(r.data)
		if err := r.extend(f, before, info.Size); err != nil {
			return err
		}
		whole = len(r.data) == before
		if limit := r.maxSize(); whole && before == limit && info.Size > int64(limit) {
			return &format.DamageError{Offset: s.Offset(), Reason: fmt.Sprintf("fields go on past %d bytes, the most that is read", limit)}
		}
		s.Extend(r.data, whole)
	}
}

func (r *Reader) maxSize() int {
	if r.MaxSize > 0 {
		return r.MaxSize
	}
	return DefaultMaxSize
}

// extend reads one more step, of a file of size bytes of which r.data[:have]
// has been read.
func (r *Reader) extend(f *mapping.File, have int, size int64) error {
	want := int(min(size-int64(have), chunk, int64(r.maxSize()-have)))
	if need := have + max(want, 0); need > cap(r.data) {
		grown := make([]byte, need, max(chunk, 2*cap(r.data)))
		copy(grown, r.data[:have])
		// Labels of the fields so far stay in the old bytes, and are good.
		r.data = grown
	}
	r.data = r.data[:have]
	if want <= 0 {
		return nil
	}
	n, err := f.ReadAt(r.data[have:have+want], int64(have))
	r.data = r.data[:have+n]
	if err == io.EOF { // it was truncated just now
		err = nil
	}
	return err
}

// values decodes every value. One that lies in an aligned word was read whole.
// Of any other, the write buffer and the value must look the same twice, with
// the write buffer a third time after them.
func (r *Reader) values(f *mapping.File) {
	start, end := 0, 0
	for i := range r.stats {
		if st := &r.stats[i]; !st.InWord() {
			if end == 0 {
				start = st.IndexOffset()
			}
			end = st.End()
		}
	}
	settled := end == 0 || r.same(f, start, end) && r.same(f, start, end)
	for i := range r.stats {
		st := &r.stats[i]
		if !settled && !st.InWord() {
			if st.Err = r.settle(f, st); st.Err != nil {
				continue
			}
		}
		at := st.ReadOffset(st.WriteBuffer)
		st.Value = st.Signature.Decode(r.data[at : at+st.Signature.Size])
	}
}

// same reports whether the file still holds r.data[start:end].
func (r *Reader) same(f *mapping.File, start, end int) bool {
	for ; start < end; start += chunk {
		n := min(chunk, end-start)
		if _, err := f.ReadAt(r.scratch(n), int64(start)); err != nil || !bytes.Equal(r.again[:n], r.data[start:start+n]) {
			return false
		}
	}
	return true
}

func (r *Reader) scratch(n int) []byte {
	if cap(r.again) < n {
		r.again = make([]byte, max(n, chunk))
	}
	return r.again[:n]
}

// settle reads one value again and again, until it can be had whole.
func (r *Reader) settle(f *mapping.File, st *Stat) error {
	start := st.IndexOffset()
	span := r.data[start:st.End()]
	for range maxTries {
		if _, err := f.ReadAt(span, int64(start)); err != nil {
			return err
		}
		index := span[0]
		if (index == format.Unbuffered) == st.Buffered() || index > 1 && st.Buffered() {
			return mapping.ErrBusy // the file is being rewritten
		}
		at := st.ReadOffset(index) - start
		value := span[at : at+st.Signature.Size]
		again := r.scratch(len(span))
		if _, err := f.ReadAt(again, int64(start)); err != nil {
			return err
		}
		if again[0] != index || !bytes.Equal(again[at:at+len(value)], value) {
			continue
		}
		if _, err := f.ReadAt(again[:1], int64(start)); err != nil {
			return err
		}
		if again[0] == index {
			st.WriteBuffer = index
			return nil
		}
	}
	return mapping.ErrBusy
}

// ReadFile returns the stats of the file called name, like Read.
func ReadFile(name string) ([]Stat, error) {
	f, info, err := statfile.Open(name, true)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return new(Reader).Read(f, info)
}
