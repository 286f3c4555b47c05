package main

import (
	"strconv"

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
	files := plural(t.census.files, "file")
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
