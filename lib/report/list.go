package report

import (
	"io"
	"time"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

// A ListRow is one stat in a [List].
type ListRow struct {
	Label string
	// Title is the label in text.
	Title string
	// Value and Rate are what the stat is, and its change or its samples in a
	// second; each may be absent.
	Value, Rate format.Value
	// Unit and RateUnit are those of Value and of what Rate is the change of.
	Unit, RateUnit string
	// Note is what text has instead of an absent value, or "".
	Note string
}

// A List writes stats one a row, again and again: for each moment the rows of all
// stats, in one write.
type List struct {
	*output.Buffer
	rows  *output.Rows
	o     TableOptions
	begun bool
}

// NewList returns a list that writes to w.
func NewList(w io.Writer, o TableOptions) *List {
	b := output.NewBuffer(w)
	return &List{Buffer: b, rows: output.NewRows(b, o.Format), o: o}
}

// Moment writes the rows of one moment. The error is that of the writer.
func (l *List) Moment(now time.Time, rows []ListRow) error {
	if l.o.Format == output.Text {
		l.text(now, rows)
		return l.Flush()
	}
	if l.o.Header && !l.begun {
		l.rows.Header("time", "label", "value", "rate")
	}
	l.begun = true
	at := appendTime(nil, now)
	for i := range rows {
		row := &rows[i]
		l.rows.Text("time", at)
		l.rows.Text("label", []byte(row.Label))
		l.rows.Value("value", row.Value)
		if row.Rate.Special() != "" {
			l.rows.Absent("rate")
		} else {
			l.rows.Value("rate", row.Rate)
		}
		l.rows.End()
	}
	return l.Flush()
}

// text writes titles, and a line a stat.
func (l *List) text(now time.Time, rows []ListRow) {
	const widest = 60
	at := now.Local().Format(clock)
	cells := make([][3]string, 0, len(rows)+1)
	cells = append(cells, [3]string{"stat", "value", "rate/s"})
	var widths [3]int
	for i := range rows {
		row := &rows[i]
		cells = append(cells, [3]string{escape.Text(row.Title), l.value(row), l.number(row.Rate, row.RateUnit, true)})
	}
	for _, c := range cells {
		for i := range widths {
			if w := Width(c[i]); w <= widest {
				widths[i] = max(widths[i], w)
			}
		}
	}
	for i, c := range cells {
		if i == 0 && l.o.Color {
			l.Bytes = append(l.Bytes, bold...)
		}
		first := at
		if i == 0 {
			first = "time    "
		}
		l.Bytes = append(append(l.Bytes, first...), ' ')
		l.Bytes = append(l.Bytes, c[0]...)
		l.pad(widths[0] - Width(c[0]))
		for j := 1; j < 3; j++ {
			l.pad(1 + widths[j] - Width(c[j]))
			l.Bytes = append(l.Bytes, c[j]...)
		}
		if i == 0 && l.o.Color {
			l.Bytes = append(l.Bytes, reset...)
		}
		l.Bytes = append(l.Bytes, '\n')
	}
}

func (l *List) value(row *ListRow) string {
	switch {
	case row.Value.Class() == format.TextClass:
		return escape.Text(string(row.Value.Text()))
	case row.Value.Class() == 0 && row.Note != "":
		return row.Note
	}
	return l.number(row.Value, row.Unit, false)
}

func (l *List) number(v format.Value, unit string, rate bool) string {
	n := NewNumber(unit, rate, !l.o.UTF8)
	return string(n.Append(nil, v))
}

func (l *List) pad(n int) {
	for ; n > 0; n-- {
		l.Bytes = append(l.Bytes, ' ')
	}
}
