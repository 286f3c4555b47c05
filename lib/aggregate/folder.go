package aggregate

import (
	"iter"
	"maps"
	"slices"

	"mmstats/lib/format"
)

// A Folder folds equal labels of many files. It is made by NewFolder.
//
// Sum and Avg merge the samples of averages, moving averages and histograms:
// the value of the result is the mean of all samples, not of the means.
type Folder struct {
	f     Func
	stats map[string]*folded
}

// A Stat is what one file says of a label.
type Stat struct {
	// File is a number that no other file has, or 0. Of a label that is in a
	// file twice, the first stat counts.
	File  int
	Type  format.Type
	Kind  format.Kind
	Value format.Value
	// Samples are those behind a mean. A moving average has those in its
	// window.
	Samples format.Samples
	// Histogram is what a histogram holds, and nil for any other stat. It is
	// not kept.
	Histogram *format.HistogramState
	Unit      string
}

type folded struct {
	Accumulator
	file int // the last one that has the label
	t    format.Type
	kind format.Kind
	unit string

	samples   format.Samples
	means     int // values that are means of samples
	histogram *format.HistogramState
	units     bool // that differ
}

// A Result is one label, folded.
type Result struct {
	Label string
	Stat
	// Files counts the values.
	Files int
}

// NewFolder returns a Folder that folds by f.
func NewFolder(f Func) *Folder { return &Folder{f: f, stats: make(map[string]*folded)} }

// Takes reports whether the fold has anything to say of a label: sums of
// identities and of texts mean nothing.
func (d *Folder) Takes(label []byte, k format.Kind) bool {
	return d.f == One || d.f == Count || k != format.KindString && !format.IsIdentity(label)
}

// Add adds what one file says of a label. Type and kind are those of the first
// value of a label, but a label that is a text in one file and a number in
// another is folded by what its numbers say, unless One of them is enough.
func (d *Folder) Add(label []byte, s *Stat) error {
	st := d.stats[string(label)]
	if st == nil {
		st = &folded{t: s.Type, kind: s.Kind, unit: s.Unit}
		d.stats[string(label)] = st
	}
	if s.File != 0 && s.File == st.file {
		return nil
	}
	st.file = s.File
	if d.f != One && st.t == format.String && st.t != s.Type {
		st.t, st.kind, st.unit = s.Type, s.Kind, s.Unit
	}
	if st.unit != s.Unit {
		st.units = true
	}
	st.Accumulator.Add(s.Value)
	if s.Value.Class() == 0 || !d.merges() || len(s.Type.Parts()) == 0 {
		return nil
	}
	st.means++
	st.samples.Count += s.Samples.Count
	st.samples.Total += s.Samples.Total
	if s.Histogram == nil {
		return nil
	}
	if st.histogram == nil {
		st.histogram = new(format.HistogramState)
	}
	return st.histogram.Merge(s.Histogram)
}

func (d *Folder) merges() bool { return d.f == Sum || d.f == Avg }

// Results yields every label, folded, sorted by label.
func (d *Folder) Results() iter.Seq[Result] {
	return func(yield func(Result) bool) {
		for _, label := range slices.Sorted(maps.Keys(d.stats)) {
			if !yield(d.result(label, d.stats[label])) {
				return
			}
		}
	}
}

func (d *Folder) result(label string, st *folded) Result {
	r := Result{Label: label, Files: st.Values()}
	r.Kind = st.kind
	if d.f != One && !(d.f == Sum && r.Kind == format.KindCounter) && r.Kind != format.KindString || d.f == Count {
		r.Kind = format.KindGauge
	}
	if !st.units && d.f != Count {
		r.Unit = st.unit
	}
	if st.means == 0 || st.means < st.Values() {
		r.Type, r.Value = ResultType(d.f, st.t), st.Result(d.f)
		return r
	}
	r.Type, r.Samples = st.t, st.samples
	r.Value = format.FloatValue(0)
	if st.samples.Count > 0 {
		r.Value = format.FloatValue(st.samples.Total / float64(st.samples.Count))
	}
	// A label that is a histogram in some files alone has no percentiles of all
	// its samples.
	switch {
	case st.histogram == nil:
	case st.histogram.Count == st.samples.Count:
		r.Histogram = st.histogram
	default:
		r.Type = format.Average
	}
	return r
}
