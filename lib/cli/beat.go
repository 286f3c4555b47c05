package cli

import (
	"fmt"
	"time"
)

// A Beat ticks at whole multiples of an interval since it began.
type Beat struct {
	// C is sent to when it is time for a tick.
	C <-chan time.Time

	start, last time.Time
	interval    time.Duration
	next        int64 // the tick that the timer is set to
	skipped     int   // ticks that were left out before it
	timer       *time.Timer
}

// NewBeat returns a Beat that began at start.
func NewBeat(start time.Time, interval time.Duration) *Beat {
	timer := time.NewTimer(time.Until(start.Add(interval)))
	return &Beat{C: timer.C, start: start, last: start, interval: interval, next: 1, timer: timer}
}

// Tick is told when a tick took place, and sets the timer for the next one. It
// returns the time since the tick before, and how many ticks were missed since
// then.
func (b *Beat) Tick(now time.Time) (elapsed time.Duration, missed int) {
	elapsed, b.last = now.Sub(b.last), now
	current := max(b.next, int64(now.Sub(b.start)/b.interval))
	missed = int(current-b.next) + b.skipped
	b.next, b.skipped = current+1, 0
	due := b.start.Add(time.Duration(current) * b.interval)
	if now.Sub(due) > b.interval/2 {
		// The next one would come so soon that its rates would be all noise.
		b.next, b.skipped = current+2, 1
	}
	b.timer.Reset(time.Until(b.start.Add(time.Duration(b.next) * b.interval)))
	return elapsed, missed
}

const (
	minDelay = 10 * time.Millisecond
	maxDelay = 365 * 24 * time.Hour
)

// ParseDelay returns the time between two ticks that text is, see
// [ParseDuration]. name is what messages call it.
func ParseDelay(name, text string) (time.Duration, error) {
	d, err := ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is a time such as 0.5, 500ms or 2s, not %q", name, text)
	case d < minDelay || d > maxDelay:
		return 0, fmt.Errorf("%s is 10ms to a year, not %q", name, text)
	}
	return d, nil
}

// ParseDuration returns the time that text is: seconds, or a number with a unit.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	return d, err
}
