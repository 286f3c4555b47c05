package main

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/escape"
)

// A playback is what the screen knows of an archive that it shows.
type playback struct {
	speed  float64 // seconds of the archive in a second
	over   bool    // there is no later record
	asking bool    // for a time to go to
	asked  string  // what was typed of it
}

// speeds are those that [ and ] choose from.
var speeds = []float64{0.25, 0.5, 1, 2, 4, 8, 16, 32, 64}

// fastest is how often the screen polls at most: faster ones are not seen.
const fastest = 10 * time.Millisecond

// replayKeys names the keys of an archive, for the last line.
const replayKeys = "Space pause  Left Right step  [ ] speed  g time  "

// begin polls for the first time.
func (s *screen) begin() {
	if from := s.span.from; !from.IsZero() {
		s.jump(from)
	} else {
		s.totals.next()
		s.restartBeat(s.totals.at)
	}
	s.tellTrouble()
}

// restartBeat starts the intervals anew.
func (s *screen) restartBeat(now time.Time) {
	if s.Replay == "" {
		s.beat = cli.NewBeat(now, s.delay)
		return
	}
	s.speed = cmp.Or(s.speed, s.replaySpeed(), 1)
	interval := time.Duration(float64(s.delay) / s.speed)
	s.beat = cli.NewBeat(time.Now(), max(interval, fastest))
}

// tick sets the beat to the next interval.
func (s *screen) tick() {
	now := time.Now()
	if s.Replay == "" {
		now = s.totals.at
	}
	s.beat.Tick(now)
	s.tellTrouble()
}

// tellTrouble says what was wrong with the archive.
func (s *screen) tellTrouble() {
	if err := s.totals.trouble; err != nil {
		s.totals.trouble, s.message = nil, escape.Text(err.Error())
	}
}

// more reports whether there is anything to poll: an archive comes to an end, and
// may be written on.
func (s *screen) more() bool {
	r, ok := s.poller.(*replay)
	if !ok {
		return true
	}
	_, more := r.upcoming()
	s.over = !more
	return more
}

// setStep makes a poll of the archive as long as the interval is.
func (s *screen) setStep() {
	if r, ok := s.poller.(*replay); ok {
		r.Step = s.delay
	}
}

// clock returns the time that the first line shows: in an archive, that of the
// record.
func (s *screen) clock() string {
	layout := time.TimeOnly
	if s.Replay != "" && s.canvas.width >= 60 {
		layout = time.DateTime
	}
	text := s.totals.at.Local().Format(layout)
	switch {
	case s.over:
		return "End  " + text
	case s.paused:
		return "Paused  " + text
	case s.Replay == "":
		return text
	case s.speed != 1:
		return "x" + strconv.FormatFloat(s.speed, 'f', -1, 64) + "  " + text
	}
	return "Replay  " + text
}

// replayKey acts on a key that an archive alone has, and reports whether it was
// one.
func (s *screen) replayKey(k key) bool {
	switch {
	case s.asking:
		s.answer(k)
	case k == ' ':
		s.paused = !s.paused
	case k == keyRight:
		s.paused = true
		if s.more() {
			s.totals.next()
		}
	case k == keyLeft:
		s.paused = true
		s.back()
	case k == '[' || k == ']':
		s.setSpeed(k == ']')
	case k == 'g':
		s.asking, s.asked = true, ""
	default:
		return false
	}
	s.tellTrouble()
	return true
}

// setSpeed makes the archive pass at the next speed.
func (s *screen) setSpeed(faster bool) {
	at, exact := slices.BinarySearch(speeds, s.speed)
	switch {
	case !faster:
		at--
	case exact:
		at++
	}
	s.speed = speeds[max(0, min(at, len(speeds)-1))]
	s.restartBeat(time.Now())
}

// answer acts on a key while a time is typed.
func (s *screen) answer(k key) {
	switch k {
	case keyEscape:
		s.asking = false
	case keyEnter:
		s.asking = false
		if s.asked != "" {
			s.goTo(s.asked)
		}
	default:
		edit(&s.asked, k)
	}
}

// goTo shows the last record at or before the time that text is.
func (s *screen) goTo(text string) {
	a, err := archive.Open(string(s.Replay))
	if err == nil {
		defer a.Close()
		var t time.Time
		if t, err = a.Time(text); err == nil {
			s.jump(t)
		}
	}
	if err != nil {
		s.message = escape.Text(cli.Cause(err))
	}
}

// back shows the record, or the step, before the one that is shown.
func (s *screen) back() {
	r, now := s.poller.(*replay), s.totals.at
	if r.Step > r.Interval() {
		s.jump(now.Add(-r.Step))
	} else {
		s.jump(now.Add(-time.Microsecond))
	}
	if !s.totals.at.Before(now) {
		s.message = "the archive begins here"
	}
}

// Before a record that is jumped to, so many polls are made, in so much of the
// archive, that the screen has rates and trends.
const (
	leadPolls = 60
	leadTime  = 5 * time.Minute
)

// jump shows the last record at or before t, after those that lead to it.
func (s *screen) jump(t time.Time) {
	s.span.from = t.Add(-min(leadPolls*s.delay, max(leadTime, 2*s.delay)))
	s.totals.restart()
	s.setStep()
	for range 2 * leadPolls {
		s.totals.next()
		if next, more := s.poller.(*replay).upcoming(); !more || next.After(t) {
			break
		}
	}
	s.more()
	s.restartBeat(time.Now())
}
