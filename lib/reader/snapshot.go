// Package reader reads stat files while their writers write. It never
// disturbs a writer, never trusts a file, and never shows half of a value: see
// mmstats(5), READING.
package reader

import (
	"bytes"
	"errors"
	"io"
	"io/fs"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A value that changes while it is read is looked at up to maxLooks times, until
// sameLooks of them in a row are the same. Two are not enough: of a text that
// was set to one of eight, 10 million times a second, 1 in 120 was torn in the
// same place twice; three times 1 in 13,000, and four times none.
const (
	maxLooks  = 128
	sameLooks = 4
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
	// Loader finds the fields; its MaxSize may be set.
	statfile.Loader

	again []byte // the second look at some of Data
	stats []Stat
}

// Read returns the stats of f, which info is of, in the order of the file.
// Where the file is damaged, those before the damage are returned with an
// error that wraps a *format.DamageError.
func (r *Reader) Read(f *mapping.File, info mapping.Info) ([]Stat, error) {
	err := r.Load(f, info)
	r.stats = r.stats[:0]
	for _, field := range r.Fields {
		r.stats = append(r.stats, Stat{Field: field})
	}
	if verr := r.values(f); verr != nil && err == nil {
		err = verr
	}
	return r.stats, err
}

// values decodes every value. One that lies in an aligned word was read whole.
// Any other must look the same sameLooks times, and so must its write buffer.
// Where the file cannot be read any more, the stats before that place are
// left.
func (r *Reader) values(f *mapping.File) error {
	start, end := 0, 0
	for i := range r.stats {
		if st := &r.stats[i]; !st.InWord() {
			if end == 0 {
				start = st.IndexOffset()
			}
			end = st.End()
		}
	}
	settled := r.same(f, start, end)
	for i := range r.stats {
		st := &r.stats[i]
		if !settled && !st.InWord() {
			err := r.settle(f, st)
			if err == mapping.ErrBusy {
				st.Err = err
				continue
			}
			if err == io.EOF {
				err = &fs.PathError{Op: "read", Path: f.Name(), Err: errTruncated}
			}
			if err != nil {
				r.stats = r.stats[:i]
				return err
			}
		}
		at := st.ReadOffset(st.WriteBuffer)
		st.Value = st.Signature.Decode(r.Data[at : at+st.Signature.Size])
	}
	return nil
}

var errTruncated = errors.New("truncated while it was read")

// same reports whether the file still holds r.Data[start:end], at all the looks
// that it takes.
func (r *Reader) same(f *mapping.File, start, end int) bool {
	for range sameLooks - 1 {
		for at := start; at < end; at += statfile.Chunk {
			n := min(statfile.Chunk, end-at)
			if _, err := f.ReadAt(r.scratch(n), int64(at)); err != nil || !bytes.Equal(r.again[:n], r.Data[at:at+n]) {
				return false
			}
		}
	}
	return true
}

func (r *Reader) scratch(n int) []byte {
	if cap(r.again) < n {
		r.again = make([]byte, max(n, statfile.Chunk))
	}
	return r.again[:n]
}

// settle reads one value again and again, until it can be had whole. The error
// is mapping.ErrBusy where it cannot, or that of reading the file.
func (r *Reader) settle(f io.ReaderAt, st *Stat) error {
	start := st.IndexOffset()
	span := r.Data[start:st.End()]
	again := r.scratch(len(span))
	for looks, same := 0, 0; looks < maxLooks; looks++ {
		if _, err := f.ReadAt(again, int64(start)); err != nil {
			return err
		}
		index := again[0]
		if (index == format.Unbuffered) == st.Buffered() || index > 1 && st.Buffered() {
			return mapping.ErrBusy // the file is being rewritten
		}
		at := st.ReadOffset(index) - start
		value := span[at : at+st.Signature.Size]
		if same == 0 || index != span[0] || !bytes.Equal(value, again[at:at+len(value)]) {
			copy(span, again)
			same = 0
		}
		if same++; same < sameLooks {
			continue
		}
		// The value is that of this write buffer only if it still is.
		if _, err := f.ReadAt(again[:1], int64(start)); err != nil {
			return err
		}
		if again[0] == index {
			st.WriteBuffer = index
			return nil
		}
		same = 0
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
