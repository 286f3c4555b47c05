// Package output writes rows of TSV and JSON Lines, in few large writes. Both
// come from the same calls, so that they hold the same columns in the same
// order; see slurpstats(1), OUTPUT.
package output

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Format is a format of output.
type Format uint8

// The formats.
const (
	Text Format = iota + 1
	TSV
	JSON
	Prometheus
)

// names are the formats as options take them.
var names = [...]string{Text: "text", TSV: "tsv", JSON: "json", Prometheus: "prometheus"}

// String returns the name of the format.
func (f Format) String() string { return names[f] }

// ParseFormat returns the one of formats that is called name.
func ParseFormat(name string, formats ...Format) (Format, error) {
	var known []string
	for _, f := range formats {
		if f.String() == name {
			return f, nil
		}
		known = append(known, f.String())
	}
	return 0, fmt.Errorf("unknown format %q; formats: %s", name, strings.Join(known, ", "))
}

// A Buffer gathers what is to be written to a writer. After an error it drops
// everything. It is used by one goroutine.
type Buffer struct {
	// Bytes are not written yet. Append to it.
	Bytes []byte
	w     io.Writer
	err   error
}

// size is how many bytes are gathered for one write.
const size = 64 << 10

// NewBuffer returns a buffer for w.
func NewBuffer(w io.Writer) *Buffer {
	return &Buffer{w: w, Bytes: make([]byte, 0, size+size/4)}
}

// FlushLarge writes what was gathered if that is worth a write.
func (b *Buffer) FlushLarge() error {
	if len(b.Bytes) >= size {
		return b.Flush()
	}
	return b.err
}

// pieceSize is how many bytes of a long text are escaped at a time.
const pieceSize = 16 << 10

// Pieces calls add with s, or with one piece of it after the other where it is
// long, and writes what was gathered between them: escaped, a text of 16 MiB is
// six times as long. No character is cut in two.
func (b *Buffer) Pieces(s []byte, add func(piece []byte)) {
	for len(s) > 2*pieceSize {
		n := pieceSize
		for n > pieceSize-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		add(s[:n])
		b.FlushLarge()
		s = s[n:]
	}
	add(s)
}

// Flush writes what was gathered. The error is the first of the writer.
func (b *Buffer) Flush() error {
	if b.err == nil && len(b.Bytes) > 0 {
		_, b.err = b.w.Write(b.Bytes)
	}
	b.Bytes = b.Bytes[:0]
	return b.err
}
