package format

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Part is one of the numbers that a histogram, an average or a moving
// average holds, and which is named LABEL:PART. The zero Part is the value
// itself.
type Part struct {
	name     string
	quantile float64
}

// The parts that have a name.
var (
	PartMean  = Part{name: "mean"}
	PartCount = Part{name: "count"}
	PartSum   = Part{name: "sum"}
	PartMin   = Part{name: "min"}
	PartMax   = Part{name: "max"}
	PartLast  = Part{name: "last"}
)

var namedParts = [...]Part{PartMean, PartCount, PartSum, PartMin, PartMax, PartLast}

// Parts of each type that has any, and that it has percentiles.
var (
	averageParts   = []Part{PartMean, PartCount, PartSum}
	movingParts    = append([]Part{PartMean, PartCount, PartLast, PartMin, PartMax}, percentiles...)
	histogramParts = append([]Part{PartMean, PartCount, PartSum, PartMin, PartMax}, percentiles...)
	percentiles    = []Part{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}
)

// ParsePart returns the part called name: mean, count, sum, min, max, last or
// a percentile such as p50 or p99.9.
func ParsePart(name string) (p Part, ok bool) {
	for _, p := range namedParts {
		if p.name == name {
			return p, true
		}
	}
	digits, ok := strings.CutPrefix(name, "p")
	// ParseFloat takes more than decimal numbers.
	if !ok || strings.Trim(digits, "0123456789.") != "" || strings.Trim(digits, ".") != digits {
		return Part{}, false
	}
	quantile, err := strconv.ParseFloat(digits+"e-2", 64)
	if err != nil || quantile > 1 {
		return Part{}, false
	}
	return Part{name, quantile}, true
}

// Type returns the type of the part of a stat: Uint64 for a count, else Float64.
func (p Part) Type() Type {
	if p == PartCount {
		return Uint64
	}
	return Float64
}

// String returns the name of the part, and "" for the value itself.
func (p Part) String() string { return p.name }

// Quantile returns the share of the samples that are at or under a percentile,
// 0 to 1. It reports whether p is one.
func (p Part) Quantile() (q float64, ok bool) {
	return p.quantile, p.name != "" && p.name[0] == 'p'
}

// Parts returns the main parts of a stat of type t, in the order in which they
// are shown, and none for a type that has a single value.
func (t Type) Parts() []Part {
	switch t {
	case Average:
		return averageParts
	case Moving:
		return movingParts
	case Histogram:
		return histogramParts
	}
	return nil
}

// HasPart reports whether a stat of type t has the part, the value itself
// included, and any percentile where it has some.
func (t Type) HasPart(p Part) bool {
	_, percentile := p.Quantile()
	for _, main := range t.Parts() {
		if _, ok := main.Quantile(); p == main || ok && percentile {
			return true
		}
	}
	return p == Part{}
}

// Part returns a part of what the histogram holds: the mean for the zero Part.
// It is absent where there are no samples to tell it, and for [PartLast].
func (h *HistogramState) Part(p Part) Value {
	switch {
	case p == Part{}:
		return h.Value()
	case p == PartCount:
		return UintValue(h.Count)
	case p == PartSum:
		return FloatValue(h.Sum)
	case h.Count == 0:
		return Value{}
	case p == PartMean:
		return FloatValue(h.Mean())
	case p == PartMin:
		return known(h.Min)
	case p == PartMax:
		return known(h.Max)
	}
	if q, ok := p.Quantile(); ok {
		return FloatValue(h.Quantile(q))
	}
	return Value{}
}

// known returns v, absent where it is NaN.
func known(v float64) Value {
	if math.IsNaN(v) {
		return Value{}
	}
	return FloatValue(v)
}

