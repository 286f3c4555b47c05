package report

import (
	"testing"
	"unicode/utf8"

	"mmstats/lib/escape"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "web.hits": 8, "é": 1, "e\u0301": 1, "日本": 4, "❤": 1, "❤\ufe0f": 2, "😀": 2, "👩‍👩‍👧": 2, "🇩🇪": 2, "한글": 4, "ｱ": 1, "Ａ": 2,
		"a\u200bb": 2, "\u00a0": 1,
	} {
		if got := Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		s       string
		width   int
		unicode bool
		want    string
	}{
		{"web.2XX", 7, true, "web.2XX"}, {"web.2XX", 6, true, "…b.2XX"}, {"web.2XX", 6, false, "~b.2XX"},
		{"éèà", 2, false, "~à"}, {"abc", 1, false, "~"}, {"abc", 0, false, ""}, {"", 0, true, ""},
		{"日本語", 6, true, "日本語"}, {"日本語", 5, true, "…本語"}, {"日本語", 4, true, "…語"}, {"日本語", 3, true, "…語"}, {"日本語", 2, true, "…"},
		{"a👩‍👩‍👧b", 3, true, "…b"}, {"ae\u0301", 1, true, "…"}, {"aae\u0301", 2, true, "…e\u0301"},
	} {
		if got := Shorten(test.s, test.width, test.unicode); got != test.want {
			t.Errorf("Shorten(%q, %d, %v) = %q, want %q", test.s, test.width, test.unicode, got, test.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		s     string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}, {"abc", -1, ""}, {"", 0, ""},
		{"日本語", 5, "日本"}, {"日本語", 1, ""}, {"e\u0301a", 1, "e\u0301"}, {"a👩‍👩‍👧", 2, "a"},
	} {
		if got := Cut(test.s, test.width); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.s, test.width, got, test.want)
		}
	}
}

// What is cut to a width takes no more, and is UTF-8.
func FuzzCut(f *testing.F) {
	f.Add("日本語 👩‍👩‍👧 e\u0301", 4)
	f.Fuzz(func(t *testing.T, s string, width int) {
		if s = escape.Text(s); width < 0 {
			return
		}
		for _, got := range []string{Cut(s, width), Shorten(s, width, true)} {
			if Width(got) > width || !utf8.ValidString(got) {
				t.Errorf("%q in %d columns is %q", s, width, got)
			}
		}
	})
}
