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
