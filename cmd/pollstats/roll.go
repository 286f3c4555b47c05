package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/output"
	"mmstats/lib/reader"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

// A rolling is output that goes on by one poll an interval.
type rolling interface {
	begin()
	visit(*reader.Sample)
	// write writes what the last poll found, elapsed after the one before, or
	// after none where elapsed is 0.
	write(now time.Time, elapsed time.Duration, missed int) error
	resize()
}

// notify returns the signals that output acts on.
func notify() chan os.Signal {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGWINCH)
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(signals, os.Interrupt)
	}
	return signals
}

// rows shows the stats that are fields, a row an interval, and returns the status.
func (p *poll) rows() int {
	cs, err := newColumns(p.Prefix, p.words.both, p.ended())
	if err != nil {
		return p.Misuse("%s", err)
	}
	cs.recorded = p.Replay != ""
	signals := notify()
	p.open(wanted{want: cs.want, window: cs.window, report: p.Error})
	start := p.poller.Poll(cs.visit)
	if start.IsZero() {
		return cli.Misused
	}
	if err := p.settle(&p.words, cs.isLabel); err != nil {
		return p.Misuse("%s", err)
	}
	if len(p.words.fields) == 0 {
		return p.list()
	}
	start, found := p.find(cs, start, signals)
	if !found {
		return cli.Misused
	}
	if start.IsZero() {
		return p.interrupted()
	}
	cs.start()
	if gone := cs.gone(); gone != "" && cli.Terminal(p.Stderr) {
		p.Notef("all writers of %s have ended, and only --all counts them", gone)
	}
	return p.roll(&table{poll: p, columns: cs, out: report.NewTable(p.Stdout, p.tableOptions(), cs.titles())}, start, signals)
}

// find polls until there is a stat for each field, and returns the time of the
// poll that found them, or the zero time at Ctrl-C. Where there is none, and none
// is waited for, it says so.
func (p *poll) find(cs *columns, start time.Time, signals <-chan os.Signal) (at time.Time, found bool) {
	for at = start; ; {
		errs := cs.resolve(p.words.fields, p.noFile())
		if len(errs) == 0 {
			if p.Replay != "" && !at.Equal(start) {
				p.Notef("the first record of all these stats is of %s", at.Format(time.DateTime))
			}
			return at, true
		}
		lasting := slices.ContainsFunc(errs, func(err error) bool { return !errors.As(err, new(*unknownError)) })
		if !lasting && p.Replay != "" {
			next, interrupted := p.nextLabels(cs, signals)
			if interrupted {
				return time.Time{}, true
			}
			if !next.IsZero() {
				at = next
				continue
			}
		}
		if lasting || !p.Wait {
			for _, err := range errs {
				p.Error(err)
			}
			return at, false
		}
		if at.Equal(start) && cli.Terminal(p.Stderr) {
			p.Notef("waiting: %s", errs[0])
		}
		if !p.pause(signals) {
			return time.Time{}, true
		}
		cs.again()
		at = p.poller.Poll(cs.visit)
	}
}

// pause waits for an interval, and reports false at Ctrl-C.
func (p *poll) pause(signals <-chan os.Signal) bool {
	for end := time.After(p.delay); ; {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				return false
			}
		case <-end:
			return true
		}
	}
}

// list shows all stats, and returns the status. That is the full screen, on a
// terminal where nothing else is asked for.
func (p *poll) list() int {
	if p.Output == "" && !p.JSON && !p.First && !p.Header && !p.Wait && p.Headers == defaultHeaders &&
		cli.Terminal(p.Stdout) && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != "" {
		return p.watch()
	}
	l := &list{prefix: p.Prefix, folds: newFolds(p.ended(), maxStats), out: report.NewList(p.Stdout, p.tableOptions())}
	p.open(wanted{want: l.want, maxStats: maxStats, report: p.Error})
	signals := notify()
	start := p.poller.Poll(l.visit)
	if start.IsZero() {
		return cli.Misused
	}
	for p.Wait && !l.found() {
		if !p.pause(signals) {
			return p.interrupted()
		}
		start = p.poller.Poll(l.visit)
	}
	if !l.found() {
		p.Notef("%s has a stat that may change, yet", p.noFile())
	}
	return p.roll(l, start, signals)
}

// noFile is the start of a message that says which files have no such stat.
func (p *poll) noFile() string {
	found, known := false, false
	for f := range p.poller.Files() {
		found, known = true, known || f.Err == nil
	}
	switch {
	case len(p.Filter) > 0 && (known || p.Replay != ""):
		return "no file that -f leaves in"
	case p.Replay != "":
		return "no recorded file"
	case !found:
		return "no *" + statfile.Suffix + " in " + cli.Where(p.words.files) + ": no file"
	}
	return "no file"
}

// ended returns which stats of writers that have ended count.
func (p *poll) ended() ended {
	switch {
	case p.All:
		return endedAll
	case p.Live:
		return endedNone
	}
	return endedWork
}

func (p *poll) tableOptions() report.TableOptions {
	return report.TableOptions{Format: p.format, Header: p.Header, Repeat: p.Headers, Color: p.colors, UTF8: p.utf8}
}

// roll polls once an interval from start on, writes what was found, and returns
// the status.
func (p *poll) roll(r rolling, start time.Time, signals <-chan os.Signal) int {
	due, tick := p.pace(start)
	r.resize()
	rows := 0
	if p.First {
		if err := r.write(start, 0, 0); err != nil {
			return p.OutputFailed(err)
		}
		rows++
	}
	for p.Count == 0 || rows < p.Count {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				return p.interrupted()
			}
			r.resize()
		case <-due:
			r.begin()
			now := p.poller.Poll(r.visit)
			if now.IsZero() {
				return p.replayed()
			}
			if err := r.write(now, p.poller.Elapsed(), tick(now)); err != nil {
				return p.OutputFailed(err)
			}
			rows++
		}
	}
	return p.Status()
}

// interrupted ends the output at Ctrl-C, which leaves its ^C on the line.
func (p *poll) interrupted() int {
	if p.format == output.Text && cli.Terminal(p.Stdout) {
		io.WriteString(p.Stdout, "\n")
	}
	return p.Status()
}

// A table is the rows of columns.
type table struct {
	*poll
	*columns
	out    *report.Table
	hidden []report.Column // of which was said that there is no room for them
}

func (t *table) write(now time.Time, elapsed time.Duration, missed int) error {
	return t.out.Row(&report.Moment{Time: now, Elapsed: elapsed, Missed: missed, Cells: t.cells(elapsed)})
}

// resize fits the table to the terminal, and names the columns that it has no
// room for.
func (t *table) resize() {
	if t.format != output.Text {
		return
	}
	width, _ := cli.Size(t.Stdout)
	t.out.Resize(width)
	hidden := t.out.Hidden()
	same := slices.EqualFunc(hidden, t.hidden, func(x, y report.Column) bool { return x.Name == y.Name })
	if len(hidden) > 0 && !same {
		var names []string
		for _, c := range hidden {
			names = append(names, c.Title)
		}
		t.Notef("no room for %s", strings.Join(names, ", "))
	}
	t.hidden = hidden
}
