package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// namesOf returns what people call the process of each trace: the name of its
// program. Where several have that, it is the name of the file, or if several
// have that too, its path.
func namesOf(traces []*trace) map[*trace]string {
	names := make(map[*trace]string, len(traces))
	for _, name := range []func(*reader.File) string{command, base} {
		count := make(map[string]int)
		for _, t := range traces {
			count[name(t.process.file)]++
		}
		for _, t := range traces {
			if n := name(t.process.file); names[t] == "" && count[n] == 1 {
				names[t] = n
			}
		}
	}
	for _, t := range traces {
		if names[t] == "" {
			names[t] = t.process.path
		}
	}
	return names
}

// command returns the name of the program of a file.
func command(f *reader.File) string { return statfile.Command(f.Path, f.Writer.PID) }

// base returns the name of the file, without its directory and suffix, and without
// the number of the thread where that is the number of the process.
func base(f *reader.File) string {
	name := strings.TrimSuffix(filepath.Base(f.Path), statfile.Suffix)
	pid := "-" + strconv.Itoa(f.Writer.PID)
	if short, ok := strings.CutSuffix(name, pid+pid); ok {
		return short + pid
	}
	return name
}

// state says in a word whether p runs.
func (p *process) state() string {
	switch {
	case p.missed > 0:
		return "gone"
	case p.ended:
		return "ended"
	case p.file.Writer.PID == 0:
		return "-"
	case p.stale:
		return "stale"
	}
	return "live"
}

// created returns when the process of a file was started, or else when the file was
// changed last.
func created(f *reader.File) time.Time {
	if at := f.Writer.Created; !at.IsZero() {
		return at
	}
	return f.Info.ModTime
}

// ageText returns a time in two or three digits and the first letter of its unit.
func ageText(d time.Duration) string {
	number := func(unit time.Duration, letter string) string {
		return strconv.FormatInt(int64(d/unit), 10) + letter
	}
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < 100*time.Second:
		return number(time.Second, "s")
	case d < 100*time.Minute:
		return number(time.Minute, "m")
	case d < 2*day:
		return number(time.Hour, "h")
	case d < 1000*day:
		return number(day, "d")
	}
	return number(365*day, "y")
}

// pidText returns the id of the process of a file, or "-".
func pidText(f *reader.File) string {
	if f.Writer.PID == 0 {
		return "-"
	}
	return strconv.Itoa(f.Writer.PID)
}

// ageSince returns the time from a moment up to now, or "-" where it is not known.
func ageSince(now, moment time.Time) string {
	if moment.IsZero() {
		return "-"
	}
	return ageText(now.Sub(moment))
}
