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

// The first session in mmstats(7) shows what the page says.
func TestFirstSession(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./cmd/slurpstats", "./cmd/mmstats-write")
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}
	var shown strings.Builder
	for _, script := range examples(t, filepath.Join(root(t), "man", "mmstats.7")) {
		shown.WriteString(runExample(t, script, bin, dir))
	}
	for _, want := range []string{"files\tcounter\t1\n", "state\tstring\tcopying /home\n", `{"files":1}`} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("the session shows %q, want %q in it", shown.String(), want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the session leaves %v, %v", left, err)
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
