package cli

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/escape"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// A LabelGlob is a pattern of labels, in which * stands for any characters,
// dots and slashes included. The escapes by which labels are shown mean what
// they do there: \\ \t \n \r and \xHH.
type LabelGlob struct {
	Pattern string
	pattern string // with what path.Match treats specially replaced
	Matched bool   // set by Match
}

// ParseLabelGlob returns the glob that pattern is.
func ParseLabelGlob(pattern string) (*LabelGlob, error) {
	g := &LabelGlob{Pattern: pattern, pattern: noSlash(unescape(pattern))}
	if _, err := path.Match(g.pattern, ""); err != nil {
		return nil, fmt.Errorf("malformed pattern %q", pattern)
	}
	return g, nil
}

// unescape replaces the escapes of characters that nobody can type. Any other
// backslash is left for package path: what follows it stands for itself.
func unescape(pattern string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(pattern, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('\\')
		c, size, err := escape.Next(after)
		if err != nil {
			_, size = utf8.DecodeRuneInString(after)
			b.WriteString(after[:size])
		} else {
			b.WriteByte(c)
		}
		pattern = after[size:]
	}
}

// noSlash replaces the one character that a * of package path stops at by one
// that no label and no argument holds.
func noSlash(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

// Match reports whether label matches.
func (g *LabelGlob) Match(label string) bool {
	matched, _ := path.Match(g.pattern, noSlash(label))
	g.Matched = g.Matched || matched
	return matched
}

// Nearest returns at most three of labels that somebody who wrote name may
// have meant, the nearest first.
func Nearest(name string, labels []string) []string {
	type candidate struct {
		label    string
		distance int
	}
	plain := strings.Trim(name, "*.")
	var near []candidate
	for _, label := range labels {
		d := distance(plain, label)
		// What was left out is no typo: the last parts of a label are often
		// enough to know it by.
		if strings.HasSuffix(label, "."+plain) || strings.HasPrefix(label, plain+".") {
			d = 1
		}
		if d <= max(2, len(plain)/3) {
			near = append(near, candidate{label, d})
		}
	}
	slices.SortStableFunc(near, func(x, y candidate) int {
		if x.distance != y.distance {
			return x.distance - y.distance
		}
		return strings.Compare(x.label, y.label)
	})
	var found []string
	for _, c := range near[:min(3, len(near))] {
		found = append(found, c.label)
	}
	return found
}

// Suggest returns ", did you mean ...?", or "" where nothing is near.
func Suggest(name string, labels []string) string {
	near := Nearest(name, labels)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, ", ") + "?"
}

// distance is the Levenshtein distance between s and t, with swaps of
// neighbours counted as one edit.
func distance(s, t string) int {
	before := make([]int, len(t)+1)
	last := make([]int, len(t)+1)
	row := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(s) {
		row[0] = i + 1
		for j := range len(t) {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

// A LabelName is an option or argument that names a label of the files that
// readers look at by default, and is completed from them.
type LabelName string

// maxCompletions bounds what a completion looks at.
const maxCompletions = 1000

// Complete implements flags.Completer.
func (*LabelName) Complete(match string) []flags.Completion {
	var r reader.Reader
	labels := make(map[string]bool)
	files := 0
	for name, err := range statfile.All(nil) {
		if files++; err != nil || files > maxCompletions || len(labels) > maxCompletions {
			break
		}
		f, info, err := statfile.Open(name.Path, !name.Found)
		if err != nil {
			continue
		}
		r.Read(f, info) // what is intact of a damaged file will do
		f.Close()
		for st := range r.Stats() {
			if bytes.HasPrefix(st.Label, []byte(match)) {
				labels[string(st.Label)] = true
			}
		}
	}
	var found []flags.Completion
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		found = append(found, flags.Completion{Item: escape.Text(label)})
	}
	return found
}
