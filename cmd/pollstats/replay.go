package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/reader"
)

// A span is the part of an archive that is shown.
type span struct {
	from, to time.Time // zero for its start or end
	paths    *archive.Paths
}

// checkReplay says what is wrong with the options about archives.
func (p *poll) checkReplay() error {
	switch {
	case p.Replay == "" && (p.From != "" || p.To != "" || p.Speed != nil):
		return errors.New("--from, --to and --speed go with -r")
	case p.Replay != "" && p.Wait:
		return errors.New("-r and --wait exclude each other: nothing is added to what was recorded")
	case p.Speed != nil && !(minSpeed <= *p.Speed && *p.Speed <= maxSpeed):
		return fmt.Errorf("--speed is %v to %v, not %v", minSpeed, maxSpeed, *p.Speed)
	}
	return nil
}

// Bounds of --speed.
const minSpeed, maxSpeed = 0.01, 10_000.

// replaySpeed returns what --speed says, and 0 where it is not given.
func (p *poll) replaySpeed() float64 {
	if p.Speed == nil {
		return 0
	}
	return *p.Speed
}

// findSpan sets the part of the archive that is shown. Where there is none, the
// command is done, with a status.
func (p *poll) findSpan() (status int, done bool) {
	path := string(p.Replay)
	paths, err := archive.ParsePaths(p.words.files, nil)
	if err != nil {
		return p.Misuse("%s", err), true
	}
	p.span.paths = paths
	a, err := archive.Open(path)
	if err != nil {
		p.Error(err)
		return cli.Misused, true
	}
	defer a.Close()
	_, _, err = a.Bounds()
	if err == nil && p.From != "" {
		p.span.from, err = a.Time(string(p.From))
	}
	if err == nil && p.To != "" {
		p.span.to, err = a.Time(string(p.To))
	}
	switch {
	case errors.As(err, new(*archive.TimeError)):
		return p.Misuse("%s", err), true
	case err != nil:
		p.Errorf("%s: %s", path, cli.Cause(err))
		return cli.Misused, true
	case p.From != "" && p.To != "" && p.span.to.Before(p.span.from):
		return p.Misuse("--to is earlier than --from"), true
	}
	return cli.OK, false
}

// A replay polls the records of an archive, at their pace or at once.
type replay struct {
	*archive.Player
	archive *archive.Archive
	path    string
	speed   float64 // 0 is at once
	beat    *cli.Beat
	report  func(error)
	lost    int   // parts that were reported
	err     error // why there is nothing to poll
}

// newReplay begins to poll the archive, from the start of the span.
func (p *poll) newReplay(w wanted, filters reader.Filters) *replay {
	r := &replay{path: string(p.Replay), speed: p.replaySpeed(), report: w.report}
	if r.archive, r.err = archive.Open(r.path); r.err != nil {
		return r
	}
	r.Player = archive.NewPlayer(r.archive)
	r.Want, r.Filters, r.Paths, r.End = w.want, filters, p.span.paths, p.span.to
	if !p.span.from.IsZero() {
		if r.err = r.Seek(p.span.from); errors.Is(r.err, archive.ErrEarlier) {
			r.err = nil // it begins with the first record
		}
	}
	return r
}

// Poll goes on to the next record, and reports what is damaged before it.
func (r *replay) Poll(visit func(*reader.Sample)) (now time.Time) {
	if r.err == nil {
		now = r.Player.Poll(visit)
		r.err = r.Err()
	}
	if r.err != nil {
		r.report(fmt.Errorf("%s: %s", r.path, cli.Cause(r.err)))
		return time.Time{}
	}
	lost := r.archive.Lost()
	for _, d := range lost[r.lost:] {
		r.report(fmt.Errorf("%s: %s", r.path, d))
	}
	r.lost = len(lost)
	return now
}

// upcoming returns about when the next poll is of, and whether there is one.
func (r *replay) upcoming() (t time.Time, ok bool) {
	if r.err == nil && r.Player != nil {
		if t, ok = r.Upcoming(); ok && r.Step > r.Interval() {
			t = t.Add(r.Step - r.Interval())
		}
	}
	return t, ok
}

// Close is poller's.
func (r *replay) Close() {
	if r.archive != nil {
		r.archive.Close()
	}
}

// begin makes each row of the time step, or of one record where that is 0. It
// returns what tells when the next row is due.
func (r *replay) begin(step time.Duration) <-chan time.Time {
	r.Step = step
	if r.speed == 0 {
		atOnce := make(chan time.Time)
		close(atOnce) // always due
		return atOnce
	}
	r.beat = cli.NewBeat(time.Now(), time.Duration(float64(r.step())/r.speed))
	return r.beat.C
}

// step is the time from one row to the next.
func (r *replay) step() time.Duration { return max(r.Step, r.Interval(), time.Millisecond) }

// nextLabels polls until there are stats of other labels among those that fields
// mean, and returns the time of that poll, or the zero time where there is none. To
// resolve the fields of each record would take long: it finds near labels.
func (p *poll) nextLabels(cs *columns, signals <-chan os.Signal) (at time.Time, interrupted bool) {
	labels := func() []string { return slices.Sorted(maps.Keys(cs.folds.byLabel)) }
	before := labels()
	for {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				return time.Time{}, true
			}
		default:
		}
		cs.again()
		if at = p.poller.Poll(cs.visit); at.IsZero() || !slices.Equal(labels(), before) {
			return at, false
		}
	}
}

// replayed returns the status after the last record. Files that were named and
// not met are reported.
func (p *poll) replayed() int {
	for _, path := range p.span.paths.Unmatched() {
		p.Errorf("%s: no such file was recorded", path)
	}
	return p.Status()
}

// tick is told of each poll, and returns how many rows were missed before it. What
// the recorder missed was not recorded.
func (r *replay) tick(time.Time) (missed int) {
	if r.beat != nil {
		r.beat.Tick(time.Now())
	}
	return max(0, int(math.Round(float64(r.Elapsed())/float64(r.step())))-1)
}
