package main

import (
	"time"

	"github.com/gdamore/tcell/v2"

	"mmstats/lib/output"
)

// event acts on what the terminal tells.
func (s *screen) event(e tcell.Event) (quit bool, err error) {
	switch e := e.(type) {
	case *tcell.EventError: // there is no terminal any more
		return true, nil
	case *tcell.EventPaste:
		s.pasting = e.Start()
	case *tcell.EventMouse:
		s.mouse(e)
	case *tcell.EventKey:
		for _, k := range keysOf(e) {
			if s.pasting && (!s.editing && !s.asking || k < ' ') {
				continue
			}
			if quit, err := s.key(k); quit || err != nil {
				return quit, err
			}
		}
	}
	return false, nil
}

// key acts on a key.
func (s *screen) key(k key) (quit bool, err error) {
	l := s.current()
	s.message = ""
	switch {
	case k == keyCtrlC:
		return true, nil
	case k == keyCtrlZ:
		s.canvas.forget()
		return false, s.terminal.suspend()
	case k == keyCtrlL:
		s.canvas.clear()
		return false, nil
	case s.editing:
		s.edit(k)
		l.top()
		l.arrange()
		return false, nil
	case s.Replay != "" && s.replayKey(k):
		s.current().arrange()
		return false, nil
	}
	switch l.key(k) {
	case ignored:
		quit = s.common(k)
	case toTop:
		l.arrange()
		l.top()
	case back:
		s.pop()
	}
	s.current().arrange()
	return quit, nil
}

// common acts on the keys of all pages.
func (s *screen) common(k key) (quit bool) {
	l := s.current()
	switch {
	case l.move(k):
	case k == 'q':
		return true
	case k == '?' || k == 'h':
		s.push(newHelpPage())
	case k == '/':
		s.editing = true
	case k == 'f':
		s.push(newFilesPage(s.totals))
	case k == 'p':
		s.paused = !s.paused
	case k == '+' || k == '=':
		s.setDelay(func(d time.Duration) bool { return d > s.delay })
	case k == '-':
		s.setDelay(func(d time.Duration) bool { return d < s.delay })
	case k == '0':
		s.totals.forget()
	case k == 'e':
		s.export(output.TSV)
	case k == 'E':
		s.export(output.JSON)
	case k == keyEnter:
		s.openRow()
	case k == keyEscape && l.filter != "":
		l.filter = ""
		l.top()
	case k == keyEscape || k == keyLeft:
		s.pop()
	}
	return false
}

// delays are the intervals that + and - choose from.
var delays = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second,
	2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}

// setDelay changes the interval to the nearest one that is further in the direction
// that a function tells.
func (s *screen) setDelay(further func(time.Duration) bool) {
	found := s.delay
	for _, d := range delays {
		if further(d) && (found == s.delay || (d-s.delay).Abs() < (found-s.delay).Abs()) {
			found = d
		}
	}
	if found != s.delay {
		s.delay = found
		s.setStep()
		s.restartBeat(time.Now())
	}
}

// openRow opens the page of the row with the cursor.
func (s *screen) openRow() {
	l := s.current()
	if l.row >= l.rows() {
		return
	}
	if p := l.open(l.row); p != nil {
		l.cursor = l.id(l.row) // where it is when the page is closed
		s.push(p)
	}
}

// mouse acts on the mouse: a click selects a row, and one more opens it.
func (s *screen) mouse(e *tcell.EventMouse) {
	l := s.current()
	x, y := e.Position()
	top := s.canvas.height - 1 - l.lines
	titles, ok := l.page.(interface{ click(x int) })
	switch row := l.from + y - top; {
	case s.editing || s.asking:
	case e.Buttons() == tcell.Button1 && ok && y == top-1:
		titles.click(x)
		l.arrange()
		l.top()
	case e.Buttons() == tcell.WheelUp:
		l.move(keyWheelUp)
	case e.Buttons() == tcell.WheelDown:
		l.move(keyWheelDown)
	case e.Buttons() != tcell.Button1 || row < l.from || row >= min(l.from+l.lines, l.rows()) || l.id(row) == nil:
	case row == l.row:
		s.openRow()
		s.current().arrange()
	default:
		l.moveTo(row, 1)
	}
}

// edit changes the filter.
func (s *screen) edit(k key) {
	l := s.current()
	switch k {
	case keyEnter:
		s.editing = false
	case keyEscape:
		s.editing, l.filter = false, ""
	default:
		edit(&l.filter, k)
	}
}

// edit acts on a key that changes a line of text.
func edit(text *string, k key) {
	switch {
	case k == keyCtrlU:
		*text = ""
	case k == keyBackspace:
		if r := []rune(*text); len(r) > 0 {
			*text = string(r[:len(r)-1])
		}
	case k >= ' ' && len(*text) < maxText:
		*text += string(rune(k))
	}
}
