package cli

import (
	"os"
	"strings"

	"mmstats/lib/statfile"
)

// Where says which directories names mean, and what decides where there are no
// names.
func Where(names []string) string {
	if len(names) > 0 {
		return strings.Join(names, ", ")
	}
	if pattern := os.Getenv("MMSTATS_GLOB"); pattern != "" {
		return pattern + " (MMSTATS_GLOB)"
	}
	if os.Getenv("MMSTATS_PATH") != "" {
		return statfile.Dir() + " (MMSTATS_PATH)"
	}
	return statfile.Dir() + " (MMSTATS_PATH is not set)"
}
