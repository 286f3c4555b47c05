package main

import (
	"testing"

	"mmstats/lib/cli/clitest"
)

// A file that anybody put into the directory does not take all memory.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	for _, file := range clitest.HostileFiles(t) {
		clitest.CheckMemory(t, clitest.Command("cleanstats", "-n", file))
		clitest.CheckMemory(t, clitest.Command("cleanstats", "-n", "--fold", t.TempDir()+"/totals", file))
		clitest.CheckMemory(t, clitest.Command("cleanstats", "--fold", file, t.TempDir()))
	}
}
