package escape

import "unicode/utf8"

// AppendJSON appends s as a JSON string, with U+FFFD for each byte that is not
// UTF-8, and reports whether s is UTF-8. Control characters are escaped, also
// those above U+007F, so that the line can be shown on a terminal.
func AppendJSON(dst, s []byte) (_ []byte, valid bool) {
	dst, valid = AppendJSONPart(append(dst, '"'), s)
	return append(dst, '"'), valid
}

// AppendJSONPart appends what [AppendJSON] does, without the quotes.
func AppendJSONPart(dst, s []byte) (_ []byte, valid bool) {
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
	return append(dst, s[start:]...), valid
}

// AppendPrometheus appends s as the value of a label in the exposition format,
// or, if it is not quoted, as a help text. The format has no escapes for
// control characters and for bytes that are not UTF-8: these are written as
// [AppendText] writes them, such as \x1b, with the backslash escaped.
func AppendPrometheus(dst, s []byte, quoted bool) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] && !(c == '"' && quoted) {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if c != '"' && printable(r, size, true) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '\\':
			dst = append(dst, `\\`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '"':
			dst = append(dst, `\"`...)
		default:
			for _, c := range s[i : i+size] {
				dst = appendByte(append(dst, '\\'), c)
			}
		}
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}
