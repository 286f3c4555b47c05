package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mmstats/lib/liveness"
)

// TestChangedMeanwhile changes a file between the looks at it: while the
// process table is asked, and before the name is removed.
func TestChangedMeanwhile(t *testing.T) {
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for _, test := range []struct {
		name   string
		change func(name string)
		want   string
	}{
		{"nothing", func(string) {}, ""},
		{"replaced", func(name string) {
			check(os.WriteFile(name+".new", statFile(nobodysPID, time.Now(), true), 0o644))
			check(os.Rename(name+".new", name))
		}, "changed while it was looked at"},
		{"linked", func(name string) {
			check(os.Link(name, name+".link"))
		}, "changed while it was looked at"},
		{"made a link", func(name string) {
			check(os.Rename(name, name+".moved"))
			check(os.Symlink(name+".moved", name))
		}, "changed while it was looked at"},
		{"gone", func(name string) { check(os.Remove(name)) }, "changed while it was looked at"},
		// As a program does that has the same id again and makes its file anew.
		{"rewritten", func(name string) {
			check(os.WriteFile(name, statFile(nobodysPID, time.Now().Add(time.Hour), true), 0o644))
		}, "changed while it was looked at"},
		{"another writer", func(name string) {
			check(os.WriteFile(name, statFile(os.Getpid(), time.Now(), true), 0o644))
		}, "changed while it was looked at"},
		{"truncated", func(name string) { check(os.Truncate(name, 0)) }, "empty file"},
	} {
		for _, late := range []bool{false, true} {
			if late && (test.name == "rewritten" || test.name == "another writer" || test.name == "truncated") {
				continue // its lock is held by then, which keeps such writers away
			}
			dir := t.TempDir()
			name := filepath.Join(dir, "file")
			writeStats(t, name, nobodysPID, time.Now().Add(-time.Hour), true)
			c := &cleaner{counts: make(map[string]int)}
			c.judge.Process = func(int) liveness.Process {
				if !late {
					test.change(name)
				}
				return liveness.Process{}
			}
			n := &candidate{base: "file"}
			err := c.enter(dir + "/")
			if err == nil {
				err = c.examine(n)
			}
			if err == nil && late {
				test.change(name)
			}
			if err == nil {
				err = c.remove(n)
			}
			n.f.Close()
			c.leave()
			if errors.Is(err, os.ErrNotExist) { // which is no less safe
				err = errChanged
			}
			if got := errorText(err); got != test.want {
				t.Errorf("%s, late %v: removing says %q, want %q", test.name, late, got, test.want)
			}
			if left, err := os.ReadDir(dir); (len(left) == 0) != (test.want == "" || test.name == "gone") {
				t.Errorf("%s, late %v: left are %v, %v", test.name, late, left, err)
			}
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestManualExamples runs the examples of the manual page.
func TestManualExamples(t *testing.T) {
	page, err := os.ReadFile("../../man/cleanstats.1")
	if err != nil {
		t.Fatal(err)
	}
	unescape := strings.NewReplacer(`\(dq`, `"`, `\e`, `\`)
	ran := 0
	for line := range strings.Lines(string(page)) {
		example, found := strings.CutPrefix(line, ".Dl $ ")
		if !found {
			continue
		}
		ran++
		dir := t.TempDir()
		dead := filepath.Join(dir, "dead.mmstats")
		writeStats(t, dead, nobodysPID, time.Now(), true, 1)
		cmd := exec.Command("sh", "-c", unescape.Replace(example)) // testscript.Main put cleanstats into $PATH
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir, "MMSTATS_GLOB=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %q", example, err, out)
		}
		_, err := os.Stat(dead)
		if dry := strings.Contains(example, " -n"); dry != (err == nil) {
			t.Errorf("%s: the dead file: %v", example, err)
		}
	}
	if ran < 4 {
		t.Errorf("the page has %d examples, want more", ran)
	}
}

// TestManual holds the options of the help and of the manual page against each
// other.
func TestManual(t *testing.T) {
	page, err := os.ReadFile("../../man/cleanstats.1")
	if err != nil {
		t.Fatal(err)
	}
	_, help, _ := command("--help")
	documented := make(map[string]bool)
	for line := range strings.Lines(string(page)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == ".It" && fields[1] == "Fl" {
			for i, word := range fields {
				if word == "Fl" && i+1 < len(fields) {
					documented["-"+strings.ReplaceAll(fields[i+1], `\-`, "-")] = true
				}
			}
		}
	}
	offered := make(map[string]bool)
	for line := range strings.Lines(help) {
		for _, word := range strings.Fields(line) {
			if !strings.HasPrefix(word, "-") {
				break
			}
			word, _, _ = strings.Cut(strings.TrimSuffix(word, ","), "=")
			offered[word] = true
		}
	}
	for option := range offered {
		if !documented[option] {
			t.Errorf("cleanstats(1) says nothing of %s", option)
		}
	}
	for option := range documented {
		if !offered[option] {
			t.Errorf("cleanstats --help says nothing of %s", option)
		}
	}
	if len(offered) < 10 {
		t.Errorf("the help offers %v, want more", offered)
	}
}
