package aggregate

import (
	"iter"
	"maps"
	"slices"

	"mmstats/lib/format"
)

// A Folder folds equal labels of many files. It is made by NewFolder.
type Folder struct {
	f     Func
	stats map[string]*folded
}

type folded struct {
	Accumulator
	t    format.Type
	kind format.Kind
}

// A Result is one label, folded.
type Result struct {
	Label string
	Type  format.Type
	Kind  format.Kind
	Value format.Value
	// Files counts the values.
	Files int
}

// NewFolder returns a Folder that folds by f.
func NewFolder(f Func) *Folder { return &Folder{f: f, stats: make(map[string]*folded)} }

// Add takes a value. Type and kind are those of the first value of a label,
// but a label that is a text in one file and a number in another is folded by
// what its numbers say, unless One of them is enough.
func (d *Folder) Add(label []byte, t format.Type, kind format.Kind, v format.Value) {
	st := d.stats[string(label)]
	if st == nil {
		st = &folded{t: t, kind: kind}
		d.stats[string(label)] = st
	}
	if d.f != One && st.t == format.String && st.t != t {
		st.t, st.kind = t, kind
	}
	st.Accumulator.Add(v)
}

// Results yields every label, folded, sorted by label.
func (d *Folder) Results() iter.Seq[Result] {
	return func(yield func(Result) bool) {
		for _, label := range slices.Sorted(maps.Keys(d.stats)) {
			st := d.stats[label]
			kind := st.kind
			if d.f != One && !(d.f == Sum && kind == format.KindCounter) && kind != format.KindString || d.f == Count {
				kind = format.KindGauge
			}
			if !yield(Result{
				Label: label, Type: ResultType(d.f, st.t), Kind: kind,
				Value: st.Result(d.f), Files: st.Values(),
			}) {
				return
			}
		}
	}
}
