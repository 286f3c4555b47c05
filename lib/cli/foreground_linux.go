package cli

import (
	"bytes"
	"os"
)

// InForeground reports whether the process is in the foreground process group of
// its terminal, which gets the signals from the keyboard.
func InForeground() bool {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return false
	}
	// After the name in parentheses: state, ppid, pgrp, session, tty, tpgid.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 5 && bytes.Equal(fields[2], fields[5])
}
