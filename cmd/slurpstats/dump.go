package main

import (
	"slices"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/reader"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

// run dumps the files, and returns the status.
func (d *dump) run() int {
	for c, err := range d.contents() {
		if perr := d.show(c); perr != nil {
			return d.OutputFailed(perr)
		}
		if err != nil && !d.value.defers(d, c, err) {
			d.Error(err)
		}
	}
	if d.fold != nil {
		d.rows = d.rows[:0]
		d.reader = reader.Reader{} // what it holds may be as large as the results
		d.results()
		d.fold.Folder = nil // and so may this
		if len(d.rows) > 0 {
			d.shown++
		}
		d.printer.Print(report.Source{Files: d.fold.files, Ended: d.fold.ended, Time: d.now(), Note: d.recordedAt()}, d.rows)
	}
	if err := d.value.finish(d); err != nil {
		d.Error(err)
		return cli.Misused
	}
	if err := d.printer.Close(); err != nil {
		return d.OutputFailed(err)
	}
	if !d.looked && d.Status() != cli.OK {
		return cli.Misused // nothing could be done
	}
	d.labels.unmatched(func(message string) { d.Errorf("%s", message) })
	if d.shown == 0 && d.Status() == cli.OK && (d.Verbose || cli.Terminal(d.Stderr)) {
		d.Notef("%s", d.nothing())
	}
	return d.Status()
}

// show prints the stats of a file, or adds them to the fold.
func (d *dump) show(c *content) error {
	if c.len == 0 && !c.whole || d.fold != nil && d.fold.had(c) {
		return nil
	}
	d.files++
	if !d.includes(&c.source, c.writer) {
		return nil
	}
	d.rows = d.rows[:0]
	d.labels.begin(c.stats)
	hide := d.text && !d.Long && d.fold == nil && !d.labels.explicit()
	ended := c.source.Live != nil && !*c.source.Live
	var about identity
	for st := range c.stats {
		choice := d.labels.of(&st)
		if hide && !st.Live() && about.add(&st) || !choice.chosen() {
			continue
		}
		if st.Err != nil {
			d.Errorf("%s: %s: %v", c.path, st.Label, st.Err)
		}
		choice = d.known(c.path, &st, choice)
		if d.fold != nil {
			d.addToFold(c.path, &st, choice, ended)
		} else {
			d.addRows(&st, choice, c.writer)
		}
	}
	switch {
	case d.fold != nil:
		d.fold.files++
		if ended {
			d.fold.ended++
		}
		return nil
	case len(d.rows) == 0 && c.len > 0 && !about.found:
		return nil // a heading with nothing under it
	}
	d.shown++
	c.source.Note = d.recordedAt()
	if about.found {
		c.source.Note = d.note(&c.source, c.writer, &about)
	}
	if d.Value && c.found {
		d.value.hold(c.path, d.rows)
		return nil
	}
	d.value.printed += len(d.rows)
	return d.printer.Print(c.source, d.rows)
}

// nothing says why there is nothing to show.
func (d *dump) nothing() string {
	switch {
	case d.files > 0 && (d.Live || d.Stale):
		return "of " + cli.Plural(d.files, "file") + ", " + d.filter() + " leaves none"
	case d.files > 0 && d.fold != nil:
		return "no stats to fold in " + cli.Plural(d.files, "file") + ": texts and sys.* have no " + d.Fold
	case d.files > 0:
		return "no stats to show in " + cli.Plural(d.files, "file")
	}
	if d.record != nil {
		return "no file that is meant is in the record of " + d.record.Time.Format(time.DateTime)
	}
	return "no *" + statfile.Suffix + " in " + cli.Where(d.names)
}

// filter returns the options that leave out files.
func (d *dump) filter() string {
	options := []string{"--live", "--stale"}
	return slices.DeleteFunc(options, func(o string) bool { return o == "--live" && !d.Live || o == "--stale" && !d.Stale })[0]
}
