package main

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mmstats/lib/cli"
	"mmstats/lib/format"
)

// A pattern is one of -l: a glob of labels, or GLOB:PART.
type pattern struct {
	*cli.LabelGlob
	part format.Part
	stat *cli.LabelGlob // what is before the part, or nil
	// literal says that a label of the present file matches the whole pattern,
	// so that the colon belongs to the label.
	literal bool
}

// choice is what of a stat is shown.
type choice struct {
	whole bool // the stat itself
	parts []*pattern
	typ   format.Type
}

// selection is what -l and -x say together.
type selection struct {
	include []*pattern
	exclude []*cli.LabelGlob
	// prefixed are those of exclude again, as they match behind a prefix.
	prefixed map[*cli.LabelGlob]*cli.LabelGlob
	parts    bool               // a pattern of include has a part
	known    map[string]*choice // labels that were seen
	all      choice             // where there is no pattern
}

func parseSelection(include, exclude []cli.LabelName) (*selection, error) {
	s := &selection{known: make(map[string]*choice), prefixed: make(map[*cli.LabelGlob]*cli.LabelGlob), all: choice{whole: true}}
	for _, text := range include {
		p, err := parsePattern(string(text))
		if err != nil {
			return nil, err
		}
		s.include = append(s.include, p)
		s.parts = s.parts || p.stat != nil
	}
	for _, text := range exclude {
		g, err := cli.ParseLabelGlob(string(text))
		if err != nil {
			return nil, err
		}
		s.exclude = append(s.exclude, g)
		if strings.HasPrefix(string(text), "sys.") { // web.sys.pid is a sys.pid
			if s.prefixed[g], err = cli.ParseLabelGlob("*." + string(text)); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func parsePattern(text string) (*pattern, error) {
	g, err := cli.ParseLabelGlob(text)
	if err != nil {
		return nil, err
	}
	p := &pattern{LabelGlob: g}
	if colon := strings.LastIndexByte(text, ':'); colon >= 0 {
		if part, ok := format.ParsePart(text[colon+1:]); ok {
			p.part = part
			p.stat, err = cli.ParseLabelGlob(text[:colon])
		}
	}
	return p, err
}

// What is remembered of labels, which anyone may make up.
const (
	maxChosen      = 10_000
	maxChosenLabel = 1000 // bytes
)

// begin prepares for the stats of one file.
func (s *selection) begin(stats func(yield func(format.Stat) bool)) {
	if !s.parts {
		return
	}
	for _, p := range s.include {
		p.literal = false
	}
	for st := range stats {
		if bytes.IndexByte(st.Label, ':') < 0 {
			continue
		}
		for _, p := range s.include {
			if p.stat != nil && p.LabelGlob.Match(string(st.Label)) {
				p.literal = true
			}
		}
	}
}

// of returns what is shown of a stat.
func (s *selection) of(st *format.Stat) *choice {
	if len(s.include)+len(s.exclude) == 0 {
		return &s.all
	}
	if c := s.known[string(st.Label)]; c != nil && (!s.parts || c.typ == st.Type()) {
		return c
	}
	c := s.choose(string(st.Label), st)
	if len(s.known) < maxChosen && len(st.Label) <= maxChosenLabel {
		s.known[string(st.Label)] = c
	}
	return c
}

func (s *selection) choose(label string, st *format.Stat) *choice {
	c := &choice{whole: len(s.include) == 0, typ: st.Type()}
	for _, p := range s.include {
		c.whole = p.Match(label) || c.whole
		if p.stat != nil && c.typ.HasPart(p.part) && p.stat.Match(label) {
			c.parts = append(c.parts, p)
		}
	}
	for _, g := range s.exclude {
		excluded := g.Match(label)
		if more := s.prefixed[g]; more != nil && more.Match(label) {
			g.Matched, excluded = true, true
		}
		if excluded {
			c.whole, c.parts = false, nil
		}
	}
	return c
}

// chosen reports whether anything of a stat is shown.
func (c *choice) chosen() bool {
	return c.whole || slices.ContainsFunc(c.parts, func(p *pattern) bool { return !p.literal })
}

// unmatched calls say for each pattern that matched no label of any file.
func (s *selection) unmatched(say func(message string)) {
	labels := slices.Sorted(maps.Keys(s.known))
	for _, p := range s.include {
		if p.Matched || p.stat != nil && p.stat.Matched {
			continue
		}
		message := noMatch(p.Pattern, labels)
		_, _, err := format.ResolvePart(p.Pattern, func(label string) (format.Type, bool) {
			if c := s.known[label]; c != nil {
				return c.typ, true
			}
			return 0, false
		})
		if err != nil && !errors.Is(err, format.ErrNoStat) {
			message = err.Error()
		}
		say(message)
	}
	for _, g := range s.exclude {
		if !g.Matched {
			say(noMatch(g.Pattern, labels))
		}
	}
}

func noMatch(pattern string, labels []string) string {
	return "no label matches " + strconv.Quote(pattern) + cli.Suggest(pattern, labels)
}

// explicit reports whether -l says which labels there are to be.
func (s *selection) explicit() bool { return len(s.include) > 0 }
