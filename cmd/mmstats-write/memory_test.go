package main

import (
	"strings"
	"testing"

	"mmstats/lib/cli/clitest"
)

// A file that anybody made does not take all memory of who writes to it.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	for _, file := range clitest.HostileFiles(t) {
		clitest.CheckMemory(t, clitest.Command("mmstats-write", "-f", file, "00000007=1", "more+=1"))
		stream := clitest.Command("mmstats-write", "-f", file, "stream")
		stream.Stdin = strings.NewReader("00000007=1\nmore+=1\n")
		clitest.CheckMemory(t, stream)
	}
}
