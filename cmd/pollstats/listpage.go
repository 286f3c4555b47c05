package main

import (
	"slices"
	"strconv"
	"strings"
)

// What the list is sorted by, in the order in which s changes it. All but the
// first two are columns.
const (
	columnStat = iota
	columnUnusual
	columnValue
	columnRate
	columnMin
	columnAvg
	columnMax
	sortCount
	columnUsual = sortCount // which nobody sorts by
	columnCount = columnUsual + 1
)

// A listPage shows all stats, one a row.
//
// By name, they stand below the program that has them, and those with the same
// inner prefix below that. Constants are hidden, and stats that do not change are
// folded into one row.
type listPage struct {
	totals    *totals
	sort      int
	reverse   bool
	constants bool // are shown
	idle      bool // stats are shown
	unfolded  bool // idle, or all stats are

	arranged arrangement // that rows are of
	list     []listRow
	hidden   int // constants that are not shown
	layout   listLayout
}

// An arrangement is all that rows follow from.
type arrangement struct {
	polls, sort              int
	filter                   string
	reverse, constants, idle bool
}

// A listRow is a stat, a heading, or a row that stands for folded stats.
type listRow struct {
	stat    *stat
	heading string
	note    string // behind the heading
	prefix  int    // bytes of the title that are of less interest
	hide    int    // bytes of the title that a heading above says
	indent  int
	folded  int // stats that are not shown
}

func (l *listPage) title() string { return "" }
func (l *listPage) rows() int     { return len(l.list) }

func (l *listPage) id(row int) any {
	switch r := &l.list[row]; {
	case r.stat != nil:
		return r.stat
	case r.folded > 0:
		return "idle " + r.note
	}
	return nil
}

// open opens the stat of a row, or shows those that the row stands for.
func (l *listPage) open(row int) page {
	switch r := &l.list[row]; {
	case r.stat != nil:
		return newStatPage(l.totals, r.stat.base())
	case r.folded > 0:
		l.idle = true
	}
	return nil
}

func (l *listPage) keys() string {
	return "q quit  ? help  / filter  s sort  u unusual  i idle  c constants"
}

func (l *listPage) key(k key) action {
	switch k {
	case 's':
		l.sort, l.reverse = (l.sort+1)%sortCount, false
	case 'S', 'r':
		l.reverse = !l.reverse
	case 'u':
		l.sort, l.reverse = columnUnusual, false
	case 'c':
		l.constants = !l.constants
		return done
	case 'i':
		l.idle = !l.idle
		return done
	default:
		return ignored
	}
	return toTop
}

// arrange gathers the stats that a filter leaves, sorted.
func (l *listPage) arrange(filter string) {
	now := arrangement{l.totals.polls, l.sort, filter, l.reverse, l.constants, l.idle}
	if now == l.arranged {
		return
	}
	l.arranged = now
	shown := l.find(filter)
	l.unfolded = l.idle || !slices.ContainsFunc(shown, func(s *stat) bool { return !s.isIdle() })
	l.list = l.list[:0]
	if l.sort == columnStat {
		slices.SortFunc(shown, l.byName)
		l.group(shown)
	} else {
		slices.SortFunc(shown, l.bySort)
		visible := l.visible(shown)
		for _, s := range visible {
			l.list = append(l.list, listRow{stat: s, prefix: prefixOf(s)})
		}
		l.folded(len(shown)-len(visible), "")
	}
	l.layout.measure(l)
}

// find returns the stats that a filter leaves, without constants unless there is
// nothing else.
func (l *listPage) find(filter string) (shown []*stat) {
	var constant []*stat
	match := matcher(filter)
	for _, s := range l.totals.byLabel {
		switch {
		case !match(s.title):
		case s.live && !strings.HasPrefix(s.label, "sys.") || l.constants:
			shown = append(shown, s)
		default:
			constant = append(constant, s)
		}
	}
	if l.hidden = len(constant); len(shown) == 0 {
		shown, l.hidden = constant, 0
	}
	return shown
}

// prefixOf returns how long the prefix of a stat is, up to the last dot, and of a
// percentile all but its name.
func prefixOf(s *stat) int {
	if s.part.mode != byKind {
		return strings.LastIndexByte(s.title, ':') + 1
	}
	return strings.LastIndexByte(s.title, '.') + 1
}

const (
	// idlePolls is how many polls a stat has to be unchanged to be idle.
	idlePolls = 60
	// leastFolded is how many idle stats are folded into one row at least.
	leastFolded = 3
)

// isIdle reports whether a stat does not change, and that is usual.
func (s *stat) isIdle() bool {
	return s.quiet >= idlePolls && !s.judgement.noteworthy() && s.missing == 0
}

// visible returns the stats that are not folded.
func (l *listPage) visible(stats []*stat) []*stat {
	if l.unfolded {
		return stats
	}
	busy := make([]*stat, 0, len(stats))
	for _, s := range stats {
		if !s.isIdle() {
			busy = append(busy, s)
		}
	}
	if len(stats)-len(busy) < leastFolded {
		return stats
	}
	return busy
}

// folded adds the row that stands for n idle stats, where there are any. name tells
// it from others of its kind.
func (l *listPage) folded(n int, name string) {
	if n > 0 {
		l.list = append(l.list, listRow{heading: strconv.Itoa(n) + " idle", note: name, folded: n})
	}
}
