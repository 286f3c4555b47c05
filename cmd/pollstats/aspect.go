package main

import (
	"fmt"
	"slices"
	"strings"

	"mmstats/lib/format"
)

// A mode is what is shown of a stat.
type mode uint8

const (
	byKind mode = iota // as the kind of the stat has it
	rate               // change per second, summed over files
	delta              // change, summed over files
	value              // sum over files
	avg                // over files, as the next ones
	least
	most
	inside // a part of the samples
)

// modeNames are the modes as FIELD:MODE takes them, in the order of messages.
var modeNames = []struct {
	name string
	mode mode
}{{"rate", rate}, {"delta", delta}, {"value", value}, {"sum", value}, {"avg", avg}, {"min", least}, {"max", most}}

// An aspect is one of the numbers that may be shown of a stat: a mode, or a part
// of what an average, a moving average or a histogram holds.
type aspect struct {
	mode mode
	part format.Part // of the mode inside
}

// defaultAspect returns what is shown of a stat where nobody says it.
func defaultAspect(t format.Type, k format.Kind) aspect {
	switch {
	case len(t.Parts()) > 0:
		return aspect{inside, format.PartMean}
	case k == format.KindCounter:
		return aspect{mode: rate}
	}
	return aspect{mode: value}
}

// modesOf returns the modes of a stat. The parts of one that has some come first:
// of a histogram, min is the least sample.
func modesOf(t format.Type, k format.Kind) []mode {
	switch {
	case k == format.KindString:
		return []mode{value}
	case t == format.Average:
		return []mode{rate, value, avg, least, most}
	case len(t.Parts()) > 0:
		return []mode{rate, value, avg}
	}
	return []mode{rate, delta, value, avg, least, most}
}

// parseAspect returns the aspect that word names of a stat.
func parseAspect(word string, t format.Type, k format.Kind) (aspect, bool) {
	if p, ok := format.ParsePart(word); ok && t.HasPart(p) {
		return aspect{inside, p}, true
	}
	for _, m := range modeNames {
		if m.name == word && slices.Contains(modesOf(t, k), m.mode) {
			return aspect{mode: m.mode}, true
		}
	}
	return aspect{}, false
}

// isAspect reports whether word names an aspect of any stat.
func isAspect(word string) bool {
	if _, ok := format.ParsePart(word); ok {
		return true
	}
	for _, m := range modeNames {
		if m.name == word {
			return true
		}
	}
	return false
}

// aspectError says which aspects a stat has.
func aspectError(label, word string, t format.Type, k format.Kind) error {
	var names []string
	percentile := false
	for _, p := range t.Parts() {
		if _, ok := p.Quantile(); !ok {
			names = append(names, p.String())
		} else if !percentile {
			percentile = true
			names = append(names, "p50", "p99.9 and so on")
		}
	}
	for _, m := range modeNames {
		if slices.Contains(modesOf(t, k), m.mode) && !slices.Contains(names, m.name) {
			names = append(names, m.name)
		}
	}
	what := "modes"
	if k == format.KindString {
		return fmt.Errorf("%s is a text and has no mode %q; modes: value", label, word)
	}
	if len(t.Parts()) > 0 {
		what = "modes and parts"
	}
	return fmt.Errorf("%s is of type %v and has no mode %q; %s: %s", label, t, word, what, strings.Join(names, ", "))
}

// ofInterval reports whether an aspect tells what happened in an interval, so
// that there is nothing to tell where a counter or an average started again.
func (a aspect) ofInterval(t format.Type) bool {
	return a.mode == rate || a.mode == delta || t != format.Moving && len(t.Parts()) > 0 && a.mode != value
}

// hasUnit reports whether an aspect is measured in the unit of the stat, or in
// that unit a second.
func (a aspect) hasUnit(t format.Type) bool {
	return a.part != format.PartCount && !(a.mode == rate && len(t.Parts()) > 0)
}
