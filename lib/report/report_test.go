package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/output"
)

func text(s string) format.Value { return format.TextValue([]byte(s)) }

// row returns a row with the type and kind that v has where it lives.
func row(label string, v format.Value) Row {
	r := Row{Label: []byte(label), Kind: format.KindGauge, Value: v, Signature: "Q  ", Offset: 17}
	switch v.Class() {
	case format.IntClass:
		r.Type = format.Int64
	case format.UintClass:
		r.Type, r.Kind = format.Counter, format.KindCounter
	case format.BoolClass:
		r.Type, r.Kind = format.Bool, format.KindBool
	case format.TextClass:
		r.Type, r.Kind = format.String, format.KindString
	default:
		r.Type = format.Float64
	}
	return r
}

// written returns what a Printer makes of rows of one source.
func written(t *testing.T, o Options, src Source, rows ...Row) string {
	t.Helper()
	var b strings.Builder
	p := New(&b, o)
	if err := p.Print(src, rows); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTSV(t *testing.T) {
	for _, test := range []struct {
		file  string
		row   Row
		value string // the whole line
	}{
		{"f", row("hits", format.UintValue(math.MaxUint64)), "f\thits\tcounter\t18446744073709551615\n"},
		{"f", row("n", format.IntValue(math.MinInt64)), "f\tn\tint64\t-9223372036854775808\n"},
		{"f", row("load", format.FloatValue(0.1)), "f\tload\tfloat64\t0.1\n"},
		{"f", row("nan", format.FloatValue(math.NaN())), "f\tnan\tfloat64\tNaN\n"},
		{"f", row("inf", format.FloatValue(math.Inf(1))), "f\tinf\tfloat64\t+Inf\n"},
		{"f", row("up", format.BoolValue(true)), "f\tup\tbool\ttrue\n"},
		{"f", row("s", text("a\tb\nc")), "f\ts\tstring\ta\\tb\\nc\n"},
		{"f", row("s", text("")), "f\ts\tstring\t\n"},
		{"f", row("s", text("-")), "f\ts\tstring\t\\x2d\n"},
		{"f", row("s", text("--")), "f\ts\tstring\t--\n"},
		{"f", row("gone", format.Value{}), "f\tgone\tfloat64\t-\n"},
		{"-", row("-", text("x")), "\\x2d\t\\x2d\tstring\tx\n"},
		{"a\tb\\", row("l\t\xff", text("x")), "a\\tb\\\\\tl\\t\\xff\tstring\tx\n"},
		{"", row("folded", format.UintValue(3)), "-\tfolded\tcounter\t3\n"},
	} {
		if got := written(t, Options{Format: output.TSV}, Source{File: test.file, Files: 2}, test.row); got != test.value {
			t.Errorf("TSV of %s = %q, want %q", test.row.Label, got, test.value)
		}
	}
}

func TestTSVColumns(t *testing.T) {
	dead := false
	r := row("hits", format.UintValue(7))
	for _, test := range []struct {
		o    Options
		src  Source
		want string
	}{
		{Options{Header: true}, Source{File: "f"}, "file\tlabel\ttype\tvalue\nf\thits\tcounter\t7\n"},
		{Options{Header: true, ValueOnly: true}, Source{File: "f"}, "value\n7\n"},
		{Options{Header: true, Long: true}, Source{File: "f", PID: 12, Live: &dead},
			"file\tlabel\ttype\tvalue\tpid\tlive\tsignature\toffset\tage\tunit\tkind\tstale\tabout\n" +
				"f\thits\tcounter\t7\t12\tfalse\tQ  \t17\t-\t-\tcounter\t-\t-\n"},
		{Options{Long: true}, Source{File: "f"}, "f\thits\tcounter\t7\t-\t-\tQ  \t17\t-\t-\tcounter\t-\t-\n"},
	} {
		test.o.Format = output.TSV
		if got := written(t, test.o, test.src, r); got != test.want {
			t.Errorf("%+v = %q, want %q", test.o, got, test.want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, test := range []struct {
		row  Row
		want string // what follows the file
	}{
		{row("hits", format.UintValue(math.MaxUint64)), `"label":"hits","type":"counter","value":18446744073709551615`},
		{row("n", format.IntValue(math.MinInt64)), `"label":"n","type":"int64","value":-9223372036854775808`},
		{row("f", format.FloatValue(1e300)), `"label":"f","type":"float64","value":1e+300`},
		{row("f", format.FloatValue(math.Copysign(0, -1))), `"label":"f","type":"float64","value":-0`},
		{row("nan", format.FloatValue(math.NaN())), `"label":"nan","type":"float64","value":null,"special":"NaN"`},
		{row("inf", format.FloatValue(math.Inf(1))), `"label":"inf","type":"float64","value":null,"special":"+Inf"`},
		{row("inf", format.FloatValue(math.Inf(-1))), `"label":"inf","type":"float64","value":null,"special":"-Inf"`},
		{row("up", format.BoolValue(false)), `"label":"up","type":"bool","value":false`},
		{row("s", text("a\"b\\c\td\n\r\x01\x7f")), `"label":"s","type":"string","value":"a\"b\\c\td\n\r\u0001\u007f"`},
		{row("s", text("\u0085\u2028\u2029日")), `"label":"s","type":"string","value":"\u0085\u2028\u2029日"`},
		{row("s", text("a\xff")), `"label":"s","type":"string","value":"a` + "\ufffd" + `","value_base64":"Yf8="`},
		{row("l\xff", text("")), `"label":"l` + "\ufffd" + `","label_base64":"bP8=","type":"string","value":""`},
		{row("gone", format.Value{}), `"label":"gone","type":"float64","value":null`},
	} {
		want := `{"file":"f",` + test.want + "}\n"
		got := written(t, Options{Format: output.JSON}, Source{File: "f"}, test.row)
		if got != want {
			t.Errorf("JSON of %s = %s, want %s", test.row.Label, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("JSON of %s = %s, which is not JSON", test.row.Label, got)
		}
	}
}

func TestJSONLong(t *testing.T) {
	live := true
	age := 1.5
	r := row("n", format.IntValue(1))
	r.Unit, r.About = "bytes", "Sent"
	want := `{"file":"f\u001b","label":"n","type":"int64","value":1,"time":"2026-01-02T03:04:05.678Z","host":"h","pid":12,"live":true,"signature":"Q  ","offset":17,"age":1.5,"unit":"bytes","kind":"gauge","stale":true,"about":"Sent"}` + "\n"
	src := Source{File: "f\x1b", PID: 12, Live: &live, Age: &age, Stale: &live, Time: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)}
	if got := written(t, Options{Format: output.JSON, Long: true, Host: "h"}, src, r); got != want {
		t.Errorf("JSON = %s, want %s", got, want)
	}
	r.Unit, r.About = "", ""
	want = `{"file":"f","label":"n","type":"int64","value":1,"host":"","pid":null,"live":null,"signature":"Q  ","offset":17,"age":null,"unit":null,"kind":"gauge","stale":null,"about":null}` + "\n"
	if got := written(t, Options{Format: output.JSON, Long: true}, Source{File: "f"}, r); got != want {
		t.Errorf("JSON = %s, want %s", got, want)
	}
	r.Files = 3
	want = `{"files":3,"label":"n","type":"int64","value":1}` + "\n"
	if got := written(t, Options{Format: output.JSON}, Source{Files: 4}, r); got != want {
		t.Errorf("JSON of a fold = %s, want %s", got, want)
	}
}

func TestText(t *testing.T) {
	live, ended := true, false
	rows := []Row{row("a", format.UintValue(1)), row("größe", text("x\x1b[2J")), row(strings.Repeat("l", 61), format.Value{})}
	for _, test := range []struct {
		o    Options
		src  Source
		want string
	}{
		{Options{}, Source{File: "f\u202e"}, "==> f\\xe2\\x80\\xae\n  a     1\n  größe x\\x1b[2J\n  " + strings.Repeat("l", 61) + " -\n\n"},
		{Options{Color: true}, Source{File: "f"}, "\x1b[1m==> f\x1b[0m\n  a     1\n  größe x\\x1b[2J\n  " + strings.Repeat("l", 61) + " -\n\n"},
		{Options{}, Source{Files: 1}, "==> 1 file\n  a     1\n  größe x\\x1b[2J\n  " + strings.Repeat("l", 61) + " -\n\n"},
		{Options{}, Source{Files: 2}, "==> 2 files\n  a     1\n  größe x\\x1b[2J\n  " + strings.Repeat("l", 61) + " -\n\n"},
		{Options{}, Source{Files: 2, Ended: 1}, "==> 2 files (1 ended)\n  a     1\n  größe x\\x1b[2J\n  " + strings.Repeat("l", 61) + " -\n\n"},
		{Options{}, Source{File: "f", PID: 12, Live: &ended, Note: "a\x1b"}, "==> f (ended)\n  a\\x1b\n  a     1\n  größe x\\x1b[2J\n  " + strings.Repeat("l", 61) + " -\n\n"},
		{Options{ValueOnly: true}, Source{File: "f"}, "1\nx\\x1b[2J\n-\n"},
		{Options{Long: true}, Source{File: "f", PID: 12, Live: &live}, "==> f  pid 12 (live)\n" +
			"  a     counter       17 \"Q  \" 1\n" +
			"  größe string        17 \"Q  \" x\\x1b[2J\n" +
			"  " + strings.Repeat("l", 61) + " float64 gauge 17 \"Q  \" -\n\n"},
	} {
		test.o.Format = output.Text
		if got := written(t, test.o, test.src, rows...); got != test.want {
			t.Errorf("text by %+v = %q, want %q", test.o, got, test.want)
		}
	}
}

// Values stand in one column below each other, whatever the labels hold.
func TestTextAlignsWideLabels(t *testing.T) {
	var rows []Row
	for _, label := range []string{"plain.label", "東京.要求", "e\u0301te\u0301", "👩‍👩‍👧.日", "tab\t", "bidi\u202e"} {
		rows = append(rows, row(label, format.UintValue(7)))
	}
	want := "==> f\n" +
		"  plain.label      7\n" +
		"  東京.要求        7\n" +
		"  e\u0301te\u0301              7\n" +
		"  👩‍👩‍👧.日            7\n" +
		"  tab\\t            7\n" +
		"  bidi\\xe2\\x80\\xae 7\n\n"
	if got := written(t, Options{Format: output.Text}, Source{File: "f"}, rows...); got != want {
		t.Errorf("text =\n%s\nwant\n%s", got, want)
	}
}
