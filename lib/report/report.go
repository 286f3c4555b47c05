// Package report writes stats as text, TSV, JSON Lines and Prometheus text.
package report

import (
	"fmt"
	"io"

	"mmstats/lib/format"
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

// Names of the formats, as options take them.
var names = map[string]Format{"text": Text, "tsv": TSV, "json": JSON, "prometheus": Prometheus}

// ParseFormat returns the format called name.
func ParseFormat(name string) (Format, error) {
	if f, ok := names[name]; ok {
		return f, nil
	}
	return 0, fmt.Errorf("unknown format %q", name)
}

// Options say what a Printer writes.
type Options struct {
	Format Format
	// Header puts the names of the columns above TSV.
	Header bool
	// Long adds the writer and the place of each stat.
	Long bool
	// ValueOnly leaves out all but the value, in Text and TSV.
	ValueOnly bool
	// Color emphasizes the names of files, in Text.
	Color bool
}

// A Source is where rows come from.
type Source struct {
	// File is the name of the file, and "" where rows were folded over Files
	// of them.
	File  string
	Files int
	// PID is the process that the file names as its writer, or 0.
	PID int64
	// Live tells whether that process lives; it is nil where nobody knows.
	Live *bool
}

// A Row is one stat.
type Row struct {
	Label []byte
	Type  format.Type
	Kind  format.Kind
	Value format.Value
	// Signature and Offset tell where the stat stands in its file.
	Signature string
	Offset    int
	// Files counts the files that a folded row stands for.
	Files int
}

// A Printer writes rows to a writer, in few large writes. It is used by one
// goroutine; Close ends the output.
type Printer struct {
	buffer
	o        Options
	prefix   []byte // of every line of a file
	families families
}

// flushSize is how many bytes are gathered for one write.
const flushSize = 64 << 10

// A buffer gathers what is to be written. After an error it drops all.
type buffer struct {
	w   io.Writer
	buf []byte
	err error
}

func (b *buffer) flush() {
	if b.err == nil && len(b.buf) > 0 {
		_, b.err = b.w.Write(b.buf)
	}
	b.buf = b.buf[:0]
}

// New returns a Printer to w.
func New(w io.Writer, o Options) *Printer {
	p := &Printer{buffer: buffer{w: w, buf: make([]byte, 0, flushSize+flushSize/4)}, o: o}
	if o.Format == TSV && o.Header {
		p.buf = append(p.buf, tsvHeader(o)...)
	}
	return p
}

// Print writes the rows of one source. The error is the writer's, and stays.
func (p *Printer) Print(src Source, rows []Row) error {
	switch {
	case p.o.Format == Prometheus:
		p.families.add(src, rows)
	case p.o.Format == JSON:
		p.json(src, rows)
	case p.o.ValueOnly:
		for i := range rows {
			p.value(&rows[i], p.o.Format == Text)
			p.buf = append(p.buf, '\n')
		}
	case p.o.Format == TSV:
		p.tsv(src, rows)
	default:
		p.text(src, rows)
	}
	if len(p.buf) >= flushSize {
		p.flush()
	}
	return p.err
}

// Close writes what is left. It does not close the writer.
func (p *Printer) Close() error {
	if p.o.Format == Prometheus {
		p.buf = p.families.append(p.buf)
	}
	p.flush()
	return p.err
}

// value appends the value of row: "-" where it is absent.
func (p *Printer) value(row *Row, terminal bool) {
	switch {
	case row.Value.Class() == 0:
		p.buf = append(p.buf, '-')
	case row.Value.Class() == format.TextClass:
		p.escaped(row.Value.Text(), terminal)
	default:
		p.buf = row.Value.AppendText(p.buf)
	}
}

// escaped appends a text as AppendEscaped does, and one that is "-" escaped,
// too: that says absent.
func (b *buffer) escaped(s []byte, terminal bool) {
	if len(s) == 1 && s[0] == '-' {
		b.buf = append(b.buf, `\x2d`...)
		return
	}
	b.buf = AppendEscaped(b.buf, s, terminal)
}
