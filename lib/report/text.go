package report

import (
	"strconv"

	"mmstats/lib/escape"
)

const (
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// text writes the look of the original slurpstats: the name of the file, then
// its labels in one column and the values in another.
func (p *Printer) text(src Source, rows []Row) {
	if p.o.Color {
		p.Bytes = append(p.Bytes, bold...)
	}
	p.Bytes = append(p.Bytes, "==> "...)
	if src.File != "" {
		p.Bytes = escape.AppendText(p.Bytes, []byte(src.File))
	} else {
		p.Bytes = strconv.AppendInt(p.Bytes, int64(src.Files), 10)
		p.Bytes = append(p.Bytes, " files"...)
		if src.Files == 1 {
			p.Bytes = p.Bytes[:len(p.Bytes)-1]
		}
	}
	if p.o.Color {
		p.Bytes = append(p.Bytes, reset...)
	}
	if p.o.Long && src.PID != 0 {
		p.Bytes = append(p.Bytes, "  pid "...)
		p.Bytes = strconv.AppendInt(p.Bytes, src.PID, 10)
		p.Bytes = append(p.Bytes, " ("+liveWord(src.Live)+")"...)
	}
	p.Bytes = append(p.Bytes, '\n')

	// A few very long labels should not push every value off the screen.
	const widest = 60
	width, typeWidth, placeWidth := 0, 0, 0
	for i := range rows {
		p.label = escape.AppendText(p.label[:0], rows[i].Label)
		if w := Width(p.label); w <= widest {
			width = max(width, w)
		}
		typeWidth = max(typeWidth, len(rows[i].Type.String()))
		placeWidth = max(placeWidth, len(place(&rows[i])))
	}
	for i := range rows {
		row := &rows[i]
		p.Bytes = append(p.Bytes, "  "...)
		start := len(p.Bytes)
		p.Bytes = escape.AppendText(p.Bytes, row.Label)
		p.pad(max(width-Width(p.Bytes[start:]), 0) + 1)
		if p.o.Long {
			p.Bytes = append(p.Bytes, row.Type.String()...)
			p.pad(typeWidth - len(row.Type.String()) + 1)
			p.Bytes = append(p.Bytes, place(row)...)
			p.pad(placeWidth - len(place(row)) + 1)
		}
		p.value(row.Value)
		p.Bytes = append(p.Bytes, '\n')
	}
	p.Bytes = append(p.Bytes, '\n')
}

// place returns the offset and the signature of a row, its blanks to be seen.
func place(row *Row) string {
	return strconv.Itoa(row.Offset) + ` "` + escape.Text(row.Signature) + `"`
}

func (p *Printer) pad(n int) {
	for ; n > 0; n-- {
		p.Bytes = append(p.Bytes, ' ')
	}
}

func liveWord(live *bool) string {
	switch {
	case live == nil:
		return "unknown"
	case *live:
		return "live"
	}
	return "dead"
}
