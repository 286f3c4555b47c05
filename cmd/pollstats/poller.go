package main

import (
	"iter"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// A poller is what is polled: a [reader.Poller] of files, or a [replay].
type poller interface {
	// Poll calls visit with each sample, and returns of when they are. That is
	// the zero time where there are no more.
	Poll(visit func(*reader.Sample)) time.Time
	// Elapsed is the time since the poll before, and 0 where there are no deltas.
	Elapsed() time.Duration
	// Files yields the files of the last poll.
	Files() iter.Seq[*reader.File]
	Close()
}

// A wanted is what of the files is polled, as reader.Poller has it.
type wanted struct {
	want, window      func(label string) bool
	maxStats, maxText int
	report            func(error)
}

// judgeAfter is how long it is not asked again whether a writer has ended. It is a
// little less than a second, so that rows of a second ask each time.
const judgeAfter = 900 * time.Millisecond

// open begins to poll the files that the arguments name, from the start.
func (p *poll) open(w wanted) {
	if p.poller != nil {
		p.poller.Close()
	}
	var filters reader.Filters
	for _, text := range p.Filter {
		filters = append(filters, reader.ParseFilter(text))
	}
	if p.Replay != "" {
		p.poller = p.newReplay(w, filters)
		return
	}
	p.poller = &reader.Poller{
		Watch: statfile.NewWatch(p.words.files), MaxSize: p.MaxSize, JudgeAfter: judgeAfter, Filters: filters,
		Want: w.want, Window: w.window, MaxStats: w.maxStats, MaxText: w.maxText, Report: w.report,
	}
}

// pace returns what tells when the next poll is due, of rows after start, and a
// function that is told the time of each poll, and returns how many were missed
// before it.
func (p *poll) pace(start time.Time) (due <-chan time.Time, tick func(now time.Time) (missed int)) {
	if r, ok := p.poller.(*replay); ok {
		return r.begin(p.delay), r.tick
	}
	beat := cli.NewBeat(start, p.delay)
	return beat.C, func(now time.Time) int {
		_, missed := beat.Tick(now)
		return missed
	}
}
