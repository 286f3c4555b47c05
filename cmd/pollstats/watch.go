package main

import (
	"cmp"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/reader"
	"mmstats/lib/report"
)

// Columns of the full screen, in the order in which s sorts by them.
const (
	columnStat = iota
	columnValue
	columnRate
	columnMin
	columnAvg
	columnMax
	columnCount
)

// keepMissing is how many looks a stat stays that no file has any more.
const keepMissing = 10

// maxRows is how many stats there are on the screen at most. Each takes up to
// 3 KiB, and anybody may write a file with tens of thousands.
const maxRows = 10_000

// maxText is how much of a text is shown, in bytes. No line is longer.
const maxText = 256

// escapeWait is how long the rest of a key may take after its ESC.
const escapeWait = 50 * time.Millisecond

// A view is the full screen.
type view struct {
	*poll
	terminal *terminal
	globs    []*cli.LabelGlob // of which a label matches one, if there are any

	stats  map[string]*stat // by label
	bound  []boundStat      // by the ID of the series
	looks  int
	left   int     // series that no row was left for, at this look
	stale  int     // running programs whose heartbeat is overdue, at this look
	now    float64 // when this look began, in seconds since 1970
	shown  []*stat // those that the filter leaves, sorted
	looked time.Time

	top     int // the first of shown that is on the screen
	sort    int // a column
	reverse bool
	filter  string
	editing bool // the filter
	help    bool
	typed   []byte // the start of a key
	painter painter
}

type boundStat struct {
	series *reader.Series
	stat   *stat   // nil where there are too many
	parts  []*stat // its percentiles, where it is a histogram
	looks  int     // when that was counted
}

// watch shows the full screen until q, and returns the status.
func (p *poll) watch() int {
	v := &view{poll: p, stats: make(map[string]*stat)}
	debug.SetGCPercent(50) // tens of thousands of stats do not take as much again
	var err error
	if v.globs, err = cli.ParseLabelGlobs(p.words.fields); err != nil {
		return p.Misuse("%s", err)
	}
	if v.terminal, err = openTerminal(p.Stdout); err != nil {
		return p.Misuse("%s", err)
	}
	p.poller.Want = v.want
	p.poller.MaxText = maxText
	p.poller.MaxStats = maxRows
	v.painter = painter{color: p.colors, utf8: cli.UTF8()}
	defer v.terminal.leave()
	if err := v.terminal.enter(); err != nil {
		return p.OutputFailed(err)
	}
	if err := v.loop(); err != nil {
		v.terminal.leave()
		return p.OutputFailed(err)
	}
	return cli.OK
}

// want is reader.Poller's.
func (v *view) want(label string) bool {
	rest, ok := trimPrefix(label, v.Prefix)
	if !ok || len(v.globs) == 0 {
		return ok
	}
	for _, g := range v.globs {
		if g.Match(rest) {
			return true
		}
	}
	return false
}

// loop looks and shows, until something ends it.
func (v *view) loop() error {
	looks := 1
	v.look(true)
	beat := cli.NewBeat(v.looked, v.delay)
	escape := time.NewTimer(0)
	for {
		if err := v.paint(); err != nil {
			return err
		}
		select {
		case <-beat.C:
			v.look(false)
			beat.Tick(v.looked)
			if looks++; v.Count > 0 && looks > v.Count {
				return nil
			}
		case typed, ok := <-v.terminal.input:
			v.typed = append(v.typed, typed...)
			quit, err := v.keys(!ok)
			if quit || !ok || err != nil {
				return err
			}
			escape.Reset(escapeWait)
		case <-escape.C:
			if quit, err := v.keys(true); quit || err != nil {
				return err
			}
		case s := <-v.terminal.signals:
			if quit, err := v.signal(s.(syscall.Signal)); quit || err != nil {
				return err
			}
		}
	}
}

