package main

import "strings"

// keyTable are the keys of the full screen as the help and the manual page have
// them, which a test holds against each other.
var keyTable = []struct{ keys, does string }{
	{"q, Ctrl-C", "quit"},
	{"?", "help"},
	{"Up, k", "one line up"},
	{"Down, j", "one line down"},
	{"PgUp, PgDn", "one page up or down"},
	{"Home, End", "to the first or the last line"},
	{"/", "show only stats that match: part of a label, or a glob"},
	{"Esc", "show all stats again, or go back"},
	{"Enter", "open what the line is of"},
	{"Left", "go back, without -r"},
	{"f", "list the files"},
	{"t", "bars of the interval, or of all time"},
	{"o", "bars of one process, or of all"},
	{"u", "sort by how unusual stats are"},
	{"s", "sort by the next column"},
	{"S, r", "sort the other way round"},
	{"i", "show stats that do not change, or fold them"},
	{"c", "show constants, or hide them"},
	{"0", "start MIN, AVG and MAX anew"},
	{"p", "pause, and go on"},
	{"+, -", "poll less often, or more often"},
	{"e, E", "write the rows to a file, as TSV or JSON"},
	{"Space", "with -r: pause, and go on"},
	{"Left, Right", "with -r: one record back, or on"},
	{"[, ]", "with -r: slower, or faster"},
	{"g", "with -r: go to a time"},
	{"Ctrl-L", "draw the screen anew"},
	{"Ctrl-Z", "suspend"},
}

const helpText = `pollstats -w shows all stats that match, one a line, over all files.

VALUE       the sum over the files, or the mean of averages; without the
            gauges and texts of programs that have ended
RATE/s      change of a counter in a second
MIN AVG MAX since the start, or since 0: of the rate of a counter, which is
            written 12/s, and else of the value
USUALLY     what it was until two minutes ago, after three minutes; a stat
            that is far from it now has a mark: !
TREND       the same in the last minutes, one character a second or poll
`

// A helpPage explains the screen and its keys.
type helpPage struct{ lines []string }

func newHelpPage() *helpPage {
	h := &helpPage{lines: strings.Split(helpText, "\n")}
	for _, k := range keyTable {
		h.lines = append(h.lines, k.keys+strings.Repeat(" ", max(1, 12-len(k.keys)))+k.does)
	}
	return h
}

func (h *helpPage) title() string           { return "help" }
func (h *helpPage) arrange(string)          {}
func (h *helpPage) rows() int               { return len(h.lines) }
func (h *helpPage) id(row int) any          { return row }
func (h *helpPage) header(*canvas, int) int { return 0 }
func (h *helpPage) open(int) page           { return nil }
func (h *helpPage) keys() string            { return "Esc back" }

func (h *helpPage) draw(c *canvas, y, row int) { c.text(0, y, h.lines[row], normal) }

// key closes the page at every key that does not move through it.
func (h *helpPage) key(k key) action {
	if k == 'q' || k == '?' || k == keyEnter {
		return back
	}
	return ignored
}
