// Package scripts holds the tests of mmstats.sh and of the examples.
package scripts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// bin holds the commands that scripts run.
var bin string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "mmstats-scripts"); err == nil {
		defer os.RemoveAll(bin)
		err = build()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build() error {
	cmd := exec.Command("go", "build", "-o", bin, "../cmd/mmstats-write", "../cmd/pollstats", "../cmd/recstats", "../cmd/slurpstats")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	// Its name tells busybox what to be.
	if busybox, err := exec.LookPath("busybox"); err == nil {
		return os.Symlink(busybox, filepath.Join(bin, "ash"))
	}
	return nil
}

// runIn runs the test scripts of a folder with a shell, as $shell.
func runIn(t *testing.T, shell, dir string) {
	if shell != "ash" {
		if _, err := exec.LookPath(shell); err != nil {
			t.Fatalf("no %s here: scripts/test installs it", shell)
		}
	} else if _, err := os.Lstat(filepath.Join(bin, shell)); err != nil {
		t.Fatal("no busybox here: scripts/test installs it")
	}
	library, err := filepath.Abs("mmstats.sh")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("MMSTATS_PATH", env.WorkDir)
			env.Setenv("shell", shell)
			env.Setenv("library", library)
			env.Setenv("examples", filepath.Join(filepath.Dir(library), "examples"))
			return nil
		},
	})
}

// TestShells runs the same scripts in every shell.
func TestShells(t *testing.T) {
	for _, shell := range []string{"bash", "dash", "ash", "zsh"} {
		t.Run(shell, func(t *testing.T) { runIn(t, shell, "testdata/shell") })
	}
}

// TestBash runs what is about the stream, which bash alone has.
func TestBash(t *testing.T) { runIn(t, "bash", "testdata/bash") }

// TestExamples runs what people start from.
func TestExamples(t *testing.T) { runIn(t, "bash", "testdata/examples") }
