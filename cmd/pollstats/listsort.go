package main

import (
	"cmp"
	"strings"

	"mmstats/lib/cli"
	"mmstats/lib/format"
)

// byName orders stats by their programs, and by name.
func (l *listPage) byName(x, y *stat) int {
	order := cmp.Or(cmp.Compare(x.programs, y.programs), strings.Compare(x.title, y.title))
	if x.programs < 2 && y.programs < 2 {
		order = cmp.Or(strings.Compare(x.program.name, y.program.name), strings.Compare(x.title, y.title))
	}
	if l.reverse {
		return -order
	}
	return order
}

// bySort orders stats by a column, or by how unusual they are.
func (l *listPage) bySort(x, y *stat) int {
	order := 0
	switch {
	case l.sort != columnUnusual:
		order = compare(x.column(l.sort), y.column(l.sort), l.reverse)
	case l.reverse:
		order = y.judgement.compare(&x.judgement)
	default:
		order = x.judgement.compare(&y.judgement)
	}
	return cmp.Or(order, strings.Compare(x.title, y.title))
}

// compare puts the largest number first, or with reverse the smallest, and
// what is no number last.
func compare(x, y format.Value, reverse bool) int {
	isNumber := func(v format.Value) bool { return v.Class() != 0 && v.Class() != format.TextClass }
	switch {
	case !isNumber(x) || !isNumber(y):
		return trueFirst(isNumber(x), isNumber(y))
	case reverse:
		return cmp.Compare(x.Float(), y.Float())
	}
	return cmp.Compare(y.Float(), x.Float())
}

// trueFirst puts what is true first.
func trueFirst(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// matcher returns what a filter does: labels match that hold it, in whatever
// case, or that it is a glob of.
func matcher(filter string) func(label string) bool {
	if strings.ContainsAny(filter, "*?[") {
		if g, err := cli.ParseLabelGlob(filter); err == nil {
			return g.Match
		}
	}
	part := strings.ToLower(filter)
	return func(label string) bool { return strings.Contains(strings.ToLower(label), part) }
}
