package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"mmstats/lib/report"
)

// maxStats is how many stats are shown where no field says which: anyone may
// make up labels.
const maxStats = 10_000

// A list shows every stat that may change, one a row, at each poll.
type list struct {
	prefix string
	*folds
	sorted []*fold // by label
	out    *report.List
	rows   []report.ListRow
}

// want is reader.Poller's.
func (l *list) want(label string) bool {
	_, ok := trimPrefix(label, l.prefix)
	return ok
}

// begin starts an interval, and forgets stats that no file had at the last poll.
func (l *list) begin() {
	if slices.ContainsFunc(l.sorted, func(f *fold) bool { return f.samples == 0 }) {
		l.folds.keep(func(f *fold) bool { return f.samples > 0 })
		l.sorted = nil
	}
	l.folds.begin()
}

// found reports whether there is a stat that is shown.
func (l *list) found() bool {
	for _, f := range l.folds.byLabel {
		if f.live {
			return true
		}
	}
	return false
}

func (l *list) resize() {}

// write writes what the last poll found, elapsed after the one before.
func (l *list) write(now time.Time, elapsed time.Duration, _ int) error {
	if len(l.sorted) != len(l.folds.byLabel) {
		l.sorted = slices.SortedFunc(maps.Values(l.folds.byLabel), func(x, y *fold) int { return cmp.Compare(x.label, y.label) })
	}
	l.rows = l.rows[:0]
	for _, f := range l.sorted {
		if f.live && f.samples > f.left { // neither a constant nor ended
			l.rows = append(l.rows, l.row(f, elapsed))
		}
	}
	return l.out.Moment(now, l.rows)
}

// row returns the row of a stat: its value, or the mean of its interval, and its
// rate.
func (l *list) row(f *fold, elapsed time.Duration) report.ListRow {
	shown := defaultAspect(f.typ, f.kind)
	if shown.mode == rate {
		shown.mode = value
	}
	row := report.ListRow{Label: f.label, Note: f.note(), Value: f.result(shown, elapsed), Unit: f.unitOf(shown)}
	row.Title, _ = trimPrefix(f.label, l.prefix)
	if change := (aspect{mode: rate}); !f.joining && !f.isText() {
		row.Rate, row.RateUnit = f.result(change, elapsed), f.unitOf(change)
	}
	return row
}
