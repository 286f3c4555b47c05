package mapping

import (
	"bytes"
	"os"
	"strconv"
)

// MaxMaps returns how many maps a process may have.
func MaxMaps() int {
	text, _ := os.ReadFile("/proc/sys/vm/max_map_count")
	if n, err := strconv.Atoi(string(bytes.TrimSpace(text))); err == nil {
		return n
	}
	return defaultMaxMaps
}
