package main

import (
	"strings"

	"mmstats/lib/cli"
)

// sharedPrefix is how many stats with the same inner prefix share a heading, at
// least.
const sharedPrefix = 3

// group makes the rows of stats that are sorted by their programs: a heading for
// each program, where there are several, and its stats.
func (l *listPage) group(stats []*stat) {
	rest := stats
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && sameGroup(rest[0], rest[n]) {
			n++
		}
		name := groupName(rest[0])
		if n < len(stats) {
			l.list = append(l.list, listRow{heading: name, note: groupNote(rest[0])})
		}
		l.nest(rest[:n], name)
		rest = rest[n:]
	}
}

// sameGroup reports whether two stats stand below the same heading.
func sameGroup(x, y *stat) bool {
	return x.programs > 1 && y.programs > 1 || x.programs < 2 && y.programs < 2 && x.program.name == y.program.name
}

func groupName(s *stat) string {
	if s.programs > 1 {
		return "several programs"
	}
	return s.program.name
}

// groupNote says how many files a program has, and how many have no writer any
// more.
func groupNote(s *stat) string {
	p := s.program
	switch {
	case s.programs > 1 || p.files == 0:
		return ""
	case p.ended == p.files:
		return cli.Plural(p.files, "file") + ", ended"
	case p.ended > 0:
		return cli.Plural(p.files, "file") + ", " + cli.Plural(p.ended, "writer") + " ended"
	}
	return cli.Plural(p.files, "file")
}

// nest adds the rows of the stats of one program: those with the same inner prefix,
// which has a dot itself, below a heading.
func (l *listPage) nest(stats []*stat, name string) {
	visible := l.visible(stats)
	shared := make(map[string]int)
	for _, s := range visible {
		if s.part.mode == byKind {
			shared[innerPrefix(s)]++
		}
	}
	current := ""
	for _, s := range visible {
		row := listRow{stat: s, prefix: prefixOf(s)}
		inner := innerPrefix(s)
		if shared[inner] < sharedPrefix {
			inner = ""
		}
		if inner != "" && inner != current {
			l.list = append(l.list, listRow{heading: strings.TrimSuffix(inner, "."), indent: 1})
		}
		if current = inner; inner != "" {
			row.indent, row.hide = 1, len(inner)
		}
		l.list = append(l.list, row)
	}
	l.folded(len(stats)-len(visible), name)
}

// innerPrefix returns the prefix of a stat if that holds two names or more, such as
// "web.status.", and else "".
func innerPrefix(s *stat) string {
	prefix := s.title[:strings.LastIndexByte(s.title, '.')+1]
	if strings.Count(prefix, ".") < 2 {
		return ""
	}
	return prefix
}