// signal acts on a signal. Those that nobody catches elsewhere end the process
// as they do there.
func (v *view) signal(s syscall.Signal) (quit bool, err error) {
	switch s {
	case syscall.SIGINT:
		return true, nil
	case syscall.SIGTSTP:
		return false, v.terminal.stop(os.Getpid())
	case syscall.SIGCONT:
		v.painter.forget()
		return false, v.terminal.resume()
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		v.terminal.die(s)
	}
	return false, nil // the next paint does the rest
}

// look polls once.
func (v *view) look(first bool) {
	for _, s := range v.stats {
		s.begin()
	}
	v.looks++
	v.left, v.stale = 0, 0
	v.now = float64(time.Now().UnixMicro()) / 1e6
	now := v.poller.Poll(v.visit)
	elapsed := now.Sub(v.looked)
	if first {
		elapsed = 0
	}
	v.looked = now
	for label, s := range v.stats {
		if s.end(elapsed); s.missing > keepMissing {
			delete(v.stats, label)
		}
	}
	v.arrange()
}

// visit takes a sample.
func (v *view) visit(m *reader.Sample) {
	s := m.Series
	for s.ID >= len(v.bound) {
		v.bound = append(v.bound, boundStat{})
	}
	b := &v.bound[s.ID]
	if b.series != s || b.stat == nil || b.stat.missing > 0 {
		*b = boundStat{series: s, stat: v.row(s.Label, aspect{}), looks: b.looks}
		if b.stat != nil && s.Type == format.Histogram {
			for _, q := range []string{"p50", "p99"} {
				part, _ := format.ParsePart(q)
				if row := v.row(s.Label+":"+q, aspect{inside, part}); row != nil {
					b.parts = append(b.parts, row)
				}
			}
		}
	}
	if d := m.Description; d != nil && d.Every > 0 && d.Stale(m.Value.Float(), v.now) && !m.File.Ended() {
		v.stale++
	}
	if b.stat == nil {
		if b.looks != v.looks {
			b.looks = v.looks
			v.left++
		}
		return
	}
	b.stat.add(m)
	for _, part := range b.parts {
		part.add(m)
	}
}

// row returns the row of a label, and nil where there are too many.
func (v *view) row(label string, part aspect) *stat {
	st := v.stats[label]
	if st == nil && len(v.stats) < maxRows {
		title, _ := trimPrefix(label, v.Prefix)
		st = newStat(label, title, v.ended())
		if st.part = part; part.mode != byKind {
			st.needs = needsOf(part, format.Histogram)
		}
		v.stats[label] = st
	}
	return st
}

// arrange makes v.shown what the filter leaves, sorted.
func (v *view) arrange() {
	v.shown = v.shown[:0]
	match := v.matcher()
	for _, s := range v.stats {
		if match(s.title) {
			v.shown = append(v.shown, s)
		}
	}
	slices.SortFunc(v.shown, func(x, y *stat) int {
		order := 0
		if v.sort != columnStat {
			order = compare(x.column(v.sort), y.column(v.sort), v.reverse)
		} else if v.reverse {
			return cmp.Compare(y.title, x.title)
		}
		return cmp.Or(order, cmp.Compare(x.title, y.title))
	})
}

// compare puts the largest number first, or with reverse the smallest, and
// what is no number last.
func compare(x, y format.Value, reverse bool) int {
	isNumber := func(v format.Value) bool { return v.Class() != 0 && v.Class() != format.TextClass }
	switch {
	case !isNumber(x) && !isNumber(y):
		return 0
	case !isNumber(x):
		return 1
	case !isNumber(y):
		return -1
	case reverse:
		return cmp.Compare(x.Float(), y.Float())
	}
	return cmp.Compare(y.Float(), x.Float())
}

// matcher returns what the filter does: labels match that hold it, in whatever
// case, or that it is a glob of.
func (v *view) matcher() func(label string) bool {
	if strings.ContainsAny(v.filter, "*?[") {
		if g, err := cli.ParseLabelGlob(v.filter); err == nil {
			return g.Match
		}
	}
	part := strings.ToLower(v.filter)
	return func(label string) bool { return strings.Contains(strings.ToLower(label), part) }
}

