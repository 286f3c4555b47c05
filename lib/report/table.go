package report

import (
	"io"
	"strconv"
	"time"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

// A Column is a column of a [Table].
type Column struct {
	Name  string // in machine formats
	Title string // in text
	// Unit is that of the stat, by which text scales numbers, or "".
	Unit string
	// Rate is true if the column has the change of the stat in a second, Text
	// if it has texts.
	Rate, Text bool
}

// A Cell is the value of a column in one row.
type Cell struct {
	Value format.Value
	// Reset is true if there is no value because a counter went back: its
	// writer has restarted.
	Reset bool
	// Note is what text has instead of an absent value, or "".
	Note string
}

// A Moment is a row of a [Table]: the values at one time.
type Moment struct {
	Time    time.Time
	Elapsed time.Duration // since the row before
	Missed  int           // rows that are missing since then, as they were late
	Cells   []Cell
}

// TableOptions say what a [Table] writes.
type TableOptions struct {
	Format output.Format // Text, TSV or JSON
	// Header writes the names of the columns above TSV.
	Header bool
	// Repeat is the number of rows of Text after which the titles are written
	// again, or 0 for never.
	Repeat int
	Color  bool
	// UTF8 is true if the terminal shows UTF-8.
	UTF8 bool
}

// A Table writes rows one by one, each at once and in one write.
type Table struct {
	w       io.Writer
	o       TableOptions
	columns []Column
	buf     []byte
	scratch []byte
	numbers []Number // that write the columns of Text
	widths  []int    // of the columns of Text that fit
	rows    int      // since the titles were last written
}

const (
	minTitle  = 10 // "~404:delta"
	textWidth = 16 // of a text that has a short title
	maxColumn = 24
	clock     = "15:04:05"
	yellow    = "\x1b[33m"
)

// NewTable returns a table of columns that writes to w.
func NewTable(w io.Writer, o TableOptions, columns []Column) *Table {
	t := &Table{w: w, o: o, columns: columns, numbers: make([]Number, len(columns))}
	for i, c := range columns {
		t.numbers[i] = NewNumber(c.Unit, c.Rate, !o.UTF8)
	}
	t.Resize(0)
	return t
}

// Resize fits Text to a terminal of width columns, where 0 stands for any
// number of them, and writes the titles again.
func (t *Table) Resize(width int) {
	t.rows = 0
	longest := maxColumn
	for {
		t.widths = t.widths[:0]
		used := len(clock)
		for i := range t.columns {
			least := 1 + t.numbers[i].Width() // a minus sign, and a number
			if t.columns[i].Text {
				least = min(textWidth, longest)
			}
			w := max(least, min(Width(escape.Text(t.columns[i].Title)), longest))
			if used += 1 + w; used > width && width > 0 {
				break
			}
			t.widths = append(t.widths, w)
		}
		if len(t.widths) == len(t.columns) || longest == minTitle {
			return
		}
		longest--
	}
}

// Hidden returns the columns that do not fit.
func (t *Table) Hidden() []Column { return t.columns[len(t.widths):] }

// Row writes a row. The error is that of the writer.
func (t *Table) Row(m *Moment) error {
	t.buf = t.buf[:0]
	switch t.o.Format {
	case output.JSON:
		t.json(m)
	case output.TSV:
		t.tsv(m)
	default:
		t.text(m)
	}
	t.rows++
	_, err := t.w.Write(t.buf)
	return err
}

// appendTime appends a time as RFC 3339 in UTC, with milliseconds.
func appendTime(dst []byte, at time.Time) []byte {
	return at.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// appendSeconds appends a duration in seconds.
func appendSeconds(dst []byte, d time.Duration) []byte {
	return strconv.AppendFloat(dst, d.Seconds(), 'f', 6, 64)
}

func (t *Table) tsv(m *Moment) {
	if t.o.Header && t.rows == 0 {
		t.buf = append(t.buf, "time\telapsed"...)
		for i := range t.columns {
			t.buf = append(t.buf, '\t')
			t.buf = escape.AppendTSV(t.buf, []byte(t.columns[i].Name))
		}
		t.buf = append(t.buf, '\n')
	}
	t.buf = appendTime(t.buf, m.Time)
	t.buf = append(t.buf, '\t')
	t.buf = appendSeconds(t.buf, m.Elapsed)
	for i := range m.Cells {
		t.buf = append(t.buf, '\t')
		t.buf = output.AppendTSV(t.buf, m.Cells[i].Value)
	}
	t.buf = append(t.buf, '\n')
}

func (t *Table) json(m *Moment) {
	t.buf = append(t.buf, `{"time":"`...)
	t.buf = appendTime(t.buf, m.Time)
	t.buf = append(t.buf, `","elapsed":`...)
	t.buf = appendSeconds(t.buf, m.Elapsed)
	t.buf = append(t.buf, `,"stats":{`...)
	resets := 0
	for i := range m.Cells {
		if i > 0 {
			t.buf = append(t.buf, ',')
		}
		t.buf, _ = escape.AppendJSON(t.buf, []byte(t.columns[i].Name))
		t.buf = append(t.buf, ':')
		t.buf = output.AppendJSON(t.buf, m.Cells[i].Value)
		if m.Cells[i].Reset {
			resets++
		}
	}
	t.buf = append(t.buf, '}')
	if resets > 0 {
		t.buf = append(t.buf, `,"reset":`...)
		sep := byte('[')
		for i := range m.Cells {
			if m.Cells[i].Reset {
				t.buf = append(t.buf, sep)
				t.buf, _ = escape.AppendJSON(t.buf, []byte(t.columns[i].Name))
				sep = ','
			}
		}
		t.buf = append(t.buf, ']')
	}
	if m.Missed > 0 {
		t.buf = append(t.buf, `,"missed":`...)
		t.buf = strconv.AppendInt(t.buf, int64(m.Missed), 10)
	}
	t.buf = append(t.buf, "}\n"...)
}

func (t *Table) text(m *Moment) {
	if t.rows == 0 || t.o.Repeat > 0 && t.rows%t.o.Repeat == 0 {
		t.titles()
	}
	t.buf = m.Time.Local().AppendFormat(t.buf, clock)
	for i, width := range t.widths {
		cell := t.cell(i, &m.Cells[i], width)
		t.pad(1 + width - Width(cell))
		highlight := t.o.Color && m.Cells[i].Reset
		if highlight {
			t.buf = append(t.buf, yellow...)
		}
		t.buf = append(t.buf, cell...)
		if highlight {
			t.buf = append(t.buf, reset...)
		}
	}
	t.buf = append(t.buf, '\n')
}

// cell returns what text has of a cell, in at most width columns of the terminal.
func (t *Table) cell(column int, c *Cell, width int) string {
	text := c.Note
	switch {
	case c.Value.Class() == format.TextClass:
		text = escape.Text(string(c.Value.Text()))
	case c.Value.Class() != 0 || text == "":
		t.scratch = t.numbers[column].Append(t.scratch[:0], c.Value)
		return string(t.scratch)
	}
	return Cut(text, width)
}

func (t *Table) titles() {
	if t.o.Color {
		t.buf = append(t.buf, bold...)
	}
	t.buf = append(t.buf, "time"...)
	t.pad(len(clock) - len("time"))
	for i, width := range t.widths {
		title := Shorten(escape.Text(t.columns[i].Title), width, t.o.UTF8)
		t.pad(1 + width - Width(title))
		t.buf = append(t.buf, title...)
	}
	if t.o.Color {
		t.buf = append(t.buf, reset...)
	}
	t.buf = append(t.buf, '\n')
}

func (t *Table) pad(n int) {
	for ; n > 0; n-- {
		t.buf = append(t.buf, ' ')
	}
}
