package main

import (
	"math"
	"testing"
	"time"
)

// tickTo ticks up to a poll, a second each.
func tickTo(c *clock, poll int) {
	for c.poll < poll {
		c.tick(time.Unix(int64(c.poll+1), 0))
	}
}

func TestPoints(t *testing.T) {
	nan := math.NaN()
	c := newClock(1 << 20)
	var still, moving, late points
	for poll := 1; poll <= 1000; poll++ {
		tickTo(c, poll)
		still.add(c, 7)
		if poll != 990 { // it could not be read
			moving.add(c, float64(poll))
		}
		if poll >= 995 {
			late.add(c, nan)
			if poll == 1000 {
				late.add(c, 3)
			}
		}
	}
	if still.ring != nil || c.bytes != 2*4*maxPoints {
		t.Errorf("%d bytes of points, and a ring of %d for what never changes", c.bytes, len(still.ring))
	}
	for _, test := range []struct {
		name string
		p    *points
		poll int
		want float64
	}{
		{"still", &still, 1000, 7}, {"still", &still, 761, 7}, {"still", &still, 760, nan}, {"still", &still, 1001, nan},
		{"moving", &moving, 1000, 1000}, {"moving", &moving, 761, 761}, {"moving", &moving, 760, nan},
		{"moving", &moving, 990, nan}, {"moving", &moving, 991, 991},
		{"late", &late, 994, nan}, {"late", &late, 999, nan}, {"late", &late, 1000, 3},
	} {
		if got := test.p.at(c, test.poll); got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
			t.Errorf("%s.at(%d) = %v, want %v", test.name, test.poll, got, test.want)
		}
	}
	if got := moving.mean(c, 989, 992); got != (989.0+991+992)/3 {
		t.Errorf("the mean is %v", got)
	}
	moving.shrink(c, 120)
	c.size = 120
	if got := moving.at(c, 881); got != 881 || !math.IsNaN(moving.at(c, 880)) || c.bytes != 4*(maxPoints+120) {
		t.Errorf("after it was shrunk: at(881) = %v, %d bytes", got, c.bytes)
	}
	tickTo(c, 2000)
	moving.add(c, 5)
	for poll := 1881; poll < 2000; poll++ {
		if got := moving.at(c, poll); !math.IsNaN(got) {
			t.Fatalf("behind a long gap, at(%d) = %v", poll, got)
		}
	}
	if moving.release(c); c.bytes != 4*maxPoints {
		t.Errorf("%d bytes are left", c.bytes)
	}
}

// The last seconds are told by the clock, since the interval may change.
func TestClock(t *testing.T) {
	c := newClock(0)
	now := time.Unix(0, 0)
	for range 300 {
		now = now.Add(time.Second)
		c.tick(now)
	}
	for range 20 {
		now = now.Add(100 * time.Millisecond)
		c.tick(now)
	}
	if got := c.since(c.poll, 10*time.Second); got != 293 {
		t.Errorf("10 s begin at poll %d, want 293", got)
	}
	if got := c.since(100+c.first(), 10*time.Second); got != c.first()+91 {
		t.Errorf("10 s begin at poll %d, want %d", got, c.first()+91)
	}
	if got := c.since(c.first()+3, 10*time.Second); got != c.first() {
		t.Errorf("10 s begin at poll %d, want the first, %d", got, c.first())
	}
}
