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
	clock := p.totals.processes.clock
	points := t.points.appendFrom(make([]float64, 0, width), clock, clock.slot-width+1)
	return sparkline(points, p.low, p.high, p.totals.utf8), p.rowStyle(t)
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

// appendFrom appends the values from a slot on, which may be before the first one.
func (p *points) appendFrom(dst []float64, c *clock, from int) []float64 {
	for slot := from; slot <= c.slot; slot++ {
		dst = append(dst, p.at(c, slot))
	}
	return dst
}
