package main

import "math"

// findRange finds the range of the points of all rows that fit on the screen, so
// that the trends have one scale.
func (p *statPage) findRange() {
	p.low, p.high = math.Inf(1), math.Inf(-1)
	c := p.totals.processes.clock
	for i := range p.grid.columns {
		if col := &p.grid.columns[i]; col.title == "TREND" && col.room > 0 {
			for _, t := range p.shown {
				low, high := t.points.extremes(c, c.slot-col.room+1)
				p.low, p.high = min(p.low, low), max(p.high, high)
			}
		}
	}
	p.low, p.high = drawnRange(p.low, p.high)
}

func (p *statPage) trendCell(t *trace, width int) (string, style) {
	levels := marks
	if p.utf8 {
		levels = blocks
	}
	return string(t.points.draw(nil, p.totals.processes.clock, width, p.low, p.high, levels)), p.rowStyle(t)
}

// extremes returns the least and the greatest of the values from a slot on.
func (p *points) extremes(c *clock, from int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for slot := max(from, c.first()); slot <= c.slot; slot++ {
		if v := p.at(c, slot); !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

// draw appends the last values as one character each, from the lowest level to
// the highest, and blanks where there are none.
func (p *points) draw(dst []byte, c *clock, width int, low, high float64, levels []rune) []byte {
	for slot := c.slot - width + 1; slot <= c.slot; slot++ {
		dst = append(dst, string(levelOf(p.at(c, slot), low, high, levels))...)
	}
	return dst
}
