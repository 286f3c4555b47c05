// Recstats records all stats, for slurpstats and pollstats to show later.
//
//	recstats [-d DELAY] [-s SIZE] [-k AGE] [-l GLOB]... [-x GLOB]... [--sync N] DIR [FILE|DIR|GLOB...]
//	recstats info [-o FORMAT] ARCHIVE
//	recstats cut [--from TIME] [--to TIME] ARCHIVE >PART
package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
)

func main() { cli.Main("recstats", run) }

type options struct {
	Delay   string          `short:"d" long:"delay" value-name:"DELAY" default:"1" description:"Time between two records, such as 0.5, 500ms or 2s"`
	Size    string          `short:"s" long:"size" value-name:"SIZE" default:"256M" description:"Delete the oldest records to stay within this size, such as 500M or 2G"`
	Age     string          `short:"k" long:"keep" value-name:"AGE" description:"Delete records that are older than this, such as 36h or 7d"`
	Label   []cli.LabelName `short:"l" long:"label" value-name:"GLOB" description:"Record only labels that match (repeatable)"`
	Exclude []cli.LabelName `short:"x" long:"exclude" value-name:"GLOB" description:"Leave out labels that match (repeatable)"`
	Sync    int             `long:"sync" value-name:"N" base:"10" description:"Force every Nth record to the disk; without it one in 300"`
	MaxSize int             `long:"max-size" value-name:"BYTES" base:"10" default:"16777216" description:"Read at most this much of a file"`
	cli.Common

	// What the command does beside recording.
	Info infoOptions `command:"info" description:"Show what is in an archive: ARCHIVE"`
	Cut  cutOptions  `command:"cut" description:"Write a part of an archive to standard output: ARCHIVE"`
}

func run(a *cli.App, args []string, _ io.Reader) int {
	var o options
	p := a.Parser(&o, "[-d DELAY] [-s SIZE] [-k AGE] DIR [FILE|DIR|GLOB...]\n  recstats")
	p.SubcommandsOptional = true
	rest, status, done := a.Parse(p, &o.Common, args)
	if done {
		return status
	}
	if p.Active == nil {
		return record(a, &o, rest)
	}
	if len(rest) != 1 {
		return a.Misuse("%s takes one ARCHIVE", p.Active.Name)
	}
	ar, err := archive.Open(rest[0])
	if err != nil {
		a.Error(err)
		return cli.Misused
	}
	defer ar.Close()
	if p.Active.Name == "info" {
		return info(a, &o.Info, rest[0], ar)
	}
	return cut(a, &o.Cut, rest[0], ar)
}

// parseSize returns the bytes that -s is.
func parseSize(text string) (int64, error) {
	var n float64
	var unit string
	count, _ := fmt.Sscanf(text, "%g%s", &n, &unit)
	size := n * map[string]float64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}[strings.ToUpper(unit)]
	switch {
	case count == 0 || size == 0 && n != 0:
		return 0, fmt.Errorf("-s is a size such as 500M or 2G, not %q", text)
	case !(size >= archive.LeastMaxSize && size <= 1<<50):
		return 0, fmt.Errorf("-s is 1M to 1024T, not %q", text)
	}
	return int64(size), nil
}

// maxAge is the most that -k may be.
const maxAge = 100 * 365 * 24 * time.Hour

// parseAge returns the time that -k is: a number with a unit, which may be days
// and weeks.
func parseAge(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	number, factor := text, time.Duration(1)
	for suffix, days := range map[string]time.Duration{"d": 1, "w": 7} {
		if before, ok := strings.CutSuffix(text, suffix); ok {
			number, factor = before+"h", 24*days
		}
	}
	d, err := time.ParseDuration(number)
	switch {
	case err != nil || d <= 0:
		return 0, fmt.Errorf("-k is an age such as 36h or 7d, not %q", text)
	case d > maxAge/factor || d*factor < time.Minute:
		return 0, fmt.Errorf("-k is a minute to 100 years, not %q", text)
	}
	return d * factor, nil
}
