package glob

import (
	"strings"
	"unicode"
)

// bracket reports whether r is one of the characters that pattern starts with,
// which are in brackets. The size of what is malformed is 0.
func bracket(pattern string, r rune) (size int, matched bool) {
	rest := pattern[1:]
	negated := strings.HasPrefix(rest, "!") || strings.HasPrefix(rest, "^")
	if negated {
		rest = rest[1:]
	}
	for first := true; rest != ""; first = false {
		if rest[0] == ']' && !first {
			return len(pattern) - len(rest) + 1, matched != negated
		}
		n, in := member(rest, r)
		if n == 0 {
			break
		}
		matched = matched || in
		rest = rest[n:]
	}
	return 0, false
}

// member reports whether r is in the class, the range or the one character that
// list starts with, and how long that is.
func member(list string, r rune) (size int, in bool) {
	if after, found := strings.CutPrefix(list, "[:"); found {
		if name, _, closed := strings.Cut(after, ":]"); closed {
			in, known := inClass(name, r)
			if !known {
				return 0, false
			}
			return len("[:") + len(name) + len(":]"), in
		}
	}
	literal, size := character(list)
	low, _ := decode(literal)
	high := low
	if after, found := strings.CutPrefix(list[size:], "-"); found && size > 0 && after != "" && after[0] != ']' {
		literal, n := character(after)
		if n == 0 {
			return 0, false
		}
		high, _ = decode(literal)
		size += len("-") + n
	}
	return size, low <= r && r <= high
}

// inClass reports whether r is in the class of characters called name, and
// whether there is such a class.
func inClass(name string, r rune) (in, known bool) {
	switch name {
	case "alnum":
		in = unicode.IsLetter(r) || unicode.IsDigit(r)
	case "alpha":
		in = unicode.IsLetter(r)
	case "blank":
		in = r == ' ' || r == '\t'
	case "cntrl":
		in = unicode.IsControl(r)
	case "digit":
		in = '0' <= r && r <= '9'
	case "graph":
		in = unicode.IsGraphic(r) && !unicode.IsSpace(r)
	case "lower":
		in = unicode.IsLower(r)
	case "print":
		in = unicode.IsPrint(r)
	case "punct":
		in = unicode.IsPunct(r) || unicode.IsSymbol(r)
	case "space":
		in = unicode.IsSpace(r)
	case "upper":
		in = unicode.IsUpper(r)
	case "xdigit":
		in = '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
	default:
		return false, false
	}
	return in, true
}
