package report

import (
	"strconv"
	"unicode/utf8"
)

const (
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// text writes the look of the original slurpstats: the name of the file, then
// its labels in one column and the values in another.
func (p *Printer) text(src Source, rows []Row) {
	if p.o.Color {
		p.buf = append(p.buf, bold...)
	}
	p.buf = append(p.buf, "==> "...)
	if src.File != "" {
		p.buf = AppendEscaped(p.buf, []byte(src.File), true)
	} else {
		p.buf = strconv.AppendInt(p.buf, int64(src.Files), 10)
		p.buf = append(p.buf, " files"...)
		if src.Files == 1 {
			p.buf = p.buf[:len(p.buf)-1]
		}
	}
	if p.o.Color {
		p.buf = append(p.buf, reset...)
	}
	if p.o.Long && src.PID != 0 {
		p.buf = append(p.buf, "  pid "...)
		p.buf = strconv.AppendInt(p.buf, src.PID, 10)
		p.buf = append(p.buf, " ("+liveWord(src.Live)+")"...)
	}
	p.buf = append(p.buf, '\n')

	// A few very long labels should not push every value off the screen.
	const widest = 60
	width, typeWidth, placeWidth := 0, 0, 0
	for i := range rows {
		if w := textWidth(rows[i].Label); w <= widest {
			width = max(width, w)
		}
		typeWidth = max(typeWidth, len(rows[i].Type.String()))
		placeWidth = max(placeWidth, len(place(&rows[i])))
	}
	for i := range rows {
		row := &rows[i]
		p.buf = append(p.buf, "  "...)
		p.buf = AppendEscaped(p.buf, row.Label, true)
		p.pad(max(width-textWidth(row.Label), 0) + 1)
		if p.o.Long {
			p.buf = append(p.buf, row.Type.String()...)
			p.pad(typeWidth - len(row.Type.String()) + 1)
			p.buf = append(p.buf, place(row)...)
			p.pad(placeWidth - len(place(row)) + 1)
		}
		p.value(row, true)
		p.buf = append(p.buf, '\n')
	}
	p.buf = append(p.buf, '\n')
}

// place returns the offset and the signature of a row, its blanks to be seen.
func place(row *Row) string {
	return strconv.Itoa(row.Offset) + ` "` + Escape(row.Signature) + `"`
}

func (p *Printer) pad(n int) {
	for ; n > 0; n-- {
		p.buf = append(p.buf, ' ')
	}
}

// textWidth returns how many characters of a terminal a label takes, wide
// ones counted as one.
func textWidth(label []byte) int {
	for _, c := range label {
		if !plain[c] {
			return utf8.RuneCount(AppendEscaped(nil, label, true))
		}
	}
	return len(label)
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
