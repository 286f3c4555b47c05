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

// A clock says when polls were, and how many points there are.
type clock struct {
	poll  int // the last one, from 1 on
	times [maxPoints]time.Time
	size  int // points of each stat, at most maxPoints
	bytes int // that all points take
	limit int // of bytes
	// refused says that some stat got no points, since the last shrinking.
	refused bool
}

func newClock(limit int) *clock { return &clock{size: maxPoints, limit: limit} }

// tick begins the next poll.
func (c *clock) tick(now time.Time) {
	c.poll++
	c.times[c.poll%maxPoints] = now
}

// first returns the first poll that points may be of.
func (c *clock) first() int { return max(1, c.poll-c.size+1) }

// time returns when a poll was, one from first on.
func (c *clock) time(poll int) time.Time { return c.times[poll%maxPoints] }

// since returns the first poll of the last d before a poll.
func (c *clock) since(poll int, d time.Duration) int {
	start := c.time(poll).Add(-d)
	for poll > c.first() && c.time(poll-1).After(start) {
		poll--
	}
	return poll
}

// points are the last values of one stat of one process, by poll. They take no
// memory until the value changes, because most never do.
type points struct {
	ring  []float32
	born  int     // the first poll that had the stat, or 0
	last  int     // the last poll that is in ring
	still float32 // the value at all polls since then, while there is no ring
}

// add adds the value at the last poll, which is NaN where it is not known. Where
// there is no memory for a ring, what was before is forgotten.
func (p *points) add(c *clock, value float64) {
	v := float32(value)
	switch {
	case p.born == 0:
		p.born, p.still = c.poll, v
		return
	case p.ring == nil && (v == p.still || v != v && p.still != p.still):
		return
	case p.ring == nil && !p.allocate(c):
		p.born, p.still = c.poll, v
		return
	}
	for poll := max(p.last+1, c.poll-len(p.ring)+1); poll < c.poll; poll++ {
		p.ring[poll%len(p.ring)] = float32(math.NaN())
	}
	p.ring[c.poll%len(p.ring)], p.last = v, c.poll
}

// allocate makes a ring of what was the same at all polls before the last one.
// It reports whether there is the memory for it.
func (p *points) allocate(c *clock) bool {
	if c.bytes+4*c.size > c.limit {
		c.refused = true
		return false
	}
	c.bytes += 4 * c.size
	p.ring = make([]float32, c.size)
	for poll := c.first(); poll < c.poll; poll++ {
		p.ring[poll%c.size] = p.still
	}
	p.last = c.poll - 1
	return true
}

// at returns the value at a poll, and NaN where it is not known.
func (p *points) at(c *clock, poll int) float64 {
	switch {
	case poll < p.born || p.born == 0 || poll > c.poll || poll < c.first():
	case p.ring == nil:
		return float64(p.still)
	case poll <= p.last:
		return float64(p.ring[poll%len(p.ring)])
	}
	return math.NaN()
}

// mean returns the mean of the values from one poll to another, and NaN where
// none is known.
func (p *points) mean(c *clock, from, to int) float64 {
	sum, n := 0.0, 0
	for poll := from; poll <= to; poll++ {
		if v := p.at(c, poll); !math.IsNaN(v) && !math.IsInf(v, 0) {
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
	for poll := max(1, c.poll-size+1); poll <= p.last; poll++ {
		ring[poll%size] = p.ring[poll%len(p.ring)]
	}
	c.bytes -= 4 * (len(p.ring) - size)
	p.ring = ring
}
