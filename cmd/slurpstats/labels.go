package main

import (
	"maps"
	"slices"
	"strconv"

	"mmstats/lib/cli"
)

func globs(patterns []cli.LabelName) (globs []*cli.LabelGlob, err error) {
	for _, p := range patterns {
		g, err := cli.ParseLabelGlob(string(p))
		if err != nil {
			return nil, err
		}
		globs = append(globs, g)
	}
	return globs, nil
}

// What is remembered of labels, which anyone may make up.
const (
	maxChosen      = 10_000
	maxChosenLabel = 1000 // bytes
)

// wanted reports whether -l and -x leave a label in.
func (d *dump) wanted(label []byte) bool {
	if len(d.include)+len(d.exclude) == 0 {
		return true
	}
	if wanted, seen := d.chosen[string(label)]; seen {
		return wanted
	}
	wanted := len(d.include) == 0
	for _, g := range d.include {
		wanted = g.Match(string(label)) || wanted
	}
	for _, g := range d.exclude {
		wanted = !g.Match(string(label)) && wanted
	}
	if len(d.chosen) < maxChosen && len(label) <= maxChosenLabel {
		d.chosen[string(label)] = wanted
	}
	return wanted
}

// unmatched says which patterns matched no label of any file.
func (d *dump) unmatched() {
	labels := slices.Sorted(maps.Keys(d.chosen))
	for _, g := range slices.Concat(d.include, d.exclude) {
		if !g.Matched {
			d.Errorf("no label matches %s%s", strconv.Quote(g.Pattern), cli.Suggest(g.Pattern, labels))
		}
	}
}
