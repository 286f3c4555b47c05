package main

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/report"
)

// source returns what is known of the file f that was read, and its writer, as
// far as the output shows it.
func (d *dump) source(name string, f *mapping.File, info mapping.Info) (report.Source, liveness.Writer) {
	src := report.Source{File: name, UID: &info.UID}
	if d.json {
		src.Time = time.Now()
	}
	if !d.judged {
		return src, liveness.Writer{}
	}
	w, err := liveness.WriterOf(d.reader.Data())
	src.Created = w.Created
	if err == nil {
		lives := d.judge.Lives(f, w, info).Yes
		src.PID, src.Live = int64(w.PID), &lives
	}
	now := time.Now()
	if w.Every > 0 {
		stale := w.Stale(now)
		src.Stale = &stale
	}
	src.Age = age(&src, w, info, now)
	return src, w
}

// age returns how long ago the file was last known to change, in seconds. The
// time of a modification says nothing while a program has the file mapped.
func age(src *report.Source, w liveness.Writer, info mapping.Info, now time.Time) *float64 {
	last := info.ModTime
	switch {
	case w.Every > 0:
		last = w.Heartbeat
	case src.Live != nil && *src.Live:
		return nil
	}
	seconds := math.Round(now.Sub(last).Seconds()*1000) / 1000
	return &seconds
}

// includes reports whether --live and --stale leave a file in. A file that
// names no writer lives.
func (d *dump) includes(src *report.Source, w liveness.Writer) bool {
	ended := src.Live != nil && !*src.Live
	return !(d.Live && ended) && !(d.Stale && !ended && !w.Stale(time.Now()))
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
	now := time.Now()
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

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
