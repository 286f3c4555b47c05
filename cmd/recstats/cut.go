package main

import (
	"bufio"
	"errors"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
)

type cutOptions struct {
	From cli.Time `long:"from" value-name:"TIME" description:"The first record: 03:12, '2026-11-23 03:12', a time of RFC 3339, or -10m before the end"`
	To   cli.Time `long:"to" value-name:"TIME" description:"The last record"`
}

// cut writes a part of an archive to standard output, and returns the status.
func cut(a *cli.App, o *cutOptions, path string, ar *archive.Archive) int {
	if cli.Terminal(a.Stdout) {
		return a.Misuse("standard output is a terminal: send it to a file")
	}
	from, to, err := ar.Bounds()
	if err == nil && o.From != "" {
		from, err = ar.Time(string(o.From))
	}
	if err == nil && o.To != "" {
		to, err = ar.Time(string(o.To))
	}
	switch malformed := new(archive.TimeError); {
	case errors.As(err, &malformed):
		return a.Misuse("%v", err)
	case err == nil && to.Before(from):
		return a.Misuse("--to is earlier than --from")
	case err != nil:
		a.Errorf("%s: %s", path, cli.Cause(err))
		return cli.Misused
	}
	w := bufio.NewWriterSize(a.Stdout, 64<<10)
	_, err = archive.Cut(w, ar, from, to)
	if flushErr := w.Flush(); flushErr != nil {
		return a.OutputFailed(flushErr)
	}
	if err != nil {
		a.Errorf("%s: %s", path, cli.Cause(err))
	}
	for _, d := range ar.Lost() {
		a.Errorf("%s: %s", path, d)
	}
	return a.Status()
}
