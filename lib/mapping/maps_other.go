//go:build unix && !linux

package mapping

// MaxMaps returns how many maps a process may have, as far as anybody says.
func MaxMaps() int { return defaultMaxMaps }
