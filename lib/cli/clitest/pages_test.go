package clitest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func page(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), "man", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPages(t *testing.T) {
	for _, name := range []string{"mmstats.5", "mmstats.7", "mmstats-archive.5"} {
		Lint(t, filepath.Join(root(t), "man", name))
	}
}

// What mmstats(7) shows can be typed, in its order.
func TestOverviewExamples(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./cmd/...")
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}
	for section, wanted := range map[string][]string{
		"EXAMPLES":                {"files\tcounter\t1\n", "state\tstring\tcopying /home\n", `{"files":1}`},
		"RECIPES":                 {"1\n", "jobs.done   7\n", "7 jobs\n", "\tbytes\t104857600\t0\n", "searched "},
		"LATENCY AND PERCENTILES": {"p50 9.69 ms  p99 210 ms  max 210 ms\n", "0.21\n", "\tlatency:p99.9\tfloat64\t0.21\n", "\t0\t-\t-\n"},
		"UNITS":                   {" 1.2 MiB\n", "1258291\n", "Bodies, without headers\n"},
	} {
		dir := t.TempDir()
		var shown strings.Builder
		for _, script := range examples(t, filepath.Join(root(t), "man", "mmstats.7"), section) {
			shown.WriteString(runExample(t, script, bin, dir))
		}
		for _, want := range wanted {
			if !strings.Contains(shown.String(), want) {
				t.Errorf("%s show %q, want %q in it", section, shown.String(), want)
			}
		}
		if left, err := os.ReadDir(dir); section == "EXAMPLES" && (err != nil || len(left) > 0) {
			t.Errorf("the first session leaves %v, %v", left, err)
		}
	}
}

// The sections of pages that comments refer to exist.
func TestSections(t *testing.T) {
	reference := regexp.MustCompile(`mmstats\(([57])\), ([A-Z]{2,}(?: [A-Z]{2,})*)`)
	found := 0
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range reference.FindAllStringSubmatch(string(source), -1) {
			found++
			if !strings.Contains(page(t, "mmstats."+match[1]), "\n.Sh "+match[2]+"\n") {
				t.Errorf("%s refers to %s, which is not there", path, match[0])
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d references, %v", found, err)
	}
}
