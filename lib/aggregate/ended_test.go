package aggregate

import (
	"testing"

	"mmstats/lib/format"
)

func TestOutlivesWriter(t *testing.T) {
	for _, test := range []struct {
		t    format.Type
		k    format.Kind
		want bool
	}{
		{format.Counter, format.KindCounter, true},
		{format.Float64, format.KindCounter, true},
		{format.Uint32, format.KindConstant, true},
		{format.Average, format.KindGauge, true},
		{format.Histogram, format.KindGauge, true},
		{format.Moving, format.KindGauge, false},
		{format.Int64, format.KindGauge, false},
		{format.Bool, format.KindBool, false},
		{format.String, format.KindString, false},
	} {
		if got := OutlivesWriter(test.t, test.k); got != test.want {
			t.Errorf("OutlivesWriter(%v, %v) = %v, want %v", test.t, test.k, got, test.want)
		}
	}
}
