package report

import (
	"encoding/base64"
	"strconv"

	"mmstats/lib/format"
)

// json writes an object a row. Keys keep their types: where a value is not a
// finite number or could not be read, it is null.
func (p *Printer) json(src Source, rows []Row) {
	p.prefix = append(p.prefix[:0], '{')
	if src.File != "" {
		p.prefix = appendText(p.prefix, "file", []byte(src.File))
		p.prefix = append(p.prefix, ',')
	}
	for i := range rows {
		row := &rows[i]
		p.buf = append(p.buf, p.prefix...)
		if src.File == "" {
			p.buf = append(p.buf, `"files":`...)
			p.buf = strconv.AppendInt(p.buf, int64(row.Files), 10)
			p.buf = append(p.buf, ',')
		}
		p.buf = appendText(p.buf, "label", row.Label)
		p.buf = append(p.buf, `,"type":"`...)
		p.buf = append(p.buf, row.Type.String()...)
		p.buf = append(p.buf, `",`...)
		p.buf = appendValue(p.buf, row.Value)
		if p.o.Long {
			p.jsonLong(src, row)
		}
		p.buf = append(p.buf, "}\n"...)
	}
}

func (p *Printer) jsonLong(src Source, row *Row) {
	p.buf = append(p.buf, `,"pid":`...)
	if src.PID == 0 {
		p.buf = append(p.buf, "null"...)
	} else {
		p.buf = strconv.AppendInt(p.buf, src.PID, 10)
	}
	p.buf = append(p.buf, `,"live":`...)
	if src.Live == nil {
		p.buf = append(p.buf, "null"...)
	} else {
		p.buf = strconv.AppendBool(p.buf, *src.Live)
	}
	p.buf = append(p.buf, `,"signature":`...)
	p.buf, _ = appendJSON(p.buf, []byte(row.Signature))
	p.buf = append(p.buf, `,"offset":`...)
	p.buf = strconv.AppendInt(p.buf, int64(row.Offset), 10)
}

func appendValue(dst []byte, v format.Value) []byte {
	switch special := v.Special(); {
	case v.Class() == format.TextClass:
		return appendText(dst, "value", v.Text())
	case v.Class() == 0:
		return append(dst, `"value":null`...)
	case special != "":
		return append(append(append(dst, `"value":null,"special":"`...), special...), '"')
	}
	return v.AppendText(append(dst, `"value":`...))
}

// appendText appends a key and a text, and a second key with its bytes where
// they are not UTF-8.
func appendText(dst []byte, key string, s []byte) []byte {
	dst = append(append(append(dst, '"'), key...), `":`...)
	dst, valid := appendJSON(dst, s)
	if !valid {
		dst = append(append(append(dst, `,"`...), key...), `_base64":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, s), '"')
	}
	return dst
}
