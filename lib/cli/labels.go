package cli

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/escape"
	"mmstats/lib/glob"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// A LabelGlob is a pattern of labels, see package glob, in which the escapes of
// package escape work too: a label as it is shown matches itself.
type LabelGlob struct {
	Pattern string // as it was written
	glob    glob.Pattern
	Matched bool // a label has matched
}

// ParseLabelGlob checks a pattern of labels.
func ParseLabelGlob(pattern string) (*LabelGlob, error) {
	p, err := glob.Compile(unescape(pattern))
	if err != nil {
		return nil, fmt.Errorf("%w %q", err, pattern)
	}
	return &LabelGlob{Pattern: pattern, glob: p}, nil
}

// ParseLabelGlobs checks patterns of labels. The error is that of the first one
// that is malformed.
func ParseLabelGlobs[S ~string](patterns []S) (globs []*LabelGlob, err error) {
	for _, pattern := range patterns {
		g, err := ParseLabelGlob(string(pattern))
		if err != nil {
			return nil, err
		}
		globs = append(globs, g)
	}
	return globs, nil
}

// unescape replaces each escape by a backslash and the byte that it stands for.
// A backslash that starts no escape is left: in a glob, what follows it stands
// for itself.
func unescape(pattern string) string {
	before, rest, found := strings.Cut(pattern, `\`)
	b := []byte(before)
	for found {
		b = append(b, '\\')
		if c, size, err := escape.Next(rest); err == nil {
			b = append(b, c)
			rest = rest[size:]
		}
		before, rest, found = strings.Cut(rest, `\`)
		b = append(b, before...)
	}
	return string(b)
}

// Match reports whether label matches, and sets Matched if it does.
func (g *LabelGlob) Match(label string) bool {
	matched := g.glob.Match(label)
	g.Matched = g.Matched || matched
	return matched
}

// Chosen reports whether a pattern of include matches label, or there is none, and
// no pattern of exclude does.
func Chosen(label string, include, exclude []*LabelGlob) bool {
	matches := func(g *LabelGlob) bool { return g.Match(label) }
	return (len(include) == 0 || slices.ContainsFunc(include, matches)) && !slices.ContainsFunc(exclude, matches)
}

// Nearest returns up to three of labels, those most like name, the nearest
// first. It returns none that is not like it at all.
func Nearest(name string, labels []string) []string {
	type candidate struct {
		label    string
		distance int
	}
	plain := strings.Trim(name, "*.")
	var near []candidate
	for _, label := range labels {
		d := distance(plain, label)
		// Leaving out the first or last parts of a label counts as one edit.
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

// Suggest returns "; did you mean ...?" with the labels nearest to name, as
// they are typed, or "" where nothing is near.
func Suggest(name string, labels []string) string {
	near := Nearest(name, labels)
	if len(near) == 0 {
		return ""
	}
	for i, label := range near {
		near[i] = escape.Text(label)
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

// A LabelName is an option or argument that is a label. The shell completes it
// from the labels in the default files.
type LabelName string

// maxCompletions is how many files, and how many labels, a completion reads.
const maxCompletions = 1000

// Complete implements flags.Completer.
func (*LabelName) Complete(match string) []flags.Completion {
	var found []flags.Completion
	for _, label := range Labels(nil, match) {
		found = append(found, flags.Completion{Item: escape.Text(label)})
	}
	return found
}

// Labels returns the labels that start with prefix, sorted, in files or in the
// default files where it is empty. It is for completion, and so returns no
// errors and reads no more than a person would wait for.
func Labels(files []string, prefix string) []string {
	var r reader.Reader
	labels := make(map[string]bool)
	read := 0
	for name, err := range statfile.All(files) {
		if read++; err != nil || read > maxCompletions || len(labels) > maxCompletions {
			break
		}
		f, info, err := statfile.Open(name.Path, !name.Found)
		if err != nil {
			continue
		}
		r.Read(f, info) // what is intact of a damaged file will do
		f.Close()
		for st := range r.Stats() {
			if bytes.HasPrefix(st.Label, []byte(prefix)) {
				labels[string(st.Label)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(labels))
}
