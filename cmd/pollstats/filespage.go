package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/reader"
)

// A filesPage shows the files that are read, one a row, and why others cannot be.
type filesPage struct {
	totals   *totals
	users    map[uint32]string
	runtimes map[*reader.File]string
	grid[*fileRow]
}

// A fileRow is a file, or an argument that cannot be read.
type fileRow struct {
	file    *reader.File
	process *process // nil where nothing of the file was read
}

func newFilesPage(t *totals) *filesPage {
	f := &filesPage{totals: t, users: userNames(), runtimes: make(map[*reader.File]string)}
	f.setColumns()
	return f
}

func (f *filesPage) title() string  { return "files" }
func (f *filesPage) id(row int) any { return f.shown[row].file.Path }
func (f *filesPage) keys() string {
	return "Esc back  Enter stats of the file  / filter  s sort  S reverse  ? help"
}

func (f *filesPage) open(row int) page {
	return newFilePage(f.totals, f.shown[row].file.Path)
}

func (f *filesPage) key(k key) action {
	if k == 'f' { // it is open
		return done
	}
	return f.sortKey(k)
}

// setColumns makes the columns.
func (f *filesPage) setColumns() {
	column := func(title string, width, rank int, value func(*fileRow) float64, text func(*fileRow) string) {
		f.grid.columns = append(f.grid.columns, gridColumn[*fileRow]{title: title, width: width, right: value != nil && title != "SINCE", rank: rank, value: value,
			cell: func(r *fileRow, _ int) (string, style) { return text(r), r.style() }})
	}
	column("FILE", 5, 0, nil, func(r *fileRow) string { return escape.Text(r.name()) })
	column("COMMAND", 12, 7, nil, func(r *fileRow) string { return escape.Text(command(r.file)) })
	column("OWNER", 8, 4, nil, func(r *fileRow) string {
		if f.totals.Replay != "" {
			return "-" // it is not recorded
		}
		return f.owner(r.file.Info)
	})
	column("PID", 7, 2, func(r *fileRow) float64 { return float64(r.file.Writer.PID) }, func(r *fileRow) string { return pidText(r.file) })
	column("STATE", 5, 0, nil, (*fileRow).state)
	column("SINCE", 14, 5, func(r *fileRow) float64 { return float64(created(r.file).Unix()) }, func(r *fileRow) string { return sinceText(created(r.file)) })
	column("SIZE", 8, 6, func(r *fileRow) float64 { return float64(r.file.Info.Size) }, func(r *fileRow) string {
		if r.file.Info.Size == 0 {
			return "-"
		}
		return numberText(format.IntValue(r.file.Info.Size), "bytes", false, f.totals.utf8)
	})
	column("STATS", 5, 3, func(r *fileRow) float64 { return float64(r.file.Stats) }, func(r *fileRow) string { return strconv.Itoa(r.file.Stats) })
	column("RUNTIME", 14, 8, nil, f.runtime)
	f.grid.columns = append(f.grid.columns, gridColumn[*fileRow]{title: "", width: 10, most: maxText, rank: 9,
		cell: func(r *fileRow, _ int) (string, style) { return r.note(), differs }})
}

// arrange gathers the files, where anything is new.
func (f *filesPage) arrange(filter string) {
	ps := f.totals.processes
	now := f.gathering(ps, filter)
	if now == f.gathered {
		return
	}
	f.gathered = now
	f.shown = f.shown[:0]
	match := matcher(filter)
	for file := range f.totals.poller.Files() {
		r := &fileRow{file, ps.byFile[file]}
		if f.totals.Live && r.process != nil && r.process.ended {
			continue
		}
		if match(file.Path) {
			f.shown = append(f.shown, r)
		}
	}
	for file := range f.runtimes {
		if ps.byFile[file] == nil {
			delete(f.runtimes, file)
		}
	}
	slices.SortStableFunc(f.shown, f.compare)
}

