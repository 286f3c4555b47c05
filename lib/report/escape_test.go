package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestAppendEscaped(t *testing.T) {
	for _, test := range []struct {
		in, tsv, terminal string
	}{
		{"", "", ""},
		{"web.hits", "web.hits", "web.hits"},
		{`back\slash`, `back\\slash`, `back\\slash`},
		{"a\tb\nc\rd", `a\tb\nc\rd`, `a\tb\nc\rd`},
		{"\x00\x07\x1b[2J\x7f", `\x00\x07\x1b[2J\x7f`, `\x00\x07\x1b[2J\x7f`},
		{"\u0080\u009b2J\u009f", `\xc2\x80\xc2\x9b2J\xc2\x9f`, `\xc2\x80\xc2\x9b2J\xc2\x9f`},
		{"\u00a0größe 日本 ❤ 😀", "\u00a0größe 日本 ❤ 😀", "\u00a0größe 日本 ❤ 😀"},
		{"a\xffb\xc3", `a\xffb\xc3`, `a\xffb\xc3`},
		{"\xed\xa0\x80", `\xed\xa0\x80`, `\xed\xa0\x80`}, // a surrogate
		{"\xc0\x80", `\xc0\x80`, `\xc0\x80`},             // an overlong NUL
		{"\ufffd", "\ufffd", "\ufffd"},                   // one that was there
		{"a\u202eb\u2066c\u2069\u061c\u200e\u200f", "a\u202eb\u2066c\u2069\u061c\u200e\u200f",
			`a\xe2\x80\xaeb\xe2\x81\xa6c\xe2\x81\xa9\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f`},
		{"a\u2028b\u2029", "a\u2028b\u2029", `a\xe2\x80\xa8b\xe2\x80\xa9`},
	} {
		if got := string(AppendEscaped(nil, []byte(test.in), false)); got != test.tsv {
			t.Errorf("AppendEscaped(%q, false) = %q, want %q", test.in, got, test.tsv)
		}
		if got := Escape(test.in); got != test.terminal {
			t.Errorf("Escape(%q) = %q, want %q", test.in, got, test.terminal)
		}
	}
}

func TestAppendMessage(t *testing.T) {
	in := `bad "\x1b" in ` + "a\x1bb\n\u202e"
	want := `x: bad "\x1b" in a\x1bb\n\xe2\x80\xae`
	if got := string(AppendMessage([]byte("x: "), in)); got != want {
		t.Errorf("AppendMessage(%q) = %q, want %q", in, got, want)
	}
}

// FuzzEscapes checks that what is escaped drives no terminal and can be read
// back.
func FuzzEscapes(f *testing.F) {
	for _, s := range []string{"", "a\tb\\t", "\x1b\u009b", "\xff\xc3", "\u202e\u2028", `"q"`, "日本"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		for _, terminal := range []bool{false, true} {
			got := string(AppendEscaped(nil, s, terminal))
			if r := controlIn(got, terminal); r != 0 {
				t.Fatalf("AppendEscaped(%q, %v) = %q, which holds %q", s, terminal, got, r)
			}
			if back := unescape(got); back != string(s) {
				t.Fatalf("AppendEscaped(%q, %v) = %q, which reads as %q", s, terminal, got, back)
			}
		}
		quoted, valid := appendJSON(nil, s)
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil || valid != utf8.Valid(s) || valid && back != string(s) {
			t.Fatalf("appendJSON(%q) = %s, %v, which reads as %q, %v", s, quoted, valid, back, err)
		}
		if r := controlIn(string(quoted), false); r != 0 {
			t.Fatalf("appendJSON(%q) = %s, which holds %q", s, quoted, r)
		}
		if got := string(appendPrometheus(nil, s, true)); controlIn(got, true) != 0 {
			t.Fatalf("appendPrometheus(%q) = %q", s, got)
		}
	})
}

// controlIn returns a character of s that may drive a terminal, or 0.
func controlIn(s string, terminal bool) rune {
	if !utf8.ValidString(s) {
		return utf8.RuneError
	}
	for _, r := range s {
		if unicode.IsControl(r) || terminal && (unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029) {
			return r
		}
	}
	return 0
}

// unescape undoes AppendEscaped.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'x' {
			b.WriteByte(byte(strings.IndexByte(hexDigits, s[i+1])<<4 | strings.IndexByte(hexDigits, s[i+2])))
			i += 2
			continue
		}
		b.WriteByte(map[byte]byte{'\\': '\\', 't': '\t', 'n': '\n', 'r': '\r'}[s[i]])
	}
	return b.String()
}
