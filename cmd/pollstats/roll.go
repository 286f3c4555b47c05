package main

import (
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
	signals := notify()
	p.poller.Report = p.Error
	p.poller.Want, p.poller.Window = cs.want, cs.window
	start := p.poller.Poll(cs.visit)
	if err := p.settle(&p.words, cs.isLabel); err != nil {
		return p.Misuse("%s", err)
	}
	if len(p.words.fields) == 0 {
		return p.list()
	}
	for waiting := false; ; waiting = true {
		errs := cs.resolve(p.words.fields, p.noFile())
		if len(errs) == 0 {
			break
		}
		if !p.Wait || slices.ContainsFunc(errs, func(err error) bool { return !isUnknown(err) }) {
			for _, err := range errs {
				p.Error(err)
			}
			return cli.Misused
		}
		if !waiting && cli.Terminal(p.Stderr) {
			p.Notef("waiting: %s", errs[0])
		}
		if !p.pause(signals) {
			return p.interrupted()
		}
		cs.again()
		start = p.poller.Poll(cs.visit)
	}
	cs.start()
	if gone := cs.gone(); gone != "" && cli.Terminal(p.Stderr) {
		p.Notef("all writers of %s have ended, and only --all counts them", gone)
	}
	return p.roll(&table{poll: p, columns: cs, out: report.NewTable(p.Stdout, p.tableOptions(), cs.titles())}, start, signals)
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
	p.poller.Close()
	p.poller = p.newPoller()
	if p.Output == "" && !p.JSON && !p.First && !p.Header && !p.Wait && p.Headers == defaultHeaders &&
		cli.Terminal(p.Stdout) && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != "" {
		return p.watch()
	}
	l := &list{prefix: p.Prefix, folds: newFolds(p.ended(), maxStats), out: report.NewList(p.Stdout, p.tableOptions())}
	p.poller.Report = p.Error
	p.poller.Want, p.poller.MaxStats = l.want, maxStats
	signals := notify()
	start := p.poller.Poll(l.visit)
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
	known := false
	for f := range p.poller.Files() {
		known = known || f.Err == nil
	}
	switch {
	case !known:
		return "no *" + statfile.Suffix + " in " + cli.Where(p.words.files) + ": no file"
	case len(p.Filter) > 0:
		return "no file that -f leaves in"
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
	return report.TableOptions{Format: p.format, Header: p.Header, Repeat: p.Headers, Color: p.colors, UTF8: cli.UTF8()}
}

// roll polls once an interval from start on, writes what was found, and returns
// the status.
func (p *poll) roll(r rolling, start time.Time, signals <-chan os.Signal) int {
	beat := cli.NewBeat(start, p.delay)
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
		case <-beat.C:
			r.begin()
			now := p.poller.Poll(r.visit)
			elapsed, missed := beat.Tick(now)
			if err := r.write(now, elapsed, missed); err != nil {
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

func (t *table) begin() { t.folds.begin() }

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
