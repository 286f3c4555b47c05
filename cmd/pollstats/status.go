package main

import (
	"strconv"
	"strings"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/report"
)

// A segment is a part of the first line.
type segment struct {
	text  string
	style style
	rank  int // what has the greatest gives way first where there is no room
}

// status draws the first line: what is shown, and when that was.
func (s *screen) status() {
	c := s.canvas
	at := s.clock()
	room := c.width - len(at) - 1
	reason := 0 // room for the start of one
	if s.totals.census.err != nil {
		reason = len("  1 unreadable: ") + 8
	}
	x := 0
	for _, part := range fit(s.segments(), room-reason) {
		c.left(x, 0, room-x, part.text, part.style)
		x += report.Width(part.text) + 2
	}
	if err := s.totals.census.err; err != nil {
		// The reason stands at the end, and is cut at its start.
		text := strconv.Itoa(s.totals.census.failing) + " unreadable: "
		text += c.shorten(escape.Text(cli.Reason(err)), room-x-len(text))
		c.left(x, 0, room-x, text, strong)
	}
	c.right(0, 0, c.width, at, strong)
}

// segments returns what the first line says.
func (s *screen) segments() []segment {
	t := s.totals
	parts := []segment{{"pollstats", strong, 1}}
	if title := s.current().title(); title != "" {
		parts = append(parts, segment{escape.Text(title), strong, 0})
	}
	files := cli.Plural(t.census.files, "file")
	if t.census.ended > 0 {
		files = strconv.Itoa(t.census.files-t.census.ended) + " of " + files + " live"
	}
	parts = append(parts, segment{files, strong, 3}, segment{t.count(), strong, 4})
	if l, ok := s.current().page.(*listPage); ok && l.hidden > 0 {
		parts = append(parts, segment{strconv.Itoa(l.hidden) + " hidden", normal, 6})
	}
	parts = append(parts, segment{"every " + s.delay.String(), normal, 5})
	if t.unusual > 0 {
		parts = append(parts, segment{strconv.Itoa(t.unusual) + " unusual", differs, 1})
	}
	if t.stale > 0 {
		parts = append(parts, segment{strconv.Itoa(t.stale) + " stale", differs, 2})
	}
	return parts
}

// fit removes segments until the others fit in width columns.
func fit(parts []segment, width int) []segment {
	for len(parts) > 1 {
		total, last := -2, 0
		for i, part := range parts {
			total += report.Width(part.text) + 2
			if part.rank >= parts[last].rank {
				last = i
			}
		}
		if total <= width {
			return parts
		}
		parts = append(parts[:last], parts[last+1:]...)
	}
	return parts
}

// foot draws the last line: the filter while it is typed, or what keys there are
// and which part of the rows is shown.
func (s *screen) foot() {
	c, l := s.canvas, s.current()
	y := c.height - 1
	if y < 1 {
		return
	}
	filter := escape.Text(l.filter)
	switch {
	case s.asking:
		c.cursorX, c.cursorY = c.text(0, y, "go to: "+c.shorten(escape.Text(s.asked), c.width-8), normal), y
	case s.editing:
		c.cursorX, c.cursorY = c.text(0, y, "/"+c.shorten(filter, c.width-2), normal), y
	case s.message != "":
		c.left(0, y, c.width, s.message, strong)
	case l.rows() == 0 && l.filter != "" && len(s.levels) > 1:
		c.text(0, y, "nothing matches "+filter+"; Esc shows all", normal)
	case l.rows() == 0 && l.filter != "":
		c.text(0, y, "no stat matches "+filter+"; Esc shows all", normal)
	case l.rows() == 0 && len(s.levels) > 1:
		c.text(0, y, l.keys(), normal)
	case l.rows() == 0:
		c.text(0, y, "no stats yet; q quits", normal)
	default:
		text := l.keys()
		if s.Replay != "" {
			text = replayKeys + text
		}
		if l.filter != "" {
			text = "filter: " + filter + "  Esc all  q quit  ? help"
		}
		last := min(l.from+l.lines, l.rows())
		part := strconv.Itoa(l.from+1) + "-" + strconv.Itoa(last) + " of " + strconv.Itoa(l.rows())
		c.left(0, y, c.width-len(part)-1, wholeKeys(text, c.width-len(part)-1), normal)
		c.right(0, y, c.width, part, normal)
	}
}

// wholeKeys returns as many of the keys that text names as fit in width columns.
func wholeKeys(text string, width int) string {
	for report.Width(text) > width {
		end := strings.LastIndex(text, "  ")
		if end < 0 {
			break
		}
		text = text[:end]
	}
	return text
}
