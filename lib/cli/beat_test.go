package cli

import (
	"testing"
	"time"
)

// Rows keep their phase, and a late one stands for those that it missed.
func TestBeat(t *testing.T) {
	start := time.Now()
	b := NewBeat(start, time.Second)
	for i, test := range []struct {
		at, elapsed time.Duration
		missed      int
		next        time.Duration
	}{
		{1001 * time.Millisecond, 1001 * time.Millisecond, 0, 2 * time.Second},
		{2 * time.Second, 999 * time.Millisecond, 0, 3 * time.Second},
		{3400 * time.Millisecond, 1400 * time.Millisecond, 0, 4 * time.Second},
		{7100 * time.Millisecond, 3700 * time.Millisecond, 3, 8 * time.Second},
		{8900 * time.Millisecond, 1800 * time.Millisecond, 0, 10 * time.Second}, // not 100 ms later
		{10 * time.Second, 1100 * time.Millisecond, 1, 11 * time.Second},
		{10999 * time.Millisecond, 999 * time.Millisecond, 0, 12 * time.Second}, // too early by a hair
	} {
		elapsed, missed := b.Tick(start.Add(test.at))
		next := time.Duration(b.next) * b.interval
		if elapsed != test.elapsed || missed != test.missed || next != test.next {
			t.Errorf("%d: Tick(%v) = %v, %d, next at %v, want %v, %d, %v", i, test.at, elapsed, missed, next, test.elapsed, test.missed, test.next)
		}
	}
}
