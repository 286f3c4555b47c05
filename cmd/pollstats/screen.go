package main

import (
	"io"
	"os"
	"runtime/debug"
	"syscall"

	"mmstats/lib/cli"
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
	s := &screen{poll: p, terminal: terminal, totals: totals, canvas: newCanvas(p.colors, p.utf8)}
	s.push(&listPage{totals: totals})
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
