package archive

import (
	"fmt"
	"strings"
	"time"
)

// An OutsideError says that an archive has no record of a time.
type OutsideError struct {
	Time, First, Last time.Time
}

func (e *OutsideError) Error() string {
	const layout = time.DateTime
	return fmt.Sprintf("nothing was recorded at %s: the archive is from %s to %s",
		e.Time.Format(layout), e.First.Format(layout), e.Last.Format(layout))
}

// A TimeError says that a text is no time.
type TimeError struct{ Text string }

func (e *TimeError) Error() string {
	return fmt.Sprintf("a time is 03:12, '2026-11-23 03:12', 2026-11-23T03:12:00Z or -10m, not %q", e.Text)
}

// Time returns the time that text stands for, as [ParseTime] has it. It is
// not before the first record, and not after the last one, unless the clock was
// set back in between: a text rounds to what may lie a second outside of them.
// The error is an [*OutsideError] for any other, and a [*TimeError] for what is
// no time.
//
// Commands show times in milliseconds, so a text stands for the end of its
// millisecond: the time of a record, as it is shown, leads to that record.
func (a *Archive) Time(text string) (t time.Time, err error) {
	first, last, err := a.Bounds()
	if err != nil {
		return t, err
	}
	if t, err = ParseTime(text, last); err != nil {
		return t, err
	}
	if t.Nanosecond()%int(time.Millisecond) == 0 {
		t = t.Add(time.Millisecond - time.Microsecond)
	}
	switch {
	case t.Before(first.Add(-time.Second)) || t.After(last.Add(time.Second)):
		if ok, err := a.covers(t); ok || err != nil {
			return t, err
		}
		return t, &OutsideError{t, first.In(t.Location()), last.In(t.Location())}
	case t.Before(first):
		t = first
	case t.After(last):
		t = last
	}
	return t, nil
}

// clocks and dates are the forms of times that stand for the local zone.
var (
	clocks = []string{"15:04:05", "15:04"}
	dates  = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"}
)

// ParseTime returns the time that text stands for: "03:12" or "03:12:30", the
// latest one up to a second after end; "2026-11-23 03:12", where seconds may
// follow; a time of RFC 3339; or "-10m", that long before end. The zone is the
// local one, unless text has one. The error is a [*TimeError].
func ParseTime(text string, end time.Time) (time.Time, error) {
	end = end.In(time.Local)
	if before, ok := strings.CutPrefix(text, "-"); ok {
		if d, err := time.ParseDuration(before); err == nil && d >= 0 {
			return end.Add(-d), nil
		}
	}
	for _, layout := range clocks {
		if t, err := time.Parse(layout, text); err == nil {
			return latest(t, end.Add(time.Second)), nil
		}
	}
	for _, layout := range dates {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	return end, &TimeError{text}
}

// latest returns the last time up to end at which a clock shows what t does.
// Where the clock is set back for the winter, it shows an hour twice.
func latest(t, end time.Time) time.Time {
	for days := 0; ; days++ {
		day := end.AddDate(0, 0, -days)
		at := time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), end.Location())
		for _, other := range []time.Time{at.Add(time.Hour), at, at.Add(-time.Hour)} {
			shows := other.Hour() == t.Hour() && other.Minute() == t.Minute()
			if shows && !other.After(end) {
				return other
			}
		}
	}
}
