package statfile

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Command returns the name of the program that a file is of: its base name
// without [Suffix], and without -PID-TID or -PID, where pid is the process that
// the file names as its writer, or 0.
func Command(path string, pid int) string {
	name := strings.TrimSuffix(filepath.Base(path), Suffix)
	if pid == 0 {
		return name
	}
	ending := "-" + strconv.Itoa(pid)
	if i := strings.LastIndexByte(name, '-'); i > 0 && isNumber(name[i+1:]) {
		if command, ok := strings.CutSuffix(name[:i], ending); ok && command != "" {
			return command
		}
	}
	if command, ok := strings.CutSuffix(name, ending); ok && command != "" {
		return command
	}
	return name
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
