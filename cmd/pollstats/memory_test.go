package main

import (
	"os"
	"os/exec"
	"testing"

	"mmstats/lib/cli/clitest"
)

// A file that anybody put into the directory does not take all memory.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	const spawn = `import os, pty, sys; os.environ["TERM"] = "xterm"; pty.spawn(sys.argv[1:])`
	bin := t.TempDir() + "/pollstats"
	if err := os.Symlink(os.Args[0], bin); err != nil {
		t.Fatal(err)
	}
	for _, file := range clitest.HostileFiles(t) {
		clitest.CheckMemory(t, clitest.Command("pollstats", "-d", "0.01", "-c", "3", "00000007,00000009", file))
		clitest.CheckMemory(t, exec.Command("python3", "-c", spawn, bin, "-w", "-d", "0.01", "-c", "20", file))
	}
}
