// Package unusual tells which stats are not as they usually are, and which of
// several writers differs from the others. Both are advice for people who look
// at many stats at once, and never an alert.
//
// The web pages of mmash judge by the same rules in JavaScript. The table in
// testdata/cases.json holds both to the same answers.
package unusual

import (
	"math"
	"slices"
	"time"
)

// Window is the time whose mean is judged.
const Window = recent * time.Second

// The rules.
const (
	// recent is Window in seconds.
	recent = 10
	// excluded is how much of the time up to now says nothing of what is usual,
	// in seconds: otherwise a change would soon be usual itself.
	excluded = 120
	// minPoints is how many points have to be older than that.
	minPoints = 60
	// maxMADs and maxShare bound what is still usual: that many median absolute
	// deviations, as standard deviations of a normal distribution, and that
	// share of the median, whichever is more.
	maxMADs  = 6 * 1.4826
	maxShare = 0.25
	// minEvents is how many events of a counter there have to be in 10 seconds,
	// now or usually, since a few that happen by chance say nothing.
	minEvents = 5
	// minWriters is how many writers there have to be for one to differ.
	minWriters = 4
)

// A Range is what values usually are.
type Range struct {
	// Median of the values.
	Median float64
	// MAD is their median absolute deviation from it.
	MAD float64
}

// RangeOf returns the median of values and their deviation from it. NaN stands
// for no value. ok is false where there are none.
func RangeOf(values []float64) (r Range, ok bool) {
	finite := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite = append(finite, v)
		}
	}
	if len(finite) == 0 {
		return Range{}, false
	}
	r.Median = median(finite)
	for i, v := range finite {
		finite[i] = math.Abs(v - r.Median)
	}
	r.MAD = median(finite)
	return r, true
}

// median sorts values, of which there is one or more.
func median(values []float64) float64 {
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return values[half-1] + (values[half]-values[half-1])/2
}

// Excludes reports whether v is too far from the median to be usual. counter
// says that values are events a second.
func (r Range) Excludes(v float64, counter bool) bool {
	if counter && max(v, r.Median)*recent < minEvents {
		return false
	}
	return math.Abs(v-r.Median) > max(maxMADs*r.MAD, maxShare*math.Abs(r.Median))
}

// Degree returns how far v is from the median, as a multiple of how far the values
// may be that are still usual: about 1 and more where Excludes is true, else less,
// and 0 where v says nothing. It orders stats by how unusual they are.
func (r Range) Degree(v float64, counter bool) float64 {
	far := math.Abs(v - r.Median)
	if !(far > 0) || counter && max(v, r.Median)*recent < minEvents {
		return 0
	}
	return far / max(maxMADs*r.MAD, maxShare*math.Abs(r.Median))
}

// Usual returns what points usually are. They are step seconds apart, the last
// one is of now, and NaN stands for a gap. ok is false where there is too
// little to tell.
func Usual(points []float64, step float64) (r Range, ok bool) {
	n := len(points) - int(math.Ceil(excluded/step))
	if n < minPoints {
		return Range{}, false
	}
	found := 0
	for _, v := range points[:n] {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			found++
		}
	}
	if found < minPoints {
		return Range{}, false
	}
	return RangeOf(points[:n])
}

// Recent returns the mean of the last 10 seconds of points, and NaN where there
// are none.
func Recent(points []float64, step float64) float64 {
	n := max(1, int(math.Round(recent/step)))
	sum, count := 0.0, 0
	for _, v := range points[max(0, len(points)-n):] {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sum += v
			count++
		}
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}

// Now reports whether the last 10 seconds of points are unusual: their mean is,
// and so it was a point ago.
func Now(points []float64, step float64, counter bool) bool {
	r, ok := Usual(points, step)
	if !ok {
		return false
	}
	// Both comparisons are false for NaN.
	return r.Excludes(Recent(points, step), counter) && r.Excludes(Recent(points[:len(points)-1], step), counter)
}

// Differs returns the indexes of the writers that differ from most: values has
// the value of each, or NaN for one that has ended or has none.
func Differs(values []float64, counter bool) (indexes []int) {
	found := 0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			found++
		}
	}
	if found < minWriters {
		return nil
	}
	r, _ := RangeOf(values)
	for i, v := range values {
		if !math.IsInf(v, 0) && r.Excludes(v, counter) {
			indexes = append(indexes, i)
		}
	}
	return indexes
}
