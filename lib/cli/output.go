package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	flags "github.com/jessevdk/go-flags"
	"golang.org/x/term"

	"mmstats/lib/output"
)

// Files holds the arguments of a command that reads stat files.
type Files struct {
	Args struct {
		Files []flags.Filename `positional-arg-name:"FILE|DIR" description:"Stat files, and directories of *.mmstats. Without any, those of $MMSTATS_GLOB"`
	} `positional-args:"yes"`
}

// Paths returns the arguments as they were given.
func (f *Files) Paths() []string { return Paths(f.Args.Files) }

// Paths returns names of files as strings.
func Paths(files []flags.Filename) []string {
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = string(file)
	}
	return paths
}

// Color is the option that says when to use colours.
type Color struct {
	Color string `long:"color" choices:"auto always never" value-name:"WHEN" default:"auto" description:"auto (on a terminal), always or never"`
}

// Enabled reports whether output to w is coloured. The option decides, or else
// $NO_COLOR, or $CLICOLOR_FORCE, or whether w is a terminal that has colours.
func (c *Color) Enabled(w io.Writer) (bool, error) {
	force := os.Getenv("CLICOLOR_FORCE")
	switch {
	case c.Color == "always" || c.Color == "never":
		return c.Color == "always", nil
	case c.Color != "auto":
		return false, fmt.Errorf("--color is auto, always or never, not %q", c.Color)
	case os.Getenv("NO_COLOR") != "":
		return false, nil
	case force != "" && force != "0":
		return true, nil
	}
	return Terminal(w) && os.Getenv("TERM") != "dumb", nil
}

// Terminal reports whether w is a terminal.
func Terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Format returns the format of output to w, one of formats. name and json are
// the options -o and -j; without them it is text for a terminal and TSV for
// anything else.
func Format(name string, json bool, w io.Writer, formats ...output.Format) (output.Format, error) {
	switch {
	case json && name != "" && name != "json":
		return 0, errors.New("-j and -o " + name + " exclude each other")
	case json:
		return output.JSON, nil
	case name != "":
		return output.ParseFormat(name, formats...)
	case Terminal(w):
		return output.Text, nil
	}
	return output.TSV, nil
}
