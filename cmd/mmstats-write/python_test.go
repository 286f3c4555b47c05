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
	data, err := os.ReadFile(filepath.Join(os.Getenv("FIXTURES"), "live-1.mmstats"))
	if err != nil {
		return err
	}
	scanner, err := format.Scan(data, true, new(format.Signatures))
	for err == nil {
		var field format.Field
		if field, err = scanner.Next(); err == nil && string(field.Label) == "app.sys.pid" {
			err = field.Signature.Encode(data[field.ValueOffset:], format.IntValue(int64(os.Getpid())))
			if err == nil {
				err = os.WriteFile(args[0], data, 0o755) // the mode that Python gives it
			}
			if err == nil {
				err = start(args[1:])
			}
			return err
		}
	}
	return fmt.Errorf("no app.sys.pid in the fixture: %w", err)
}
