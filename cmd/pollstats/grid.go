package main

import (
	"slices"

	"mmstats/lib/escape"
	"mmstats/lib/report"
)

// A grid is the part of a page that lays rows of type R out in columns. The first
// column holds names, and shrinks to what the others leave. Pages embed it, for
// its methods rows and draw.
type grid[R any] struct {
	shown    []R // those that the filter leaves, sorted
	gathered gathering
	columns  []gridColumn[R]
	sort     int // the index in columns of the one that rows are sorted by
	reverse  bool
}

// A gathering is all that the rows of a grid follow from.
type gathering struct {
	polls, version, sort int
	reverse              bool
	filter               string
}

// A gridColumn is one of the columns of a grid.
type gridColumn[R any] struct {
	title string
	// width is what it takes at least, without the blank before it.
	width int
	most  int  // the width that it takes where there is room, or 0
	right bool // is aligned at its right
	// rank says which columns give way where there is little room: the greatest
	// first. The one with rank 0 always stays.
	rank int
	cell func(r R, width int) (string, style)
	// value is what rows are sorted by in this column, or nil. By the first column
	// they are sorted in any case.
	value func(R) float64

	x, room int // where it is on the screen; room is 0 where it is hidden
}

// gathering returns what the rows follow from now.
func (g *grid[R]) gathering(ps *processes, filter string) gathering {
	return gathering{ps.polls, ps.version, g.sort, g.reverse, filter}
}

func (g *grid[R]) rows() int { return len(g.shown) }

// sortKey acts on a key that changes what rows are sorted by.
func (g *grid[R]) sortKey(k key) action {
	switch k {
	case 's':
		g.sort, g.reverse = g.next(), false
	case 'S', 'r':
		g.reverse = !g.reverse
	default:
		return ignored
	}
	return toTop
}

// next returns the column behind the one that rows are sorted by, of those that
// they may be sorted by.
func (g *grid[R]) next() int {
	for i := g.sort + 1; i < len(g.columns); i++ {
		if g.columns[i].value != nil {
			return i
		}
	}
	return 0
}

// layOut divides the width of the screen. name is the width of the longest name.
func (g *grid[R]) layOut(width, name int) {
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
func (g *grid[R]) others() (width int) {
	for _, col := range g.columns[1:] {
		if col.room > 0 {
			width += 1 + col.room
		}
	}
	return width
}

// header draws the titles of the columns.
func (g *grid[R]) header(c *canvas, y int) {
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
func (g *grid[R]) draw(c *canvas, y, row int) {
	for i := range g.columns {
		col := &g.columns[i]
		if col.room == 0 {
			continue
		}
		text, st := col.cell(g.shown[row], col.room)
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

// widest returns the width of the widest of n names.
func widest(n int, name func(i int) string) (width int) {
	for i := range n {
		width = max(width, report.Width(escape.Text(name(i))))
	}
	return width
}
