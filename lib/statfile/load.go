package statfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// DefaultMaxSize is how many bytes of a file are read if no other number is
// given.
const DefaultMaxSize = 16 << 20

// MaxStats is how many stats of a file are read, or more if MaxSize is larger
// than DefaultMaxSize. Without it, a file of 16 MiB could have 1.5 million, and
// a reader that has a map of their labels would need hundreds of megabytes.
const MaxStats = DefaultMaxSize / bytesPerStat

const bytesPerStat = 512

// Chunk is how many bytes are read in one step. Memory grows by what was read,
// and never by a size that is in the file.
const Chunk = 64 << 10

// A Loader reads files up to the end of their fields, one after the other. It
// reuses its memory. The zero Loader is ready to use, by one goroutine.
type Loader struct {
	// MaxSize is how many bytes of a file are read; 0 is DefaultMaxSize.
	MaxSize int
	// Data holds the bytes of the file that Load read, up to the end of the
	// fields or beyond it, and Fields the fields in them.
	Data   []byte
	Fields []format.Field
	// End is where the fields end, and Limited says that a limit of this
	// package ended them, so that no change of the file brings more.
	End     int
	Limited bool

	sigs    format.Signatures
	scanner format.Scanner // at End
}

// Load reads f, which info is of. Where the file is damaged, the fields before
// the damage are there, and the error wraps a *format.DamageError.
func (l *Loader) Load(f *mapping.File, info mapping.Info) error {
	l.Fields, l.End, l.Limited = l.Fields[:0], 0, false
	err := l.extend(f, 0, info.Size)
	if err == nil {
		l.scanner, err = format.Scan(l.Data, len(l.Data) == 0, &l.sigs)
	}
	if err == nil {
		err = l.scan(f)
	}
	if len(l.Data) > Chunk {
		// Data was copied to larger memory as it grew. Nothing holds the old.
		for i := range l.Fields {
			l.Fields[i].Rebase(l.Data)
		}
	}
	return damaged(f, err)
}

// LoadMore reads the fields that were added to f since they were loaded. The
// others stay as they were found.
func (l *Loader) LoadMore(f *mapping.File, info mapping.Info) error {
	if l.End == 0 {
		return l.Load(f, info)
	}
	if err := l.extend(f, l.End, info.Size); err != nil {
		return err
	}
	l.scanner.Extend(l.Data, false)
	return damaged(f, l.scan(f))
}

// damaged adds the name of the file to an error about its bytes.
func damaged(f *mapping.File, err error) error {
	if _, ok := errors.AsType[*format.DamageError](err); ok {
		err = &fs.PathError{Op: "read", Path: f.Name(), Err: err}
	}
	return err
}

// scan finds fields up to the end of them, and reads on where it must.
func (l *Loader) scan(f *mapping.File) error {
	for whole := false; ; {
		field, err := l.scanner.Next()
		l.End = l.scanner.Offset()
		switch {
		case err == nil:
			if most := max(MaxStats, l.maxSize()/bytesPerStat); len(l.Fields) == most {
				l.End, l.Limited = field.Offset, true
				return &format.DamageError{Offset: l.End, Reason: fmt.Sprintf("more than %d stats, the most that are read", most)}
			}
			l.Fields = append(l.Fields, field)
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
		before := len(l.Data)
		if err := l.extend(f, before, info.Size); err != nil {
			return err
		}
		whole = len(l.Data) == before
		if limit := l.maxSize(); whole && before == limit && info.Size > int64(limit) {
			l.Limited = true
			return &format.DamageError{Offset: l.End, Reason: fmt.Sprintf("fields go on past %d bytes, the most that is read", limit)}
		}
		l.scanner.Extend(l.Data, whole)
	}
}

func (l *Loader) maxSize() int {
	if l.MaxSize > 0 {
		return l.MaxSize
	}
	return DefaultMaxSize
}

// extend reads one more step, of a file of size bytes of which the first have
// were read.
func (l *Loader) extend(f *mapping.File, have int, size int64) error {
	want := int(min(size-int64(have), Chunk, int64(l.maxSize()-have)))
	if need := have + max(want, 0); need > cap(l.Data) {
		// Labels of the fields so far stay in the old bytes, and are good. A
		// whole step for a file of one page costs 0.03 ms, which an update from
		// the shell notices.
		grown := make([]byte, need, max(need, 2*cap(l.Data)))
		copy(grown, l.Data[:have])
		l.Data = grown
	}
	l.Data = l.Data[:have]
	if want <= 0 {
		return nil
	}
	n, err := f.ReadAt(l.Data[have:have+want], int64(have))
	l.Data = l.Data[:have+n]
	if err == io.EOF { // it was truncated just now
		err = nil
	}
	return err
}
