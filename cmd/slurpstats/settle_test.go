package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mmstats/lib/cli"
)

// dumpFiles runs slurpstats on args, and calls sleep where it waits.
func dumpFiles(sleep func(time.Duration), args ...string) (stdout, stderr string) {
	var out, errs strings.Builder
	d := &dump{App: &cli.App{Name: "slurpstats", Stdout: &out, Stderr: &errs}, sleep: sleep}
	d.Output, d.Common, d.MaxSize = "tsv", cli.Common{}, 1<<20
	d.Color.Color = "never"
	if err := d.prepare(args); err != nil {
		return "", err.Error()
	}
	d.run()
	return out.String(), errs.String()
}

// A program that starts makes its file under its name, step by step. It is not
// called damaged where it is done a moment later.
func TestStartingProgramIsNotCalledDamaged(t *testing.T) {
	whole := statFile(t, "jobs:counter=1", "runs:counter=2")
	name := filepath.Join(t.TempDir(), "new.mmstats")
	steps := [][]byte{nil, make([]byte, len(whole)), whole[:len(whole)-5], whole}
	next := func(time.Duration) {
		write(t, name, steps[0])
		steps = steps[1:]
	}
	next(0)
	stdout, stderr := dumpFiles(next, filepath.Dir(name))
	want := name + "\tjobs\tcounter\t1\n" + name + "\truns\tcounter\t2\n"
	if stdout != want || stderr != "" || len(steps) != 0 {
		t.Errorf("slurpstats writes %q and says %q, want %q", stdout, stderr, want)
	}
}

// What is damaged is said at once, if it was not made just now or is named, and
// soon in any case.
func TestDamageIsSaidSoon(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		write(t, filepath.Join(dir, string(rune('a'+i))+".mmstats"), nil)
	}
	var waited time.Duration
	sleep := func(d time.Duration) { waited += d }
	if _, stderr := dumpFiles(sleep, dir); strings.Count(stderr, "empty file") != 100 || waited > mostWaits {
		t.Errorf("slurpstats waited %v, and says %.200q", waited, stderr)
	}
	waited = 0
	if _, stderr := dumpFiles(sleep, filepath.Join(dir, "a.mmstats")); !strings.Contains(stderr, "empty file") || waited != 0 {
		t.Errorf("slurpstats waited %v for a file that is named, and says %q", waited, stderr)
	}
	old := t.TempDir()
	write(t, filepath.Join(old, "old.mmstats"), nil)
	before := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(old, "old.mmstats"), before, before); err != nil {
		t.Fatal(err)
	}
	if _, stderr := dumpFiles(sleep, old); !strings.Contains(stderr, "empty file") || waited != 0 {
		t.Errorf("slurpstats waited %v for an old file, and says %q", waited, stderr)
	}
}
