package glob

import "strings"

// Quote returns the pattern that matches name alone.
func Quote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// Literal returns the one name that a pattern without wildcards matches. It is
// the reverse of [Quote].
func Literal(pattern string) (name string, ok bool) {
	b := make([]byte, 0, len(pattern))
	for pattern != "" {
		literal, size := character(pattern)
		if size == 0 || strings.ContainsAny(pattern[:1], "*?[") {
			return "", false
		}
		b = append(b, literal...)
		pattern = pattern[size:]
	}
	return string(b), true
}
