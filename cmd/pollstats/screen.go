package main

import (
	"io"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// A painter puts the full screen together, which is written in one piece.
//
//	status                                                            time
//	STAT                        VALUE  RATE/s     MIN     AVG     MAX TREND
//	one line a stat
//	keys, or the filter
type painter struct {
	color, utf8 bool

	width, height int
	lines         int // that stats have
	label         int // width of the labels
	numbers       int // columns of numbers that there is room for
	trend         int // width of the sparklines, or 0

	buf []byte
	row int // that is next
}

// numberWidth is what a column of numbers takes, with the blank before it. The
// widest numbers are those of a unit.
const numberWidth = 1 + len("1023 KiB")

// Sequences of looks.
const (
	lookBold    = "\x1b[1m"
	lookReverse = "\x1b[7m"
	lookChanged = "\x1b[1;36m"
	lookReset   = "\x1b[1;33m"
	lookFaint   = "\x1b[2m"
	lookPlain   = "\x1b[0m"
)

var (
	blocks = []rune("▁▂▃▄▅▆▇█")
	marks  = []rune("_.-:=+*#")
	titles = [columnCount]string{"STAT", "VALUE", "RATE/s", "MIN", "AVG", "MAX"}
)

// helpText is the page on "?". Its keys are those of the manual page.
const helpText = `pollstats -w shows all stats that match, one a line, over all files.

VALUE       the sum over the files, or the mean of averages; without the
            gauges and texts of programs that have ended
RATE/s      change a second
MIN AVG MAX since the start: of the rate of a counter, else of the value
TREND       the same, one character a look

q, Ctrl-C   quit
?           this page
/           show only stats that match: part of a label, or a glob
Esc         show all stats again
s           sort by the next column
r           sort the other way round
Up, k       one line up
Down, j     one line down
PgUp, PgDn  one page up or down
Home, End   to the first or the last stat
Ctrl-L      draw the screen anew
Ctrl-Z      suspend

Any key goes back.`

// forget has the next screen drawn onto a blank one.
func (p *painter) forget() { p.width = 0 }

// begin starts a screen, and lays it out by its size alone, so that columns
// stay where they are.
func (p *painter) begin(width, height int) {
	if width == 0 || height == 0 { // the terminal does not tell
		width, height = 80, 24
	}
	// Terminals that know it show nothing between ?2026h and ?2026l.
	p.buf, p.row = append(p.buf[:0], "\x1b[?2026h"...), 0
	if width != p.width || height != p.height {
		p.buf = append(p.buf, "\x1b[2J"...)
	}
	p.width, p.height = width, height
	p.lines = max(1, height-3)
	const minLabel, minTrend = 14, 8
	p.numbers = max(1, min(columnCount-1, (width-minLabel)/numberWidth))
	rest := max(1, width-p.numbers*numberWidth)
	p.label, p.trend = rest, 0
	if p.numbers == columnCount-1 && rest >= minLabel+1+minTrend {
		p.trend = max(minTrend, min(minTrend+(rest-32)*3/5, maxHistory/2))
		p.label = rest - 1 - p.trend
	}
}

// line starts the next line.
func (p *painter) line() {
	if p.row++; p.row > p.height {
		return
	}
	p.buf = append(p.buf, "\x1b["...)
	p.buf = strconv.AppendInt(p.buf, int64(p.row), 10)
	// Cleared at its start: at its end, the last character would go too.
	p.buf = append(p.buf, ";1H\x1b[0m\x1b[K"...)
}

// look starts a look, which needs colours where color says so.
func (p *painter) look(sequence string) { p.buf = append(p.buf, sequence...) }

// left appends s in width columns.
func (p *painter) left(s string, width int) {
	p.buf = append(p.buf, s...)
	p.blanks(width - report.Width(s))
}

// right appends s at the right of width columns.
func (p *painter) right(s string, width int) {
	p.blanks(width - report.Width(s))
	p.buf = append(p.buf, s...)
}

func (p *painter) blanks(n int) {
	for ; n > 0; n-- {
		p.buf = append(p.buf, ' ')
	}
}

func (p *painter) head(v *view) {
	const clock = "15:04:05"
	p.line()
	p.look(lookBold)
	room := max(0, p.width-len(clock)-1)
	p.left(report.Cut(v.status(room), room), room+1)
	p.buf = v.looked.Local().AppendFormat(p.buf, clock)

	p.line()
	p.look(lookReverse)
	p.left(p.title(v, columnStat), p.label)
	for c := columnValue; c <= p.numbers; c++ {
		p.right(p.title(v, c), numberWidth)
	}
	if p.trend > 0 {
		p.left(" TREND", 1+p.trend)
	}
}

// title returns the title of a column, marked where it is sorted by.
func (p *painter) title(v *view, c int) string {
	if v.sort != c {
		return titles[c]
	}
	up := v.reverse == (c != columnStat) // numbers go down, labels up
	switch {
	case p.utf8 && up:
		return titles[c] + "↑"
	case p.utf8:
		return titles[c] + "↓"
	case up:
		return titles[c] + "^"
	}
	return titles[c] + "v"
}

// stat appends the line of s.
func (p *painter) stat(s *stat) {
	p.line()
	if s.missing > 0 {
		p.look(lookFaint)
	}
	p.left(report.Shorten(escape.Text(s.title), p.label, p.utf8), p.label)
	// A label may hold characters that take two columns, or none.
	p.buf = append(p.buf, "\x1b["...)
	p.buf = strconv.AppendInt(p.buf, int64(p.label+1), 10)
	p.buf = append(p.buf, 'G')
	if s.value.Class() == format.TextClass || s.shown != "" && s.kind != format.KindBool {
		p.text(s)
	} else {
		p.values(s)
	}
}

// text appends a value that is no number, over all columns.
func (p *painter) text(s *stat) {
	p.blanks(2)
	p.highlight(s)
	p.buf = append(p.buf, report.Cut(escape.Text(s.shown), p.width-p.label-2)...)
}

// highlight starts the look of a value that changed.
func (p *painter) highlight(s *stat) {
	switch {
	case s.wasReset && p.color:
		p.look(lookReset)
	case s.changed && p.color:
		p.look(lookChanged)
	case s.changed || s.wasReset:
		p.look(lookBold)
	}
}

func (p *painter) values(s *stat) {
	p.highlight(s)
	if s.shown != "" {
		p.right(report.Cut(s.shown, numberWidth-1), numberWidth)
	} else {
		p.number(s, columnValue)
	}
	p.look(lookPlain)
	for c := columnRate; c <= p.numbers; c++ {
		p.number(s, c)
	}
	if p.trend > 0 {
		p.blanks(1)
		levels := marks
		if p.utf8 {
			levels = blocks
		}
		p.buf = s.sparkline(p.buf, p.trend, levels)
	}
}

func (p *painter) number(s *stat, c int) {
	var digits [32]byte
	p.right(string(s.appendColumn(digits[:0], c)), numberWidth)
}

// foot appends the last line.
func (p *painter) foot(v *view) {
	for p.row < p.height-1 {
		p.line()
	}
	p.line()
	switch {
	case v.editing:
		p.buf = append(p.buf, "/"+report.Cut(escape.Text(v.filter), p.width-2)...)
		p.look(lookReverse)
		p.buf = append(p.buf, ' ')
	case len(v.shown) == 0 && v.filter != "":
		p.buf = append(p.buf, report.Cut("no stat matches "+escape.Text(v.filter)+"; Esc shows all", p.width)...)
	case len(v.shown) == 0:
		p.buf = append(p.buf, report.Cut("no stats yet; q quits", p.width)...)
	default:
		p.keys(v)
	}
}

// keys appends what may be typed, and which part of the stats is shown.
func (p *painter) keys(v *view) {
	text := "q quit  ? help  / filter  s sort  r reverse"
	if v.filter != "" {
		text = "filter: " + escape.Text(v.filter) + "  Esc all  q quit  ? help"
	}
	last := min(v.top+p.lines, len(v.shown))
	place := strconv.Itoa(v.top+1) + "-" + strconv.Itoa(last) + " of " + strconv.Itoa(len(v.shown))
	p.left(report.Cut(text, p.width-len(place)-1), p.width-len(place))
	p.buf = append(p.buf, place...)
}

func (p *painter) help() {
	for line := range strings.SplitSeq(helpText, "\n") {
		if p.row == p.height {
			break
		}
		p.line()
		p.buf = append(p.buf, report.Cut(line, p.width)...)
	}
	for p.row < p.height {
		p.line()
	}
}

func (p *painter) end(w io.Writer) error {
	p.buf = append(p.buf, "\x1b[0m\x1b[?2026l"...)
	_, err := w.Write(p.buf)
	return err
}
