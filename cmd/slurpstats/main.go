// Slurpstats dumps every stat of running programs.
//
//	slurpstats [-o FMT] [-l GLOB]... [-x GLOB]... [-a AGG] [-L] [FILE|DIR...]
package main

import (
	"errors"
	"io"
	"io/fs"
	"runtime/debug"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/output"
	"mmstats/lib/reader"
	"mmstats/lib/report"
	"mmstats/lib/statfile"
)

func main() { cli.Main("slurpstats", run) }

type options struct {
	Output  string          `short:"o" long:"output" value-name:"FORMAT" description:"text, tsv, json (one object a line) or prometheus; without it text on a terminal, else tsv"`
	JSON    bool            `short:"j" description:"The same as -o json"`
	Label   []cli.LabelName `short:"l" long:"label" value-name:"GLOB" description:"Show only labels that match (repeatable)"`
	Exclude []cli.LabelName `short:"x" long:"exclude" value-name:"GLOB" description:"Leave out labels that match (repeatable)"`
	Fold    string          `short:"a" long:"aggregate" value-name:"FUNC" description:"Fold equal labels of all files: sum, avg, min, max, one, count, nonzero-min or nonzero-avg"`
	Long    bool            `short:"L" long:"long" description:"Add the writer's pid, whether it lives, and each stat's signature and offset"`
	Live    bool            `long:"live" description:"Only files whose writer runs"`
	Stale   bool            `long:"stale" description:"Only files whose writer has ended, as far as the process table tells"`
	Value   bool            `long:"value" description:"Write the values alone, one a line"`
	Header  bool            `long:"header" description:"Put the names of the columns above tsv"`
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
	exposed bool // for Prometheus
	include []*cli.LabelGlob
	exclude []*cli.LabelGlob
	chosen  map[string]bool // labels that were seen, and whether to show them
	fold    *aggregate.Folder
	rows    []report.Row
	looked  bool          // at any file
	files   int           // that were shown
	waited  time.Duration // for programs that start
	sleep   func(time.Duration)
	folded  map[[2]uint64]bool // files, by device and inode
}

func run(a *cli.App, args []string, _ io.Reader) int {
	d := &dump{App: a, sleep: time.Sleep}
	rest, status, done := a.Parse(a.Parser(&d.options, "[-o FORMAT] [-l GLOB]... [-x GLOB]... [-a FUNC] [-L]"), &d.Common, args)
	if done {
		return status
	}
	if err := d.prepare(); err != nil {
		return a.Misuse("%s", err)
	}
	return d.run(append(rest, d.Paths()...))
}

// prepare checks what the options say together.
func (d *dump) prepare() error {
	format, err := cli.Format(d.Output, d.JSON, d.Stdout)
	switch {
	case err != nil:
		return err
	case d.Value && (format == output.JSON || format == output.Prometheus):
		return errors.New("--value is for text and tsv")
	case d.Value && d.Long:
		return errors.New("--value and -L exclude each other")
	case d.Long && format == output.Prometheus:
		return errors.New("-L is not for prometheus")
	case d.Fold != "" && d.Long:
		return errors.New("-a and -L exclude each other: folded stats have no place")
	case d.Live && d.Stale:
		return errors.New("--live and --stale exclude each other")
	case d.MaxSize < 1:
		return errors.New("--max-size must be at least 1")
	}
	if d.include, err = globs(d.Label); err != nil {
		return err
	}
	if d.exclude, err = globs(d.Exclude); err != nil {
		return err
	}
	d.chosen = make(map[string]bool)
	if d.Fold != "" {
		f, err := aggregate.ParseFunc(d.Fold)
		if err != nil {
			return err
		}
		d.fold, d.folded = aggregate.NewFolder(f), make(map[[2]uint64]bool)
	}
	color, err := d.Enabled(d.Stdout)
	if err != nil {
		return err
	}
	d.reader.MaxSize = d.MaxSize
	d.judge.Process = liveness.Cached()
	if d.exposed = format == output.Prometheus; d.exposed {
		debug.SetGCPercent(50) // all stats are gathered first
	}
	d.printer = report.New(d.Stdout, report.Options{
		Format: format, Header: d.Header, Long: d.Long, ValueOnly: d.Value,
		Color: color,
	})
	return nil
}

