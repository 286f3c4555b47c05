package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A cost is what doing something once took, in the unit of its row. Calls of
// it are measured one after the other, never at the same time.
type cost func() (float64, error)

// How long a comparison goes on.
const (
	minPairs  = 15
	maxSpread = 0.02 // of the ratio, where the target is near
	decided   = 0.10 // where it is not
)

// A comparison is what compare found out.
type comparison struct {
	subject, base float64 // medians
	ratio         float64 // median of the ratios of the pairs
	low, high     float64 // between which the true one is, 19 times out of 20
	pairs         int
}

// spread is how far off the ratio may be, as a share of it.
func (c comparison) spread() float64 { return (c.high - c.low) / 2 / c.ratio }

func (c comparison) String() string {
	return fmt.Sprintf("%.3g ±%.0f%%", c.ratio, math.Ceil(100*c.spread()))
}

// compare measures subject and base in turns, the first of a pair changing.
// It ends when the ratio is known to 2 %, or when it is known to 10 % and to
// which side of reach it is; at the latest when limit is over.
func compare(subject, base cost, reach float64, limit time.Duration) (c comparison, err error) {
	var subjects, bases, ratios []float64
	for end := time.Now().Add(limit); ; {
		s, b, err := pair(subject, base, len(ratios)%2 == 1)
		if err != nil {
			return c, err
		}
		subjects, bases, ratios = append(subjects, s), append(bases, b), append(ratios, s/b)
		late := time.Now().After(end)
		if len(ratios) < minPairs && !late {
			continue
		}
		if len(ratios)%8 != 0 && !late {
			continue // sorting takes time as well
		}
		c = comparison{subject: median(subjects), base: median(bases), ratio: median(ratios), pairs: len(ratios)}
		c.low, c.high = interval(ratios)
		clear := c.high <= reach || c.low > reach
		if late || c.spread() <= maxSpread || clear && c.spread() <= decided {
			return c, nil
		}
	}
}

func pair(subject, base cost, swap bool) (s, b float64, err error) {
	if swap {
		if b, err = base(); err == nil {
			s, err = subject()
		}
		return s, b, err
	}
	if s, err = subject(); err == nil {
		b, err = base()
	}
	return s, b, err
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// interval returns between which values the median of all that could be
// measured is, 19 times out of 20, whatever their distribution.
func interval(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	n := float64(len(sorted))
	half := 1.96 * math.Sqrt(n) / 2
	return sorted[max(0, int(n/2-half))], sorted[min(len(sorted)-1, int(n/2+half))]
}

// ratio returns a row for a subject that may cost reach times as much as base.
// setup prepares both.
func ratio(name, what, unit string, reach float64, of string, setup func(*bench) (subject, base cost, err error)) row {
	return row{name, what, func(b *bench) (result, error) {
		subject, base, err := setup(b)
		if err != nil {
			return result{}, err
		}
		c, err := compare(subject, base, reach, timeLimit)
		if err != nil {
			return result{}, err
		}
		return result{
			measured: fmt.Sprintf("%.3g %s", c.subject, unit),
			target:   fmt.Sprintf("<= %.3g x %s", reach, of),
			ratio:    c.String(),
			met:      c.ratio <= reach,
		}, nil
	}}
}

// timeLimit is how long a row may be measured whose figure does not become
// steady, or does not reach its target.
const timeLimit = 30 * time.Second

// atMost returns a row for a cost with a limit of its own. It counts the least
// of several measurements, for other work on the machine only adds to it.
func atMost(name, what, unit string, reach float64, setup func(*bench) (cost, error)) row {
	return row{name, what, func(b *bench) (result, error) {
		least, err := best(b, setup, func(value float64) bool { return value <= reach })
		return result{measured: fmt.Sprintf("%.3g %s", least, unit), target: fmt.Sprintf("<= %.3g %s", reach, unit), met: least <= reach}, err
	}}
}

// memory returns a row for the most memory that a command uses, in MiB, which
// differs little from run to run. setup returns the command, and statuses are
// those beside 0 that it may end with.
func memory(name, what string, reach float64, setup func(*bench) (command []string, err error), statuses ...int) row {
	return row{name, what, func(b *bench) (result, error) {
		command, err := setup(b)
		if err != nil {
			return result{}, err
		}
		used, err := b.peak(command, statuses...)
		return result{measured: fmt.Sprintf("%.3g MiB", used), target: fmt.Sprintf("<= %.3g MiB", reach), met: used <= reach}, err
	}}
}

// atLeast is the reverse of atMost, for the rate at which something is done:
// its cost is the time that one takes, in seconds.
func atLeast(name, what, unit string, reach float64, setup func(*bench) (cost, error)) row {
	return row{name, what, func(b *bench) (result, error) {
		least, err := best(b, setup, func(value float64) bool { return 1/value >= reach })
		rate := 1 / least
		return result{measured: fmt.Sprintf("%.3g %s", rate, unit), target: fmt.Sprintf(">= %.3g %s", reach, unit), met: rate >= reach}, err
	}}
}

// best returns the least of a few measurements, and measures on until one is
// enough or the time is over.
func best(b *bench, setup func(*bench) (cost, error), enough func(float64) bool) (least float64, err error) {
	c, err := setup(b)
	if err != nil {
		return 0, err
	}
	least = math.Inf(1)
	end := time.Now().Add(timeLimit)
	for n := 0; n < 3 || !enough(least) && time.Now().Before(end); n++ {
		value, err := c()
		if err != nil {
			return 0, err
		}
		least = min(least, value)
	}
	return least, nil
}
