package main

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"mmstats/lib/format"
)

// A sum is a counter or a histogram of a dead file, or what several such files
// say of one label, added up.
type sum struct {
	label string
	typ   format.Type // Counter, Float64 for a counter with fractions, or Histogram
	count uint64
	total float64 // with fractions
	hist  *format.HistogramState
	about format.Description
}

// sumsOf returns the counters and histograms of a file, or a doubt if one of
// them cannot be added up.
func sumsOf(stats iter.Seq[format.Stat]) (found []sum, err error) {
	for st := range stats {
		if !adds(&st) {
			continue
		}
		s, err := sumOf(&st)
		if err != nil {
			return nil, doubt(fmt.Sprintf("cannot be folded: %q: %v", st.Label, err))
		}
		found = append(found, s)
	}
	return found, nil
}

// adds reports whether a stat is one that can be added up.
func adds(st *format.Stat) bool {
	return st.Type() == format.Histogram || st.Kind() == format.KindCounter
}

// sumOf returns the sum that a stat of one file makes. Nothing of it refers to
// the memory of the file.
func sumOf(st *format.Stat) (s sum, err error) {
	s = sum{label: string(st.Label), typ: format.Counter, about: st.Description()}
	s.about.Kind, s.about.Every = 0, 0
	if err = st.Err; err == nil {
		err = format.CheckLabel(s.label)
	}
	switch {
	case err != nil:
	case st.Type() == format.Histogram:
		h := st.Histogram()
		s.typ, s.hist = format.Histogram, &h
		if h.Sum-h.Sum != 0 {
			err = errors.New("the sum of its samples is not a finite number")
		}
	case st.Value.Class() == format.FloatClass:
		s.typ, s.total, s.about.Kind = format.Float64, st.Value.Float(), format.KindCounter
		if s.total < 0 || s.total-s.total != 0 {
			err = fmt.Errorf("a counter has the value %v", s.total)
		}
	case st.Value.Class() == format.IntClass && st.Value.Int() < 0:
		err = fmt.Errorf("a counter has the value %d", st.Value.Int())
	default:
		s.count = st.Value.Uint()
	}
	if s.about.Check() != nil { // it is none that we write
		s.about = format.Description{Kind: s.about.Kind}
	}
	return s, err
}

// plus returns s and what o adds to it. It shares no histogram with s. The
// error says why the two do not add up.
func (s sum) plus(o sum) (sum, error) {
	switch unit := s.about.Unit; {
	case s.typ != o.typ:
		return s, fmt.Errorf("it is a %s here, and a %s in the totals", o.kind(), s.kind())
	case unit != "" && o.about.Unit != "" && unit != o.about.Unit:
		return s, fmt.Errorf("its unit is %q here, and %q in the totals", o.about.Unit, unit)
	}
	s.count += o.count
	s.total += o.total
	if math.IsInf(s.total, 0) {
		return s, errors.New("the total is too large")
	}
	if s.hist != nil {
		h := *s.hist
		if err := h.Merge(o.hist); err != nil {
			return s, err
		}
		if math.IsInf(h.Sum, 0) {
			return s, errors.New("the sum of its samples is too large")
		}
		s.hist = &h
	}
	both := s.about
	if both.Unit == "" {
		both.Unit = o.about.Unit
	}
	if both.About == "" {
		both.About = o.about.About
	}
	if both.Check() == nil {
		s.about = both
	}
	return s, nil
}

// kind returns what messages call a sum.
func (s sum) kind() string {
	if s.typ == format.Float64 {
		return "counter with fractions"
	}
	return s.typ.String()
}

// fieldOverhead is the size of a field without its label, description and value
// at most: two sizes, the signature, the write buffer and the padding.
const fieldOverhead = 2 + 2 + 24 + 1 + 8

// size returns how many bytes the field of a sum takes at most.
func (s sum) size() int {
	size := fieldOverhead + len(s.label) + 8
	if s.typ == format.Histogram {
		size += format.HistogramSize
	}
	if text := s.about.Text(); text != "" {
		size += len(text) + 8
	}
	return size
}

// append appends the field of a sum to a stat file.
func (s sum) append(data []byte) ([]byte, error) {
	spec := format.Spec{Label: s.label, Type: s.typ, Update: format.Shared, Description: s.about}
	switch s.typ {
	case format.Float64:
		return appendStat(data, spec, format.FloatValue(s.total))
	case format.Counter:
		return appendStat(data, spec, format.UintValue(s.count))
	}
	start := len(data)
	data, err := format.AppendField(data, spec)
	if err != nil {
		return nil, err
	}
	fd, err := format.FieldAt(data, start)
	if err == nil {
		s.hist.Encode(data[fd.ValueOffset+fd.Signature.ValueOffset:])
	}
	return data, err
}
