// Package formattest helps tests to hold stat files against a reader that
// shares no code with this module: testdata/readstats.py of lib/format.
package formattest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
)

// A Stat is a stat as the reader in Python reads it. A whole number is a
// json.Number, a float that is not finite a text.
type Stat struct {
	Label     string
	Signature string
	Buffered  bool
	Value     any
	// Description holds the lines of a description by key.
	Description map[string]string
	// Histogram is nil for other stats.
	Histogram *Histogram
}

// A Histogram is what the reader in Python finds in a histogram. Min and Max are
// float64s, or texts where they are infinite; so are the bounds of Buckets, which
// stand before the counts.
type Histogram struct {
	Count    uint64
	Sum      float64
	Min, Max any
	Buckets  [][2]any
}

// ReadByPython returns the stats of a file by label, as the program script,
// the path of readstats.py, reads them.
func ReadByPython(t testing.TB, script, file string) map[string]Stat {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is needed: it reads the files independently")
	}
	out, err := exec.Command(python, script, file).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", script, file, err)
	}
	stats := make(map[string]Stat)
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	for d.More() {
		var st Stat
		if err := d.Decode(&st); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		if _, twice := stats[st.Label]; twice {
			t.Errorf("%s holds %q twice", file, st.Label)
		}
		stats[st.Label] = st
	}
	return stats
}
