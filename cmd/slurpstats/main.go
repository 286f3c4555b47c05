// Slurpstats dumps every stat of running programs.
//
//	slurpstats [-o FMT] [-l LABEL]... [-x LABEL]... [-a FUNC] [-L] [-n NAME]... [-r ARCHIVE [--at TIME]] [FILE|DIR...]
package main

import (
	"errors"
	"io"
	"os"
	"runtime/debug"
	"time"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/liveness"
	"mmstats/lib/output"
	"mmstats/lib/reader"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

func main() { cli.Main("slurpstats", run) }

type options struct {
	Output  string          `short:"o" long:"output" choices:"text tsv json prometheus" value-name:"FORMAT" description:"text, tsv, json (one object a line) or prometheus; without it text on a terminal, else tsv"`
	JSON    bool            `short:"j" description:"The same as -o json"`
	Label   []cli.LabelName `short:"l" long:"label" value-name:"LABEL" description:"Show only labels that match, a glob, or a part of them: LABEL:p99 (repeatable)"`
	Exclude []cli.LabelName `short:"x" long:"exclude" value-name:"LABEL" description:"Leave out labels that match, a glob (repeatable)"`
	Name    []cli.StatName  `short:"n" long:"name" value-name:"NAME" description:"Read $MMSTATS_PATH/NAME.mmstats (repeatable)"`
	Replay  flags.Filename  `short:"r" long:"replay" value-name:"ARCHIVE" description:"Show what recstats recorded, by default last of all"`
	At      cli.Time        `long:"at" value-name:"TIME" description:"With -r, what was recorded at 03:12, '2026-11-23 03:12', a time of RFC 3339, or -10m before the end"`
	Fold    string          `short:"a" long:"aggregate" choices:"sum avg min max one count nonzero-min nonzero-avg" value-name:"FUNC" description:"Fold equal labels of all files: sum, avg, min, max, one, count, nonzero-min or nonzero-avg"`
	All     bool            `long:"all" description:"Fold also what programs that have ended left under way"`
	Parts   bool            `long:"parts" description:"Add a row for each part of averages and histograms to tsv"`
	Buckets bool            `long:"buckets" description:"Add the buckets of histograms to tsv and json"`
	Long    bool            `short:"L" long:"long" description:"Add what is known of each stat and of the writer of its file"`
	Live    bool            `long:"live" description:"Leave out files whose writer has ended"`
	Stale   bool            `long:"stale" description:"Only files whose writer has ended, or whose heartbeat is overdue"`
	Value   bool            `long:"value" description:"Write the value alone"`
	Raw     bool            `long:"raw" description:"With --value, write texts without escapes"`
	Header  bool            `long:"header" description:"Put the names of the columns above tsv"`
	Wait    bool            `long:"wait" description:"Wait for files and labels that are not there yet"`
	Why     string          `long:"why" value-name:"LABEL|NAME" description:"Say where a label or file was looked for, and why it is not shown"`
	Verbose bool            `short:"v" long:"verbose" description:"Say it when there is nothing to show"`
	MaxSize int             `long:"max-size" value-name:"BYTES" default:"16777216" description:"Read at most this much of a file"`
	cli.Color
	cli.Common
	cli.Files
}

// A dump is one run of the command.
type dump struct {
	*cli.App
	options
	reader  reader.Reader
	judge   liveness.Judge
	printer *report.Printer
	names   []string        // of the files and directories to read
	paths   *archive.Paths  // the same, in an archive
	record  *archive.Record // that is shown, or nil for what is there now
	labels  *selection
	fold    *fold // for -a
	value   value // for --value

	// What the format of output shows beside values.
	exposed   bool // all that Prometheus has
	text      bool
	json      bool
	described bool // units and the like
	parted    bool // parts of averages and histograms
	judged    bool // whether writers have ended

	rows   []report.Row
	users  map[uint32]string
	waited time.Duration // for programs that start
	sleep  func(time.Duration)
	looked bool // at any file
	files  int  // that were read
	shown  int  // files and folds of which something was shown
}

func run(a *cli.App, args []string, _ io.Reader) int {
	d := &dump{App: a, sleep: time.Sleep}
	rest, status, done := a.Parse(a.Parser(&d.options, "[-o FORMAT] [-l LABEL]... [-x LABEL]... [-a FUNC] [-L] [-n NAME]... [-r ARCHIVE [--at TIME]]"), &d.Common, args)
	if done {
		return status
	}
	if err := d.prepare(append(rest, d.Paths()...)); err != nil {
		return a.Misuse("%s", err)
	}
	if d.Replay != "" {
		if status, done := d.replay(); done {
			return status
		}
	}
	switch {
	case d.Why != "":
		return d.why()
	case d.Wait:
		d.wait()
	}
	return d.run()
}

// conflict returns what is wrong with the options together.
func (d *dump) conflict(format output.Format) error {
	machine := format == output.JSON || format == output.Prometheus
	switch {
	case d.Value && machine:
		return errors.New("--value is for text and tsv")
	case d.Value && d.Long:
		return errors.New("--value and -L exclude each other")
	case d.Raw && !d.Value:
		return errors.New("--raw goes with --value")
	case d.Long && format == output.Prometheus:
		return errors.New("-L is not for prometheus")
	case d.Fold != "" && d.Long:
		return errors.New("-a and -L exclude each other: a fold is of no one file")
	case d.All && d.Fold == "":
		return errors.New("--all goes with -a")
	case d.All && d.Live:
		return errors.New("--all and --live exclude each other")
	case d.Buckets && (d.Value || format == output.Text || format == output.Prometheus):
		return errors.New("--buckets is for tsv and json")
	case d.At != "" && d.Replay == "":
		return errors.New("--at goes with -r")
	case d.Wait && d.Replay != "":
		return errors.New("-r and --wait exclude each other: nothing is added to what was recorded")
	case d.MaxSize < 1:
		return errors.New("--max-size must be at least 1")
	}
	return nil
}

// prepare checks the options and the arguments, and sets up what they ask for.
func (d *dump) prepare(args []string) error {
	format, err := cli.Format(d.Output, d.JSON, d.Stdout, output.Text, output.TSV, output.JSON, output.Prometheus)
	if err == nil {
		err = d.conflict(format)
	}
	if err != nil {
		return err
	}
	if err := d.choose(args); err != nil {
		return err
	}
	if d.labels, err = parseSelection(d.Label, d.Exclude); err != nil {
		return err
	}
	if d.Fold != "" {
		if d.fold, err = newFold(d.Fold); err != nil {
			return err
		}
		d.fold.all = d.All
	}
	color, err := d.Enabled(d.Stdout)
	if err != nil {
		return err
	}
	d.reader.MaxSize = d.MaxSize
	d.judge.Process = liveness.Cached()
	d.users = make(map[uint32]string)
	d.exposed, d.json = format == output.Prometheus, format == output.JSON
	d.text = format == output.Text && !d.Value
	d.described = d.exposed || d.json || d.text || d.Long
	d.parted = d.json || d.text
	d.judged = d.exposed || d.text || d.Long || d.Live || d.Stale || d.fold != nil
	if d.exposed {
		debug.SetGCPercent(50) // all stats are gathered first
	}
	host := ""
	if d.Long && d.json {
		host, _ = os.Hostname()
	}
	d.printer = report.New(d.Stdout, report.Options{
		Format: format, Header: d.Header, Long: d.Long, ValueOnly: d.Value, Raw: d.Raw,
		Color: color, Buckets: d.Buckets, Host: host,
	})
	return nil
}

// choose sets which files are shown.
func (d *dump) choose(args []string) (err error) {
	var names []string
	for _, name := range d.options.Name {
		names = append(names, string(name))
	}
	if d.Replay != "" {
		d.paths, err = archive.ParsePaths(args, names)
		return err
	}
	for _, name := range names {
		path, err := statfile.Named(name)
		if err != nil {
			return err
		}
		d.names = append(d.names, path)
	}
	d.names = append(d.names, args...)
	return nil
}
