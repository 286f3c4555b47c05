package main

import (
	"slices"

	"mmstats/lib/escape"
	"mmstats/lib/report"
)

// A grid lays rows out in columns. The first column holds names, and shrinks to
// what the others leave.
type grid struct {
	columns []gridColumn
	sort    int // the index in columns of the one that rows are sorted by
	reverse bool
}

// A gridColumn is one of the columns of a grid.
type gridColumn struct {
	title string
	// width is what it takes at least, without the blank before it.
	width int
	most  int  // the width that it takes where there is room, or 0
	right bool // is aligned at its right
	// rank says which columns give way where there is little room: the greatest
	// first. The one with rank 0 always stays.
	rank int
	cell func(c *canvas, row, width int) (string, style)

	x, room int // where it is on the screen; room is 0 where it is hidden
}

// layOut divides the width of the screen. name is the width of the longest name.
func (g *grid) layOut(width, name int) {
	const leastName = 12
	order := make([]int, 0, len(g.columns))
	for i := range g.columns {
		if g.columns[i].room = 0; i > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return g.columns[i].rank - g.columns[j].rank })
	left := width - min(leastName, max(name, g.columns[0].width))
	for _, i := range order {
		col := &g.columns[i]
		if 1+col.width > left && col.rank > 0 {
			continue
		}
		col.room = max(1, min(col.width, left-1))
		left -= 1 + col.room
	}
	first := &g.columns[0]
	first.room = max(1, min(max(name, first.width), width-g.others()))
	for _, i := range order {
		if col := &g.columns[i]; col.room > 0 && col.most > col.room {
			col.room = min(col.most, col.room+max(0, width-first.room-g.others()))
		}
	}
	x := 0
	for i := range g.columns {
		if col := &g.columns[i]; col.room > 0 {
			col.x = x
			x += col.room + 1
		}
	}
}

// others returns the width of the columns behind the first, with their blanks.
func (g *grid) others() (width int) {
	for _, col := range g.columns[1:] {
		if col.room > 0 {
			width += 1 + col.room
		}
	}
	return width
}

// header draws the titles of the columns.
func (g *grid) header(c *canvas, y int) {
	c.fill(y, header)
	for i := range g.columns {
		col := &g.columns[i]
		if col.room == 0 {
			continue
		}
		title := col.title
		if i == g.sort {
			title += sortMark(c.utf8, g.reverse == (i > 0)) // numbers go down, names up
		}
		if col.right {
			c.right(col.x-1, y, col.room+1, title, header)
		} else {
			c.left(col.x, y, col.room, title, header)
		}
	}
}

// sortMark returns what marks the title of the column that rows are sorted by.
func sortMark(utf8, up bool) string {
	switch {
	case utf8 && up:
		return "↑"
	case utf8:
		return "↓"
	case up:
		return "^"
	}
	return "v"
}

// draw draws a row.
func (g *grid) draw(c *canvas, y, row int) {
	for i := range g.columns {
		col := &g.columns[i]
		if col.room == 0 {
			continue
		}
		text, st := col.cell(c, row, col.room)
		switch {
		case i == 0:
			c.text(col.x, y, c.shorten(text, col.room), st)
		case col.right:
			c.right(col.x, y, col.room, text, st)
		default:
			c.left(col.x, y, col.room, text, st)
		}
	}
}

// next returns the column that comes behind the one that rows are sorted by, of
// those that sortable has.
func (g *grid) next(sortable func(i int) bool) int {
	for i := g.sort + 1; ; i++ {
		if i >= len(g.columns) {
			i = 0
		}
		if i == g.sort || sortable(i) {
			return i
		}
	}
}

// widest returns the width of the widest of n names.
func widest(n int, name func(i int) string) (width int) {
	for i := range n {
		width = max(width, report.Width(escape.Text(name(i))))
	}
	return width
}
