package main

import "math"

// Levels of trends, with UTF-8 and without.
var (
	blocks = []rune("▁▂▃▄▅▆▇█")
	marks  = []rune("_.-:=+*#")
)

// drawnRange widens a range of values to what is drawn, so that noise looks like
// noise: from 0 if the least is under half the greatest, and else at least 30 %
// of the middle.
func drawnRange(low, high float64) (float64, float64) {
	middle := (low + high) / 2
	switch least := 0.3 * math.Abs(middle); {
	case low >= 0 && low < high/2:
		return 0, high
	case high-low < least:
		return middle - least/2, middle + least/2
	}
	return low, high
}

// sparkline returns points as one character each, from the lowest level to the
// highest, and blanks where there are none.
func sparkline(points []float64, low, high float64, utf8 bool) string {
	levels := marks
	if utf8 {
		levels = blocks
	}
	line := make([]rune, 0, len(points))
	for _, p := range points {
		line = append(line, levelOf(p, low, high, levels))
	}
	return string(line)
}

// levelOf returns the character for a value within a range, and a blank for none.
func levelOf(v, low, high float64, levels []rune) rune {
	switch {
	case math.IsNaN(v):
		return ' '
	case !(high > low) || math.IsInf(high-low, 0):
		return levels[0]
	}
	n := int(max(0, min(1, (v-low)/(high-low))) * float64(len(levels)))
	return levels[min(n, len(levels)-1)]
}
