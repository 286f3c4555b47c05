package escape

import (
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTexts(t *testing.T) {
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
		{"-", `\x2d`, `\x2d`},
		{"--", "--", "--"},
	} {
		if got := string(AppendTSV(nil, []byte(test.in))); got != test.tsv {
			t.Errorf("AppendTSV(%q) = %q, want %q", test.in, got, test.tsv)
		}
		if got := Text(test.in); got != test.terminal {
			t.Errorf("Text(%q) = %q, want %q", test.in, got, test.terminal)
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
			got := AppendTSV(nil, s)
			if terminal {
				got = AppendText(nil, s)
			}
			if r := controlIn(string(got), terminal); r != 0 {
				t.Fatalf("%q escaped is %q, which holds %q", s, got, r)
			}
			if back, err := Unescape(string(got)); back != string(s) || err != nil {
				t.Fatalf("%q escaped is %q, which reads as %q, %v", s, got, back, err)
			}
		}
		quoted, valid := AppendJSON(nil, s)
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil || valid != utf8.Valid(s) || valid && back != string(s) {
			t.Fatalf("AppendJSON(%q) = %s, %v, which reads as %q, %v", s, quoted, valid, back, err)
		}
		if r := controlIn(string(quoted), false); r != 0 {
			t.Fatalf("AppendJSON(%q) = %s, which holds %q", s, quoted, r)
		}
		if got := string(AppendPrometheus(nil, s, true)); controlIn(got, true) != 0 {
			t.Fatalf("AppendPrometheus(%q) = %q", s, got)
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

func TestUnescape(t *testing.T) {
	for _, test := range []struct {
		in, want, err string
	}{
		{"plain", "plain", ""}, {"", "", ""},
		{`\\ \t\n\r`, "\\ \t\n\r", ""},
		{`\x41\xff\xE2`, "A\xff\xe2", ""},
		{`a\ b\=c\"`, `a b=c"`, ""},
		{`end\`, "", `bad escape: \ at the end`},
		{`\q`, "", `bad escape \q`}, {`\0`, "", `bad escape \0`}, {`\é`, "", `bad escape \é`},
		{`\x`, "", `bad escape \x`}, {`\x4`, "", `bad escape \x4`}, {`\xg0`, "", `bad escape \xg0`}, {`\x+1`, "", `bad escape \x+1`},
	} {
		got, err := Unescape(test.in)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("Unescape(%q) = %q, %v, want %q, %s", test.in, got, err, test.want, test.err)
		}
	}
}
