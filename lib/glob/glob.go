// Package glob matches names by patterns as fnmatch(3) does:
//
//   - any characters, or none
//     ?       one character
//     [abc]   one of the characters; a-z is a range, [:alpha:] a class
//     [!abc]  one character that is none of them; so is [^abc]
//     \c      the character c
//
// In brackets, a ] that comes first and a - that comes first or last stand for
// themselves. Neither a slash nor a leading dot is special.
package glob

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// ErrMalformed says that a pattern has a bracket that is not closed, a class
// that does not exist, or a backslash at its end.
var ErrMalformed = errors.New("malformed pattern")

// A Pattern is a pattern that was checked. The zero Pattern matches "".
type Pattern struct {
	text   string
	suffix string // what follows the *, in a pattern such as *.mmstats
}

// Compile checks a pattern. The error is [ErrMalformed].
func Compile(pattern string) (Pattern, error) {
	for rest := pattern; rest != ""; {
		size, _, _ := element(rest, "")
		if size == 0 {
			return Pattern{}, ErrMalformed
		}
		rest = rest[size:]
	}
	p := Pattern{text: pattern}
	after, found := strings.CutPrefix(pattern, "*")
	if found && after != "" && utf8.RuneStart(after[0]) && !strings.ContainsAny(after, `*?[\`) {
		p.suffix = after
	}
	return p, nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Match reports whether the whole of name matches.
func (p Pattern) Match(name string) bool {
	if p.suffix != "" {
		return strings.HasSuffix(name, p.suffix)
	}
	// Of all *, only the last one may have to match more than it did at first:
	// what is before it has matched as early as it can.
	pattern := p.text
	var afterStar, rest string // where to try again: after the *, and in name
	starred := false
	for {
		if after, found := strings.CutPrefix(pattern, "*"); found {
			pattern, afterStar, rest, starred = after, after, name, true
			continue
		}
		if pattern == "" && name == "" {
			return true
		}
		if pattern != "" && name != "" {
			if size, used, matched := element(pattern, name); matched {
				pattern, name = pattern[size:], name[used:]
				continue
			}
		}
		if !starred || rest == "" {
			return false
		}
		_, size := decode(rest)
		rest = rest[size:]
		pattern, name = afterStar, rest
	}
}

// element reports whether name starts with what the first element of pattern
// matches: size is that of the element, and used that of what it matches in
// name. The size of a malformed element is 0.
func element(pattern, name string) (size, used int, matched bool) {
	r, n := decode(name)
	switch pattern[0] {
	case '*':
		return 1, 0, true
	case '?':
		return 1, n, n > 0
	case '[':
		size, matched = bracket(pattern, r)
		return size, n, matched && n > 0
	}
	literal, size := character(pattern)
	return size, len(literal), strings.HasPrefix(name, literal)
}

// character returns the character that pattern starts with, and how long it is
// there: it may stand behind a backslash. The size is 0 where it is missing.
func character(pattern string) (literal string, size int) {
	rest, escaped := strings.CutPrefix(pattern, `\`)
	_, n := decode(rest)
	if n == 0 {
		return "", 0
	}
	if escaped {
		size = 1
	}
	return rest[:n], size + n
}

// decode returns the first character of s and its size. A byte that is not
// UTF-8 is a character of its own, which is equal to no other.
func decode(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		r = utf8.MaxRune + 1 + rune(s[0])
	}
	return r, size
}
