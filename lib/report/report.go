// Package report writes stats as text, TSV, JSON Lines and Prometheus text.
package report

import (
	"io"
	"time"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

// Options say what a [Printer] writes.
type Options struct {
	Format output.Format
	// Header writes the names of the columns above TSV.
	Header bool
	// Long adds what is known of each stat and of its file's writer.
	Long bool
	// Buckets adds those of histograms, in TSV and JSON.
	Buckets bool
	// Host is the name of this computer, for Long.
	Host string
	// ValueOnly leaves out all but the value, in Text and TSV.
	ValueOnly bool
	// Raw writes texts without escapes, with ValueOnly.
	Raw bool
	// Color emphasizes the names of files, in Text.
	Color bool
}

// A Source is where rows come from.
type Source struct {
	// File is the name of the file, and "" where rows were folded over Files
	// of them.
	File  string
	Files int
	// Ended counts those of Files of which the writer has ended.
	Ended int
	// Time is when the file was read, for JSON, or the zero time.
	Time time.Time
	// PID is the process that the file names as its writer, or 0.
	PID int64
	// Live tells whether that process lives; it is nil where that is unknown.
	Live *bool
	// Age is how long ago the file was last known to change, in seconds, and
	// nil where that is unknown.
	Age *float64
	// Stale tells whether the heartbeat of the file is overdue; it is nil where
	// the file has none.
	Stale *bool
	// Note is a line about the file, for Text, or "".
	Note string
	// UID is the owner of the file, and nil where that is unknown.
	UID *uint32
	// Created is when the file says that it was made, or the zero time.
	Created time.Time
}

// A Row is one stat.
type Row struct {
	Label []byte
	Type  format.Type
	Kind  format.Kind
	Value format.Value
	// Signature is the stat's type signature, and Offset where the stat is in
	// its file, in bytes. Neither is known where Signature is empty.
	Signature string
	Offset    int
	// Files counts the files that a folded row was folded over.
	Files int
	// Parts are the main parts of an average or a histogram, for Text and JSON.
	Parts []format.PartValue
	// Unit and About are what the description of the stat says, or "".
	Unit, About string
	// Histogram is the state of a histogram, for Prometheus and buckets, and nil
	// for any other stat.
	Histogram *format.HistogramState

	// What follows is for Prometheus.

	// Live reports whether the value may change after the file is published.
	Live bool
	// Samples are those behind the mean of an average.
	Samples format.Samples
}

// A Printer writes rows to a writer. It is used by one goroutine; Close ends
// the output.
type Printer struct {
	*output.Buffer
	rows       *output.Rows // of TSV and JSON
	label      []byte       // of text, escaped
	file       []byte       // the column file of a source, as it was written
	time       []byte       // when the source was read, as it is written
	o          Options
	exposition Exposition
}

// New returns a Printer to w.
func New(w io.Writer, o Options) *Printer {
	b := output.NewBuffer(w)
	p := &Printer{Buffer: b, rows: output.NewRows(b, o.Format), o: o}
	if o.Format == output.TSV && o.Header {
		p.header()
	}
	return p
}

// Print writes the rows of one source. The error is that of the writer, and is
// returned from then on.
func (p *Printer) Print(src Source, rows []Row) error {
	switch {
	case p.o.Format == output.Prometheus:
		p.exposition.Add(src, rows)
	case p.o.ValueOnly:
		for i := range rows {
			p.value(rows[i].Value)
			p.Bytes = append(p.Bytes, '\n')
			p.FlushLarge()
		}
	case p.o.Format == output.Text:
		p.text(src, rows)
	default:
		p.file, p.time = p.file[:0], p.time[:0]
		if p.o.Format == output.JSON && !src.Time.IsZero() {
			p.time = appendTime(p.time, src.Time)
		}
		for i := range rows {
			p.row(&src, &rows[i])
			p.FlushLarge()
		}
	}
	return p.FlushLarge()
}

// Close writes what is left. It does not close the writer.
func (p *Printer) Close() error {
	if p.o.Format == output.Prometheus {
		p.exposition.Write(p.Buffer)
	}
	return p.Flush()
}

// value appends a value of text, or of TSV that has no other columns.
func (p *Printer) value(v format.Value) {
	switch {
	case v.Class() == 0:
		p.Bytes = append(p.Bytes, '-')
	case v.Class() != format.TextClass:
		p.Bytes = v.AppendText(p.Bytes)
	case p.o.Raw:
		p.Pieces(v.Text(), func(piece []byte) { p.Bytes = append(p.Bytes, piece...) })
	case p.o.Format == output.Text:
		p.Pieces(v.Text(), func(piece []byte) { p.Bytes = escape.AppendText(p.Bytes, piece) })
	default:
		p.Pieces(v.Text(), func(piece []byte) { p.Bytes = escape.AppendTSV(p.Bytes, piece) })
	}
}
