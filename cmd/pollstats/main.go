// Pollstats shows how stats of running programs change, a row an interval.
//
//	pollstats [-p PREFIX] [-n HEADERS] [-f KEY[=VALUE]]... [FIELD[,FIELD...]]... [DELAY [COUNT]] [FILE|DIR]...
//	pollstats -r ARCHIVE [--from TIME] [--to TIME] [--speed N] ...
//	pollstats -w [-p PREFIX] [-f KEY[=VALUE]]... [GLOB]... [DELAY [COUNT]] [FILE|DIR]...
package main

import (
	"cmp"
	"errors"
	"io"
	"time"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
	"mmstats/lib/output"
)

func main() { cli.Main("pollstats", run) }

type options struct {
	Prefix  string         `short:"p" long:"prefix" empty:"yes" value-name:"PREFIX" description:"Put this before every field"`
	Delay   string         `short:"d" long:"delay" value-name:"DELAY" default-mask:"1" description:"Time between rows, such as 0.5, 500ms or 2s"`
	Count   int            `short:"c" long:"count" value-name:"COUNT" description:"End after this many rows"`
	Headers int            `short:"n" long:"headers" value-name:"HEADERS" default:"20" description:"Repeat the titles after this many rows of text; 0 is never"`
	Filter  []string       `short:"f" long:"filter" value-name:"KEY[=VALUE]" description:"Only files with a label that starts with KEY, or with that value of KEY (repeatable)"`
	Replay  flags.Filename `short:"r" long:"replay" value-name:"ARCHIVE" description:"Show what recstats recorded"`
	From    cli.Time       `long:"from" value-name:"TIME" description:"With -r, begin at 03:12, '2026-11-23 03:12', a time of RFC 3339, or -10m before the end"`
	To      cli.Time       `long:"to" value-name:"TIME" description:"With -r, end at this time"`
	Speed   *float64       `long:"speed" value-name:"N" description:"With -r, show N seconds of the archive a second, and not all at once"`
	First   bool           `long:"first" description:"Show the values so far in a row at once"`
	Wait    bool           `long:"wait" description:"Wait for stats that no file has yet"`
	All     bool           `long:"all" description:"Count all stats of programs that have ended"`
	Live    bool           `long:"live" description:"Leave the files of programs that have ended out"`
	Watch   bool           `short:"w" long:"watch" description:"Show all stats that match on a full screen"`
	Output  string         `short:"o" long:"output" choices:"text tsv json" value-name:"FORMAT" description:"text, tsv or json; without it text on a terminal, else tsv"`
	JSON    bool           `short:"j" description:"The same as -o json"`
	Header  bool           `long:"header" description:"Put the names of the columns above tsv"`
	MaxSize int            `long:"max-size" value-name:"BYTES" default:"16777216" description:"Read at most this much of a file"`
	Verbose []bool         `short:"v" hidden:"true"` // of the original, which kept its errors to itself without it
	cli.Color
	cli.Common
	Args struct {
		Words []word `positional-arg-name:"FIELD,...|DELAY|COUNT|FILE|DIR" description:"Fields are labels of stats, or globs of them; FIELD:MODE shows a rate, delta, value, avg, min, max, or a part such as mean, count or p99. Numbers are the delay and the count. Files are stat files, and directories of *.mmstats; without any, those of $MMSTATS_GLOB"`
	} `positional-args:"yes"`
}

const defaultHeaders = 20

// A poll is one run of the command.
type poll struct {
	*cli.App
	options
	delay  time.Duration
	format output.Format
	colors bool
	utf8   bool // the terminal shows it
	words  words
	poller poller
	span   span // of -r
}

func run(a *cli.App, args []string, _ io.Reader) int {
	p := &poll{App: a, utf8: cli.UTF8()}
	usage := "[-w] [-r ARCHIVE] [-p PREFIX] [-f KEY[=VALUE]]"
	rest, status, done := a.Parse(a.Parser(&p.options, usage), &p.Common, args)
	if done {
		return status
	}
	var words []string
	for _, w := range p.Args.Words {
		words = append(words, string(w))
	}
	if err := p.prepare(append(words, rest...)); err != nil {
		return a.Misuse("%s", err)
	}
	if p.Replay != "" {
		if status, done := p.findSpan(); done {
			return status
		}
	}
	defer func() {
		if p.poller != nil {
			p.poller.Close()
		}
	}()
	switch {
	case p.Watch:
		return p.watch()
	case len(p.words.fields) > 0 || len(p.words.numbers) > 0:
		return p.rows()
	}
	return p.list()
}

// prepare checks what options and arguments say together.
func (p *poll) prepare(args []string) (err error) {
	switch {
	case p.Count < 0:
		return errors.New("-c must not be negative")
	case p.Headers < 0:
		return errors.New("-n must not be negative")
	case p.MaxSize < 1:
		return errors.New("--max-size must be at least 1")
	case p.Watch && (p.Output != "" || p.JSON || p.First || p.Header || p.Wait):
		return errors.New("-w excludes -o, -j, --first, --header and --wait")
	case p.All && p.Live:
		return errors.New("--all and --live exclude each other")
	}
	if err := p.checkReplay(); err != nil {
		return err
	}
	if p.Delay != "" || p.Replay == "" { // without one, a replay has a row a record
		if p.delay, err = cli.ParseDelay("-d", cmp.Or(p.Delay, "1")); err != nil {
			return err
		}
	}
	if p.colors, err = p.Enabled(p.Stdout); err != nil {
		return err
	}
	if p.words, err = split(args, !p.Watch, p.Replay != ""); err != nil {
		return err
	}
	if len(p.words.fields) == 0 && (p.Prefix == "" || p.Watch) {
		// No number is a field.
		if err := p.settle(&p.words, func(string) bool { return false }); err != nil {
			return err
		}
	}
	if p.Watch {
		return nil
	}
	if p.format, err = cli.Format(p.Output, p.JSON, p.Stdout, output.Text, output.TSV, output.JSON); err != nil {
		return err
	}
	return nil
}
