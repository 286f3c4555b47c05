package output

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// Output comes in writes of many lines, and each is tried once.
func TestBufferWritesManyLinesAtOnce(t *testing.T) {
	w := &countingWriter{}
	r := NewRows(NewBuffer(w), TSV)
	const lines, line = 20_000, len("file\tlabel\t1\n")
	for range lines {
		r.Text("file", []byte("file"))
		r.Text("label", []byte("label"))
		r.Int("value", 1)
		r.End()
		if err := r.FlushLarge(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	if most := lines*line/size + 1; w.bytes != lines*line || w.writes > most {
		t.Errorf("%d bytes in %d writes, want %d in at most %d", w.bytes, w.writes, lines*line, most)
	}
}

func TestBufferKeepsItsFirstError(t *testing.T) {
	full := errors.New("no space")
	w := &countingWriter{err: full}
	b := NewBuffer(w)
	for range 2 {
		b.Bytes = append(b.Bytes, strings.Repeat("x", size)...)
		if err := b.FlushLarge(); err != full {
			t.Errorf("FlushLarge = %v, want %v", err, full)
		}
	}
	if err := b.Flush(); err != full || w.writes != 1 {
		t.Errorf("Flush = %v after %d writes, want %v after 1", err, w.writes, full)
	}
}

type countingWriter struct {
	writes, bytes int
	err           error
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	if w.err != nil {
		return 0, w.err
	}
	w.bytes += len(p)
	return len(p), nil
}

// The same calls make a record of TSV and an object of JSON.
func TestRows(t *testing.T) {
	for f, want := range map[Format]string{
		TSV: "file\tpid\tlive\tvalue\tdetail\n" +
			"a\\tb\\xff\t-\ttrue\tNaN\t\\x2d\n" +
			"\t12\tfalse\t18446744073709551615\t-\n" +
			"\t12\tfalse\ta\\tb\\xff\t\\x2d\n",
		JSON: `{"file":"a\tb` + "\ufffd" + `","file_base64":"YQli/w==","pid":null,"live":true,"value":null,"special":"NaN","detail":"-"}` + "\n" +
			`{"file":"","pid":12,"live":false,"value":18446744073709551615,"detail":null}` + "\n" +
			`{"file":"","pid":12,"live":false,"value":"a\tb` + "\ufffd" + `","value_base64":"YQli/w==","detail":"-"}` + "\n",
	} {
		var out strings.Builder
		r := NewRows(NewBuffer(&out), f)
		r.Header("file", "pid", "live", "value", "detail")
		r.Text("file", []byte("a\tb\xff"))
		r.Absent("pid")
		r.Bool("live", true)
		r.Value("value", format.FloatValue(math.NaN()))
		r.Text("detail", []byte("-"))
		r.End()
		for _, v := range []format.Value{format.UintValue(math.MaxUint64), format.TextValue([]byte("a\tb\xff"))} {
			r.Text("file", nil)
			r.Int("pid", 12)
			r.Bool("live", false)
			r.Value("value", v)
			if v.Class() == format.TextClass {
				r.Text("detail", []byte("-"))
			} else {
				r.Value("detail", format.Value{})
			}
			r.End()
		}
		r.Flush()
		if out.String() != want {
			t.Errorf("rows = %s\nwant %s", out.String(), want)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	for _, test := range []struct {
		v    format.Value
		want string
	}{
		{format.Value{}, "null"},
		{format.FloatValue(math.NaN()), "null"}, {format.FloatValue(math.Inf(-1)), "null"}, {format.FloatValue(0.1), "0.1"},
		{format.UintValue(math.MaxUint64), "18446744073709551615"}, {format.IntValue(math.MinInt64), "-9223372036854775808"},
		{format.BoolValue(true), "true"}, {format.TextValue([]byte("a\"\xff\x1b")), `"a\"` + "\ufffd" + `\u001b"`},
	} {
		got := AppendJSON(nil, test.v)
		if string(got) != test.want || !json.Valid(got) {
			t.Errorf("AppendJSON(%v) = %s, want %s", test.v, got, test.want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for name, want := range map[string]Format{"text": Text, "tsv": TSV, "json": JSON, "prometheus": Prometheus} {
		if got, err := ParseFormat(name, Text, TSV, JSON, Prometheus); got != want || err != nil {
			t.Errorf("ParseFormat(%q) = %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "JSON", "prometheus"} {
		want := fmt.Sprintf("unknown format %q; formats: text, tsv, json", name)
		if _, err := ParseFormat(name, Text, TSV, JSON); err == nil || err.Error() != want {
			t.Errorf("ParseFormat(%q) = %v, want %s", name, err, want)
		}
	}
}

// A text that is far longer than the buffer is written in pieces, and reads as
// if it was not.
func TestLongTextsTakeLittleMemory(t *testing.T) {
	for _, unit := range []string{"-", "\x01", "\xff", "é€𝄞", "a\tb\\"} {
		text := []byte(strings.Repeat(unit, 400_000/len(unit)))
		for _, f := range []Format{TSV, JSON} {
			var out strings.Builder
			b := NewBuffer(&out)
			r := NewRows(b, f)
			r.Text("value", text)
			r.End()
			if cap(b.Bytes) > 8*size {
				t.Errorf("%q: the buffer grew to %d bytes", unit, cap(b.Bytes))
			}
			r.Flush()
			want := string(escape.AppendTSV(nil, text)) + "\n"
			if f == JSON {
				inside, valid := escape.AppendJSON(nil, text)
				want = `{"value":` + string(inside)
				if !valid {
					want += `,"value_base64":"` + base64.StdEncoding.EncodeToString(text) + `"`
				}
				want += "}\n"
			}
			if out.String() != want {
				t.Errorf("%q: a long text is not what it is in one piece", unit)
			}
		}
	}
}