// Part returns a part of the stat, its value for the zero Part. It is absent
// where the stat has no such part, and where there are no samples to tell it.
func (s *Stat) Part(p Part) Value {
	t := s.Type()
	switch {
	case s.Err != nil || !t.HasPart(p):
		return Value{}
	case p == Part{}:
		return s.Value
	case t == Histogram:
		h := s.Histogram()
		return h.Part(p)
	case t == Average, p == PartCount, p == PartMean:
		return s.Samples().Part(p, s.Value)
	}
	return RecentPart(s.Recent(nil), p)
}

// Part returns the count, the sum or the mean of the samples, which the caller
// knows, and no other part. The mean of no samples is absent.
func (s Samples) Part(p Part, mean Value) Value {
	switch {
	case p == PartCount:
		return UintValue(s.Count)
	case p == PartSum:
		return FloatValue(s.Total)
	case p == PartMean && s.Count > 0:
		return mean
	}
	return Value{}
}

// RecentPart returns a part of the samples in a window, which are in the order
// in which they came, or sorted for any part but the last.
func RecentPart(samples []float64, p Part) Value {
	if len(samples) == 0 {
		return Value{}
	}
	if p == PartLast {
		return FloatValue(samples[len(samples)-1])
	}
	if !slices.IsSorted(samples) {
		slices.Sort(samples)
	}
	q, _ := p.Quantile()
	if p == PartMax {
		q = 1
	}
	return FloatValue(samples[nearestRank(q, uint64(len(samples)))-1])
}

// A PartValue is a part of one stat, and its value.
type PartValue struct {
	Part  Part
	Value Value
}

// AppendParts appends the main parts of the stat to dst, as [Stat.Part] has
// each of them, and nothing for a type that has none.
func (s *Stat) AppendParts(dst []PartValue) []PartValue {
	var h HistogramState
	var recent []float64
	t := s.Type()
	switch {
	case len(t.Parts()) == 0:
		return dst
	case t == Histogram:
		h = s.Histogram()
	case t == Moving:
		recent = s.Recent(nil)
	}
	for _, p := range t.Parts() {
		var v Value
		switch {
		case s.Err != nil:
		case t == Histogram:
			v = h.Part(p)
		case t == Moving && p != PartMean && p != PartCount:
			v = RecentPart(recent, p) // the last one is the first that is asked for
		default:
			v = s.Part(p)
		}
		dst = append(dst, PartValue{p, v})
	}
	return dst
}

// ErrNoStat says that there is no stat of a label.
var ErrNoStat = errors.New("no such stat")

// ResolvePart returns the stat and the part that name, LABEL or LABEL:PART,
// stands for. typeOf tells the type of the stat with a label, if there is one.
// A stat whose label is all of name comes first. The error is ErrNoStat, or
// says which parts the stat has.
func ResolvePart(name string, typeOf func(label string) (Type, bool)) (label string, p Part, err error) {
	if _, ok := typeOf(name); ok {
		return name, Part{}, nil
	}
	colon := strings.LastIndexByte(name, ':')
	if colon < 0 {
		return name, Part{}, ErrNoStat
	}
	label = name[:colon]
	t, ok := typeOf(label)
	if !ok {
		return name, Part{}, ErrNoStat
	}
	p, ok = ParsePart(name[colon+1:])
	if ok && t.HasPart(p) {
		return label, p, nil
	}
	if len(t.Parts()) == 0 {
		return name, Part{}, fmt.Errorf("%q is of type %v, which has no parts", label, t)
	}
	return name, Part{}, fmt.Errorf("%q has no part %q: the parts of type %v are %s", label, name[colon+1:], t, partNames(t))
}

// partNames returns the names of the parts of t for a message.
func partNames(t Type) string {
	var names []string
	percentile := false
	for _, p := range t.Parts() {
		if _, ok := p.Quantile(); !ok {
			names = append(names, p.name)
		} else {
			percentile = true
		}
	}
	if percentile {
		names = append(names, "p50 p99.9 and so on")
	}
	return strings.Join(names, " ")
}
