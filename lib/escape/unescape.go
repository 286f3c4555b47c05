package escape

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unescape returns s with its escapes replaced by what they stand for. It
// undoes [AppendTSV] and [AppendText]. A backslash before a character that is
// neither a letter nor a digit stands for that character, so that a blank or
// an equals sign can be part of a word.
func Unescape(s string) (string, error) {
	before, rest, found := strings.Cut(s, `\`)
	if !found {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for found {
		b = append(b, before...)
		c, size, err := Next(rest)
		if err != nil {
			return "", err
		}
		b = append(b, c)
		before, rest, found = strings.Cut(rest[size:], `\`)
	}
	return string(append(b, before...)), nil
}

// Next reads one escape: s is what follows its backslash. It returns the byte
// that the escape stands for, and how many bytes of s belong to it.
func Next(s string) (c byte, size int, err error) {
	if s == "" {
		return 0, 0, errors.New(`bad escape: \ at the end`)
	}
	switch c := s[0]; c {
	case 't':
		return '\t', 1, nil
	case 'n':
		return '\n', 1, nil
	case 'r':
		return '\r', 1, nil
	case 'x':
		digits := s[1:min(3, len(s))]
		n, err := strconv.ParseUint(digits, 16, 8)
		if err != nil || len(digits) < 2 {
			return 0, 0, fmt.Errorf(`bad escape \x%s`, digits)
		}
		return byte(n), 3, nil
	default:
		if c >= utf8.RuneSelf || isAlphanumeric(c) {
			r, _ := utf8.DecodeRuneInString(s)
			return 0, 0, fmt.Errorf(`bad escape \%c`, r)
		}
		return c, 1, nil
	}
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
