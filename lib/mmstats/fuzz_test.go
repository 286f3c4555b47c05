package mmstats_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
)

// FuzzVisitor visits files that hold anything, and changes all that they hold:
// nothing may end the process, and what was changed must be read again.
func FuzzVisitor(f *testing.F) {
	fixtures, err := filepath.Glob("../format/testdata/python-0.8/*.mmstats")
	if err != nil || len(fixtures) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, name := range fixtures {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("\x01\x01\x00a\x02\x000s\x00"))
	f.Add([]byte("\x01\x01\x00a\x03\x000p \xff"))
	f.Add([]byte("\x01\x01\x00a\x04\x00d16x\x01" + string(make([]byte, 48))))
	f.Add([]byte("\x01\x05\x00abcde\x08\x00 4d499Q \xff" + string(make([]byte, 4024))))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.mmstats")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := mmstats.Open(path, mmstats.Options{})
		if err != nil {
			return
		}
		defer file.Close()
		stats, err := reader.ReadFile(path)
		var damage *format.DamageError
		if err != nil && !errors.As(err, &damage) {
			t.Fatal(err)
		}
		for i := range stats {
			label := string(stats[i].Label)
			for _, c := range []change.Change{
				{Op: change.Add, Text: "1"}, {Op: change.Set, Text: "1"}, {Op: change.Set, Text: "true"},
				{Op: change.Subtract, Text: "2"}, {Op: change.Declare, Type: format.Counter},
			} {
				c.Label = label
				if err := file.Apply([]change.Change{c}); errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Apply(%+v) = %v, of a stat that is there", c, err)
				}
			}
		}
		err = file.Apply([]change.Change{{Label: "new", Op: change.Set, Type: format.String, Text: "text"}})
		if err != nil {
			return
		}
		after, err := reader.ReadFile(path)
		if err != nil || len(after) < len(stats) {
			t.Fatalf("ReadFile() after Apply = %d stats, %v, before it %d", len(after), err, len(stats))
		}
		for i := range stats {
			if string(after[i].Label) != string(stats[i].Label) {
				t.Errorf("stat %d is called %q after Apply, and %q before", i, after[i].Label, stats[i].Label)
			}
		}
		for i := range after {
			if string(after[i].Label) == "new" {
				if got := string(after[i].Value.Text()); got != "text" {
					t.Errorf("new = %q, want text", got)
				}
				return
			}
		}
		t.Error("the new stat is not there")
	})
}
