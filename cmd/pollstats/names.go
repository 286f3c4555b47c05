package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/statfile"
)

// namesOf returns what people call the process of each trace: the name of its
// program. Where several have that, it is the name of the file, or if several
// have that too, its path.
func namesOf(traces []*trace) map[*trace]string {
	names := make(map[*trace]string, len(traces))
	for _, name := range []func(*process) string{(*process).command, (*process).base} {
		count := make(map[string]int)
		for _, t := range traces {
			count[name(t.process)]++
		}
		for _, t := range traces {
			if n := name(t.process); names[t] == "" && count[n] == 1 {
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

// command returns the name of the program.
func (p *process) command() string { return statfile.Command(p.path, p.file.Writer.PID) }

// base returns the name of the file, without its directory and suffix, and without
// the number of the thread where that is the number of the process.
func (p *process) base() string {
	name := strings.TrimSuffix(filepath.Base(p.path), statfile.Suffix)
	pid := "-" + strconv.Itoa(p.file.Writer.PID)
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

// created returns when p was started, or else when its file was changed last.
func (p *process) created() time.Time {
	if at := p.file.Writer.Created; !at.IsZero() {
		return at
	}
	return p.file.Info.ModTime
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

// pidText returns the id of the process of p, or "-".
func pidText(p *process) string {
	if p.file.Writer.PID == 0 {
		return "-"
	}
	return strconv.Itoa(p.file.Writer.PID)
}

// ageSince returns the time from a moment up to now, or "-" where it is not known.
func ageSince(now, moment time.Time) string {
	if moment.IsZero() {
		return "-"
	}
	return ageText(now.Sub(moment))
}
