package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// A field is what was given for one or more columns: a label or a pattern of
// labels, and perhaps a colon and what is shown of them.
type field struct {
	text  string
	whole pattern // that the whole text is

	// Of the text before the last colon, if there is one.
	base        string
	basePattern pattern
	word        string // after it
}

// A pattern is a text that means one of some labels, or matches labels. The zero
// pattern matches none.
type pattern struct {
	labels []string       // the best first
	glob   *cli.LabelGlob // nil where it is none
}

// parsePattern returns the pattern that text is. Prefix may lack its last dot.
func parsePattern(prefix, text string) (p pattern, err error) {
	p.labels = candidates(prefix, text)
	if strings.ContainsAny(text, `*?[\`) {
		p.glob, err = cli.ParseLabelGlob(text)
	}
	return p, err
}

// matches reports whether p may mean a stat that is called label, and rest without
// the prefix.
func (p *pattern) matches(label, rest string) bool {
	return slices.Contains(p.labels, label) || p.glob != nil && p.glob.Match(rest)
}

// parseField returns a field. Prefix may lack its last dot.
func parseField(prefix, text string) (*field, error) {
	f := &field{text: text}
	var err error
	if f.whole, err = parsePattern(prefix, text); err != nil {
		return nil, err
	}
	if at := strings.LastIndexByte(text, ':'); at > 0 {
		f.base, f.word = text[:at], text[at+1:]
		f.basePattern, err = parsePattern(prefix, f.base)
	}
	return f, err
}

// candidates returns the labels that a field may mean.
func candidates(prefix, text string) []string {
	labels := []string{prefix + text}
	if prefix != "" && !strings.HasSuffix(prefix, ".") {
		labels = append(labels, prefix+"."+text)
	}
	return labels
}

// wants reports whether f may mean a stat that is called label, and rest without
// the prefix.
func (f *field) wants(label, rest string) bool {
	return f.whole.matches(label, rest) || f.basePattern.matches(label, rest)
}

// A column shows an aspect of one stat.
type column struct {
	title  string // of the stat
	suffix string // ":MODE" as it was given
	label  string
	aspect aspect
	fold   *fold
}

// columns are all of them, in order.
type columns struct {
	prefix string
	// recorded says that the samples are of an archive.
	recorded bool
	fields   []*field
	*folds
	seen map[string]bool // in any file, until resolve
	list []*column
	row  []report.Cell
}

const (
	maxSeen    = 10_000 // labels that are remembered, which anyone may make up
	maxColumns = 1000
)

// newColumns returns the columns of fields.
func newColumns(prefix string, fields []string, e ended) (*columns, error) {
	cs := &columns{prefix: prefix, seen: make(map[string]bool), folds: newFolds(e, maxSeen)}
	for _, text := range fields {
		if text == "" {
			return nil, fmt.Errorf("empty field in %q", strings.Join(fields, ","))
		}
		f, err := parseField(prefix, text)
		if err != nil {
			return nil, err
		}
		cs.fields = append(cs.fields, f)
	}
	return cs, nil
}

// want is reader.Poller's.
func (cs *columns) want(label string) bool {
	if cs.seen != nil && len(cs.seen) < maxSeen {
		cs.seen[label] = true
	}
	rest, ok := trimPrefix(label, cs.prefix)
	return ok && slices.ContainsFunc(cs.fields, func(f *field) bool { return f.wants(label, rest) })
}

// window is reader.Poller's.
func (cs *columns) window(label string) bool {
	rest, ok := trimPrefix(label, cs.prefix)
	return ok && slices.ContainsFunc(cs.fields, func(f *field) bool {
		p, isPart := format.ParsePart(f.word)
		return isPart && p != format.PartMean && p != format.PartCount && f.wants(label, rest)
	})
}

// trimPrefix returns a label without the prefix, which may lack its last dot.
func trimPrefix(label, prefix string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(label, prefix)
	if prefix != "" {
		rest = strings.TrimPrefix(rest, ".")
	}
	return rest, ok
}

// isLabel reports whether a field is the label of a stat that was seen.
func (cs *columns) isLabel(text string) bool { return cs.find(candidates(cs.prefix, text)) != nil }

func (cs *columns) find(labels []string) *fold {
	for _, label := range labels {
		if f := cs.folds.byLabel[label]; f != nil {
			return f
		}
	}
	return nil
}

// An unknownError says that no file has a stat. That may be over when there are more
// stats.
type unknownError struct{ reason string }

func (e *unknownError) Error() string { return e.reason }

// resolve finds out what fields mean, after the first poll of the files, or of
// those that filters left in. It returns one error for each that means nothing.
func (cs *columns) resolve(fields []string, files string) (errs []error) {
	cs.list = nil
	for _, f := range cs.fields {
		if !slices.Contains(fields, f.text) {
			continue // a number that is no field
		}
		if err := cs.resolveField(f, files); err != nil {
			errs = append(errs, err)
		}
	}
	for _, c := range cs.list {
		if cs.recorded && needsOf(c.aspect, c.fold.typ)&needWindow != 0 {
			errs = append(errs, fmt.Errorf("%s%s: no archive has the samples of moving averages", c.label, c.suffix))
		}
	}
	if len(cs.list) > maxColumns {
		errs = append(errs, fmt.Errorf("%d stats match, and more than %d columns are not shown", len(cs.list), maxColumns))
	}
	return errs
}

// resolveField adds the columns of f.
func (cs *columns) resolveField(f *field, files string) error {
	if st := cs.find(f.whole.labels); st != nil {
		cs.add(f.text, "", st, defaultAspect(st.typ, st.kind))
		return nil
	}
	if st := cs.find(f.basePattern.labels); st != nil {
		a, ok := parseAspect(f.word, st.typ, st.kind)
		if !ok {
			return aspectError(st.label, f.word, st.typ, st.kind)
		}
		cs.add(f.base, ":"+f.word, st, a)
		return nil
	}
	matched := cs.match(f.whole.glob)
	for _, st := range matched {
		cs.add(cs.title(st), "", st, defaultAspect(st.typ, st.kind))
	}
	var refused *fold
	if len(matched) == 0 && isAspect(f.word) {
		matched = cs.match(f.basePattern.glob)
		before := len(cs.list)
		for _, st := range matched {
			if a, ok := parseAspect(f.word, st.typ, st.kind); ok {
				cs.add(cs.title(st), ":"+f.word, st, a)
			} else {
				refused = st
			}
		}
		if refused != nil && len(cs.list) == before {
			return aspectError(refused.label, f.word, refused.typ, refused.kind)
		}
	}
	if len(matched) == 0 {
		return cs.unknown(f, files)
	}
	return nil
}

// match returns the stats that match a pattern, by label: those that may change,
// or all where none may.
func (cs *columns) match(g *cli.LabelGlob) (matched []*fold) {
	if g == nil {
		return nil
	}
	var constant []*fold
	for _, label := range slices.Sorted(maps.Keys(cs.folds.byLabel)) {
		f := cs.folds.byLabel[label]
		switch {
		case !g.Match(cs.title(f)):
		case f.live:
			matched = append(matched, f)
		default:
			constant = append(constant, f)
		}
	}
	if len(matched) == 0 {
		return constant
	}
	return matched
}

// title returns the label of a stat without the prefix.
func (cs *columns) title(f *fold) string {
	rest, _ := trimPrefix(f.label, cs.prefix)
	return rest
}

func (cs *columns) add(title, suffix string, f *fold, a aspect) {
	cs.list = append(cs.list, &column{title, suffix, f.label, a, f})
}

// unknown says that no stat is called as f has it.
func (cs *columns) unknown(f *field, files string) error {
	labels := f.whole.labels
	if f.base != "" && isAspect(f.word) {
		labels = f.basePattern.labels
	}
	wanted := labels[len(labels)-1]
	if f.whole.glob != nil || f.basePattern.glob != nil {
		return &unknownError{fmt.Sprintf("%s has a stat that matches %s", files, wanted)}
	}
	hint := cli.Suggest(wanted, slices.Sorted(maps.Keys(cs.seen)))
	if _, err := os.Lstat(f.text); err == nil && hint == "" {
		hint = ", and the file of that name is no stat file"
	}
	return &unknownError{fmt.Sprintf("%s has the stat %s%s", files, wanted, hint)}
}

// again starts the search for stats anew, before the next poll.
func (cs *columns) again() { cs.folds.keep(func(*fold) bool { return false }) }

// start ends the search for stats: only those of columns are polled from now on.
func (cs *columns) start() {
	for _, f := range cs.folds.byLabel {
		f.needs = 0
	}
	for _, c := range cs.list {
		c.fold.needs |= needsOf(c.aspect, c.fold.typ)
	}
	cs.seen, cs.folds.closed = nil, true
	cs.folds.keep(func(f *fold) bool { return f.needs != 0 })
	cs.row = make([]report.Cell, len(cs.list))
}

// gone returns the label of a stat of which nothing counts, because its writers
// have ended, or "".
func (cs *columns) gone() string {
	for _, c := range cs.list {
		if c.fold.left > 0 && c.fold.left == c.fold.samples {
			return c.label
		}
	}
	return ""
}

// titles returns the columns as they are shown.
func (cs *columns) titles() (titles []report.Column) {
	for _, c := range cs.list {
		col := report.Column{
			Name: c.label + c.suffix, Title: c.title + c.suffix, Unit: c.fold.unitOf(c.aspect),
			Rate: c.aspect.mode == rate, Text: c.fold.kind == format.KindString,
		}
		if col.Rate {
			col.Title = c.title + "/s"
		}
		titles = append(titles, col)
	}
	return titles
}

// cells returns the row, elapsed after the one before.
func (cs *columns) cells(elapsed time.Duration) []report.Cell {
	for i, c := range cs.list {
		f := c.fold
		cs.row[i] = report.Cell{
			Value: f.result(c.aspect, elapsed), Note: f.note(),
			Reset: f.reset && c.aspect.ofInterval(f.typ),
		}
	}
	return cs.row
}

// parseCount returns the number of rows that text is.
func parseCount(text string) (int, error) {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' || n > math.MaxInt32/10 {
			return 0, fmt.Errorf("COUNT is a whole number, not %q", text)
		}
		n = 10*n + int(c-'0')
	}
	return n, nil
}
