package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// replay finds the record that is shown. Where there is none, the command is done,
// with a status.
func (d *dump) replay() (status int, done bool) {
	path := string(d.Replay)
	a, err := archive.Open(path)
	if err != nil {
		d.Error(err)
		return cli.Misused, true
	}
	defer a.Close()
	const last = "-0s"
	t, err := a.Time(cmp.Or(string(d.At), last))
	if err == nil {
		d.record, err = a.At(t)
	}
	switch {
	case errors.As(err, new(*archive.TimeError)):
		return d.Misuse("%v", err), true
	case err != nil:
		d.Errorf("%s: %s", path, cli.Cause(err))
		return cli.Misused, true
	}
	d.looked = true
	if d.At != "" && t.Sub(d.record.Time) > 3*d.record.Interval {
		d.Notef("%s: nothing was recorded at %s: this is of %s", path, t.Format(time.DateTime), d.record.Time.Format(time.DateTime))
	}
	for _, lost := range a.Lost() {
		d.Errorf("%s: %s", path, lost)
	}
	return cli.OK, false
}

// recordedAt says which record is shown, and "" where none is.
func (d *dump) recordedAt() string {
	if d.record == nil {
		return ""
	}
	return "recorded at " + d.record.Time.Format(time.DateTime)
}

// recorded yields the files of the record that are meant, and then those that
// are meant and not there.
func (d *dump) recorded(yield func(*content, error) bool) {
	for _, f := range d.record.Files {
		if f.Gone {
			continue
		}
		match, named := d.paths.Match(f.Path)
		if match && !yield(d.content(f, !named), nil) {
			return
		}
	}
	for _, arg := range d.paths.Unmatched() {
		err := &fs.PathError{Op: "find", Path: arg, Err: fmt.Errorf("no such file in the record of %s", d.record.Time.Format("2006-01-02 15:04:05"))}
		if !yield(&content{path: arg}, err) {
			return
		}
	}
}

// content returns what was recorded of a file.
func (d *dump) content(f *archive.File, found bool) *content {
	c := &content{path: f.Path, found: found, stats: f.All(), len: len(f.Stats), whole: true, writer: f.WriterOf()}
	c.source = report.Source{File: f.Path}
	if f.Writer != archive.WriterUnknown && d.judged {
		runs := f.Writer == archive.WriterRuns
		c.source.PID, c.source.Live = int64(c.writer.PID), &runs
		c.reason = "its writer had ended"
	}
	d.describe(c, time.Time{})
	return c
}

// known returns what of a choice is known. Records do not have the samples in the
// window of a moving average: it is an error to ask for a part of them.
func (d *dump) known(file string, st *format.Stat, c *choice) *choice {
	if d.record == nil || st.Type() != format.Moving || len(c.parts) == 0 {
		return c
	}
	known := &choice{whole: c.whole, typ: c.typ}
	for _, p := range c.parts {
		switch {
		case p.part == format.PartMean || p.part == format.PartCount || p.literal:
			known.parts = append(known.parts, p)
		default:
			d.Errorf("%s: %s: no archive has the samples of moving averages", file, partLabel(st.Label, p.part))
		}
	}
	return known
}
