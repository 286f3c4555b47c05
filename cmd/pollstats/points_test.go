package main

import (
	"math"
	"testing"
	"time"
)

// tickTo ticks up to a slot, a second each.
func tickTo(c *clock, slot int) {
	for c.slot < slot {
		c.tick(time.Unix(int64(c.slot+1), 0), time.Second)
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

// A point is the mean of a second, however often there is a poll.
func TestPointsOfSeconds(t *testing.T) {
	c := newClock(1 << 20)
	now := time.Unix(0, 0)
	var p, steps points
	tick := func(d time.Duration, value float64) {
		now = now.Add(d)
		c.tick(now, d)
		p.add(c, value)
		steps.add(c, float64(c.slot))
	}
	for i := range 50 {
		tick(100*time.Millisecond, float64(i%10))
	}
	if c.slot != 5 || c.step() != time.Second {
		t.Fatalf("5 s have %d points, %v apart", c.slot, c.step())
	}
	if got := p.at(c, 3); got != 4.5 {
		t.Errorf("a point is %v, want 4.5", got)
	}
	for range 3 {
		tick(5*time.Second, 7)
	}
	tick(time.Second+20*time.Millisecond, 8)
	tick(time.Second-20*time.Millisecond, 9)
	for i, want := range []float64{7, 7, 7, 8, 9} {
		if got := p.at(c, 6+i); got != want {
			t.Errorf("point %d is %v, want %v", 6+i, got, want)
		}
	}
	for slot := 1; slot <= c.slot; slot++ {
		if got := steps.at(c, slot); got != float64(slot) {
			t.Errorf("the point in slot %d is %v", slot, got)
		}
	}
	tick(300*time.Millisecond, 100)
	if got := p.at(c, 10); got != (9+100)/2.0 {
		t.Errorf("the point that is not complete is %v", got)
	}
}

// The last seconds are told by the clock, since the interval may change.
func TestClock(t *testing.T) {
	c := newClock(0)
	now := time.Unix(0, 0)
	for range 100 {
		now = now.Add(time.Second)
		c.tick(now, time.Second)
	}
	for range 20 {
		now = now.Add(4 * time.Second)
		c.tick(now, 4*time.Second)
	}
	if got := c.since(c.slot, 10*time.Second); got != 118 {
		t.Errorf("10 s begin at slot %d, want 118", got)
	}
	if got := c.since(90, 10*time.Second); got != 81 {
		t.Errorf("10 s begin at slot %d, want 81", got)
	}
	if got := c.since(3, 10*time.Second); got != 1 {
		t.Errorf("10 s begin at slot %d, want the first", got)
	}
}
