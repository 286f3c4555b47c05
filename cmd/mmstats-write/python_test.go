package main

import (
	"fmt"
	"os"
	"path/filepath"

	"mmstats/lib/format"
)

// pyOwned is "pyowned FILE COMMAND ARGS...": the file of a Python program,
// which runs as long as the command. What it holds is what the original wrote,
// but for the process id.
func pyOwned(args []string) error {
	data, err := pythonFile(filepath.Join(os.Getenv("FIXTURES"), "live-1.mmstats"), os.Getpid())
	if err == nil {
		err = os.WriteFile(args[0], data, 0o755) // the mode that Python gives it
	}
	if err == nil {
		err = start(args[1:])
	}
	return err
}

// pythonFile returns a file that the original wrote, as one of process pid.
func pythonFile(fixture string, pid int) ([]byte, error) {
	data, err := os.ReadFile(fixture)
	if err != nil {
		return nil, err
	}
	scanner, err := format.Scan(data, true, new(format.Signatures))
	for err == nil {
		var field format.Field
		if field, err = scanner.Next(); err == nil && format.IsLabel(field.Label, "sys.pid") {
			return data, field.Signature.Encode(data[field.ValueOffset:], format.IntValue(int64(pid)))
		}
	}
	return nil, fmt.Errorf("no sys.pid in %s: %w", fixture, err)
}
