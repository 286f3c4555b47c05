// Pollstats shows how stats of running programs change, a row an interval.
//
//	pollstats [-p PREFIX] [-d DELAY] [-c COUNT] [-n HEADERS] [-f KEY[=VALUE]]... FIELD[,FIELD...] [FILE|DIR...]
//	pollstats -w [-p PREFIX] [-d DELAY] [-f KEY[=VALUE]]... [GLOB|FILE|DIR...]
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
	"mmstats/lib/output"
	"mmstats/lib/reader"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

func main() { cli.Main("pollstats", run) }

type options struct {
	Prefix  string   `short:"p" long:"prefix" value-name:"PREFIX" description:"Put this before every field"`
	Delay   string   `short:"d" long:"delay" value-name:"DELAY" default:"1" description:"Time between rows, such as 0.5, 500ms or 2s"`
	Count   int      `short:"c" long:"count" value-name:"COUNT" description:"End after this many rows"`
	Headers int      `short:"n" long:"headers" value-name:"HEADERS" default:"20" description:"Repeat the titles after this many rows of text; 0 is never"`
	Filter  []string `short:"f" long:"filter" value-name:"KEY[=VALUE]" description:"Only files with a label that starts with KEY, or with that value of KEY (repeatable)"`
	First   bool     `long:"first" description:"Show the values so far in a row at once"`
	Watch   bool     `short:"w" long:"watch" description:"Show all stats that match on a full screen"`
	Output  string   `short:"o" long:"output" value-name:"FORMAT" description:"text, tsv or json; without it text on a terminal, else tsv"`
	JSON    bool     `short:"j" description:"The same as -o json"`
	Header  bool     `long:"header" description:"Put the names of the columns above tsv"`
	MaxSize int      `long:"max-size" value-name:"BYTES" default:"16777216" description:"Read at most this much of a file"`
	Verbose []bool   `short:"v" hidden:"true"` // of the original, which kept its errors to itself without it
	cli.Color
	cli.Common
	Args struct {
		Fields fieldNames       `positional-arg-name:"FIELD,..." description:"Stats to show; FIELD:MODE shows its rate, delta, value, avg, min or max. With -w, globs of labels"`
		Files  []flags.Filename `positional-arg-name:"FILE|DIR" description:"Stat files, and directories of *.mmstats. Without any, those of $MMSTATS_GLOB"`
	} `positional-args:"yes"`
}

const (
	minDelay = 10 * time.Millisecond
	maxDelay = 365 * 24 * time.Hour
)

// parseDelay returns the time that -d is: seconds, or a number with a unit.
func parseDelay(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("-d is a time such as 0.5, 500ms or 2s, not %q", text)
	case d < minDelay || d > maxDelay:
		return 0, fmt.Errorf("-d is 10ms to a year, not %q", text)
	}
	return d, nil
}

// fieldNames are the fields of a command line, with commas between.
type fieldNames string

// Complete implements flags.Completer: it completes the last of the fields.
func (*fieldNames) Complete(match string) []flags.Completion {
	last := strings.LastIndexByte(match, ',') + 1
	found := new(cli.LabelName).Complete(match[last:])
	for i := range found {
		found[i].Item = match[:last] + found[i].Item
	}
	return found
}

// A poll is one run of the command.
type poll struct {
	*cli.App
	options
	delay   time.Duration
	format  output.Format
	colors  bool
	poller  reader.Poller
	columns *columns
}

func run(a *cli.App, args []string, _ io.Reader) int {
	p := &poll{App: a}
	usage := "[-w] [-p PREFIX] [-d DELAY] [-c COUNT]"
	rest, status, done := a.Parse(a.Parser(&p.options, usage), &p.Common, args)
	if done {
		return status
	}
	if err := p.prepare(); err != nil {
		return a.Misuse("%s", err)
	}
	files := append(cli.Paths(p.Args.Files), rest...)
	p.poller.MaxSize = p.MaxSize
	for _, text := range p.Filter {
		p.poller.Filters = append(p.poller.Filters, reader.ParseFilter(text))
	}
	defer p.poller.Close()
	if p.Watch {
		return p.watch(files)
	}
	p.poller.Watch = statfile.NewWatch(files)
	return p.roll()
}

// prepare checks what the options say together.
func (p *poll) prepare() (err error) {
	switch {
	case p.Count < 0:
		return errors.New("-c must not be negative")
	case p.Headers < 0:
		return errors.New("-n must not be negative")
	case p.MaxSize < 1:
		return errors.New("--max-size must be at least 1")
	case p.Watch && (p.Output != "" || p.JSON || p.First || p.Header):
		return errors.New("-w excludes -o, -j, --first and --header")
	}
	if p.delay, err = parseDelay(p.Delay); err != nil {
		return err
	}
	if p.colors, err = p.Enabled(p.Stdout); err != nil {
		return err
	}
	if p.Watch {
		return nil
	}
	if p.format, err = cli.Format(p.Output, p.JSON, p.Stdout); err != nil {
		return err
	}
	if p.format == output.Prometheus {
		return errors.New("the formats are text, tsv and json")
	}
	p.columns, err = parseColumns(p.Prefix, string(p.Args.Fields))
	return err
}

// roll writes a row an interval, and returns the status.
func (p *poll) roll() int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGWINCH)
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(signals, os.Interrupt)
	}
	p.poller.Report = p.Error
	p.poller.Want = p.columns.want
	start := p.poller.Poll(p.columns.visit)
	beat := cli.NewBeat(start, p.delay)
	if err := p.columns.resolve(len(p.Filter) > 0); err != nil {
		p.Error(err)
		return cli.Misused
	}
	r := &roll{poll: p, table: report.NewTable(p.Stdout, report.TableOptions{
		Format: p.format, Header: p.Header, Repeat: p.Headers, Color: p.colors, UTF8: cli.UTF8(),
	}, p.columns.titles())}
	r.resize()
	rows := 0
	if p.First {
		if err := r.row(report.Moment{Time: start, Cells: p.columns.firsts()}); err != nil {
			return p.OutputFailed(err)
		}
		rows++
	}
	for p.Count == 0 || rows < p.Count {
		select {
		case s := <-signals:
			if s == os.Interrupt {
				return r.interrupted()
			}
			r.resize()
		case <-beat.C:
			p.columns.begin()
			now := p.poller.Poll(p.columns.visit)
			elapsed, missed := beat.Tick(now)
			if err := r.row(report.Moment{Time: now, Elapsed: elapsed, Missed: missed, Cells: p.columns.cells(elapsed)}); err != nil {
				return p.OutputFailed(err)
			}
			rows++
		}
	}
	return p.Status()
}

// A roll is the output of a poll.
type roll struct {
	*poll
	table  *report.Table
	hidden []report.Column // of which was said that there is no room for them
}

func (r *roll) row(m report.Moment) error { return r.table.Row(&m) }

// resize fits the table to the terminal, and names the columns that it has no
// room for.
func (r *roll) resize() {
	if r.format != output.Text {
		return
	}
	width, _ := cli.Size(r.Stdout)
	r.table.Resize(width)
	hidden := r.table.Hidden()
	if len(hidden) > 0 && !slices.Equal(hidden, r.hidden) {
		var names []string
		for _, c := range hidden {
			names = append(names, c.Title)
		}
		r.Notef("no room for %s", strings.Join(names, ", "))
	}
	r.hidden = hidden
}

// interrupted ends the output at Ctrl-C, which leaves its ^C on the line.
func (r *roll) interrupted() int {
	if r.format == output.Text && cli.Terminal(r.Stdout) {
		io.WriteString(r.Stdout, "\n")
	}
	return r.Status()
}
