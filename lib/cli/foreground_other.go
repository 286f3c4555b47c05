//go:build unix && !linux

package cli

import "os"

// InForeground reports whether the process has a controlling terminal. Whether
// it is in the foreground there is not known on this system.
func InForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	tty.Close()
	return true
}
