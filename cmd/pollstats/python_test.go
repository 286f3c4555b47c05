package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// python returns the bytes of a file that the Python original wrote.
func python(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../lib/format/testdata/python-0.8", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// writeInPlace writes to a file that is there, as a mapping does: it keeps its
// inode and its size.
func writeInPlace(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
}

// Rows follow every class of field that Python changes while its program runs:
// those of one byte have one value and no write buffer, as constants do.
func TestRowsFollowPython(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "live.mmstats")
	if err := os.WriteFile(name, python(t, "live-1.mmstats"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := startPolling(t, dir, "--all", "-d", "0.02", "-p", "app.", // whose writer has ended
		"hits:value,mean,recent,took,total:value,queue,balance,small,port,ratio,load,level,up,limit")
	shows := func(want map[string]float64) func(row) bool {
		return func(r row) bool {
			for label, value := range want {
				if !is(r, "app."+label, value) {
					return false
				}
			}
			return true
		}
	}
	p.until("has the first values", shows(map[string]float64{
		"hits:value": 41, "mean": 3, "recent": 4.75, "took": 0.5, "total:value": 1e18, "queue": 4000000000, "balance": -7,
		"small": -300, "port": 65535, "ratio": 0.5, "load": 1.5, "level": -128, "up": 1, "limit": 4294967295}))
	writeInPlace(t, name, python(t, "live-2.mmstats"))
	p.until("has the last values", shows(map[string]float64{
		"hits:value": 42, "mean": 5, "recent": 7.75, "took": 0.375, "total:value": 1e18, "queue": 3999999999, "balance": 7,
		"small": 300, "port": 1, "ratio": 0.75, "load": 0.25, "level": 127, "up": 0, "limit": 4294967295}))
	p.stop()
}

// A program in Python that starts again under the same name truncates its file,
// which keeps its inode, and lays other fields out in it.
func TestPythonStartsAgainInPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "x.mmstats")
	if err := os.WriteFile(name, python(t, "restarted-1.mmstats"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := startPolling(t, dir, "-d", "0.02", "jobs,jobs:value")
	p.until("has 500 jobs", func(r row) bool { return is(r, "jobs:value", 500) })
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 4096); err != nil {
		t.Fatal(err)
	}
	writeInPlace(t, name, python(t, "killed.mmstats")) // the first field is there
	p.until("has no jobs", func(r row) bool { return is(r, "jobs:value", 0) })
	writeInPlace(t, name, python(t, "restarted-2.mmstats"))
	rows := p.until("has 3 jobs", func(r row) bool { return is(r, "jobs:value", 3) })
	for _, r := range rows {
		if rate := r.Stats["jobs"]; rate != nil && *rate < 0 {
			t.Errorf("a rate of %v", *rate)
		}
	}
	if slices.ContainsFunc(rows, func(r row) bool { return is(r, "jobs:value", 500) }) {
		t.Error("the jobs of the first program are counted after it has ended")
	}
}
