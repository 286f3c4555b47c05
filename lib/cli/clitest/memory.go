package clitest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mmstats/lib/statfile"
)

// maxMemory is what a command may take for a file of the largest size that is
// read, whatever is in it, in KiB.
const maxMemory = 128 << 10

// HostileFiles makes files that fill what is read of a file: with stats, with
// long labels and with long texts. It returns their names, and skips the test
// where the race detector takes much memory for itself.
func HostileFiles(t *testing.T) (names []string) {
	t.Helper()
	if raceDetector {
		t.Skip("the race detector takes memory")
	}
	for kind, h := range map[string]hostile{
		"stats":  {label: 0, signature: "B", index: 255, fill: "\x01", size: 1},
		"long":   {label: 100, signature: "Q ", index: 255, fill: "\x01", size: 8},
		"labels": {label: 65000, signature: "Q ", index: 255, fill: "\x01", size: 8},
		"texts":  {label: 0, signature: "254s", index: 0, fill: "\xff", size: 508},
		"text":   {label: 0, signature: "16777000s", index: 255, fill: "\xff", size: 16777000},
	} {
		name := filepath.Join(t.TempDir(), kind+statfile.Suffix)
		if err := h.write(name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// hostile is a file of equal fields: labels of 8 digits and more control
// characters, and values of size times the same byte.
type hostile struct {
	label     int
	signature string
	index     byte
	fill      string
	size      int
}

// write writes as many fields as are read.
func (h *hostile) write(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	w.WriteByte(1)
	const digits = 8
	field := 2 + digits + h.label + 2 + len(h.signature) + 1 + h.size
	more := strings.Repeat("\x01", h.label)
	for n := 0; 1+(n+1)*field <= statfile.DefaultMaxSize; n++ {
		binary.Write(w, binary.NativeEndian, uint16(digits+h.label))
		fmt.Fprintf(w, "%0*x%s", digits, n, more)
		binary.Write(w, binary.NativeEndian, uint16(len(h.signature)))
		w.WriteString(h.signature)
		w.WriteByte(h.index)
		for range h.size {
			w.WriteString(h.fill)
		}
	}
	return w.Flush()
}

// CheckMemory runs a command, and fails if it took more memory than a command
// may.
func CheckMemory(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	// Of a process, the kernel says the most that it took since it was its
	// parent: this test takes less.
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	taken := usage.Maxrss
	t.Logf("%d KiB: %q", taken, cmd.Args)
	if taken > maxMemory {
		t.Errorf("%q took %d KiB of memory, want at most %d", cmd.Args, taken, maxMemory)
	}
}