// compare puts what cannot be read first, and then the largest number.
func (f *filesPage) compare(x, y *fileRow) int {
	if value := f.grid.columns[f.sort].value; value != nil {
		order := cmp.Compare(value(y), value(x))
		if f.reverse {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(x.file.Path, y.file.Path))
	}
	order := cmp.Or(trueFirst(x.file.Err != nil, y.file.Err != nil), cmp.Compare(x.name(), y.name()), cmp.Compare(x.file.Path, y.file.Path))
	if f.reverse {
		return -order
	}
	return order
}

// header draws the titles of the columns.
func (f *filesPage) header(c *canvas, y int) int {
	f.layOut(c.width, widest(len(f.shown), func(i int) string { return f.shown[i].name() }))
	f.grid.header(c, y)
	return 1
}

// draw draws the row of a file, and of one that cannot be read the reason.
func (f *filesPage) draw(c *canvas, y, row int) {
	r := f.shown[row]
	if r.process != nil || r.file.Err == nil {
		f.grid.draw(c, y, row)
		return
	}
	first := &f.grid.columns[0]
	c.text(0, y, c.shorten(escape.Text(r.name()), first.room), differs)
	c.text(first.room+1, y, escape.Text(cli.Cause(r.file.Err)), differs)
}

// name returns the name of the file, and the whole path of an argument that is no
// file.
func (r *fileRow) name() string {
	if i := strings.LastIndexByte(r.file.Path, '/'); i >= 0 && r.file.Info.Ino != 0 {
		return r.file.Path[i+1:]
	}
	return r.file.Path
}

func (r *fileRow) state() string {
	if r.process == nil {
		return "-"
	}
	return r.process.state()
}

func (r *fileRow) style() style {
	switch {
	case r.file.Err != nil:
		return differs
	case r.process != nil && r.process.over():
		return muted
	}
	return normal
}

// note says what is wrong with a file.
func (r *fileRow) note() string {
	switch {
	case r.file.Err != nil:
		return escape.Text(cli.Cause(r.file.Err))
	case r.process != nil && r.process.stale && !r.process.over():
		return "heartbeat overdue"
	case r.file.Polled == maxStatsShown && r.file.Stats > maxStatsShown:
		return "the first " + strconv.Itoa(maxStatsShown) + " stats are shown"
	}
	return ""
}

// owner returns the name of the user who owns a file, or else the number.
func (f *filesPage) owner(info mapping.Info) string {
	if info.Ino == 0 {
		return "-"
	}
	if name := f.users[info.UID]; name != "" {
		return name
	}
	return strconv.FormatUint(uint64(info.UID), 10)
}

// runtime returns what the program of a file runs on, such as "Go 1.26.8".
func (f *filesPage) runtime(r *fileRow) string {
	name, known := f.runtimes[r.file]
	if !known && r.process != nil {
		name = runtimeOf(r.process, f.totals.Replay == "")
		f.runtimes[r.file] = name
	}
	return name
}

// runtimeOf returns the language of a program and its version, or "-". Its file
// may be read for that where isThere is true.
func runtimeOf(p *process, isThere bool) string {
	for _, t := range p.traces {
		if name := runtimeText([]byte(t.group.label), t.text); name != "" {
			return name
		}
	}
	if !isThere {
		return "-"
	}
	stats, err := reader.ReadFile(p.path) // where that label is not polled
	if err != nil {
		return "-"
	}
	for _, st := range stats {
		if st.Value.Class() == format.TextClass {
			if name := runtimeText(st.Label, string(st.Value.Text())); name != "" {
				return name
			}
		}
	}
	return "-"
}

// runtimeText returns what a stat says of the language of a program, or "".
func runtimeText(label []byte, value string) string {
	for _, r := range []struct{ label, name, prefix string }{
		{"org.golang.version", "Go", "go"}, {"org.python.version", "Python", ""},
	} {
		if format.IsLabel(label, r.label) {
			version, _, _ := strings.Cut(strings.TrimPrefix(value, r.prefix), " ")
			return r.name + " " + escape.Text(version)
		}
	}
	return ""
}

// sinceText returns a time as the date and the time of day.
func sinceText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("Jan 02 15:04:05")[:len("Jan 02 15:04")]
}
