// Package format turns the bytes of a stat file into fields and back.
//
// It is pure: it opens no file and touches no memory but the slices it is
// given. The layout is that of mmstats(5), version 1:
//
//	offset  size            item
//	0       1               version, 1
//	then, for each field:
//	+0      2               label size L
//	+2      L               label
//	+2+L    2               signature size S
//	+4+L    S               type signature
//	+4+L+S  1               write buffer: 255 unbuffered, 0 or 1 buffered
//	+5+L+S  size of type    value, or two of them where buffered
//
// A label size of 0, or fewer than 2 bytes left, ends the fields.
package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Version is the first byte of every file.
const Version = 1

// Unbuffered is the write buffer of a field that has one value.
const Unbuffered = 255

// MaxLabel is the longest label that the format can hold, in bytes.
const MaxLabel = 1<<16 - 1

// A Field is one stat in a file: where it is, and how it is laid out.
type Field struct {
	// Offset is where the field starts, at its label size.
	Offset int
	// Label is the name of the stat, which should be UTF-8 and need not be.
	// It is part of the scanned bytes.
	Label []byte
	// Signature is the parsed type signature. It is shared: do not change it.
	Signature *Signature
	// WriteBuffer is the write buffer at the time of the scan.
	WriteBuffer byte
	// ValueOffset is where the buffer, or the first of two, starts. The value
	// starts Signature.ValueOffset bytes into it.
	ValueOffset int

	pad       []byte // the pad bytes before the value, part of the scanned bytes
	said      Kind   // the kind that they say, or 0
	histogram bool   // the value is laid out as one
}

// Layout returns f without its label and its description, which would keep all
// of the scanned bytes.
func (f *Field) Layout() Field {
	layout := *f
	layout.Label, layout.pad = nil, nil
	return layout
}

// Buffered reports whether two values follow, of which readers take the one
// that is not being written.
func (f *Field) Buffered() bool { return f.WriteBuffer != Unbuffered }

// Rebase makes f a field of data, which holds the same bytes as those that were
// scanned.
func (f *Field) Rebase(data []byte) {
	f.Label = data[f.Offset+2:][:len(f.Label):len(f.Label)]
	if f.pad != nil {
		f.pad = data[f.ValueOffset:][:len(f.pad):len(f.pad)]
	}
}

// Live reports whether the value may change after the file is published, as
// far as the layout tells. It does not tell of a text with neither two buffers
// nor a blank: the Python original lays out those that change and those that do
// not in the same way.
func (f *Field) Live() bool {
	s := f.Signature
	return f.Buffered() || s.LeadingBlank || s.TrailingBlank || s.isSingleByte()
}

// IsLabel reports whether label is name, after a prefix that ends with a dot or
// after none.
func IsLabel(label []byte, name string) bool {
	prefix, ok := bytes.CutSuffix(label, []byte(name))
	return ok && (len(prefix) == 0 || prefix[len(prefix)-1] == '.')
}

// identities are the labels of stats that say whose a file is.
var identities = [...]string{"sys.pid", "sys.tid", "sys.uid", "sys.gid", "sys.created", "sys.heartbeat"}

// IsIdentity reports whether label, with or without a prefix that ends in a
// dot, is that of a stat which says whose a file is and when it was written,
// such as sys.pid. Such stats have no meaningful sum.
func IsIdentity(label []byte) bool {
	for _, name := range identities {
		if IsLabel(label, name) {
			return true
		}
	}
	return false
}

// IndexOffset is where the write buffer stands.
func (f *Field) IndexOffset() int { return f.ValueOffset - 1 }

// End is where the next field starts.
func (f *Field) End() int {
	if f.Buffered() {
		return f.ValueOffset + 2*f.Signature.Size
	}
	return f.ValueOffset + f.Signature.Size
}

// ReadOffset is where the value that readers take starts, if index is the
// write buffer: the first value of an unbuffered field, else the value that
// is not being written.
func (f *Field) ReadOffset(index byte) int {
	if index == 0 {
		return f.ValueOffset + f.Signature.Size
	}
	return f.ValueOffset
}

// InWord reports whether the value, in either buffer, lies wholly inside an
// aligned 8-byte word, so that a single load gets it whole.
func (f *Field) InWord() bool {
	s := f.Signature
	inWord := func(offset int) bool { return s.ValueSize == 0 || offset/8 == (offset+s.ValueSize-1)/8 }
	start := f.ValueOffset + s.ValueOffset
	return inWord(start) && (!f.Buffered() || inWord(start+s.Size))
}

