package main

import (
	"cmp"
	"slices"
	"strings"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// Columns of the list, in the order in which s sorts by them.
const (
	columnStat = iota
	columnValue
	columnRate
	columnMin
	columnAvg
	columnMax
	columnCount
)

// numberWidth is what a column of numbers takes, with the blank before it. The
// widest numbers are those of a unit.
const numberWidth = 1 + len("1023 KiB")

var (
	blocks = []rune("▁▂▃▄▅▆▇█")
	marks  = []rune("_.-:=+*#")
	titles = [columnCount]string{"STAT", "VALUE", "RATE/s", "MIN", "AVG", "MAX"}
)

// A listPage shows all stats, one a row.
type listPage struct {
	totals  *totals
	utf8    bool
	shown   []*stat // those that the filter leaves, sorted
	sort    int     // a column
	reverse bool

	label   int // width of the labels
	numbers int // columns of numbers that there is room for
	trend   int // width of the sparklines, or 0
}

func newListPage(t *totals, utf8 bool) *listPage { return &listPage{totals: t, utf8: utf8} }

func (l *listPage) title() string  { return "" }
func (l *listPage) rows() int      { return len(l.shown) }
func (l *listPage) id(row int) any { return l.shown[row] }
func (l *listPage) open(int) page  { return nil }
func (l *listPage) keys() string   { return "q quit  ? help  / filter  s sort  S reverse" }

func (l *listPage) key(k key) action {
	switch k {
	case 's':
		l.sort, l.reverse = (l.sort+1)%columnCount, false
	case 'S', 'r':
		l.reverse = !l.reverse
	default:
		return ignored
	}
	return toTop
}

// arrange gathers the stats that a filter leaves, sorted.
func (l *listPage) arrange(filter string) {
	l.shown = l.shown[:0]
	match := matcher(filter)
	for _, s := range l.totals.byLabel {
		if match(s.title) {
			l.shown = append(l.shown, s)
		}
	}
	slices.SortFunc(l.shown, func(x, y *stat) int {
		order := 0
		if l.sort != columnStat {
			order = compare(x.column(l.sort), y.column(l.sort), l.reverse)
		} else if l.reverse {
			return cmp.Compare(y.title, x.title)
		}
		return cmp.Or(order, cmp.Compare(x.title, y.title))
	})
}

// compare puts the largest number first, or with reverse the smallest, and
// what is no number last.
func compare(x, y format.Value, reverse bool) int {
	isNumber := func(v format.Value) bool { return v.Class() != 0 && v.Class() != format.TextClass }
	switch {
	case !isNumber(x) && !isNumber(y):
		return 0
	case !isNumber(x):
		return 1
	case !isNumber(y):
		return -1
	case reverse:
		return cmp.Compare(x.Float(), y.Float())
	}
	return cmp.Compare(y.Float(), x.Float())
}

// matcher returns what a filter does: labels match that hold it, in whatever
// case, or that it is a glob of.
func matcher(filter string) func(label string) bool {
	if strings.ContainsAny(filter, "*?[") {
		if g, err := cli.ParseLabelGlob(filter); err == nil {
			return g.Match
		}
	}
	part := strings.ToLower(filter)
	return func(label string) bool { return strings.Contains(strings.ToLower(label), part) }
}

// layOut divides the width, by itself alone, so that columns stay where they are.
func (l *listPage) layOut(width int) {
	const minLabel, minTrend = 14, 8
	l.numbers = max(1, min(columnCount-1, (width-minLabel)/numberWidth))
	rest := max(1, width-l.numbers*numberWidth)
	l.label, l.trend = rest, 0
	if l.numbers == columnCount-1 && rest >= minLabel+1+minTrend {
		l.trend = max(minTrend, min(minTrend+(rest-32)*3/5, maxHistory/2))
		l.label = rest - 1 - l.trend
	}
}

// header draws the titles of the columns.
func (l *listPage) header(c *canvas, y int) int {
	l.layOut(c.width)
	c.fill(y, header)
	c.left(0, y, l.label, l.columnTitle(columnStat), header)
	for n := columnValue; n <= l.numbers; n++ {
		c.right(l.label+(n-1)*numberWidth, y, numberWidth, l.columnTitle(n), header)
	}
	if l.trend > 0 {
		c.text(c.width-l.trend, y, "TREND", header)
	}
	return 1
}

// columnTitle returns the title of a column, marked where it is sorted by.
func (l *listPage) columnTitle(n int) string {
	if l.sort != n {
		return titles[n]
	}
	up := l.reverse == (n != columnStat) // numbers go down, labels up
	switch {
	case l.utf8 && up:
		return titles[n] + "↑"
	case l.utf8:
		return titles[n] + "↓"
	case up:
		return titles[n] + "^"
	}
	return titles[n] + "v"
}

// draw draws the line of a stat.
func (l *listPage) draw(c *canvas, y, row int) {
	s := l.shown[row]
	label := normal
	if s.missing > 0 {
		label = muted
	}
	c.text(0, y, c.shorten(escape.Text(s.title), l.label), label)
	switch {
	case s.value.Class() == format.TextClass || s.shown != "" && s.kind != format.KindBool:
		c.text(l.label+2, y, escape.Text(s.shown), s.style()) // over all columns
		return
	case s.shown != "":
		c.right(l.label, y, numberWidth, report.Cut(s.shown, numberWidth-1), s.style())
	default:
		l.number(c, y, s, columnValue, s.style())
	}
	for n := columnRate; n <= l.numbers; n++ {
		l.number(c, y, s, n, label)
	}
	if l.trend > 0 {
		levels := marks
		if l.utf8 {
			levels = blocks
		}
		c.text(c.width-l.trend, y, string(s.sparkline(nil, l.trend, levels)), label)
	}
}

func (l *listPage) number(c *canvas, y int, s *stat, n int, st style) {
	c.right(l.label+(n-1)*numberWidth, y, numberWidth, string(s.appendColumn(nil, n)), st)
}
