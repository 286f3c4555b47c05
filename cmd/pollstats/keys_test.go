package main

import (
	"slices"
	"testing"
)

func TestDecodeKey(t *testing.T) {
	for _, test := range []struct {
		input string
		final bool
		want  []key
		rest  string
	}{
		{"q", false, []key{'q'}, ""},
		{"\x1b[A\x1bOB\x1b[5~\x1b[6~jk", false, []key{keyUp, keyDown, keyPageUp, keyPageDown, 'j', 'k'}, ""},
		{"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1bOH\x1bOF", false, []key{keyHome, keyEnd, keyHome, keyEnd, keyHome, keyEnd}, ""},
		{"\x1b", false, nil, "\x1b"},
		{"\x1b", true, []key{keyEscape}, ""},
		{"\x1bq", false, []key{keyEscape, 'q'}, ""},
		{"\x1b[", false, nil, "\x1b["},
		{"\x1b[1;5", true, []key{keyNone}, ""},
		{"\x1b[1;5Cq", false, []key{keyNone, 'q'}, ""},
		{"é\xc3", false, []key{'é'}, "\xc3"},
		{"\xc3q", false, []key{keyNone, 'q'}, ""},
		{"\x03\x1a\r\n\x7f\x08", false, []key{keyCtrlC, keyCtrlZ, keyEnter, keyEnter, keyBackspace, keyBackspace}, ""},
	} {
		rest := []byte(test.input)
		var got []key
		for len(rest) > 0 {
			k, size := decodeKey(rest, test.final)
			if size == 0 {
				break
			}
			got, rest = append(got, k), rest[size:]
		}
		if !slices.Equal(got, test.want) || string(rest) != test.rest {
			t.Errorf("decodeKey(%q, %v) = %v, with %q left, want %v, %q", test.input, test.final, got, rest, test.want, test.rest)
		}
	}
}
