package main

import (
	"strings"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"mmstats/lib/report"
)

// A style says what a text means. What that looks like depends on the terminal.
type style uint8

const (
	normal   style = iota
	muted          // of less interest
	strong         // of more interest
	changed        // a value that is another than before
	wasReset       // a value that went back
	differs        // out of its usual range, or unlike the others
	header         // titles of columns

	selected style = 1 << 7 // beside any other: on the selected row
)

// A canvas is what a screen is going to show. The texts that are drawn on it have
// no control characters; what does not fit on it is cut off.
type canvas struct {
	width, height int
	utf8          bool  // the terminal shows it
	row           style // that all on the current row has beside its own style

	styles  [1 << 8]tcell.Style
	cells   []cell
	shown   []cell // by the last call of show
	fresh   bool   // the terminal shows nothing
	stale   bool   // nobody knows what it shows, or it has got another size
	cursorX int    // where the cursor of the terminal is, or -1
	cursorY int
}

// A cell is a character. Behind one that is two columns wide is one without text.
type cell struct {
	text  string
	style style
}

// newCanvas returns a canvas, with colours where color is true.
func newCanvas(color, utf8 bool) *canvas {
	c := &canvas{utf8: utf8}
	s := tcell.StyleDefault
	c.styles = [1 << 8]tcell.Style{
		normal: s, muted: s.Dim(true), strong: s.Bold(true), changed: s.Bold(true),
		wasReset: s.Bold(true), differs: s.Bold(true).Underline(true), header: s.Bold(true).Underline(true),
	}
	if color {
		c.styles[changed] = s.Bold(true).Foreground(tcell.ColorTeal)
		c.styles[wasReset] = s.Bold(true).Foreground(tcell.ColorOlive)
		c.styles[differs] = s.Bold(true).Foreground(tcell.ColorPurple)
	}
	for st := range selected {
		c.styles[st|selected] = s.Reverse(true)
	}
	for _, st := range []style{strong, changed, wasReset, differs} {
		c.styles[st|selected] = s.Reverse(true).Bold(true)
	}
	return c
}

// begin makes the canvas blank, and width by height characters large.
func (c *canvas) begin(width, height int) {
	if width != c.width || height != c.height {
		c.stale = c.stale || c.width > 0
		c.width, c.height = width, height
		c.cells = make([]cell, width*height)
		c.shown = make([]cell, width*height)
		c.fresh = true
	}
	for i := range c.cells {
		c.cells[i] = cell{" ", normal}
	}
	c.row, c.cursorX, c.cursorY = normal, -1, -1
}

// text draws s at column x of line y, and returns the column behind it.
func (c *canvas) text(x, y int, s string, st style) int {
	for s != "" && x < c.width {
		var text string
		width := 1
		if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
			text, s = s[:1], s[1:]
		} else {
			text, s, width, _ = uniseg.FirstGraphemeClusterInString(s, -1)
			text = strings.Clone(text) // not all of s stays in memory
		}
		if width > 0 {
			c.put(x, y, text, width, st)
			x += width
		}
	}
	return x
}

// put draws one character, which may be cut off.
func (c *canvas) put(x, y int, text string, width int, st style) {
	if x < 0 || y < 0 || y >= c.height || x+width > c.width {
		return
	}
	line := c.cells[y*c.width : (y+1)*c.width]
	if line[x].text == "" && x > 0 {
		line[x-1].text = " " // of which this was the second half
	}
	if end := x + width; end < c.width && line[end].text == "" {
		line[end].text = " "
	}
	line[x] = cell{text, st | c.row}
	for i := 1; i < width; i++ {
		line[x+i] = cell{"", st | c.row}
	}
}

// left draws s in width columns from x on, cut at its end.
func (c *canvas) left(x, y, width int, s string, st style) {
	c.text(x, y, report.Cut(s, width), st)
}

// right draws s at the right of width columns from x on, cut at its end.
func (c *canvas) right(x, y, width int, s string, st style) {
	s = report.Cut(s, width)
	c.text(x+max(0, width-report.Width(s)), y, s, st)
}

// fill gives a line a style, and no text.
func (c *canvas) fill(y int, st style) {
	for x := range c.width {
		c.put(x, y, " ", 1, st)
	}
}

// shorten returns the end of s, with a mark before it, if s does not fit in width
// columns.
func (c *canvas) shorten(s string, width int) string { return report.Shorten(s, width, c.utf8) }

// forget has all cells shown anew on a terminal that shows nothing.
func (c *canvas) forget() { c.fresh = true }

// clear has the terminal cleared, and all cells shown anew.
func (c *canvas) clear() { c.stale = true }

// show shows the cells that have changed. It costs nothing where none has.
func (c *canvas) show(t *terminal) error {
	s := t.screen
	if c.stale {
		s.Clear()
		s.Sync() // which also takes over the size of the terminal
	}
	anew := c.fresh || c.stale
	dirty := anew
	blank := cell{" ", normal}
	for i, now := range c.cells {
		if now == c.shown[i] && !anew {
			continue
		}
		dirty = true
		c.shown[i] = now
		if now.text != "" && !(anew && now == blank) {
			s.Put(i%c.width, i/c.width, now.text, c.styles[now.style])
		}
	}
	c.fresh, c.stale = false, false
	s.ShowCursor(c.cursorX, c.cursorY)
	if !dirty {
		return nil
	}
	return t.show()
}

// lines returns the text of the first n lines that were shown last.
func (c *canvas) lines(n int) string {
	var all strings.Builder
	for y := range min(n, c.height) {
		var line strings.Builder
		for _, cell := range c.shown[y*c.width : (y+1)*c.width] {
			line.WriteString(cell.text)
		}
		all.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return all.String()
}
