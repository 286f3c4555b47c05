// Package reader reads stat files while their writers write. It never
// disturbs a writer, never trusts a file, and never shows half of a value: see
// mmstats(5), READING.
package reader

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A Reader takes snapshots of files, one after the other. It reuses its memory:
// what it returns is good until the next Read. The zero Reader is ready to
// use, by one goroutine.
type Reader struct {
	// MaxSize is how many bytes of a file are read; 0 is
	// [statfile.DefaultMaxSize].
	MaxSize int

	loader statfile.Loader
	busy   []int // indexes of the fields that changed too fast, in order
	again  []byte
}

// Read reads f, which info is of. Where the file is damaged, [Reader.Stats]
// yields the stats before the damage, and the error wraps a
// [*format.DamageError].
func (r *Reader) Read(f *mapping.File, info mapping.Info) error {
	r.busy, r.loader.MaxSize = r.busy[:0], r.MaxSize
	err := r.loader.Load(f, info)
	if verr := r.settleAll(f); verr != nil && err == nil {
		err = verr
	}
	return err
}

// Len returns how many stats the last Read got.
func (r *Reader) Len() int { return len(r.loader.Fields) }

// end returns where the stats that the last Read got end.
func (r *Reader) end() int {
	if n := r.Len(); n > 0 {
		return r.loader.Fields[n-1].End()
	}
	return 1
}

// Data returns the bytes that the last Read got, up to the end of the fields or
// beyond it.
func (r *Reader) Data() []byte { return r.loader.Data }

// Stats yields the stats that the last Read got, in the order of the file.
func (r *Reader) Stats() iter.Seq[format.Stat] {
	return func(yield func(format.Stat) bool) {
		busy := r.busy
		for i := range r.loader.Fields {
			st := format.Stat{Field: r.loader.Fields[i]}
			if len(busy) > 0 && busy[0] == i {
				busy, st.Err = busy[1:], mapping.ErrBusy
			} else {
				r.decode(&st)
			}
			if !yield(st) {
				return
			}
		}
	}
}

// decode sets the value of st.
func (r *Reader) decode(st *format.Stat) {
	at := st.ReadOffset(st.WriteBuffer)
	buf := r.loader.Data[at : at+st.Signature.Size]
	st.Value, st.Raw = st.Signature.Decode(buf), buf[st.Signature.ValueOffset:]
	if st.Type() == format.Histogram {
		st.Value, st.Err = histogramValue(st.Raw)
	}
}

// histogramValue returns the mean of a histogram. Its first word is the mean
// that it had some samples ago.
func histogramValue(raw []byte) (format.Value, error) {
	var h format.HistogramState
	if err := h.Decode(raw); err != nil {
		return format.Value{}, err
	}
	return h.Value(), nil
}

// release gives back the memory of a large file. Others are likely small.
func (r *Reader) release() {
	if cap(r.loader.Data) > 1<<20 {
		r.loader, r.again = statfile.Loader{}, nil
	}
}

// settleAll makes every value one that the file held at some moment. One that
// lies in an aligned word was read whole. Any other must be the same at several
// reads, and so must its write buffer: see package mapping. Where the file
// cannot be read any more, the stats before that are left.
func (r *Reader) settleAll(f *mapping.File) error {
	start, end := 0, 0 // of the fields that one load does not get whole
	for i := range r.loader.Fields {
		if field := &r.loader.Fields[i]; !field.InWord() {
			if end == 0 {
				start = field.IndexOffset()
			}
			end = field.End()
		}
	}
	if r.same(f, start, end) {
		return nil
	}
	for i := range r.loader.Fields {
		field := &r.loader.Fields[i]
		if field.InWord() {
			continue
		}
		switch err := r.settle(f, field); err {
		case nil:
		case mapping.ErrBusy:
			r.busy = append(r.busy, i)
		default:
			r.loader.Fields = r.loader.Fields[:i]
			if err == io.EOF {
				err = &fs.PathError{Op: "read", Path: f.Name(), Err: errTruncated}
			}
			return err
		}
	}
	return nil
}

var errTruncated = errors.New("truncated while it was read")

// same reports whether the file still holds r.loader.Data[start:end], at all
// the reads that it takes.
func (r *Reader) same(f *mapping.File, start, end int) bool {
	for range mapping.EqualReads - 1 {
		for at := start; at < end; at += statfile.Chunk {
			n := min(statfile.Chunk, end-at)
			if _, err := f.ReadAt(r.scratch(n), int64(at)); err != nil || !bytes.Equal(r.again[:n], r.loader.Data[at:at+n]) {
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

// settle reads one value until it can be had whole, as package mapping says. The
// error is [mapping.ErrBusy] where it cannot, or that of reading the file.
func (r *Reader) settle(f io.ReaderAt, field *format.Field) error {
	start := field.IndexOffset()
	span := r.loader.Data[start:field.End()]
	again := r.scratch(len(span))
	for range mapping.MaxTries {
		if _, err := f.ReadAt(again, int64(start)); err != nil {
			return err
		}
		index := again[0]
		if (index == format.Unbuffered) == field.Buffered() || index > 1 && field.Buffered() {
			return mapping.ErrBusy // the file is being rewritten
		}
		copy(span, again)
		at := field.ReadOffset(index) - start
		equal := 1
		for ; equal < mapping.EqualReads; equal++ {
			if _, err := f.ReadAt(again, int64(start)); err != nil {
				return err
			}
			if again[0] != index || !bytes.Equal(again[at:at+field.Signature.Size], span[at:at+field.Signature.Size]) {
				break
			}
		}
		if equal < mapping.EqualReads {
			continue
		}
		if _, err := f.ReadAt(again[:1], int64(start)); err != nil {
			return err
		}
		if again[0] == index {
			field.WriteBuffer = index
			return nil
		}
	}
	return mapping.ErrBusy
}

// ReadFile returns the stats of the file called name, like [Reader.Read].
func ReadFile(name string) ([]format.Stat, error) {
	f, info, err := statfile.Open(name, true)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r Reader
	err = r.Read(f, info)
	return slices.Collect(r.Stats()), err
}
