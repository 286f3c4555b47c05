package main

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// appendPython appends a field as the Python writer lays it out: nothing is
// aligned, and a buffered one has its value twice.
func appendPython(file []byte, label, signature string, index byte, value []byte) []byte {
	file = binary.NativeEndian.AppendUint16(file, uint16(len(label)))
	file = append(file, label...)
	file = binary.NativeEndian.AppendUint16(file, uint16(len(signature)))
	file = append(file, signature...)
	file = append(file, index)
	file = append(file, value...)
	if index != 255 {
		file = append(file, value...)
	}
	return file
}

// pyOwned is "pyowned FILE COMMAND ARGS...": a file as that of a Python
// program, which lives while the command runs.
func pyOwned(args []string) error {
	native := binary.NativeEndian
	text := make([]byte, 10)
	copy(text, "début")
	file := []byte{1}
	file = appendPython(file, "sys.pid", "i", 255, native.AppendUint32(nil, uint32(os.Getpid())))
	file = appendPython(file, "hits", "Q", 0, native.AppendUint64(nil, 41))
	file = appendPython(file, "load", "d", 1, native.AppendUint64(nil, math.Float64bits(1.5)))
	file = appendPython(file, "small", "h", 0, native.AppendUint16(nil, 7))
	file = appendPython(file, "up", "?", 0, []byte{1})
	file = appendPython(file, "note", "10s", 1, text)
	file = append(file, make([]byte, 4096-len(file))...)
	if err := os.WriteFile(args[0], file, 0o644); err != nil {
		return err
	}
	return start(args[1:])
}

// A pythonStat is a stat as the reader in Python reads it.
type pythonStat struct {
	Label, Signature string
	Buffered         bool
	Value            any
}

// readByPython returns what a reader that shares no code with ours finds in a
// file, by label.
func readByPython(t *testing.T, name string) map[string]pythonStat {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	out, err := exec.Command(python, "../../lib/format/testdata/readstats.py", name).Output()
	if err != nil {
		t.Fatalf("readstats.py %s: %v", name, err)
	}
	stats := make(map[string]pythonStat)
	for line := range strings.Lines(string(out)) {
		var st pythonStat
		if err := json.Unmarshal([]byte(line), &st); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		stats[st.Label] = st
	}
	return stats
}
