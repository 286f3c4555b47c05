package clitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ManPage checks the manual page of a command: that mandoc has nothing to say
// of it, that its options are those of --help, both ways, and that each of
// its examples, the lines of .Dl in EXAMPLES, ends with status 0 and writes
// something. They run by sh in a directory that prepare fills, which is
// $MMSTATS_PATH too; the test binary stands in for each of commands.
func ManPage(t *testing.T, name string, prepare func(t *testing.T, dir string), commands ...string) {
	path := filepath.Join(root(t), "man", name+".1")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("lint", func(t *testing.T) { Lint(t, path) })
	t.Run("options", func(t *testing.T) {
		help, err := Command(name, "--help").CombinedOutput()
		if err != nil {
			t.Fatalf("%s --help: %v\n%s", name, err, help)
		}
		got, want := pageOptions(string(page)), helpOptions(string(help))
		if len(want) == 0 {
			t.Fatalf("no options in %s", help)
		}
		for _, option := range want {
			if !slices.Contains(got.described, option) {
				t.Errorf("%s does not describe %s, which --help does", path, option)
			}
		}
		for _, option := range slices.Concat(got.described, got.mentioned) {
			if !slices.Contains(want, option) {
				t.Errorf("%s names %s, which --help does not", path, option)
			}
		}
	})
	t.Run("examples", func(t *testing.T) {
		lines := examples(string(page))
		if len(lines) == 0 {
			t.Fatalf("no examples in %s", path)
		}
		bin := links(t, append(commands, name)...)
		for _, line := range lines {
			dir := t.TempDir()
			prepare(t, dir)
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "MMSTATS_PATH="+dir, "MMSTATS_GLOB=")
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil || stdout.Len() == 0 || stderr.Len() > 0 {
				t.Errorf("example %q: %v\n%s%s", line, err, stdout.String(), stderr.String())
			}
		}
	})
}

// Lint fails where mandoc finds fault with a manual page.
func Lint(t *testing.T, path string) {
	t.Helper()
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Fatal("mandoc is needed: it checks the manual pages")
	}
	out, _ := exec.Command(mandoc, "-T", "lint", "-W", "style", path).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		// It looks for the pages of this project where they may not be yet.
		if !strings.Contains(line, "referenced manual not found") {
			t.Error(line)
		}
	}
}

// links returns a directory where the test binary goes by each of names.
func links(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Symlink(binary, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var (
	helpOption = regexp.MustCompile(`(?m)^ {2,8}(-\w)?(?:, | +)?(--[\w-]+)?`)
	pageOption = regexp.MustCompile(`\bFl (-?[\w-]+)`)
)

// helpOptions returns the options in the text of --help, such as -o and
// --output.
func helpOptions(help string) (options []string) {
	for _, match := range helpOption.FindAllStringSubmatch(help, -1) {
		for _, option := range match[1:] {
			if option != "" {
				options = append(options, option)
			}
		}
	}
	return options
}

// pageOptions returns the options that a page in mdoc has list items for, and
// those that it mentions.
func pageOptions(page string) (o struct{ described, mentioned []string }) {
	for line := range strings.Lines(page) {
		for _, match := range pageOption.FindAllStringSubmatch(line, -1) {
			option := "-" + match[1]
			if strings.HasPrefix(line, ".It Fl") {
				o.described = append(o.described, option)
			} else {
				o.mentioned = append(o.mentioned, option)
			}
		}
	}
	return o
}

// examples returns the commands in the EXAMPLES of a page.
func examples(page string) (lines []string) {
	_, section, _ := strings.Cut(page, "\n.Sh EXAMPLES\n")
	section, _, _ = strings.Cut(section, "\n.Sh ")
	for line := range strings.Lines(section) {
		if example, ok := strings.CutPrefix(line, ".Dl "); ok {
			example = strings.TrimPrefix(strings.TrimSpace(example), "$ ")
			lines = append(lines, strings.NewReplacer(`\e`, `\`, `\(dq`, `"`, `\(aq`, `'`, `\&`, ``, `\-`, `-`).Replace(example))
		}
	}
	return lines
}
