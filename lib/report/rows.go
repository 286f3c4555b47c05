package report

import (
	"math"
	"slices"
	"strconv"

	"mmstats/lib/format"
)

// Columns of TSV, in their order.
var (
	columns     = []string{"file", "label", "type", "value"}
	longColumns = []string{"pid", "live", "signature", "offset", "age", "unit", "kind", "stale", "about"}
)

// header writes the names of the columns of TSV.
func (p *Printer) header() {
	names := slices.Clone(columns)
	switch {
	case p.o.ValueOnly:
		names = []string{"value"}
	case p.o.Long:
		names = append(names, longColumns...)
	}
	if p.o.Buckets {
		names = append(names, "buckets")
	}
	p.rows.Header(names...)
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
	p.rows.Word("type", row.Type.String())
	p.rows.Value("value", row.Value)
	if p.rows.JSON() {
		p.keys(row)
	}
	if p.o.Long {
		p.long(src, row)
	}
	if p.o.Buckets {
		p.buckets(row.Histogram)
	}
	p.rows.End()
}

// keys writes the keys that JSON has and TSV has not, or only with -L.
func (p *Printer) keys(row *Row) {
	for _, part := range row.Parts {
		if v := part.Value; v.Special() == "" {
			p.rows.Value(part.Part.String(), v)
		} else {
			p.rows.Absent(part.Part.String())
		}
	}
	if row.Unit != "" && !p.o.Long {
		p.rows.Text("unit", []byte(row.Unit))
	}
	if len(p.time) > 0 {
		p.rows.Text("time", p.time)
	}
	if p.o.Long {
		p.rows.Text("host", []byte(p.o.Host))
	}
}

// long writes the further columns of -L.
func (p *Printer) long(src *Source, row *Row) {
	if src.PID == 0 {
		p.rows.Absent("pid")
	} else {
		p.rows.Int("pid", src.PID)
	}
	p.truth("live", src.Live)
	p.free("signature", row.Signature)
	if row.Signature == "" {
		p.rows.Absent("offset")
	} else {
		p.rows.Int("offset", int64(row.Offset))
	}
	if src.Age == nil {
		p.rows.Absent("age")
	} else {
		p.rows.Value("age", format.FloatValue(*src.Age))
	}
	p.free("unit", row.Unit)
	p.free("kind", row.Kind.String())
	p.truth("stale", src.Stale)
	p.free("about", row.About)
}

// truth writes a column that is true, false or unknown.
func (p *Printer) truth(name string, b *bool) {
	if b == nil {
		p.rows.Absent(name)
	} else {
		p.rows.Bool(name, *b)
	}
}

// free writes a column that is a text, absent where it is empty.
func (p *Printer) free(name, s string) {
	if s == "" {
		p.rows.Absent(name)
	} else {
		p.rows.Text(name, []byte(s))
	}
}

// buckets writes the buckets of a histogram that hold samples, each as its
// upper bound and its count. The last bound of all is infinite, and null.
func (p *Printer) buckets(h *format.HistogramState) {
	if h == nil {
		p.rows.Absent("buckets")
		return
	}
	list := []byte{'['}
	for bound, n := range h.Buckets {
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, '[')
		if math.IsInf(bound, 1) {
			list = append(list, "null"...)
		} else {
			list = format.FloatValue(bound).AppendText(list)
		}
		list = append(strconv.AppendUint(append(list, ','), n, 10), ']')
	}
	p.rows.Raw("buckets", append(list, ']'))
}
