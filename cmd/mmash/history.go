package main

import (
	"math"
)

// addPoint adds the point of the last tick to the history of s. The memory for
// it is allocated at the first change: most series never change.
func (s *series) addPoint(m *model) {
	if m.slots == 0 || s.kind == text || s.kind == constant {
		return
	}
	p := float32(s.point())
	switch {
	case s.born < 0:
		s.born, s.still = m.slot, p
		return
	case s.ring == nil && (p == s.still || p != p && s.still != s.still):
		return
	case s.ring == nil:
		s.allocate(m)
	}
	s.advance(m.slot)
	at := &s.ring[m.slot%m.slots]
	if p == p {
		if s.count++; s.count == 1 {
			*at = p
		} else {
			*at += (p - *at) / float32(s.count)
		}
	}
}

// allocate makes the ring of s, with what was the same in all slots so far.
func (s *series) allocate(m *model) {
	s.ring = make([]float32, m.slots)
	for i := range s.ring {
		s.ring[i] = float32(math.NaN())
	}
	s.ends = m.slot - 1
	for slot := max(s.born, m.slot-m.slots); slot < m.slot; slot++ {
		s.ring[slot%m.slots] = s.still
	}
	s.count = 0
}

// advance makes the slots up to slot gaps.
func (s *series) advance(slot int) {
	if slot > s.ends {
		for i := max(s.ends+1, slot-len(s.ring)+1); i <= slot; i++ {
			s.ring[i%len(s.ring)] = float32(math.NaN())
		}
		s.ends, s.count = slot, 0
	}
}

// at returns the point of a slot, and NaN where there is none.
func (s *series) at(m *model, slot int) float64 {
	switch {
	case s.born < 0 || slot < s.born || slot > m.slot || slot <= m.slot-m.slots:
	case s.ring == nil:
		return float64(s.still)
	case slot <= s.ends:
		return float64(s.ring[slot%m.slots])
	}
	return math.NaN()
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
		sum, count := 0.0, 0
		for slot := sp.from + i*sp.per; slot < sp.from+(i+1)*sp.per; slot++ {
			if v := s.at(m, slot); !math.IsNaN(v) {
				sum += v
				count++
			}
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendFloat(dst, sum/float64(count), 5)
		if count > 0 {
			last = len(dst)
		}
	}
	if last == 0 {
		return dst[:start], false
	}
	return append(dst[:last], ']'), true
}
