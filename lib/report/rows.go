package report

// header writes the names of the columns of TSV.
func (p *Printer) header() {
	switch {
	case p.o.ValueOnly:
		p.rows.Header("value")
	case p.o.Long:
		p.rows.Header("file", "label", "type", "value", "pid", "live", "signature", "offset")
	default:
		p.rows.Header("file", "label", "type", "value")
	}
}

// row writes a stat as a row of TSV or JSON. Columns are only ever appended.
func (p *Printer) row(src *Source, row *Row) {
	switch {
	case src.File != "" && len(p.file) > 0:
		p.rows.Repeat(p.file)
	case src.File != "":
		start := len(p.Bytes)
		p.rows.Text("file", []byte(src.File))
		p.file = append(p.file, p.Bytes[start:]...)
	case p.rows.JSON():
		p.rows.Int("files", int64(row.Files))
	default:
		p.rows.Absent("file")
	}
	p.rows.Text("label", row.Label)
	p.rows.Text("type", []byte(row.Type.String()))
	p.rows.Value("value", row.Value)
	if p.o.Long {
		p.long(src, row)
	}
	p.rows.End()
}

// long writes the further columns of -L.
func (p *Printer) long(src *Source, row *Row) {
	if src.PID == 0 {
		p.rows.Absent("pid")
	} else {
		p.rows.Int("pid", src.PID)
	}
	if src.Live == nil {
		p.rows.Absent("live")
	} else {
		p.rows.Bool("live", *src.Live)
	}
	p.rows.Text("signature", []byte(row.Signature))
	p.rows.Int("offset", int64(row.Offset))
}
