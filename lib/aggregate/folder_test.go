package aggregate

import (
	"fmt"
	"slices"
	"testing"

	"mmstats/lib/format"
)

func TestFolder(t *testing.T) {
	type add struct {
		label string
		t     format.Type
		kind  format.Kind
		v     format.Value
	}
	adds := []add{
		{"up", format.Bool, format.KindBool, format.BoolValue(true)},
		{"hits", format.Counter, format.KindCounter, u(1)},
		{"hits", format.Counter, format.KindCounter, u(2)},
		{"load", format.Float64, format.KindGauge, f(0.5)},
		{"name", format.String, format.KindString, s("a")},
		{"name", format.String, format.KindString, s("b")},
		{"mixed", format.String, format.KindString, s("a")},
		{"mixed", format.Uint64, format.KindConstant, u(4)},
		{"gone", format.Int64, format.KindGauge, format.Value{}},
	}
	for _, test := range []struct {
		f    Func
		want []string // label, type, kind, value, files
	}{
		{Sum, []string{
			"gone int64 2 absent 0", "hits counter 3 uint 3 2", "load float64 2 float 0.5 1",
			"mixed uint64 2 uint 4 2", "name string 5 absent 2", "up uint64 2 uint 1 1",
		}},
		{Count, []string{
			"gone uint64 2 uint 0 0", "hits uint64 2 uint 2 2", "load uint64 2 uint 1 1",
			"mixed uint64 2 uint 2 2", "name uint64 2 uint 2 2", "up uint64 2 uint 1 1",
		}},
		{One, []string{
			"gone int64 2 absent 0", "hits counter 3 uint 1 2", "load float64 2 float 0.5 1",
			"mixed string 5 text a 2", "name string 5 text a 2", "up bool 4 bool true 1",
		}},
		{Max, []string{
			"gone int64 2 absent 0", "hits counter 2 uint 2 2", "load float64 2 float 0.5 1",
			"mixed uint64 2 uint 4 2", "name string 5 absent 2", "up uint64 2 uint 1 1",
		}},
	} {
		d := NewFolder(test.f)
		for _, a := range adds {
			d.Add([]byte(a.label), &Stat{Type: a.t, Kind: a.kind, Value: a.v})
		}
		var got []string
		for r := range d.Results() {
			got = append(got, fmt.Sprintf("%s %v %d %s %d", r.Label, r.Type, r.Kind, show(r.Value), r.Files))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("Results by %d = %q, want %q", test.f, got, test.want)
		}
	}
}

// Means of few and of many samples are not equals: the fold is that of the
// samples.
func TestFolderWeighsMeans(t *testing.T) {
	mean := func(typ format.Type, count uint64, total float64) *Stat {
		return &Stat{Type: typ, Kind: format.KindGauge, Value: f(total / float64(max(1, count))), Samples: format.Samples{Count: count, Total: total}}
	}
	for _, test := range []struct {
		f     Func
		stats []*Stat
		want  string
	}{
		{Avg, []*Stat{mean(format.Average, 1, 1), mean(format.Average, 99, 297)}, "average float 2.98 {100 298}"},
		{Sum, []*Stat{mean(format.Average, 1, 1), mean(format.Average, 99, 297)}, "average float 2.98 {100 298}"},
		{Max, []*Stat{mean(format.Average, 1, 1), mean(format.Average, 99, 297)}, "average float 3 {0 0}"},
		{Avg, []*Stat{mean(format.Moving, 1, 1), mean(format.Moving, 3, 15)}, "moving float 4 {4 16}"},
		{Avg, []*Stat{mean(format.Average, 0, 0), mean(format.Average, 2, 6)}, "average float 3 {2 6}"},
		{Avg, []*Stat{mean(format.Average, 0, 0)}, "average float 0 {0 0}"},
		// A mean without samples that a program in Python wrote has no weight.
		{Avg, []*Stat{mean(format.Average, 9, 9), {Type: format.Float64, Kind: format.KindGauge, Value: f(3)}}, "float64 float 2 {0 0}"},
	} {
		d := NewFolder(test.f)
		for _, s := range test.stats {
			d.Add([]byte("x"), s)
		}
		for r := range d.Results() {
			if got := fmt.Sprintf("%v %s %v", r.Type, show(r.Value), r.Samples); got != test.want {
				t.Errorf("%v of %v = %s, want %s", test.f, test.stats, got, test.want)
			}
		}
	}
}
