package main

import (
	"encoding/binary"
	"math"
	"os"
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
