package cli

import "runtime/debug"

// gcPercent costs little where nearly nothing is allocated as a rule.
const gcPercent = 25

// SaveMemory has less garbage wait for its collection than by default. It is for
// commands that run on: what a file that somebody filled with stats took is given
// back soon.
func SaveMemory() { debug.SetGCPercent(gcPercent) }