// run dumps the files that args mean, and returns the status.
func (d *dump) run(args []string) int {
	for name, err := range statfile.All(args) {
		if err == nil {
			d.looked = true
			err = d.file(name)
		}
		var output *outputError
		if errors.As(err, &output) {
			return d.OutputFailed(output.error)
		}
		if err != nil {
			d.Error(err)
		}
	}
	if d.fold != nil {
		d.printer.Print(report.Source{Files: d.files}, d.results())
	}
	if err := d.printer.Close(); err != nil {
		return d.OutputFailed(err)
	}
	d.unmatched()
	if !d.looked && d.Status() != cli.OK {
		return cli.Misused // nothing could be done
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
	if d.fold != nil && d.seen(info) {
		return nil // a file that is named twice counts once
	}
	err = d.reader.Read(f, info)
	if name.Found {
		info, err = d.settle(f, info, err)
	}
	if err == nil || d.reader.Len() > 0 {
		src := report.Source{File: name.Path, UID: &info.UID}
		var w liveness.Writer
		if d.exposed || d.Long || d.Live || d.Stale {
			w = d.writer(&src, f, info)
		}
		if (d.Live || d.Stale) && (src.Live == nil || *src.Live != d.Live) {
			return err
		}
		d.files++
		if perr := d.show(src, w); perr != nil {
			return &outputError{perr}
		}
	}
	return err
}

// writer returns the writer of the file f that was read, and tells src of it.
func (d *dump) writer(src *report.Source, f *mapping.File, info mapping.Info) liveness.Writer {
	w, err := liveness.WriterOf(d.reader.Data())
	src.Created = w.Created
	if err == nil {
		lives := d.judge.Lives(f, w, info).Yes
		src.PID, src.Live = int64(w.PID), &lives
	}
	return w
}

// show prints the stats of the file of w that was read, or adds them to the
// fold.
func (d *dump) show(src report.Source, w liveness.Writer) error {
	d.rows = d.rows[:0]
	for st := range d.reader.Stats() {
		if !d.wanted(st.Label) {
			continue
		}
		if st.Err != nil {
			d.Errorf("%s: %s: %v", src.File, st.Label, st.Err)
		}
		row := report.Row{
			Label: st.Label, Type: st.Type(), Kind: st.Kind(), Value: st.Value,
			Signature: st.Signature.Text, Offset: st.Offset,
		}
		if d.exposed {
			expose(&row, &st, w)
		}
		d.rows = append(d.rows, row)
	}
	if d.fold != nil {
		for i := range d.rows {
			d.fold.Add(d.rows[i].Label, d.rows[i].Type, d.rows[i].Kind, d.rows[i].Value)
		}
		return nil
	}
	if len(d.rows) == 0 && d.reader.Len() > 0 {
		return nil // a heading with nothing under it
	}
	return d.printer.Print(src, d.rows)
}

// expose adds to row what Prometheus has of a stat beside its value.
func expose(row *report.Row, st *format.Stat, w liveness.Writer) {
	row.Live, row.Samples = w.MayChange(st.Label, st.Kind(), st.Live()), st.Samples()
	about := st.Description()
	row.Unit, row.About = about.Unit, about.About
	if row.Type == format.Histogram {
		if state := new(format.HistogramState); state.Decode(st.Raw) == nil {
			row.Histogram = state
		}
	}
}

// seen reports whether a file was folded before, and remembers it.
func (d *dump) seen(info mapping.Info) bool {
	id := [2]uint64{info.Dev, info.Ino}
	seen := d.folded[id]
	d.folded[id] = true
	return seen
}

// results returns what the fold came to.
func (d *dump) results() []report.Row {
	d.rows = d.rows[:0]
	for r := range d.fold.Results() {
		d.rows = append(d.rows, report.Row{Label: []byte(r.Label), Type: r.Type, Kind: r.Kind, Value: r.Value, Files: r.Files})
	}
	return d.rows
}
