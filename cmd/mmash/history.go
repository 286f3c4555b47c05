package main

import (
	"math"
)

// A ring is the history of one number: points by slot, in memory that is
// allocated at the first change, since most never change.
type ring struct {
	points []float32
	ends   int     // the last slot of points
	count  int     // ticks of that slot
	begun  bool    // there is a first slot
	born   int     // the first slot
	still  float32 // the point of all slots so far, while there are no points
}

// add adds the point of the last tick.
func (r *ring) add(m *model, v float64) {
	p := float32(v)
	switch {
	case !r.begun:
		r.begun, r.born, r.still = true, m.slot, p
		return
	case r.points == nil && (p == r.still || p != p && r.still != r.still):
		return
	case r.points == nil:
		r.allocate(m)
	}
	r.advance(m.slot)
	if p == p {
		at := &r.points[m.slot%m.slots]
		if r.count++; r.count == 1 {
			*at = p
		} else {
			*at += (p - *at) / float32(r.count)
		}
		for slot := m.slot - m.skipped; slot < m.slot; slot++ {
			r.points[slot%m.slots] = p
		}
	}
}

// allocate allocates the points, with what was the same in all slots so far.
func (r *ring) allocate(m *model) {
	r.points = make([]float32, m.slots)
	for i := range r.points {
		r.points[i] = float32(math.NaN())
	}
	r.ends = m.slot - 1
	for slot := max(r.born, m.slot-m.slots); slot < m.slot; slot++ {
		r.points[slot%m.slots] = r.still
	}
	r.count = 0
}

// advance makes the slots up to slot gaps.
func (r *ring) advance(slot int) {
	if slot > r.ends {
		for i := max(r.ends+1, slot-len(r.points)+1); i <= slot; i++ {
			r.points[i%len(r.points)] = float32(math.NaN())
		}
		r.ends, r.count = slot, 0
	}
}

// at returns the point of a slot, and NaN where there is none.
func (r *ring) at(m *model, slot int) float64 {
	switch {
	case !r.begun || slot < r.born || slot > m.slot || slot <= m.slot-m.slots:
	case r.points == nil:
		return float64(r.still)
	case slot <= r.ends:
		return float64(r.points[slot%m.slots])
	}
	return math.NaN()
}

// mean returns the mean of the points of some slots, and NaN where there are
// none.
func (r *ring) mean(m *model, from, count int) float64 {
	sum, n := 0.0, 0
	for slot := from; slot < from+count; slot++ {
		if v := r.at(m, slot); !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// addPoint adds the point of the last tick to the history of s.
func (s *series) addPoint(m *model) {
	s.makeRings(m)
	for i := range s.rings {
		s.rings[i].add(m, s.point(i))
	}
}

// makeRings makes the rings of s where it has a history and none yet.
func (s *series) makeRings(m *model) {
	if s.rings == nil && m.slots > 0 && s.kind != text && s.kind != constant {
		s.rings = make([]ring, s.kind.numbers())
	}
}

// A span is the history as one client has it: points that are the means of some
// slots each.
type span struct {
	points, per int
	from        int // the first slot
}

// spanOf returns the span of at most n points. They begin at a multiple of the
// slots that each is the mean of.
func (m *model) spanOf(n int) span {
	if m.slots == 0 || n <= 0 {
		return span{per: 1}
	}
	per := (m.slots + n - 1) / n
	end := m.slot/per + 1
	begin := max(0, end-(m.slots+per-1)/per)
	return span{points: end - begin, per: per, from: begin * per}
}

// step returns the time between two points, in seconds.
func (m *model) step(sp span) float64 { return m.delay.Seconds() * float64(m.perSlot*sp.per) }

// appendHistory appends the points of s as an array of JSON, without the gaps
// at its end. It reports whether there are any.
func (m *model) appendHistory(dst []byte, s *series, sp span) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, '[')
	last := 0 // length up to the last point
	for i := range sp.points {
		var some bool
		if dst, some = s.appendPoint(m, comma(dst), sp.from+i*sp.per, sp.per); some {
			last = len(dst)
		}
	}
	if last == 0 {
		return dst[:start], false
	}
	return append(dst[:last], ']'), true
}

// appendPoint appends the mean of some slots, and reports whether it is more
// than null.
func (s *series) appendPoint(m *model, dst []byte, from, count int) ([]byte, bool) {
	if len(s.rings) == 0 {
		return append(dst, "null"...), false
	}
	first := s.rings[0].mean(m, from, count)
	if len(s.rings) == 1 || math.IsNaN(first) {
		return appendFloat(dst, first, 5), !math.IsNaN(first)
	}
	dst = append(dst, '[')
	for i := range s.rings {
		dst = appendFloat(comma(dst), s.rings[i].mean(m, from, count), 5)
	}
	return append(dst, ']'), true
}
