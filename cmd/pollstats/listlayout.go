package main

import (
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

var titles = [columnCount]string{"STAT", "UNUSUAL", "VALUE", "RATE/s", "MIN", "AVG", "MAX", "USUALLY"}

// A listLayout says where the columns of a list are. Only what stats there are and
// how wide the screen is count, so that columns stay where they are while numbers
// change.
type listLayout struct {
	names   int                 // width of the longest label
	needed  [2][columnCount]int // widths of numbers, and with exact totals
	x       [columnCount]int    // where columns of numbers start
	width   [columnCount]int    // with the blank before them, or 0
	label   int                 // width of the labels
	trend   int                 // width of the sparklines, or 0
	trendAt int
	exact   bool
}

const (
	gutter    = 2   // before the labels: a mark, and a blank
	wide      = 120 // from where on totals are exact
	narrow    = 30  // up to where labels give way to values
	leastName = 12
	mostNames = 28 // of labels that are shown whole before less important columns
	minTrend  = 8
	maxTrend  = 120
)

// measure finds the widths that the rows of a list need.
func (y *listLayout) measure(l *listPage) {
	names := leastName
	var needed [2][columnCount]int
	for i := range l.list {
		row := &l.list[i]
		s := row.stat
		if s == nil {
			continue
		}
		names = max(names, 2*row.indent+report.Width(escape.Text(s.title[row.hide:])))
		for c := columnValue; c < columnCount; c++ {
			needed[0][c] = max(needed[0][c], s.width(c, false))
			needed[1][c] = max(needed[1][c], s.width(c, true))
		}
	}
	for c := columnValue; c < columnCount; c++ {
		for i := range needed {
			needed[i][c] = max(needed[i][c], len(titles[c])+1) // with the mark
		}
	}
	// Totals only grow, so that the columns behind them do not move to and fro.
	needed[1][columnValue] = max(needed[1][columnValue], min(y.needed[1][columnValue], needed[1][columnValue]+4))
	y.names, y.needed = names, needed
}

// divide divides the width of the screen: the most important columns first, then
// labels up to the longest, and last sparklines.
func (y *listLayout) divide(width int) {
	y.exact = width >= wide
	needed := &y.needed[0]
	if y.exact {
		needed = &y.needed[1]
	}
	y.width, y.trend = [columnCount]int{}, 0
	name := min(y.names, mostNames, max(leastName, width*2/5))
	if width < narrow {
		name = min(name, width/3)
	}
	left := width - gutter - name
	admit := func(c int) {
		if w := needed[c] + 1; w <= left {
			y.width[c] = w
			left -= w
		}
	}
	admit(columnValue)
	admit(columnRate)
	if left >= minTrend+1 {
		y.trend = minTrend
		left -= minTrend + 1
	}
	for _, c := range []int{columnUsual, columnMax, columnAvg, columnMin} {
		admit(c)
	}
	left = max(0, left)
	y.label = min(y.names, name+left)
	left -= y.label - name
	if y.trend > 0 {
		y.trend = min(maxTrend, y.trend+left)
	}
	x := gutter + y.label
	for c := columnValue; c < columnCount; c++ {
		y.x[c] = x
		x += y.width[c]
	}
	y.trendAt = x + 1
}

// header draws the titles of the columns.
func (l *listPage) header(c *canvas, y int) int {
	p := &l.layout
	p.divide(c.width)
	c.fill(y, header)
	name := columnStat
	if l.sort == columnUnusual {
		name = columnUnusual
	}
	c.left(gutter, y, p.label, l.columnTitle(name), header)
	for n := columnValue; n < columnCount; n++ {
		if p.width[n] > 0 {
			c.right(p.x[n], y, p.width[n], l.columnTitle(n), header)
		}
	}
	if p.trend > 0 {
		c.left(p.trendAt, y, p.trend, "TREND", header)
	}
	return 1
}

// click sorts by the column whose title is at x, or the other way round if the list
// is sorted by that.
func (l *listPage) click(x int) {
	p := &l.layout
	column := columnStat
	for c := columnValue; c < columnCount; c++ {
		if x >= p.x[c] && x < p.x[c]+p.width[c] {
			column = c
		}
	}
	switch {
	case column == columnUsual:
		column = columnUnusual
	case column == columnStat && x >= gutter+p.label:
		return // the trends
	}
	l.reverse = column == l.sort && !l.reverse
	l.sort = column
}

// columnTitle returns the title of a column, marked where it is sorted by.
func (l *listPage) columnTitle(n int) string {
	if l.sort != n {
		return titles[n]
	}
	return titles[n] + sortMark(l.totals.utf8, l.reverse == (n != columnStat)) // numbers go down, labels up
}

// draw draws a row.
func (l *listPage) draw(c *canvas, y, i int) {
	row := &l.list[i]
	switch {
	case row.folded > 0:
		c.text(gutter, y, row.heading, muted)
	case row.stat == nil && row.indent == 0:
		x := c.text(0, y, escape.Text(row.heading), strong)
		c.text(x+2, y, row.note, muted)
	case row.stat == nil:
		c.text(gutter, y, escape.Text(row.heading), muted)
	default:
		l.drawStat(c, y, row)
	}
}

// drawStat draws the row of a stat.
func (l *listPage) drawStat(c *canvas, y int, row *listRow) {
	s, p := row.stat, &l.layout
	other := normal
	if s.missing > 0 {
		other = muted
	}
	if s.judgement.noteworthy() {
		c.text(0, y, "!", differs)
	}
	l.drawLabel(c, y, row, other)
	value := s.style()
	switch {
	case s.isWide():
		c.text(p.x[columnValue]+1, y, escape.Text(s.shown), value)
		return
	case s.shown != "":
		c.right(p.x[columnValue], y, p.width[columnValue], s.shown, value)
	default:
		l.number(c, y, s, columnValue, value)
	}
	for n := columnRate; n < columnCount; n++ {
		st := other
		if n == columnRate && s.judgement.unusual {
			st = differs
		} else if n == columnUsual {
			st = muted
		}
		if n != columnRate || s.kind == format.KindCounter {
			l.number(c, y, s, n, st)
		}
	}
	if p.trend > 0 {
		c.text(p.trendAt, y, s.sparkline(p.trend, l.totals.utf8), other)
	}
}

// drawLabel draws a label, its prefix muted, or the end of it.
func (l *listPage) drawLabel(c *canvas, y int, row *listRow, st style) {
	x, width := gutter+2*row.indent, l.layout.label-2*row.indent
	prefix := escape.Text(row.stat.title[row.hide:max(row.hide, row.prefix)])
	name := escape.Text(row.stat.title[max(row.hide, row.prefix):])
	if report.Width(prefix)+report.Width(name) > width {
		c.text(x, y, c.shorten(prefix+name, width), st)
		return
	}
	c.text(c.text(x, y, prefix, muted), y, name, st)
}

func (l *listPage) number(c *canvas, y int, s *stat, n int, st style) {
	if w := l.layout.width[n]; w > 0 {
		c.right(l.layout.x[n], y, w, s.cell(n, l.layout.exact), st)
	}
}
