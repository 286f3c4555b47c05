package main

import (
	"io"

	"mmstats/lib/escape"
	"mmstats/lib/output"
)

// A decision is what was done with a file, and why.
type decision struct {
	action string // removed, kept or skipped
	file   string
	pid    int // of the file's writer, or 0
	reason string
	detail string // what the reason rests on, with -v
}

// decisions writes decisions as text, TSV or JSON, or the names of files alone.
type decisions struct {
	*output.Buffer
	rows   *output.Rows // of TSV and JSON
	format output.Format
	names  bool // each with a NUL after it, and nothing else
	detail bool
	color  bool
}

func newDecisions(w io.Writer, o *options, f output.Format, color bool) *decisions {
	b := output.NewBuffer(w)
	d := &decisions{Buffer: b, rows: output.NewRows(b, f), format: f, names: o.Names, detail: o.Verbose, color: color}
	if o.Header && f == output.TSV && !d.names {
		columns := []string{"decision", "file", "pid", "reason"}
		if d.detail {
			columns = append(columns, "detail")
		}
		d.rows.Header(columns...)
	}
	return d
}

// print writes a decision. The error is the writer's, and stays.
func (d *decisions) print(n *decision) error {
	switch {
	case d.names:
		d.Bytes = append(append(d.Bytes, n.file...), 0)
	case d.format == output.Text:
		d.text(n)
		return d.Flush() // who watches a terminal wants to see the work go on
	default:
		d.row(n)
	}
	return d.FlushLarge()
}

func (d *decisions) text(n *decision) {
	if d.color {
		const bold, reset = "\x1b[1m", "\x1b[0m"
		d.Bytes = append(append(append(d.Bytes, bold...), n.action...), reset...)
	} else {
		d.Bytes = append(d.Bytes, n.action...)
	}
	d.Bytes = append(d.Bytes, ' ')
	d.Bytes = escape.AppendText(d.Bytes, []byte(n.file))
	d.Bytes = append(d.Bytes, ": "...)
	d.Bytes = escape.AppendMessage(d.Bytes, n.reason)
	if d.detail && n.detail != "" {
		d.Bytes = append(d.Bytes, " ("...)
		d.Bytes = escape.AppendMessage(d.Bytes, n.detail)
		d.Bytes = append(d.Bytes, ')')
	}
	d.Bytes = append(d.Bytes, '\n')
}

func (d *decisions) row(n *decision) {
	d.rows.Text("decision", []byte(n.action))
	d.rows.Text("file", []byte(n.file))
	if n.pid == 0 {
		d.rows.Absent("pid")
	} else {
		d.rows.Int("pid", int64(n.pid))
	}
	d.rows.Text("reason", []byte(n.reason))
	switch {
	case !d.detail:
	case n.detail == "" && !d.rows.JSON():
		d.rows.Absent("detail")
	default:
		d.rows.Text("detail", []byte(n.detail))
	}
	d.rows.End()
}
