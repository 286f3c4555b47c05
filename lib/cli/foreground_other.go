//go:build unix && !linux

package cli

import "os"

// InForeground reports whether the process has a terminal, in whose foreground
// it may be.
func InForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	tty.Close()
	return true
}
