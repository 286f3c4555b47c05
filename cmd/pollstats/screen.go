package main

import (
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gdamore/tcell/v2"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/output"
	"mmstats/lib/report"
)

// A screen is the full screen:
//
//	status                                                            time
//	the header of the page
//	its rows
//	keys, or the filter that is typed
//
// Pages lie on each other; the last one is shown.
type screen struct {
	*poll
	terminal *terminal
	canvas   *canvas
	totals   *totals
	levels   []*level

	bottom  int    // the line below the last row
	message string // in the last line, until the next key
	beat    *cli.Beat
	paused  bool
	editing bool // the filter of the page
	pasting bool // what comes was pasted
	playback
}

// watch shows the full screen until q, and returns the status.
func (p *poll) watch() int {
	debug.SetGCPercent(50) // tens of thousands of stats do not take as much again
	totals, err := newTotals(p)
	if err != nil {
		return p.Misuse("%s", err)
	}
	terminal, err := openTerminal(p.Stdout)
	if err != nil {
		return p.Misuse("%s", err)
	}
	s := &screen{poll: p, terminal: terminal, totals: totals, canvas: newCanvas(p.colors, cli.UTF8())}
	s.push(newListPage(totals, s.canvas.utf8))
	defer terminal.leave()
	err = terminal.enter()
	if err == nil {
		err = s.loop()
	}
	terminal.leave()
	if err != nil {
		return p.OutputFailed(err)
	}
	return cli.OK
}

// current returns the page that is shown.
func (s *screen) current() *level { return s.levels[len(s.levels)-1] }

// push opens a page.
func (s *screen) push(p page) { s.levels = append(s.levels, &level{page: p, lines: 1}) }

// pop closes a page, but for the first one.
func (s *screen) pop() {
	if len(s.levels) > 1 {
		s.levels = s.levels[:len(s.levels)-1]
	}
}

// loop polls and shows, until something ends it.
func (s *screen) loop() error {
	s.begin()
	for polls := 1; ; {
		if err := s.paint(); err != nil {
			return err
		}
		select {
		case <-s.beat.C:
			if s.terminal.orphaned() {
				s.terminal.die(syscall.SIGHUP)
			}
			if s.Count > 0 && (polls == s.Count || s.over) && !s.paused {
				return s.last()
			}
			if !s.paused && s.more() {
				polls++
				s.totals.next()
			}
			s.tick()
		case e, ok := <-s.terminal.events:
			quit, err := s.event(e)
			if quit || !ok || err != nil {
				return err
			}
		case sig := <-s.terminal.signals:
			if quit, err := s.signal(sig.(syscall.Signal)); quit || err != nil {
				return err
			}
		}
	}
}

// last leaves what is shown on the terminal, after the last of -c polls.
func (s *screen) last() error {
	s.terminal.leave()
	_, err := io.WriteString(s.Stdout, s.canvas.lines(s.bottom))
	return err
}

// signal acts on a signal. Those that nobody catches elsewhere end the process
// as they do there.
func (s *screen) signal(sig syscall.Signal) (quit bool, err error) {
	switch sig {
	case syscall.SIGINT:
		return true, nil
	case syscall.SIGTSTP:
		s.canvas.forget()
		return false, s.terminal.stop(os.Getpid())
	case syscall.SIGCONT:
		s.canvas.forget()
		return false, s.terminal.resume()
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		s.terminal.die(sig)
	}
	return false, nil // the next paint does the rest
}

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
		s.push(newFilesPage(s.totals, s.canvas.utf8))
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

// paint shows the screen.
func (s *screen) paint() error {
	size, _ := s.terminal.tty.WindowSize()
	c, l := s.canvas, s.current()
	c.begin(size.Width, size.Height)
	l.arrange()
	s.status()
	if p, ok := l.page.(interface{ at(row int) }); ok {
		p.at(l.row)
	}
	y := 1 + l.header(c, 1)
	l.lines = max(1, c.height-1-y)
	l.scroll()
	for i := l.from; i < min(l.from+l.lines, l.rows()) && y < c.height-1; i++ {
		if i == l.row && l.id(i) != nil {
			c.row = selected
			c.fill(y, normal)
		}
		l.draw(c, y, i)
		c.row = normal
		y++
	}
	s.bottom = y
	s.foot()
	return c.show(s.terminal)
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

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
