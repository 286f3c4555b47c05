package report

import "strconv"

func tsvHeader(o Options) string {
	switch {
	case o.ValueOnly:
		return "value\n"
	case o.Long:
		return "file\tlabel\ttype\tvalue\tpid\tlive\tsignature\toffset\n"
	}
	return "file\tlabel\ttype\tvalue\n"
}

// tsv writes a record a row. Columns are only ever appended.
func (p *Printer) tsv(src Source, rows []Row) {
	start := len(p.buf)
	if src.File == "" {
		p.buf = append(p.buf, '-')
	} else {
		p.escaped([]byte(src.File), false)
	}
	p.buf = append(p.buf, '\t')
	p.prefix = append(p.prefix[:0], p.buf[start:]...)
	p.buf = p.buf[:start]
	for i := range rows {
		row := &rows[i]
		p.buf = append(p.buf, p.prefix...)
		p.escaped(row.Label, false)
		p.buf = append(p.buf, '\t')
		p.buf = append(p.buf, row.Type.String()...)
		p.buf = append(p.buf, '\t')
		p.value(row, false)
		if p.o.Long {
			p.tsvLong(src, row)
		}
		p.buf = append(p.buf, '\n')
	}
}

func (p *Printer) tsvLong(src Source, row *Row) {
	p.buf = append(p.buf, '\t')
	if src.PID == 0 {
		p.buf = append(p.buf, '-')
	} else {
		p.buf = strconv.AppendInt(p.buf, src.PID, 10)
	}
	p.buf = append(p.buf, '\t')
	if src.Live == nil {
		p.buf = append(p.buf, '-')
	} else {
		p.buf = strconv.AppendBool(p.buf, *src.Live)
	}
	p.buf = append(p.buf, '\t')
	p.escaped([]byte(row.Signature), false)
	p.buf = append(p.buf, '\t')
	p.buf = strconv.AppendInt(p.buf, int64(row.Offset), 10)
}
