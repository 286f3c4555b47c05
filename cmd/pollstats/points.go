package main

import (
	"math"
	"time"
)

// Points are kept of each stat of each process before anybody asks for them, so
// that the screen can tell since when a process differs from the others.
const (
	// maxPoints is how many points a stat has: 4 minutes of seconds.
	maxPoints = 240
	// minPoints is what maxPoints is halved down to where points take too much
	// memory. Beyond that, further stats have none.
	minPoints = 30
	// maxPointBytes is how much memory all points take at most.
	maxPointBytes = 32 << 20
)

// A clock says when points were, and how many there are. A point is the mean of
// the polls of about a second, or of one poll where those are further apart.
type clock struct {
	slot  int // of the last point, from 1 on
	times [maxPoints]time.Time
	size  int // points of each stat, at most maxPoints
	bytes int // that all points take
	limit int // of bytes
	// refused says that some stat got no points, since the last shrinking.
	refused bool
}

func newClock(limit int) *clock { return &clock{size: maxPoints, limit: limit} }

// tick is told of a poll, elapsed after the one before.
func (c *clock) tick(now time.Time, elapsed time.Duration) {
	since := now.Sub(c.time(c.slot)) // less than 0 where a replay goes back
	if c.slot == 0 || since < 0 || since >= time.Second-min(elapsed, time.Second)/2 {
		c.slot++
		c.times[c.slot%maxPoints] = now
	}
}

// first returns the first slot that points may be of.
func (c *clock) first() int { return max(1, c.slot-c.size+1) }

// time returns when a slot began, one from first on.
func (c *clock) time(slot int) time.Time { return c.times[slot%maxPoints] }

// since returns the first slot of the last d before a slot.
func (c *clock) since(slot int, d time.Duration) int {
	start := c.time(slot).Add(-d)
	for slot > c.first() && c.time(slot-1).After(start) {
		slot--
	}
	return slot
}

// step returns the time between two points.
func (c *clock) step() time.Duration {
	n := c.slot - c.first()
	if n == 0 {
		return time.Second
	}
	return c.time(c.slot).Sub(c.time(c.first())) / time.Duration(n)
}

// points are the last values of one stat of one process, by slot. They take no
// memory until the value changes, because most never do.
type points struct {
	ring  []float32
	born  int     // the first slot that had the stat, or 0
	last  int     // the last slot that is in ring
	polls int     // whose mean the point of that is
	still float32 // the value in all slots since then, while there is no ring
}

// add adds the value of a poll, which is NaN where it is not known. Where there is
// no memory for a ring, what was before is forgotten.
func (p *points) add(c *clock, value float64) {
	v := float32(value)
	switch {
	case p.born == 0:
		p.born, p.still = c.slot, v
		return
	case p.ring == nil && (v == p.still || v != v && p.still != p.still):
		return
	case p.ring == nil && !p.allocate(c):
		p.born, p.still = c.slot, v
		return
	}
	for p.last < c.slot {
		p.last = max(p.last+1, c.slot-len(p.ring)+1)
		p.ring[p.last%len(p.ring)], p.polls = float32(math.NaN()), 0
	}
	if at := &p.ring[c.slot%len(p.ring)]; v == v {
		if p.polls++; p.polls == 1 {
			*at = v
		} else {
			*at += (v - *at) / float32(p.polls)
		}
	}
}

// allocate makes a ring of what was the same in all slots before the last one.
// It reports whether there is the memory for it.
func (p *points) allocate(c *clock) bool {
	if c.bytes+4*c.size > c.limit {
		c.refused = true
		return false
	}
	c.bytes += 4 * c.size
	p.ring = make([]float32, c.size)
	for slot := c.first(); slot < c.slot; slot++ {
		p.ring[slot%c.size] = p.still
	}
	p.last = c.slot - 1
	return true
}

// at returns the value in a slot, and NaN where it is not known.
func (p *points) at(c *clock, slot int) float64 {
	switch {
	case slot < p.born || p.born == 0 || slot > c.slot || slot < c.first():
	case p.ring == nil:
		return float64(p.still)
	case slot <= p.last:
		return float64(p.ring[slot%len(p.ring)])
	}
	return math.NaN()
}

// mean returns the mean of the values from one slot to another, and NaN where
// none is known.
func (p *points) mean(c *clock, from, to int) float64 {
	sum, n := 0.0, 0
	for slot := from; slot <= to; slot++ {
		if v := p.at(c, slot); !math.IsNaN(v) && !math.IsInf(v, 0) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// release gives the memory of p back.
func (p *points) release(c *clock) {
	c.bytes -= 4 * len(p.ring)
	*p = points{}
}

// shrink leaves the last size points.
func (p *points) shrink(c *clock, size int) {
	if p.ring == nil {
		return
	}
	ring := make([]float32, size)
	for slot := max(1, c.slot-size+1); slot <= p.last; slot++ {
		ring[slot%size] = p.ring[slot%len(p.ring)]
	}
	c.bytes -= 4 * (len(p.ring) - size)
	p.ring = ring
}
