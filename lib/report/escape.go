package report

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plain holds the bytes that every format writes as they are.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '\\'
	}
	return t
}()

// AppendEscaped appends s so that it can neither break a TSV record nor drive
// a terminal: backslash, tab, newline and carriage return as \\ \t \n \r, and
// other control characters, C1 ones included, and what is not UTF-8 byte for
// byte as \xHH. For a terminal, the characters that change the direction of
// text, and U+2028 and U+2029, are escaped in the same way.
func AppendEscaped(dst, s []byte, terminal bool) []byte {
	start := 0 // of what has not been copied yet
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if shown(r, size, terminal) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		for _, c := range s[i : i+size] {
			dst = appendEscape(dst, c)
		}
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

// shown reports whether a character of size bytes that utf8.DecodeRune returned
// is written as it is.
func shown(r rune, size int, terminal bool) bool {
	switch {
	case r < ' ', 0x7f <= r && r < 0xa0, r == utf8.RuneError && size == 1:
		return false
	}
	return r != '\\' && !(terminal && drivesTerminal(r))
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '\\':
		return append(dst, `\\`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	}
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

// drivesTerminal reports characters that change how those around them are
// shown, by their direction or by breaking the line.
func drivesTerminal(r rune) bool {
	switch {
	case r == 0x61c, r == 0x200e, r == 0x200f:
	case 0x2028 <= r && r <= 0x202e:
	case 0x2066 <= r && r <= 0x2069:
	default:
		return false
	}
	return true
}

// Escape returns s as AppendEscaped writes it for a terminal.
func Escape(s string) string { return string(AppendEscaped(nil, []byte(s), true)) }

// AppendMessage appends s, a message for a terminal, like AppendEscaped but
// with its backslashes as they are: messages quote what needs it.
func AppendMessage(dst []byte, s string) []byte {
	for i, part := range strings.Split(s, `\`) {
		if i > 0 {
			dst = append(dst, '\\')
		}
		dst = AppendEscaped(dst, []byte(part), true)
	}
	return dst
}

// appendJSON appends s as a JSON string, with U+FFFD for what is not UTF-8,
// and reports whether all of it was.
func appendJSON(dst, s []byte) (_ []byte, valid bool) {
	dst = append(dst, '"')
	valid = true
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] && c != '"' {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		bad := r == utf8.RuneError && size == 1
		if !bad && r >= 0xa0 && r != 0x2028 && r != 0x2029 {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch {
		case bad:
			dst, valid = append(dst, "\ufffd"...), false
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), valid
}
