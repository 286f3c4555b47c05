package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README says how a Go program imports the library; this does so from a
// module of its own.
func TestImportAsTheReadmeSays(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	edit := regexp.MustCompile(`(?m)^go mod edit .*$`).FindString(string(readme))
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := `package main

import "mmstats/lib/mmstats"

func main() {
	var stats struct{ Jobs mmstats.Counter }
	file, err := mmstats.Create(mmstats.Options{}, &stats)
	if err != nil {
		panic(err)
	}
	defer file.Remove()
	stats.Jobs.Inc()
	println(stats.Jobs.Value())
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(edit, "=../mmstats") {
		t.Fatalf("the README has %q, want a replace by ../mmstats", edit)
	}
	script := "go mod init example.org/program\n" +
		strings.Replace(edit, "=../mmstats", "="+root, 1) + "\ngo mod tidy\ngo run .\n"
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir, "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "\n1\n") {
		t.Errorf("%v\n%s\n%s", err, script, out)
	}
}
