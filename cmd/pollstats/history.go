package main

import (
	"cmp"
	"math"
	"time"

	"mmstats/lib/unusual"
)

// maxHistory is how many points a history has: 4 minutes of seconds. The rules of
// package unusual need 3.
const maxHistory = 240

// A history is what a stat was, over all files: points with the same time between
// them, of which a float32 each is enough to draw and to compare them.
type history struct {
	points []float32 // a ring of maxHistory, once it is full; NaN for no value
	next   int       // where the next point goes, in a full ring
	sum    float64   // of the polls since the last point
	polls  int       // that have a value
}

// pollsPerPoint returns how many polls a point is the mean of: those of about a
// second, or one.
func pollsPerPoint(delay time.Duration) int { return max(1, int(time.Second/delay)) }

// add adds what the stat was at a poll; NaN stands for no value. The point is
// complete where point is true.
func (h *history) add(v float64, point bool) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		h.sum += v
		h.polls++
	}
	if point {
		h.push(h.current())
		h.sum, h.polls = 0, 0
	}
}

// current returns the point that is not complete, and NaN where there is none.
func (h *history) current() float64 { return h.sum / float64(h.polls) }

// push adds a point.
func (h *history) push(v float64) {
	if len(h.points) < maxHistory {
		h.points = append(h.points, float32(v))
		return
	}
	h.points[h.next] = float32(v)
	h.next = (h.next + 1) % maxHistory
}

// last appends the last n points, and the one that is not complete, if there is
// one.
func (h *history) last(dst []float64, n int) []float64 {
	pending := h.polls > 0
	if pending {
		n--
	}
	for i := max(0, len(h.points)-n); i < len(h.points); i++ {
		dst = append(dst, float64(h.points[(h.next+i)%len(h.points)]))
	}
	if pending {
		dst = append(dst, h.current())
	}
	return dst
}

// forget removes all points.
func (h *history) forget() { *h = history{points: h.points[:0]} }

// A judgement says whether a stat is as it usually is.
type judgement struct {
	usual   unusual.Range
	known   bool    // there are enough points to tell what is usual
	unusual bool    // it is out of its usual range now
	degree  float64 // how far, see unusual.Range.Degree
	differ  int     // processes that differ from the others
	age     int     // points since usual was found
}

// After usualAfter points, it is found anew what is usual: that changes slowly, and takes
// much longer to find than whether the last points are.
const usualAfter = 8

// judge judges a stat by its last points, which are a time step apart. scratch
// holds them meanwhile.
func (j *judgement) judge(h *history, step time.Duration, counter bool, scratch *[]float64) {
	seconds := step.Seconds()
	n := int(10/seconds) + 2 // what Recent needs
	again := !j.known || j.age >= usualAfter
	if again {
		n = maxHistory
	}
	points := h.last((*scratch)[:0], n)
	*scratch = points
	j.age++
	if again {
		j.age = 0
		j.usual, j.known = unusual.Usual(points, seconds)
	}
	if j.unusual, j.degree = false, 0; !j.known || len(points) < 2 {
		return
	}
	now := unusual.Recent(points, seconds)
	j.degree = j.usual.Degree(now, counter)
	j.unusual = j.usual.Excludes(now, counter) && j.usual.Excludes(unusual.Recent(points[:len(points)-1], seconds), counter)
}

// noteworthy reports whether a stat is unusual, or that of a process is.
func (j *judgement) noteworthy() bool { return j.unusual || j.differ > 0 }

// compare puts what is unusual first, then what differs from process to process,
// and then what is the furthest from usual.
func (j *judgement) compare(k *judgement) int {
	return cmp.Or(trueFirst(j.noteworthy(), k.noteworthy()), trueFirst(j.unusual, k.unusual),
		trueFirst(j.known, k.known), cmp.Compare(k.degree, j.degree))
}
