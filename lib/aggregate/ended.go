package aggregate

import "mmstats/lib/format"

// OutlivesWriter reports whether a stat of type t and kind k still counts in a
// sum over files after its writer has ended. What was counted was done: counters,
// averages, histograms and constants count. Gauges, bools, texts and moving
// averages say how things are, and a process that has ended has nothing in flight.
func OutlivesWriter(t format.Type, k format.Kind) bool {
	return k == format.KindCounter || k == format.KindConstant || t == format.Average || t == format.Histogram
}
