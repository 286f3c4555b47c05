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
			d.Add([]byte(a.label), a.t, a.kind, a.v)
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
