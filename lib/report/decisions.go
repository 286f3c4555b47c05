package report

import (
	"io"
	"strconv"
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
	buffer
	format Format
	names  bool
	detail bool
	color  bool
}

// NewDecisions returns a writer of decisions to w. With names it writes the
// names of files and nothing else, each with a NUL after it. Of the options
// it knows Format, Header, Long, which adds the details, and Color.
func NewDecisions(w io.Writer, o Options, names bool) *Decisions {
	d := &Decisions{buffer: buffer{w: w}, format: o.Format, names: names, detail: o.Long, color: o.Color}
	if o.Header && o.Format == TSV && !names {
		d.buf = append(d.buf, "decision\tfile\tpid\treason"...)
		if d.detail {
			d.buf = append(d.buf, "\tdetail"...)
		}
		d.buf = append(d.buf, '\n')
	}
	return d
}

// Print writes a decision. The error is the writer's, and stays.
func (d *Decisions) Print(n *Decision) error {
	switch {
	case d.names:
		d.buf = append(append(d.buf, n.File...), 0)
	case d.format == JSON:
		d.json(n)
	case d.format == TSV:
		d.tsv(n)
	default:
		d.text(n)
	}
	// Who watches a terminal wants to see the work go on.
	if d.format == Text || len(d.buf) >= flushSize {
		d.flush()
	}
	return d.err
}

// Line writes a line of text that stands by itself.
func (d *Decisions) Line(text string) error {
	d.buf = append(append(d.buf, text...), '\n')
	return d.err
}

// Close writes what is left. It does not close the writer.
func (d *Decisions) Close() error {
	d.flush()
	return d.err
}

func (d *Decisions) text(n *Decision) {
	if d.color {
		d.buf = append(d.buf, bold...)
	}
	d.buf = append(d.buf, n.Action...)
	if d.color {
		d.buf = append(d.buf, reset...)
	}
	d.buf = append(d.buf, ' ')
	d.buf = AppendEscaped(d.buf, []byte(n.File), true)
	d.buf = append(d.buf, ": "...)
	d.buf = AppendMessage(d.buf, n.Reason)
	if d.detail && n.Detail != "" {
		d.buf = append(d.buf, " ("...)
		d.buf = AppendMessage(d.buf, n.Detail)
		d.buf = append(d.buf, ')')
	}
	d.buf = append(d.buf, '\n')
}

func (d *Decisions) tsv(n *Decision) {
	d.column(n.Action)
	d.column(n.File)
	if n.PID == 0 {
		d.buf = append(d.buf, "-\t"...)
	} else {
		d.column(strconv.Itoa(n.PID))
	}
	d.column(n.Reason)
	if d.detail {
		d.column(n.Detail)
	}
	d.buf[len(d.buf)-1] = '\n'
}

// column appends a text and a tab.
func (d *Decisions) column(s string) {
	if s == "" {
		d.buf = append(d.buf, '-')
	} else {
		d.escaped([]byte(s), false)
	}
	d.buf = append(d.buf, '\t')
}

func (d *Decisions) json(n *Decision) {
	d.buf = appendText(append(d.buf, '{'), "decision", []byte(n.Action))
	d.buf = appendText(append(d.buf, ','), "file", []byte(n.File))
	d.buf = append(d.buf, `,"pid":`...)
	if n.PID == 0 {
		d.buf = append(d.buf, "null"...)
	} else {
		d.buf = strconv.AppendInt(d.buf, int64(n.PID), 10)
	}
	d.buf = appendText(append(d.buf, ','), "reason", []byte(n.Reason))
	if d.detail {
		d.buf = appendText(append(d.buf, ','), "detail", []byte(n.Detail))
	}
	d.buf = append(d.buf, "}\n"...)
}
