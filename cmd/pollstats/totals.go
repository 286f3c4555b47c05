package main

import (
	"strconv"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// keepMissing is for how many polls a stat stays that no file has any more.
const keepMissing = 10

// maxStatsShown is how many stats there are on the screen at most. Each takes up
// to 3 KiB, and anybody may write a file with tens of thousands.
const maxStatsShown = 10_000

// maxText is how much of a text is shown, in bytes. No line is longer.
const maxText = 256

// totals are the stats that the full screen shows, over all files, poll by poll.
type totals struct {
	*poll
	globs []*cli.LabelGlob // of which a label matches one, if there are any

	byLabel   map[string]*stat
	processes *processes
	bound     []boundStat // by the ID of the series
	polls     int
	at        time.Time // of the last poll
	began     float64   // when it began, in seconds since 1970
	timing    timing
	census    census
	left      int   // series that no row was left for, at the last poll
	unusual   int   // stats that have a mark, at the last poll
	stale     int   // running programs whose heartbeat is overdue, at the last poll
	trouble   error // with an archive, that is still to be shown
}

// A timing is what histories have to know of a poll.
type timing struct {
	polls   int           // since the last point
	point   bool          // this poll completes a point
	step    time.Duration // between points
	scratch []float64
}

// A boundStat is what a series is counted in.
type boundStat struct {
	series *reader.Series
	stat   *stat   // nil where there are too many
	parts  []*stat // its percentiles, where it is a histogram
	polls  int     // when it was counted in totals.left
}

// newTotals prepares the poller of p for the stats that its fields match.
func newTotals(p *poll) (*totals, error) {
	t := &totals{poll: p, byLabel: make(map[string]*stat), processes: newProcesses(maxPointBytes)}
	var err error
	t.globs, err = cli.ParseLabelGlobs(p.words.fields)
	t.reopen()
	return t, err
}

// reopen polls the files or the archive from the start.
func (t *totals) reopen() {
	report := func(error) {} // the pages say what is wrong with files
	if t.Replay != "" {
		report = func(err error) { t.trouble = err }
	}
	t.open(wanted{want: t.want, maxText: maxText, maxStats: maxStatsShown, report: report})
}

// restart forgets what was polled: what is polled next does not follow it. Pages
// find their stats and processes again.
func (t *totals) restart() {
	for label, s := range t.byLabel {
		fresh := newStat(label, s.title, t.ended())
		fresh.part, fresh.needs, fresh.missing = s.part, s.needs, keepMissing-1
		*s = *fresh
	}
	before := t.processes
	t.processes = newProcesses(maxPointBytes)
	t.processes.polls, t.processes.start, t.processes.version = before.polls, before.polls, before.version+1
	t.bound, t.timing = nil, timing{}
	t.reopen()
}

// want is reader.Poller's.
func (t *totals) want(label string) bool {
	rest, ok := trimPrefix(label, t.Prefix)
	return ok && cli.Chosen(rest, t.globs, nil)
}

// next polls once.
func (t *totals) next() {
	for _, s := range t.byLabel {
		s.begin()
		s.programs = 0
	}
	t.polls++
	t.left, t.stale = 0, 0
	t.began = float64(t.due().UnixMicro()) / 1e6
	t.processes.begin(t.began)
	now := t.poller.Poll(t.visit)
	elapsed := t.poller.Elapsed()
	t.at = now
	if r, ok := t.poller.(*replay); ok && t.delay == 0 {
		t.delay = r.step()
	}
	t.processes.end(now, elapsed)
	t.tick()
	t.census.count(t.poller.Files())
	t.unusual = 0
	for label, s := range t.byLabel {
		s.judgement.differ = t.processes.differing(label)
		if s.end(elapsed, &t.timing); s.missing > keepMissing {
			delete(t.byLabel, label)
		}
		if s.judgement.noteworthy() {
			t.unusual++
		}
	}
}

// due returns when the next poll is of.
func (t *totals) due() time.Time {
	if r, ok := t.poller.(*replay); ok {
		at, _ := r.upcoming()
		return at
	}
	return time.Now()
}

// forget starts the least, the mean and the greatest of all stats anew.
func (t *totals) forget() {
	for _, s := range t.byLabel {
		s.forget()
	}
}

// tick says of this poll whether it completes a point of the histories. They start
// anew where the time between points is another than before.
func (t *totals) tick() {
	per := pollsPerPoint(t.delay)
	step := time.Duration(per) * t.delay
	if t.timing.step != step {
		for _, s := range t.byLabel {
			s.history.forget()
			s.judgement = judgement{}
		}
		t.timing.step, t.timing.polls = step, 0
	}
	t.timing.polls++
	if t.timing.point = t.timing.polls >= per; t.timing.point {
		t.timing.polls = 0
	}
}

// visit takes a sample.
func (t *totals) visit(m *reader.Sample) {
	s := m.Series
	for s.ID >= len(t.bound) {
		t.bound = append(t.bound, boundStat{})
	}
	b := &t.bound[s.ID]
	if b.series != s || b.stat == nil || b.stat.missing > 0 {
		*b = boundStat{series: s, stat: t.statOf(s.Label, aspect{}), polls: b.polls}
		if b.stat != nil && s.Type == format.Histogram {
			for _, q := range []string{"p50", "p99"} {
				part, _ := format.ParsePart(q)
				if row := t.statOf(s.Label+":"+q, aspect{inside, part}); row != nil {
					b.parts = append(b.parts, row)
				}
			}
		}
	}
	if d := m.Description; d != nil && d.Every > 0 && d.Stale(m.Value.Float(), t.began) && !m.File.Ended() {
		t.stale++
	}
	if b.stat == nil {
		if b.polls != t.polls {
			b.polls = t.polls
			t.left++
		}
		return
	}
	t.processes.visit(m)
	program := t.census.programOf(m.File)
	b.stat.add(m)
	b.stat.of(program)
	for _, part := range b.parts {
		part.add(m)
		part.of(program)
	}
}

// statOf returns the stat of a label, and nil where there are too many.
func (t *totals) statOf(label string, part aspect) *stat {
	st := t.byLabel[label]
	if st == nil && len(t.byLabel) < maxStatsShown {
		title, _ := trimPrefix(label, t.Prefix)
		st = newStat(label, title, t.ended())
		if st.part = part; part.mode != byKind {
			st.needs = needsOf(part, format.Histogram)
		}
		t.byLabel[label] = st
	}
	return st
}

// count says how many stats there are.
func (t *totals) count() string {
	if t.left > 0 {
		return strconv.Itoa(len(t.byLabel)) + " of " + cli.Plural(len(t.byLabel)+t.left, "stat") + ", use a glob"
	}
	return cli.Plural(len(t.byLabel), "stat")
}
