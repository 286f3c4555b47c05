package scripts

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goStub is what stands in for go: it makes commands without building them.
const goStub = `#!/bin/sh
case "$1 $2 $3" in "build -trimpath -o") ;; *) exit 1 ;; esac
for dir in cmd/*; do
	[ "${dir#cmd/}" = "${NO_COMMAND-}" ] || echo "$dir" >"$4/${dir#cmd/}"
done
`

// install runs scripts/install with a strict umask, and returns what it writes.
func install(t *testing.T, root string, env []string, args ...string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(goStub), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", append([]string{"-c", `umask 077; exec "$0" "$@"`, "./install"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "DESTDIR="+root, "PREFIX=")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// tree returns the modes of the files below a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	modes := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if rel, _ := filepath.Rel(dir, path); err == nil && rel != "." {
			modes[rel] = info.Mode().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return modes
}

// Everybody can run what is installed, and what --uninstall leaves is what was
// there before.
func TestInstallAndUninstall(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(root+"/usr/local/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/usr/local/bin/other", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	before := tree(t, root)
	if out, err := install(t, root, nil); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	installed := tree(t, root)
	for name, mode := range map[string]string{
		"bin/slurpstats": "-rwxr-xr-x", "bin/mmstats-write": "-rwxr-xr-x", "share": "drwxr-xr-x",
		"share/man/man1": "drwxr-xr-x", "share/man/man1/slurpstats.1": "-rw-r--r--", "share/man/man5/mmstats.5": "-rw-r--r--",
		"share/mmstats/mmstats.sh": "-rw-r--r--", "share/bash-completion/completions/slurpstats": "-rw-r--r--",
		"share/fish/vendor_completions.d/slurpstats.fish": "-rw-r--r--", "share/zsh/site-functions/_mmstats": "-rw-r--r--",
	} {
		if got := installed["usr/local/"+name]; got != mode {
			t.Errorf("%s is installed with mode %s, want %s", name, got, mode)
		}
	}
	// The page that section 1 has for man(1), which looks there first.
	page := exec.Command("mandoc", "-T", "utf8", "man1/mmstats.1")
	page.Dir = root + "/usr/local/share/man"
	if out, err := page.CombinedOutput(); err != nil || !strings.Contains(string(out), "MMSTATS(7)") {
		t.Errorf("man mmstats: %v\n%.300s", err, out)
	}
	if out, err := install(t, root, nil); err != nil || !maps.Equal(tree(t, root), installed) {
		t.Errorf("a second install: %v, and changes what is there\n%s", err, out)
	}
	if out, err := install(t, root, nil, "--uninstall"); err != nil || !maps.Equal(tree(t, root), before) {
		t.Errorf("--uninstall: %v, and leaves %q\n%s", err, slices.Sorted(maps.Keys(tree(t, root))), out)
	}
	if out, err := install(t, root, nil, "--uninstall"); err == nil || !strings.Contains(out, "nothing is installed in "+root) {
		t.Errorf("a second --uninstall: %v\n%s", err, out)
	}
}

// A command that the new version does not have any more goes.
func TestInstallRemovesWhatIsNoMore(t *testing.T) {
	root := t.TempDir()
	if out, err := install(t, root, nil); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	if out, err := install(t, root, []string{"NO_COMMAND=pollstats"}); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	names := tree(t, root+"/usr/local/bin")
	if names["pollstats"] != "" || names["slurpstats"] == "" {
		t.Errorf("commands are %q after an install without pollstats", slices.Sorted(maps.Keys(names)))
	}
}

// What asks for help, or for what there is not, installs nothing.
func TestInstallArguments(t *testing.T) {
	root := t.TempDir()
	for _, test := range []struct {
		args   []string
		fails  bool
		output string
	}{
		{[]string{"-h"}, false, "Usage: scripts/install"},
		{[]string{"--help"}, false, "--uninstall"},
		{[]string{"--prefix=/x"}, true, "unknown argument --prefix=/x"},
		{[]string{"--uninstall", "now"}, true, "unknown argument now"},
		{[]string{""}, true, "unknown argument"},
	} {
		out, err := install(t, root, nil, test.args...)
		if (err != nil) != test.fails || !strings.Contains(out, test.output) {
			t.Errorf("install %q: %v, want failure: %v\n%s", test.args, err, test.fails, out)
		}
	}
	if names := tree(t, root); len(names) > 0 {
		t.Errorf("%q is installed", slices.Sorted(maps.Keys(names)))
	}
}
