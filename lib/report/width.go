package report

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Width returns how many columns of a terminal s takes, which should have no
// control characters. Some characters take two columns, and combining ones none.
func Width[T string | []byte](s T) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(string(s))
		}
	}
	return len(s)
}

// Cut returns the start of s that fits in width columns.
func Cut(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	end := 0
	for rest, state := s, -1; rest != ""; {
		cluster, after, w, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if width -= w; width < 0 {
			break
		}
		end += len(cluster)
		rest, state = after, next
	}
	return s[:end]
}

// Shorten returns s, or, if s takes more than width columns, a mark and the end
// of s: the end is what labels differ in. unicode is true if the terminal shows
// UTF-8.
func Shorten(s string, width int, unicode bool) string {
	used := Width(s)
	if used <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	for state := -1; used >= width; {
		var w int
		_, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		used -= w
	}
	if unicode {
		return "…" + s
	}
	return "~" + s
}
