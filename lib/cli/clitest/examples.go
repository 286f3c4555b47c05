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

const (
	// exampleIndent is the indent of an example on a page: that of the text, and
	// that of a display in it.
	exampleIndent = "           "
	// maxExample is the most characters of a line, so that a terminal of 80
	// columns breaks none.
	maxExample = 60
	// prompt comes before a command in an example that also shows its output.
	prompt = "$ "
)

var overstrike = regexp.MustCompile(`.\x08`)

// examples returns the scripts in a section of a page, as they are copied from a
// terminal of 80 columns. Examples that show output are left out: it
// differs from run to run.
func examples(t *testing.T, path, section string) (scripts []string) {
	t.Helper()
	rendered, err := exec.Command("mandoc", "-T", "utf8", "-O", "width=80", path).Output()
	if err != nil {
		t.Fatalf("mandoc %s: %v", path, err)
	}
	_, text, _ := strings.Cut(overstrike.ReplaceAllString(string(rendered), ""), "\n"+section+"\n")
	for _, display := range displays(text) {
		if !strings.HasPrefix(display, prompt) {
			scripts = append(scripts, display)
			checkExample(t, path, display)
		} else if !strings.Contains(strings.ReplaceAll(display, "\n    ", ""), "\n") {
			t.Errorf("%s: this example has a prompt, and no output:\n%s", path, display)
		}
	}
	if len(scripts) == 0 {
		t.Errorf("%s has no examples", path)
	}
	return scripts
}

// displays returns the indented blocks up to the next section.
func displays(section string) (blocks []string) {
	inBlock := false
	for line := range strings.SplitSeq(section, "\n") {
		text, indented := strings.CutPrefix(line, exampleIndent)
		switch {
		case line != "" && line[0] != ' ':
			return blocks // the next section
		case indented && inBlock:
			blocks[len(blocks)-1] += "\n" + text
		case indented:
			blocks = append(blocks, text)
		}
		inBlock = indented
	}
	return blocks
}

// checkExample checks what cannot be seen by running an example in a directory
// of its own.
func checkExample(t *testing.T, path, script string) {
	t.Helper()
	for line := range strings.SplitSeq(script, "\n") {
		if len(line) > maxExample {
			t.Errorf("%s: a line of an example is longer than %d: %s", path, maxExample, line)
		}
	}
	for _, unset := range []string{"$MMSTATS_PATH", "${MMSTATS_PATH}"} {
		if strings.Contains(script, unset) {
			t.Errorf("%s: where MMSTATS_PATH is not set, this example is wrong; write ${MMSTATS_PATH:-/tmp}:\n%s", path, script)
		}
	}
}

// runExample runs a script in a directory of stat files, with commands from
// another one, and returns what it writes.
func runExample(t *testing.T, script, bin, dir string) string {
	t.Helper()
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "MMSTATS_PATH="+dir, "MMSTATS_GLOB=")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("example: %v\n%s\n%s%s", err, script, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// contents returns the files in a directory and below, by name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
