package main

import "unicode/utf8"

// A key is a character that was typed, or one of these.
type key rune

const (
	keyNone key = -iota - 1 // of no meaning here
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
)

const (
	keyCtrlC     key = 3
	keyCtrlL     key = 12
	keyEnter     key = '\r'
	keyCtrlU     key = 21
	keyCtrlZ     key = 26
	keyEscape    key = 27
	keyBackspace key = 127
)

// sequences are what terminals send for keys without a character, after ESC.
var sequences = map[string]key{
	"[A": keyUp, "OA": keyUp, "[B": keyDown, "OB": keyDown,
	"[5~": keyPageUp, "[6~": keyPageDown,
	"[H": keyHome, "OH": keyHome, "[1~": keyHome, "[7~": keyHome,
	"[F": keyEnd, "OF": keyEnd, "[4~": keyEnd, "[8~": keyEnd,
}

// decodeKey returns the first key in input, and how many bytes it takes: 0
// where more must come to tell. An ESC that nothing follows in time is final.
func decodeKey(input []byte, final bool) (k key, size int) {
	switch c := input[0]; {
	case c == byte(keyEscape):
		return decodeEscape(input, final)
	case c == '\n':
		return keyEnter, 1
	case c == 8:
		return keyBackspace, 1
	case !utf8.FullRune(input) && !final:
		return keyNone, 0
	}
	r, size := utf8.DecodeRune(input)
	if r == utf8.RuneError {
		return keyNone, size
	}
	return key(r), size
}

func decodeEscape(input []byte, final bool) (key, int) {
	switch {
	case len(input) == 1 && final:
		return keyEscape, 1
	case len(input) == 1:
		return keyNone, 0
	case input[1] != '[' && input[1] != 'O':
		return keyEscape, 1
	}
	for i := 2; i < len(input); i++ {
		if c := input[i]; 0x40 <= c && c <= 0x7e { // ends the sequence
			if k, ok := sequences[string(input[1:i+1])]; ok {
				return k, i + 1
			}
			return keyNone, i + 1
		}
	}
	if final {
		return keyNone, len(input)
	}
	return keyNone, 0
}
