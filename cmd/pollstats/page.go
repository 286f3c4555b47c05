package main

// A page is what the screen shows between its first and its last line: rows, of
// which one is selected, below lines that do not move.
//
// The screen acts on the keys that all pages have, scrolls, and lets the cursor
// stay on its row when rows move.
type page interface {
	// title says what the page is of, in the first line of the screen. It is "" for
	// the first page.
	title() string
	// arrange gathers the rows: those that a filter leaves, which is "" for all. It
	// is called after each poll and each key, before the other methods.
	arrange(filter string)
	// rows returns how many rows there are.
	rows() int
	// id returns what a row is of. It is compared, to find the row again after it
	// has moved, and nil for a row that cannot be selected, such as a heading.
	id(row int) any
	// header draws the lines above the rows, from line y on, and returns how many
	// they are.
	header(c *canvas, y int) int
	// draw draws a row at line y. The canvas marks it if it is selected.
	draw(c *canvas, y, row int)
	// open returns the page that Enter opens on a row, or nil.
	open(row int) page
	// key acts on a key before the screen does.
	key(k key) action
	// keys names the most useful keys, for the last line.
	keys() string
}

// An action is what the screen does after a page was told of a key.
type action uint8

const (
	ignored action = iota // the key has no meaning on the page: it is the screen's
	done
	toTop // select the first row
	back  // close the page
)

// A level is a page that is open, with what the screen knows of it.
type level struct {
	page
	filter string
	// What the cursor is on, and its row. It is nil for whatever row is the first
	// one, until the cursor is moved.
	cursor any
	row    int
	from   int // the first row that is shown
	lines  int // that rows have on the screen
}

// arrange gathers the rows, and finds the one with the cursor again. Where that is
// gone, the cursor stays at its line.
func (l *level) arrange() {
	l.page.arrange(l.filter)
	if l.cursor == nil {
		l.top()
		return
	}
	if l.row < l.rows() && l.id(l.row) == l.cursor {
		return
	}
	for i := range l.rows() {
		if l.id(i) == l.cursor {
			l.row = i
			return
		}
	}
	l.moveTo(l.row, 1)
}

// top selects the first row, whatever it is of from now on.
func (l *level) top() {
	l.moveTo(0, 1)
	l.cursor, l.from = nil, 0
}

// moveTo selects a row: if it cannot be selected, the next one in the direction
// of step that can, or else in the other one.
func (l *level) moveTo(row, step int) {
	n := l.rows()
	row = max(0, min(row, n-1))
	for range 2 {
		for i := row; 0 <= i && i < n; i += step {
			if id := l.id(i); id != nil {
				l.cursor, l.row = id, i
				return
			}
		}
		step = -step
	}
	l.cursor, l.row = nil, 0
}

// move acts on a key that moves the cursor, and reports whether it was one.
func (l *level) move(k key) bool {
	screenful := max(1, l.lines-1)
	switch k {
	case keyUp, 'k':
		l.moveTo(l.row-1, -1)
		if l.id(max(0, l.from-1)) == nil && l.row == l.from {
			l.from-- // a heading goes with the row below it
		}
	case keyDown, 'j':
		l.moveTo(l.row+1, 1)
	case keyPageUp, 'b':
		l.from -= screenful
		l.moveTo(l.row-screenful, -1)
	case keyPageDown, ' ':
		l.from += screenful
		l.moveTo(l.row+screenful, 1)
	case keyHome, 'g':
		l.top()
	case keyEnd, 'G':
		l.moveTo(l.rows()-1, -1)
	case keyWheelUp:
		l.wheel(-3)
	case keyWheelDown:
		l.wheel(3)
	default:
		return false
	}
	l.scroll()
	return true
}

// wheel scrolls, and lets the cursor stay within what is shown.
func (l *level) wheel(lines int) {
	l.from = max(0, min(l.from+lines, l.rows()-l.lines))
	if l.row < l.from {
		l.moveTo(l.from, 1)
	} else if l.row >= l.from+l.lines {
		l.moveTo(l.from+l.lines-1, -1)
	}
}

// scroll has the row with the cursor shown, and as many rows as fit.
func (l *level) scroll() {
	l.from = max(0, min(l.from, l.rows()-l.lines))
	if l.row < l.from {
		l.from = l.row
	} else if l.row >= l.from+l.lines {
		l.from = l.row - l.lines + 1
	}
}
