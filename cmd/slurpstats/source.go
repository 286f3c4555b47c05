package main

import (
	"bytes"
	"errors"
	"io/fs"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

// A content is what one file holds: one that was read, or one of a record. It is
// good until the next one.
type content struct {
	path  string
	found bool      // it is one of those that a directory or a glob means
	id    [2]uint64 // device and inode, and 0 where it is recorded
	stats iter.Seq[format.Stat]
	len   int  // of stats
	whole bool // all stats are there
	// writer is known as far as the output shows it.
	writer liveness.Writer
	reason string // why the writer is taken for running or ended
	source report.Source
	uid    uint32 // that source refers to
}

// contents yields the files, those of the record where there is one. The error
// says what of a file cannot be read.
func (d *dump) contents() iter.Seq2[*content, error] {
	if d.record != nil {
		return d.recorded
	}
	return func(yield func(*content, error) bool) {
		c := new(content) // one for all: there may be 100,000 files
		for name, err := range statfile.All(d.names) {
			*c = content{path: name.Path, found: name.Found}
			if err == nil {
				d.looked = true
				err = d.read(c)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// read reads the file of c. The intact part of a damaged one is read.
func (d *dump) read(c *content) error {
	f, info, err := statfile.Open(c.path, !c.found)
	if c.found && errors.Is(err, fs.ErrNotExist) {
		return nil // its writer ended since the directory was read
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = d.reader.Read(f, info)
	if c.found {
		info, err = d.settle(f, info, err)
	}
	c.id = [2]uint64{info.Dev, info.Ino}
	c.stats, c.len, c.whole = d.reader.Stats(), d.reader.Len(), err == nil
	c.uid = info.UID
	c.source = report.Source{File: c.path, UID: &c.uid}
	if d.judged && (c.whole || c.len > 0) {
		var named error
		if c.writer, named = liveness.WriterOf(d.reader.Data()); named == nil {
			verdict := d.judge.Lives(f, c.writer, info)
			c.reason = verdict.Reason
			c.source.PID, c.source.Live = int64(c.writer.PID), &verdict.Yes
		}
	}
	d.describe(c, info.ModTime)
	return err
}

// now returns the time of the record, or the present.
func (d *dump) now() time.Time {
	if d.record != nil {
		return d.record.Time
	}
	return time.Now()
}

// describe adds to the source of c what follows from its writer, and from when
// the file was last changed, if that is known.
func (d *dump) describe(c *content, changed time.Time) {
	if d.json {
		c.source.Time = d.now()
	}
	if !d.judged {
		return
	}
	w, now := c.writer, d.now()
	c.source.Created = w.Created
	if w.Every > 0 {
		stale := w.Stale(now)
		c.source.Stale = &stale
	}
	c.source.Age = age(&c.source, w, changed, now)
}

// age returns how long ago the file was last known to change, in seconds, and nil
// where that is not known. The time of a modification says nothing while a
// program has the file mapped.
func age(src *report.Source, w liveness.Writer, changed, now time.Time) *float64 {
	switch {
	case w.Every > 0:
		changed = w.Heartbeat
	case changed.IsZero() || src.Live != nil && *src.Live:
		return nil
	}
	seconds := math.Round(now.Sub(changed).Seconds()*1000) / 1000
	return &seconds
}

// includes reports whether --live and --stale leave a file in. A file that
// names no writer lives.
func (d *dump) includes(src *report.Source, w liveness.Writer) bool {
	ended := src.Live != nil && !*src.Live
	return !(d.Live && ended) && !(d.Stale && !ended && !w.Stale(d.now()))
}

// identity is what the constants of a file say of its writer. Text shows it in
// one line.
type identity struct {
	found   bool
	runtime string // such as go1.26.8
}

// versions are the labels of the versions of what a program runs by, each with
// what stands before the version in the line.
var versions = [...]struct{ label, name string }{{"org.golang.version", ""}, {"org.python.version", "python "}}

// add adds a constant, and reports whether it is one that says whose the file
// is.
func (i *identity) add(st *format.Stat) bool {
	for _, v := range versions {
		if format.IsLabel(st.Label, v.label) {
			first, _, _ := bytes.Cut(st.Value.Text(), []byte{' '})
			i.found, i.runtime = true, v.name+string(first)
			return true
		}
	}
	if !format.IsIdentity(st.Label) {
		return false
	}
	i.found = true
	return true
}

// note returns the line about a file: "pid 4711, go1.26.8, since 08:49, user
// ada, live".
func (d *dump) note(src *report.Source, w liveness.Writer, about *identity) string {
	var parts []string
	if w.PID != 0 {
		parts = append(parts, "pid "+strconv.Itoa(w.PID))
	}
	if about.runtime != "" {
		parts = append(parts, about.runtime)
	}
	now := d.now()
	if !w.Created.IsZero() {
		parts = append(parts, "since "+clock(w.Created, now))
	}
	if src.UID != nil {
		parts = append(parts, "user "+d.user(*src.UID))
	}
	switch {
	case src.Live != nil && *src.Live:
		parts = append(parts, "live")
	case src.Live != nil:
		parts = append(parts, "ended")
	}
	if w.Stale(now) {
		parts = append(parts, "no heartbeat since "+clock(w.Heartbeat, now))
	}
	if d.record != nil {
		parts = append(parts, d.recordedAt())
	}
	return strings.Join(parts, ", ")
}

// clock returns the time of day, with the date where it is not today's.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// user returns the name of a user. It is looked up once.
func (d *dump) user(uid uint32) string {
	name, ok := d.users[uid]
	if !ok {
		name = cli.UserName(uid)
		d.users[uid] = name
	}
	return name
}
