package report

import (
	"io"

	"mmstats/lib/escape"
	"mmstats/lib/output"
)

// A Decision is what a command did with a file, and why.
type Decision struct {
	Action string // one word
	File   string
	PID    int // of the file's writer, or 0
	Reason string
	Detail string // more of the reason, for those who ask
}

// Decisions writes decisions as Text, TSV or JSON, or the names of files
// alone. It is used by one goroutine; Close ends the output.
type Decisions struct {
	*output.Buffer
	rows   *output.Rows
	format output.Format
	names  bool
	detail bool
	color  bool
}

// NewDecisions returns a writer of decisions to w. With names it writes the
// names of files and nothing else, each with a NUL after it. Of the options
// it knows Format, Header, Long, which adds the details, and Color.
func NewDecisions(w io.Writer, o Options, names bool) *Decisions {
	b := output.NewBuffer(w)
	d := &Decisions{Buffer: b, rows: output.NewRows(b, o.Format), format: o.Format, names: names, detail: o.Long, color: o.Color}
	if o.Header && o.Format == output.TSV && !names {
		columns := []string{"decision", "file", "pid", "reason"}
		if d.detail {
			columns = append(columns, "detail")
		}
		d.rows.Header(columns...)
	}
	return d
}

// Print writes a decision. The error is the writer's, and stays.
func (d *Decisions) Print(n *Decision) error {
	switch {
	case d.names:
		d.Bytes = append(append(d.Bytes, n.File...), 0)
	case d.format == output.Text:
		d.text(n)
		return d.Flush() // who watches a terminal wants to see the work go on
	default:
		d.row(n)
	}
	return d.FlushLarge()
}

// Line writes a line of text that stands by itself.
func (d *Decisions) Line(text string) error {
	d.Bytes = append(append(d.Bytes, text...), '\n')
	return d.FlushLarge()
}

// Close writes what is left. It does not close the writer.
func (d *Decisions) Close() error { return d.Flush() }

func (d *Decisions) text(n *Decision) {
	if d.color {
		d.Bytes = append(d.Bytes, bold...)
	}
	d.Bytes = append(d.Bytes, n.Action...)
	if d.color {
		d.Bytes = append(d.Bytes, reset...)
	}
	d.Bytes = append(d.Bytes, ' ')
	d.Bytes = escape.AppendText(d.Bytes, []byte(n.File))
	d.Bytes = append(d.Bytes, ": "...)
	d.Bytes = escape.AppendMessage(d.Bytes, n.Reason)
	if d.detail && n.Detail != "" {
		d.Bytes = append(d.Bytes, " ("...)
		d.Bytes = escape.AppendMessage(d.Bytes, n.Detail)
		d.Bytes = append(d.Bytes, ')')
	}
	d.Bytes = append(d.Bytes, '\n')
}

func (d *Decisions) row(n *Decision) {
	d.rows.Text("decision", []byte(n.Action))
	d.rows.Text("file", []byte(n.File))
	if n.PID == 0 {
		d.rows.Absent("pid")
	} else {
		d.rows.Int("pid", int64(n.PID))
	}
	d.rows.Text("reason", []byte(n.Reason))
	switch {
	case !d.detail:
	case n.Detail == "" && !d.rows.JSON():
		d.rows.Absent("detail")
	default:
		d.rows.Text("detail", []byte(n.Detail))
	}
	d.rows.End()
}
