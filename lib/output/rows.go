package output

import (
	"encoding/base64"
	"strconv"

	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// Rows writes rows of named columns to a buffer, as TSV or as JSON Lines. A
// row is one call for each of its columns, and then End. All rows have the
// same columns in the same order.
type Rows struct {
	*Buffer
	json  bool
	inRow bool
}

// NewRows returns rows in format f, which is TSV or JSON.
func NewRows(b *Buffer, f Format) *Rows {
	return &Rows{Buffer: b, json: f == JSON}
}

// JSON reports whether the rows are objects of JSON, where a key may be left
// out or added.
func (r *Rows) JSON() bool { return r.json }

// Repeat begins a row with columns of an earlier row, as they were written.
func (r *Rows) Repeat(columns []byte) {
	r.Bytes = append(r.Bytes, columns...)
	r.inRow = true
}

// Header writes the names of the columns as the first line of TSV. JSON has
// them in each row.
func (r *Rows) Header(names ...string) {
	if r.json {
		return
	}
	for _, name := range names {
		r.Text(name, []byte(name))
	}
	r.End()
}

// Text writes a column that is text. In JSON, where s is not UTF-8, a second
// key with the ending _base64 holds its bytes.
func (r *Rows) Text(name string, s []byte) {
	r.begin(name)
	switch {
	case r.json:
		r.textJSON(name, s)
	case len(s) <= pieceSize: // almost always
		r.Bytes = escape.AppendTSV(r.Bytes, s)
	default:
		r.Pieces(s, func(piece []byte) { r.Bytes = escape.AppendTSV(r.Bytes, piece) })
	}
	r.end()
}

func (r *Rows) textJSON(name string, s []byte) {
	valid := true
	r.Bytes = append(r.Bytes, '"')
	r.Pieces(s, func(piece []byte) {
		var ok bool
		r.Bytes, ok = escape.AppendJSONPart(r.Bytes, piece)
		valid = valid && ok
	})
	r.Bytes = append(r.Bytes, '"')
	if valid {
		return
	}
	r.Bytes = append(append(append(r.Bytes, `,"`...), name...), `_base64":"`...)
	const step = pieceSize / 3 * 3 // so that only the last one is padded
	for ; len(s) > step; s = s[step:] {
		r.Bytes = base64.StdEncoding.AppendEncode(r.Bytes, s[:step])
		r.FlushLarge()
	}
	r.Bytes = append(base64.StdEncoding.AppendEncode(r.Bytes, s), '"')
}

// Word writes a column that is one of a few words, such as the name of a type,
// which need no escapes.
func (r *Rows) Word(name, word string) {
	r.begin(name)
	if r.json {
		r.Bytes = append(append(append(r.Bytes, '"'), word...), '"')
	} else {
		r.Bytes = append(r.Bytes, word...)
	}
	r.end()
}

// Int writes a column that is a whole number.
func (r *Rows) Int(name string, n int64) {
	r.begin(name)
	r.Bytes = strconv.AppendInt(r.Bytes, n, 10)
	r.end()
}

// Bool writes a column that is true or false.
func (r *Rows) Bool(name string, b bool) {
	r.begin(name)
	r.Bytes = strconv.AppendBool(r.Bytes, b)
	r.end()
}

// Value writes a column that is the value of a stat, or absent. In JSON a
// number that is not finite is null, and a second key, special, names it.
func (r *Rows) Value(name string, v format.Value) {
	switch {
	case v.Class() == 0:
		r.Absent(name)
		return
	case v.Class() == format.TextClass:
		r.Text(name, v.Text())
		return
	}
	r.begin(name)
	if special := v.Special(); r.json && special != "" {
		r.Bytes = append(append(append(r.Bytes, `null,"special":"`...), special...), '"')
	} else {
		r.Bytes = v.AppendText(r.Bytes)
	}
	r.end()
}

// Raw writes a column that is JSON already, without tabs and line breaks.
func (r *Rows) Raw(name string, json []byte) {
	r.begin(name)
	r.Bytes = append(r.Bytes, json...)
	r.end()
}

// Absent writes a column that has no value: - or null.
func (r *Rows) Absent(name string) {
	r.begin(name)
	if r.json {
		r.Bytes = append(r.Bytes, "null"...)
	} else {
		r.Bytes = append(r.Bytes, '-')
	}
	r.end()
}

// End ends the row.
func (r *Rows) End() {
	last := len(r.Bytes) - 1
	if r.json {
		r.Bytes = append(r.Bytes[:last], "}\n"...)
	} else {
		r.Bytes[last] = '\n'
	}
	r.inRow = false
}

// begin starts a column.
func (r *Rows) begin(name string) {
	if !r.json {
		return
	}
	if !r.inRow {
		r.Bytes = append(r.Bytes, '{')
		r.inRow = true
	}
	r.Bytes = append(append(append(r.Bytes, '"'), name...), `":`...)
}

// end ends a column by what separates it from the next one, which End replaces.
func (r *Rows) end() {
	if r.json {
		r.Bytes = append(r.Bytes, ',')
	} else {
		r.Bytes = append(r.Bytes, '\t')
	}
}

// AppendTSV appends v as a value of TSV, which is - where v is absent.
func AppendTSV(dst []byte, v format.Value) []byte {
	switch v.Class() {
	case 0:
		return append(dst, '-')
	case format.TextClass:
		return escape.AppendTSV(dst, v.Text())
	}
	return v.AppendText(dst)
}

// AppendJSON appends v as a value of JSON: integers exact, texts with U+FFFD
// for what is not UTF-8, and null where v is absent or not finite.
func AppendJSON(dst []byte, v format.Value) []byte {
	switch {
	case v.Class() == format.TextClass:
		dst, _ = escape.AppendJSON(dst, v.Text())
		return dst
	case v.Class() == 0, v.Special() != "":
		return append(dst, "null"...)
	}
	return v.AppendText(dst)
}
