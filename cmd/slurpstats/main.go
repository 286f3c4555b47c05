// Slurpstats dumps every stat of running programs.
//
//	slurpstats [-o FMT] [-l LABEL]... [-x LABEL]... [-a FUNC] [-L] [-n NAME]... [FILE|DIR...]
package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
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
	names   []string // of the files and directories to read
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
	rest, status, done := a.Parse(a.Parser(&d.options, "[-o FORMAT] [-l LABEL]... [-x LABEL]... [-a FUNC] [-L] [-n NAME]..."), &d.Common, args)
	if done {
		return status
	}
	if err := d.prepare(append(rest, d.Paths()...)); err != nil {
		return a.Misuse("%s", err)
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
	for _, name := range d.options.Name {
		path, err := statfile.Named(string(name))
		if err != nil {
			return err
		}
		d.names = append(d.names, path)
	}
	d.names = append(d.names, args...)
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

// run dumps the files, and returns the status.
func (d *dump) run() int {
	for name, err := range statfile.All(d.names) {
		if err == nil {
			d.looked = true
			err = d.file(name)
		}
		if output, ok := errors.AsType[*outputError](err); ok {
			return d.OutputFailed(output.error)
		}
		if err != nil && !d.value.defers(d, name, err) {
			d.Error(err)
		}
	}
	if d.fold != nil {
		d.rows = d.rows[:0]
		d.results()
		if len(d.rows) > 0 {
			d.shown++
		}
		d.printer.Print(report.Source{Files: d.fold.files, Ended: d.fold.ended, Time: time.Now()}, d.rows)
	}
	if err := d.value.finish(d); err != nil {
		d.Error(err)
		return cli.Misused
	}
	if err := d.printer.Close(); err != nil {
		return d.OutputFailed(err)
	}
	d.labels.unmatched(func(message string) { d.Errorf("%s", message) })
	if !d.looked && d.Status() != cli.OK {
		return cli.Misused // nothing could be done
	}
	if d.shown == 0 && d.Status() == cli.OK && (d.Verbose || cli.Terminal(d.Stderr)) {
		d.Notef("%s", d.nothing())
	}
	return d.Status()
}

// outputError says that there is nobody to write to.
type outputError struct{ error }

// file dumps one file. The intact part of a damaged one is shown.
func (d *dump) file(name statfile.Name) error {
	f, info, err := statfile.Open(name.Path, !name.Found)
	if name.Found && errors.Is(err, fs.ErrNotExist) {
		return nil // its writer ended since the directory was read
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if d.fold != nil && d.fold.had(info) {
		return nil // a file that is named twice counts once
	}
	err = d.reader.Read(f, info)
	if name.Found {
		info, err = d.settle(f, info, err)
	}
	if err == nil || d.reader.Len() > 0 {
		d.files++
		src, w := d.source(name.Path, f, info)
		if !d.includes(&src, w) {
			return err
		}
		if perr := d.show(src, w, name.Found); perr != nil {
			return &outputError{perr}
		}
	}
	return err
}

// had reports whether a file was folded before, and remembers it.
func (f *fold) had(info mapping.Info) bool {
	id := [2]uint64{info.Dev, info.Ino}
	had := f.seen[id]
	f.seen[id] = true
	return had
}

// show prints the stats of the file of w that was read, or adds them to the
// fold. A file that was found is one of those that a directory or a glob means.
func (d *dump) show(src report.Source, w liveness.Writer, found bool) error {
	d.rows = d.rows[:0]
	d.labels.begin(d.reader.Stats())
	hide := d.text && !d.Long && d.fold == nil && !d.labels.explicit()
	var about identity
	for st := range d.reader.Stats() {
		c := d.labels.of(&st)
		if hide && !st.Live() && about.add(&st) || !c.chosen() {
			continue
		}
		if st.Err != nil {
			d.Errorf("%s: %s: %v", src.File, st.Label, st.Err)
		}
		if d.fold != nil {
			d.addToFold(src.File, &st, c, src.Live != nil && !*src.Live)
		} else {
			d.addRows(&st, c, w)
		}
	}
	switch {
	case d.fold != nil:
		d.fold.files++
		if src.Live != nil && !*src.Live {
			d.fold.ended++
		}
		return nil
	case len(d.rows) == 0 && d.reader.Len() > 0 && !about.found:
		return nil // a heading with nothing under it
	}
	d.shown++
	if about.found {
		src.Note = d.note(&src, w, &about)
	}
	if d.Value && found {
		d.value.hold(src.File, d.rows)
		return nil
	}
	d.value.printed += len(d.rows)
	return d.printer.Print(src, d.rows)
}

// nothing says why there is nothing to show.
func (d *dump) nothing() string {
	switch {
	case d.files > 0 && (d.Live || d.Stale):
		return "of " + plural(d.files, "file") + ", " + d.filter() + " leaves none"
	case d.files > 0 && d.fold != nil:
		return "no stats to fold in " + plural(d.files, "file") + ": texts and sys.* have no " + d.Fold
	case d.files > 0:
		return "no stats to show in " + plural(d.files, "file")
	}
	return "no *" + statfile.Suffix + " in " + cli.Where(d.names)
}

// filter returns the options that leave out files.
func (d *dump) filter() string {
	options := []string{"--live", "--stale"}
	return slices.DeleteFunc(options, func(o string) bool { return o == "--live" && !d.Live || o == "--stale" && !d.Stale })[0]
}
