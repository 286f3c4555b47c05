package report

import (
	"strconv"

	"mmstats/lib/escape"
)

const (
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// text writes rows as the original slurpstats did: the name of the file, then a
// column of labels and one of values.
func (p *Printer) text(src Source, rows []Row) {
	if p.o.Color {
		p.Bytes = append(p.Bytes, bold...)
	}
	p.Bytes = append(p.Bytes, "==> "...)
	if src.File != "" {
		p.Bytes = escape.AppendText(p.Bytes, []byte(src.File))
	} else {
		p.Bytes = appendFiles(p.Bytes, src.Files)
	}
	if p.o.Color {
		p.Bytes = append(p.Bytes, reset...)
	}
	p.heading(&src)
	p.Bytes = append(p.Bytes, '\n')
	if src.Note != "" {
		p.Bytes = append(escape.AppendText(append(p.Bytes, "  "...), []byte(src.Note)), '\n')
	}

	// Values stand in one column, but for those of labels that are so long that
	// they would push all others off the screen.
	const widest = 60
	width, typeWidth, layoutWidth := 0, 0, 0
	for i := range rows {
		p.label = escape.AppendText(p.label[:0], rows[i].Label)
		if w := Width(p.label); w <= widest {
			width = max(width, w)
		}
		typeWidth = max(typeWidth, len(typeAndKind(&rows[i])))
		layoutWidth = max(layoutWidth, len(layout(&rows[i])))
	}
	for i := range rows {
		row := &rows[i]
		p.Bytes = append(p.Bytes, "  "...)
		start := len(p.Bytes)
		p.Bytes = escape.AppendText(p.Bytes, row.Label)
		p.pad(max(width-Width(p.Bytes[start:]), 0) + 1)
		if p.o.Long {
			p.Bytes = append(p.Bytes, typeAndKind(row)...)
			p.pad(typeWidth - len(typeAndKind(row)) + 1)
			p.Bytes = append(p.Bytes, layout(row)...)
			p.pad(layoutWidth - len(layout(row)) + 1)
		}
		p.person(row)
		if p.o.Long && row.About != "" {
			p.Bytes = escape.AppendText(append(p.Bytes, "  # "...), []byte(row.About))
		}
		p.Bytes = append(p.Bytes, '\n')
		p.FlushLarge()
	}
	p.Bytes = append(p.Bytes, '\n')
}

// typeAndKind returns the type of a stat, and its kind where the name of the type
// does not say it.
func typeAndKind(row *Row) string {
	t, k := row.Type.String(), row.Kind.String()
	if t == k || row.Kind == 0 {
		return t
	}
	return t + " " + k
}

func appendFiles(dst []byte, n int) []byte {
	dst = append(strconv.AppendInt(dst, int64(n), 10), " files"...)
	if n == 1 {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// heading appends what the heading of a source says behind its name: which
// writers have ended.
func (p *Printer) heading(src *Source) {
	switch {
	case p.o.Long && src.PID != 0:
		p.Bytes = append(p.Bytes, "  pid "...)
		p.Bytes = strconv.AppendInt(p.Bytes, src.PID, 10)
		p.Bytes = append(p.Bytes, " ("+liveWord(src.Live)...)
		if src.Stale != nil && *src.Stale {
			p.Bytes = append(p.Bytes, ", stale"...)
		}
		p.Bytes = append(p.Bytes, ')')
	case src.Live != nil && !*src.Live:
		p.Bytes = append(p.Bytes, " (ended)"...)
	case src.Ended > 0:
		p.Bytes = append(p.Bytes, " ("...)
		p.Bytes = append(strconv.AppendInt(p.Bytes, int64(src.Ended), 10), " ended)"...)
	}
}

// layout returns the offset of a stat in its file, and its signature in quotes,
// so that blanks in it are seen.
func layout(row *Row) string {
	if row.Signature == "" {
		return "-"
	}
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
	return "ended"
}
