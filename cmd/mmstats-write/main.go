// Mmstats-write creates and updates stats, for shell scripts and for programs
// without a library.
//
//	mmstats-write [-n NAME|-f FILE] [-p PREFIX] LABEL[:TYPE](=|+=|-=)VALUE...
package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/change"
	"mmstats/lib/cli"
	"mmstats/lib/mmstats"
	"mmstats/lib/statfile"
)

func main() { cli.Main("mmstats-write", run) }

type options struct {
	Name   cli.StatName   `short:"n" long:"name" value-name:"NAME" description:"Write to $MMSTATS_PATH/NAME.mmstats"`
	File   flags.Filename `short:"f" long:"file" value-name:"FILE" description:"Write to FILE. Without -n and -f: to $MMSTATS_FILE"`
	Prefix string         `short:"p" long:"prefix" empty:"yes" value-name:"PREFIX" description:"Put PREFIX and a dot before each label"`
	cli.Common
}

// commands are what the command does beside assignments.
type commands struct {
	create createOptions
	rm     rmOptions
	stream streamOptions
}

type rmOptions struct {
	Force bool `long:"force" description:"It is no error that there is no such file; the same is -f at the end"`
}

func run(a *cli.App, args []string, stdin io.Reader) int {
	var o options
	p := a.Parser(&o, "[-n NAME | -f FILE] [-p PREFIX] LABEL[:TYPE](=|+=|-=)VALUE...\n  mmstats-write [-n NAME | -f FILE] [-p PREFIX]")
	p.SubcommandsOptional = true
	var c commands
	if n := len(args); n > 1 && args[n-2] == "rm" && args[n-1] == "-f" {
		args = append(slices.Clip(args[:n-1]), "--force") // no file follows that -f could be of
	}
	if mayBeCommand(args) {
		c.add(p)
		a.Candidates = func(found []flags.Completion) []flags.Completion { return candidates(p, found, args) }
	}
	rest, status, done := a.Parse(p, &o.Common, args)
	if done {
		return status
	}
	s, err := sessionOf(&o)
	if err != nil {
		return a.Misuse("%s", err)
	}
	defer s.close()
	command := ""
	if p.Active != nil {
		command = p.Active.Name
	}
	switch command {
	case "rm", "sync", "stream":
		if len(rest) > 0 {
			return a.Misuse("%s takes no argument %q", command, rest[0])
		}
	case "":
		if len(rest) == 0 {
			return a.Misuse("nothing to do")
		}
	}
	switch command {
	case "rm":
		err := s.remove()
		if c.rm.Force && errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return finish(a, err)
	case "sync":
		return finish(a, s.sync())
	}
	warnOfName(a, string(o.File))
	switch command {
	case "stream":
		st := stream{App: a, session: s, streamOptions: c.stream}
		return st.run(stdin)
	case "time":
		return s.runTime(a, rest)
	}
	if command == "create" {
		return s.create(a, &c.create, rest, stdin)
	}
	batch, err := parseBatch(rest, s.options.Prefix, false)
	if err != nil {
		return a.Misuse("%s", err)
	}
	return finish(a, s.apply(batch))
}

// warnOfName says of a file that is going to be made that readers which are told
// no file do not find it.
func warnOfName(a *cli.App, path string) {
	if path == "" || strings.HasSuffix(path, statfile.Suffix) {
		return
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		a.Notef("%s: no reader finds it by itself: its name does not end in %s", path, statfile.Suffix)
	}
}

// commandNames are the names of all commands.
var commandNames = []string{"create", "rm", "sync", "time", "stream"}

// mayBeCommand reports whether args may call a command, or ask for a text that
// names them. Making them up costs a tenth of what an update takes.
func mayBeCommand(args []string) bool {
	return os.Getenv("GO_FLAGS_COMPLETION") != "" || slices.ContainsFunc(args, func(arg string) bool {
		return slices.Contains(commandNames, arg) || strings.HasPrefix(arg, "-h") || strings.HasPrefix(arg, "--h")
	})
}

func (c *commands) add(p *flags.Parser) {
	descriptions := map[string]string{
		"create": "Declare stats: LABEL:TYPE[=VALUE]...",
		"rm":     "Remove the file",
		"sync":   "Write the file to the disk, and wait for it",
		"time":   "Run a command and add its seconds to a histogram: LABEL[:TYPE] [--] CMD...",
		"stream": "Take assignments from standard input, one batch a line",
	}
	options := map[string]any{"create": &c.create, "rm": &c.rm, "stream": &c.stream}
	for _, name := range commandNames {
		data := options[name]
		if data == nil {
			data = &struct{}{}
		}
		command, err := p.AddCommand(name, descriptions[name], "", data)
		if err != nil {
			panic(err)
		}
		// As with env(1), what follows the label belongs to its command.
		command.PassAfterNonOption = name == "time"
	}
}

func parseBatch(words []string, prefix string, declares bool) ([]change.Change, error) {
	batch := make([]change.Change, len(words))
	for i, word := range words {
		a, err := parseAssignment(word, prefix, declares)
		if err != nil {
			return nil, err
		}
		batch[i] = a
	}
	return batch, nil
}

// finish returns the status of a command that ended with err.
func finish(a *cli.App, err error) int {
	switch {
	case err == nil:
		return cli.OK
	case errors.Is(err, mmstats.ErrLocked), errors.Is(err, mmstats.ErrInUse):
		a.Error(err)
		return cli.TempFail
	}
	a.Error(err)
	return cli.Misused // nothing was done
}

// sessionOf returns the session for the file that the options name.
func sessionOf(o *options) (*session, error) {
	name, path := string(o.Name), string(o.File)
	switch {
	case name != "" && path != "":
		return nil, errors.New("-n and -f exclude each other")
	case name != "":
		var err error
		if path, err = statfile.Named(name); err != nil {
			return nil, err
		}
	case path == "":
		if path = os.Getenv("MMSTATS_FILE"); path == "" {
			return nil, errors.New("which file? -n NAME, -f FILE or $MMSTATS_FILE says so")
		}
	}
	return newSession(path, withDot(o.Prefix)), nil
}

// withDot returns what stands before each label, for the value of -p.
func withDot(prefix string) string {
	if prefix != "" && !strings.HasSuffix(prefix, ".") {
		prefix += "."
	}
	return prefix
}
