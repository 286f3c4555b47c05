package clitest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ManPage checks the manual page of a command: that mandoc has nothing to say
// of it; that its options are those of --help, both ways, also of the commands
// that --help names; that options take their values as they are written; and
// that each of its examples, as it is shown on a terminal of 80 columns, ends
// with status 0 and writes something or changes a file. Examples run in a
// directory that prepare fills, which is $MMSTATS_PATH too; the test binary
// stands in for each of commands.
func ManPage(t *testing.T, name string, prepare func(t *testing.T, dir string), commands ...string) {
	path := filepath.Join(root(t), "man", name+".1")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("lint", func(t *testing.T) { Lint(t, path) })
	t.Run("options", func(t *testing.T) {
		text := help(t, name)
		got, want := pageOptions(string(page)), helpOptions(text)
		if len(want) == 0 {
			t.Fatalf("no options in %s", text)
		}
		for _, command := range helpCommands(text) {
			want = append(want, helpOptions(help(t, name, command))...)
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
	t.Run("values", func(t *testing.T) {
		checkValues(t, name)
		for _, command := range helpCommands(help(t, name)) {
			checkValues(t, name, command)
		}
	})
	t.Run("examples", func(t *testing.T) {
		bin := links(t, append(commands, name)...)
		for _, script := range examples(t, path, "EXAMPLES") {
			dir := t.TempDir()
			prepare(t, dir)
			before := contents(t, dir)
			if runExample(t, script, bin, dir) == "" && maps.Equal(before, contents(t, dir)) {
				t.Errorf("this example writes nothing:\n%s", script)
			}
		}
	})
}

// help returns the --help of a command, or of a command of it.
func help(t *testing.T, name string, args ...string) string {
	t.Helper()
	text, err := Command(name, append(args, "--help")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q --help: %v\n%s", name, args, err, text)
	}
	return string(text)
}

// Lint fails if mandoc finds anything wrong with a manual page.
func Lint(t *testing.T, path string) {
	t.Helper()
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Fatal("mandoc is needed: it checks the manual pages")
	}
	out, _ := exec.Command(mandoc, "-T", "lint", "-W", "style", path).Output()
	for line := range strings.Lines(string(out)) {
		// The other pages of this project need not be installed.
		if !strings.Contains(line, "referenced manual not found") {
			t.Error(line)
		}
	}
}

// links returns a directory in which each of names is a link to the test binary.
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
	helpCommand = regexp.MustCompile(`(?m)^  (\w+) `)
	helpOption  = regexp.MustCompile(`(?m)^ {2,8}(-\w)?(?:, | +)?(--[\w-]+)?`)
	pageOption  = regexp.MustCompile(`\bFl (-?[\w-]+)`)
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

// helpCommands returns the commands that the text of --help lists.
func helpCommands(help string) (commands []string) {
	_, list, _ := strings.Cut(help, "\nAvailable commands:\n")
	for _, match := range helpCommand.FindAllStringSubmatch(list, -1) {
		commands = append(commands, match[1])
	}
	return commands
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
