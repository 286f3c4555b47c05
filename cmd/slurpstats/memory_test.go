package main

import (
	"testing"

	"mmstats/lib/cli/clitest"
)

// A file that anybody put into the directory does not take all memory.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	for _, file := range clitest.HostileFiles(t) {
		for _, args := range [][]string{
			{"-o", "text", file}, {"-o", "json", file}, {"-o", "prometheus", file},
			{"-o", "json", "-a", "one", file}, {"-o", "tsv", "-l", "*f", file},
		} {
			clitest.CheckMemory(t, clitest.Command("slurpstats", args...))
		}
	}
}