// ErrMore says that the field at hand goes on past the bytes that the scanner
// was given, and the file may hold the rest.
var ErrMore = errors.New("field goes past the bytes that were read")

// A DamageError says where and why a file cannot be read on. The fields
// before the damage are intact.
type DamageError struct {
	Offset int    // of the item that is wrong, from the start of the file
	Reason string // such as "label of 300 bytes goes past the end of the file"
}

func (e *DamageError) Error() string {
	if e.Offset == 0 { // nothing of it is a stat file
		return e.Reason
	}
	return "damaged at byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// A Scanner walks over the fields of a file. It is made by Scan, and used by
// one goroutine.
type Scanner struct {
	data   []byte
	whole  bool
	offset int
	sigs   *Signatures
}

// Scan returns a scanner of data, the start of a file; whole says that the
// file has no more. Parsed signatures are kept in sigs, which may serve many
// scanners. The error is a *DamageError if data is empty or is of another
// version.
func Scan(data []byte, whole bool, sigs *Signatures) (Scanner, error) {
	switch {
	case len(data) == 0:
		return Scanner{}, &DamageError{0, "empty file"}
	case data[0] != Version:
		return Scanner{}, &DamageError{0, fmt.Sprintf("not a version %d stat file (first byte %#02x)", Version, data[0])}
	}
	return Scanner{data: data, whole: whole, offset: 1, sigs: sigs}, nil
}

// Extend gives the scanner more of the same file: data starts where the first
// bytes started, and is longer.
func (s *Scanner) Extend(data []byte, whole bool) { s.data, s.whole = data, whole }

// Offset returns where the next field starts: after an io.EOF, where one can
// be appended.
func (s *Scanner) Offset() int { return s.offset }

// FieldAt returns the field that starts at offset of data, a whole file.
func FieldAt(data []byte, offset int) (Field, error) {
	s := Scanner{data: data, whole: true, offset: offset, sigs: new(Signatures)}
	return s.Next()
}

// Next returns the next field, or io.EOF after the last one, ErrMore where
// Extend is called for, or a *DamageError. It stays where it is after an
// error.
func (s *Scanner) Next() (Field, error) {
	f := Field{Offset: s.offset}
	at := s.offset
	if len(s.data)-at < 2 {
		if !s.whole {
			return f, ErrMore
		}
		return f, io.EOF
	}
	n := int(binary.NativeEndian.Uint16(s.data[at:]))
	if n == 0 {
		return f, io.EOF
	}
	if n > len(s.data)-at-2 {
		return f, s.short(at, "label", n)
	}
	f.Label = s.data[at+2 : at+2+n]
	at += 2 + n

	if len(s.data)-at < 2 {
		return f, s.short(at, "signature size", 2)
	}
	n = int(binary.NativeEndian.Uint16(s.data[at:]))
	if n > MaxSignature {
		return f, &DamageError{at, fmt.Sprintf("signature of %d bytes, at most %d are read", n, MaxSignature)}
	}
	if n > len(s.data)-at-2 {
		return f, s.short(at, "signature", n)
	}
	sig, err := s.sigs.parse(s.data[at+2 : at+2+n])
	if err != nil {
		return f, &DamageError{at + 2, err.Error()}
	}
	f.Signature = sig
	at += 2 + n

	if at == len(s.data) {
		return f, s.short(at, "write buffer", 1)
	}
	f.WriteBuffer = s.data[at]
	if f.WriteBuffer > 1 && f.WriteBuffer != Unbuffered {
		return f, &DamageError{at, fmt.Sprintf("write buffer is %d, not 0, 1 or %d", f.WriteBuffer, Unbuffered)}
	}
	f.ValueOffset = at + 1
	if f.End() > len(s.data) {
		return f, s.short(at+1, "value", f.End()-f.ValueOffset)
	}
	s.offset = f.End()
	f.describe(s.data[f.ValueOffset:])
	return f, nil
}

// describe notes what the pad bytes before the value, which starts in buffer,
// say of it.
func (f *Field) describe(buffer []byte) {
	s := f.Signature
	if n := s.ValueOffset; n > 0 && n <= MaxDescription {
		f.pad = buffer[:n:n]
		f.said = saidKind(f.pad)
	}
	f.histogram = s.Histogram && f.Live() && !f.Buffered() && IsHistogram(buffer[s.ValueOffset:])
}

func (s *Scanner) short(at int, what string, size int) error {
	if !s.whole {
		return ErrMore
	}
	return &DamageError{at, fmt.Sprintf("%s of %d bytes goes past the end of the file", what, size)}
}
