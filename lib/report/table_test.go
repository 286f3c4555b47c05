package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/output"
)

func TestAppendScaled(t *testing.T) {
	for _, test := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {1, "1"}, {-1, "-1"}, {99_999, "99999"}, {-99_999, "-99999"},
		{100_000, "100k"}, {123_456, "123k"}, {999_499, "999k"}, {999_500, "1.00M"},
		{1_234_567, "1.23M"}, {-12_345_678, "-12.3M"}, {1e9, "1.00G"}, {1e18, "1.00E"},
		{18_446_744_073_709_551_615, "18.4E"}, {9.995e20, "1e+21"}, {1e300, "1e+300"},
		{0.5, "0.500"}, {0.0126, "0.013"}, {0.0001, "1e-04"}, {1.5, "1.50"}, {9.996, "10.0"},
		{99.96, "100"}, {12.345, "12.3"}, {12_345.6, "12346"}, {99_999.4, "99999"}, {99_999.6, "100k"},
		{math.NaN(), "NaN"}, {math.Inf(-1), "-Inf"},
	} {
		got := string(AppendScaled(nil, format.FloatValue(test.value)))
		if got != test.want {
			t.Errorf("AppendScaled(%v) = %q, want %q", test.value, got, test.want)
		}
		if len(strings.TrimPrefix(got, "-")) > ScaledWidth {
			t.Errorf("AppendScaled(%v) = %q, longer than %d", test.value, got, ScaledWidth)
		}
	}
	if got := string(AppendScaled(nil, format.Value{})); got != "-" {
		t.Errorf("AppendScaled(absent) = %q, want -", got)
	}
}

// Rows have one width, that of the terminal at most, whatever they hold.
func TestTableFits(t *testing.T) {
	columns := []Column{{Title: "2XX"}, {Title: "requests.failed:delta"}, {Title: "é.label.of.many.characters.more"}, {Title: "東京.要求数.失敗した件数"}, {Title: "x"}, {Title: "last.one"}}
	for width := 16; width <= 120; width++ {
		var out bytes.Buffer
		table := NewTable(&out, TableOptions{Format: output.Text, UTF8: true}, columns)
		table.Resize(width)
		m := Moment{Time: time.Now(), Cells: make([]Cell, len(columns))}
		for i := range m.Cells {
			m.Cells[i].Value = format.FloatValue(-1234567.8 * math.Pow(1000, float64(i)))
		}
		if err := table.Row(&m); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		shown := len(columns) - len(table.Hidden())
		if len(lines) != 2 || Width(lines[0]) != Width(lines[1]) || Width(lines[0]) > width {
			t.Errorf("on %d characters, a row is %q", width, lines)
		}
		if got := len(strings.Fields(lines[0])); got != 1+shown || shown == 0 {
			t.Errorf("on %d characters, %d columns have %d titles: %q", width, shown, got-1, lines[0])
		}
		if width >= 80 && shown != len(columns) {
			t.Errorf("on %d characters, %d columns are hidden", width, len(table.Hidden()))
		}
	}
}
