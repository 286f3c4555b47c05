// Package escape writes texts from outside, such as labels, values and names
// of files, so that they can neither break a record of output nor control a
// terminal, and reads them back.
//
// There is one grammar of escapes: \\ \t \n \r, and \xHH for any other byte.
// JSON and the exposition format of Prometheus have their own.
package escape

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

// hyphen stands for a text that is only a hyphen: the hyphen itself says that
// there is no value.
const hyphen = `\x2d`

// AppendTSV appends s as a column of TSV. Escaped are backslash, tab, newline
// and carriage return, all other control characters including C1, each byte
// that is not UTF-8, and a text that is only a hyphen.
func AppendTSV(dst, s []byte) []byte {
	if len(s) == 1 && s[0] == '-' {
		return append(dst, hyphen...)
	}
	return appendEscaped(dst, s, false)
}

// AppendText appends s for a terminal. Escaped is what [AppendTSV] escapes, and
// the characters that change the direction of text or end a line: the
// bidirectional controls, U+2028 and U+2029.
func AppendText(dst, s []byte) []byte {
	if len(s) == 1 && s[0] == '-' {
		return append(dst, hyphen...)
	}
	return appendEscaped(dst, s, true)
}

// Text returns s as [AppendText] writes it.
func Text(s string) string { return string(AppendText(nil, []byte(s))) }

// AppendMessage appends s, a message for a terminal, as [AppendText] does, but
// leaves backslashes and a hyphen as they are: a message has quoted what needs
// it.
func AppendMessage(dst []byte, s string) []byte {
	for i, part := range strings.Split(s, `\`) {
		if i > 0 {
			dst = append(dst, '\\')
		}
		dst = appendEscaped(dst, []byte(part), true)
	}
	return dst
}

func appendEscaped(dst, s []byte, terminal bool) []byte {
	start := 0 // of what has not been copied yet
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if printable(r, size, terminal) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		for _, c := range s[i : i+size] {
			dst = appendByte(dst, c)
		}
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

// printable reports whether a character of size bytes that utf8.DecodeRune
// returned is written as it is.
func printable(r rune, size int, terminal bool) bool {
	switch {
	case r < ' ', 0x7f <= r && r < 0xa0, r == utf8.RuneError && size == 1:
		return false
	}
	return r != '\\' && !(terminal && controlsLayout(r))
}

// appendByte appends the escape of a byte.
func appendByte(dst []byte, c byte) []byte {
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

// controlsLayout reports whether r changes how the characters around it are
// shown: the bidirectional controls do, and the separators that end a line.
func controlsLayout(r rune) bool {
	switch {
	case r == 0x61c, r == 0x200e, r == 0x200f:
	case 0x2028 <= r && r <= 0x202e:
	case 0x2066 <= r && r <= 0x2069:
	default:
		return false
	}
	return true
}
