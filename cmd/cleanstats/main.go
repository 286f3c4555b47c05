// Cleanstats removes the stat files of processes that have ended, and never
// one that is in use.
//
//	cleanstats [-n] [-v] [--fold FILE] [-o FORMAT | -0] [FILE|DIR...]
package main

import (
	"errors"
	"fmt"
	"io"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
	"mmstats/lib/mapping"
	"mmstats/lib/output"
	"mmstats/lib/statfile"
)

func main() { cli.Main("cleanstats", run) }

type options struct {
	DryRun  bool           `short:"n" long:"dry-run" description:"Remove nothing, and tell what would be done"`
	Verbose bool           `short:"v" long:"verbose" description:"Add what each decision rests on"`
	Fold    flags.Filename `long:"fold" value-name:"FILE" description:"Add the counters and histograms of files that are removed to the stat file FILE first"`
	Output  string         `short:"o" long:"output" choices:"text tsv json" value-name:"FORMAT" description:"text, tsv or json (one object a line); without it text on a terminal, else tsv"`
	JSON    bool           `short:"j" description:"The same as -o json"`
	Names   bool           `short:"0" long:"print0" description:"Write the names of removed files alone, each with a NUL after it"`
	Header  bool           `long:"header" description:"Put the names of the columns above tsv"`
	MaxSize int            `long:"max-size" value-name:"BYTES" default:"16777216" description:"Read at most this much of a file"`
	cli.Color
	cli.Common
	cli.Files
}

func run(a *cli.App, args []string, _ io.Reader) int {
	c := &cleaner{App: a, counts: make(map[string]int)}
	rest, status, done := a.Parse(a.Parser(&c.options, "[-n] [-v] [--fold FILE] [-o FORMAT | -0]"), &c.Common, args)
	if done {
		return status
	}
	if err := c.prepare(); err != nil {
		return a.Misuse("%s", err)
	}
	return c.run(append(rest, c.Paths()...))
}

// prepare checks the options, and sets up the output.
func (c *cleaner) prepare() error {
	format, err := cli.Format(c.Output, c.JSON, c.Stdout, output.Text, output.TSV, output.JSON)
	switch {
	case err != nil:
		return err
	case c.Names && (c.JSON || c.Output != ""):
		return errors.New("-0 and a format of output exclude each other")
	case c.MaxSize < 1:
		return errors.New("--max-size must be at least 1")
	}
	color, err := c.Enabled(c.Stdout)
	if err != nil {
		return err
	}
	c.reader.MaxSize = c.MaxSize
	c.text = format == output.Text && !c.Names
	c.out = newDecisions(c.Stdout, &c.options, format, color)
	return nil
}

// run decides on the files that args mean, and returns the status.
func (c *cleaner) run(args []string) int {
	if c.Fold != "" {
		if c.totals, c.foldErr = openTotals(string(c.Fold)); c.foldErr != nil {
			c.Error(c.foldErr)
			return cli.Misused
		}
	}
	if c.DryRun {
		c.totals = nil
	}
	for name, err := range statfile.All(args) {
		if err != nil {
			c.Error(err)
			continue
		}
		if c.file(name); c.outErr != nil {
			break
		}
	}
	c.leave()
	if c.totals != nil && c.foldErr == nil {
		if c.foldErr = c.totals.prune(); c.foldErr != nil {
			c.Error(c.foldErr)
		}
	}
	if c.text {
		c.summary()
	}
	if err := c.out.Flush(); err != nil {
		return c.OutputFailed(err)
	}
	return c.status()
}

func (c *cleaner) status() int {
	switch {
	case errors.Is(c.foldErr, mapping.ErrLocked):
		return cli.TempFail
	case c.Status() != cli.OK && c.counts[removed]+c.counts[kept] == 0:
		return cli.Misused // nothing could be done
	}
	return c.Status()
}

// summary ends the text for a person.
func (c *cleaner) summary() {
	dry := ""
	if c.DryRun {
		dry = "dry run: "
	}
	c.out.Bytes = fmt.Appendf(c.out.Bytes, "%sremoved %d, kept %d, skipped %d\n", dry, c.counts[removed], c.counts[kept], c.counts[skipped])
}