// keys acts on the keys in v.typed; final says that no more will come for the
// last one.
func (v *view) keys(final bool) (quit bool, err error) {
	for len(v.typed) > 0 && !quit && err == nil {
		k, size := decodeKey(v.typed, final)
		if size == 0 {
			return false, nil
		}
		v.typed = v.typed[size:]
		quit, err = v.key(k)
	}
	return quit, err
}

func (v *view) key(k key) (quit bool, err error) {
	switch {
	case k == keyCtrlC:
		return true, nil
	case k == keyCtrlZ:
		return false, v.terminal.suspend()
	case k == keyCtrlL:
		v.painter.forget()
	case v.help:
		v.help = false
	case v.editing:
		v.edit(k)
		v.arrange()
	case k == 'q':
		return true, nil
	default:
		v.command(k)
		v.arrange()
		v.scroll() // for the next key, which may come before the next paint
	}
	return false, nil
}

// edit changes the filter.
func (v *view) edit(k key) {
	switch k {
	case keyEnter:
		v.editing = false
	case keyEscape:
		v.editing, v.filter = false, ""
	case keyCtrlU:
		v.filter = ""
	case keyBackspace:
		if r := []rune(v.filter); len(r) > 0 {
			v.filter = string(r[:len(r)-1])
		}
	default:
		if k >= ' ' {
			v.filter += string(rune(k))
		}
	}
	v.top = 0
}

func (v *view) command(k key) {
	page := max(1, v.painter.lines-1)
	switch k {
	case '?', 'h':
		v.help = true
	case '/':
		v.editing = true
	case keyEscape:
		v.filter, v.top = "", 0
	case 's':
		v.sort, v.reverse = (v.sort+1)%columnCount, false
	case 'r':
		v.reverse = !v.reverse
	case keyUp, 'k':
		v.top--
	case keyDown, 'j', keyEnter:
		v.top++
	case keyPageUp, 'b':
		v.top -= page
	case keyPageDown, ' ':
		v.top += page
	case keyHome, 'g':
		v.top = 0
	case keyEnd, 'G':
		v.top = len(v.shown)
	}
}

// scroll keeps the first line within what there is.
func (v *view) scroll() { v.top = max(0, min(v.top, len(v.shown)-v.painter.lines)) }

// paint shows the screen.
func (v *view) paint() error {
	width, height := cli.Size(v.terminal.out)
	p := &v.painter
	p.begin(width, height)
	v.scroll()
	if v.help {
		p.help()
	} else {
		p.head(v)
		for _, s := range v.shown[v.top:min(v.top+p.lines, len(v.shown))] {
			p.stat(s)
		}
		p.foot(v)
	}
	return p.end(v.terminal.out)
}

// status is what the first line says, in width characters.
func (v *view) status(width int) string {
	files, ended, failing, err := v.files()
	text := "pollstats  " + plural(files, "file")
	if ended > 0 {
		text = "pollstats  " + strconv.Itoa(files-ended) + " of " + plural(files, "file") + " live"
	}
	text += "  " + v.stated() + "  every " + v.delay.String()
	if v.stale > 0 {
		text += "  " + strconv.Itoa(v.stale) + " stale"
	}
	if failing > 0 {
		text += "  " + strconv.Itoa(failing) + " unreadable: "
		// The reason stands at the end.
		text += report.Shorten(escape.Text(cli.Reason(err)), width-len(text), v.painter.utf8)
	}
	return text
}

// stated says how many stats there are.
func (v *view) stated() string {
	if v.left > 0 {
		return strconv.Itoa(len(v.stats)) + " of " + plural(len(v.stats)+v.left, "stat") + ", use a glob"
	}
	return plural(len(v.stats), "stat")
}

// files counts the files that are polled, those of them whose writer has ended,
// and those that cannot be read, with the reason of the first.
func (v *view) files() (polled, ended, failing int, first error) {
	for f := range v.poller.Files() {
		if f.Polled > 0 {
			polled++
			if f.Ended() {
				ended++
			}
		}
		if f.Err != nil {
			failing++
			first = cmp.Or(first, f.Err)
		}
	}
	return polled, ended, failing, first
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
