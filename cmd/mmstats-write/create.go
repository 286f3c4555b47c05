package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/change"
	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
)

type createOptions struct {
	PID       *int           `long:"pid" value-name:"PID" description:"The process that the file belongs to: cleanstats removes the file after it ends"`
	Unit      string         `long:"unit" empty:"yes" value-name:"UNIT" description:"The unit of the new stats, such as seconds or bytes"`
	About     string         `long:"about" empty:"yes" value-name:"TEXT" description:"What the new stats are, for people"`
	From      flags.Filename `long:"from" value-name:"FILE" description:"Declare what the lines of FILE say, too: LABEL:TYPE [unit=UNIT] [kind=KIND] [about=TEXT]"`
	Heartbeat string         `long:"heartbeat" value-name:"TIME" description:"Expect an update every TIME, such as 90s or 25h: readers call the file stale when they stay away"`
}

// parseEvery returns the time between two beats that a text says: seconds, or a
// number with a unit.
func parseEvery(text string) (time.Duration, error) {
	every, err := time.ParseDuration(text)
	if err != nil {
		every, err = time.ParseDuration(text + "s")
	}
	if err != nil || every <= 0 {
		return 0, fmt.Errorf("--heartbeat is a time such as 90s, 5m or 25h, not %q", text)
	}
	return every, nil
}

// create declares stats.
func (s *session) create(a *cli.App, o *createOptions, words []string, stdin io.Reader) int {
	if o.PID != nil {
		if *o.PID < 1 || *o.PID > liveness.MaxPID {
			return a.Misuse("--pid is 1 to %d, not %d", liveness.MaxPID, *o.PID)
		}
		s.options.PID = *o.PID
	}
	var beat []change.Change
	batch, err := parseBatch(words, s.options.Prefix, true)
	if err == nil && len(words) == 0 && (o.Unit != "" || o.About != "") {
		err = errors.New("--unit and --about describe the stats that create names, and it names none")
	}
	if err == nil && o.Heartbeat != "" {
		beat, err = heartbeat(o.Heartbeat)
	}
	for i := range batch {
		batch[i].Description.Unit, batch[i].Description.About = o.Unit, o.About
	}
	if err != nil {
		return a.Misuse("%s", err)
	}
	if o.From != "" {
		more, err := declarationsOf(string(o.From), s.options.Prefix, stdin)
		if err != nil {
			return finish(a, err)
		}
		batch = append(batch, more...)
	}
	return finish(a, s.apply(append(batch, beat...)))
}

// heartbeat declares when the file was last written to, which is renewed by all
// that mmstats-write does with the file.
func heartbeat(text string) ([]change.Change, error) {
	every, err := parseEvery(text)
	now := float64(time.Now().UnixMicro()) / 1e6
	return []change.Change{{
		Label: "sys.heartbeat", Op: change.Declare, Type: format.Float64, Value: format.FloatValue(now),
		Description: format.Description{Unit: "unixtime", About: "When stats were last updated", Every: every.Seconds()},
	}}, err
}

// declarationsOf returns what the lines of a file declare. "-" is standard input.
func declarationsOf(name, prefix string, stdin io.Reader) (batch []change.Change, err error) {
	in, called := stdin, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in, called = f, name
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		text := strings.Trim(lines.Text(), " \t\r")
		if text == "" || text[0] == '#' {
			continue
		}
		c, err := parseDeclaration(text, prefix)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", called, n, err)
		}
		batch = append(batch, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", called, err)
	}
	return batch, nil
}

// parseDeclaration reads LABEL[:TYPE][=VALUE] [unit=UNIT] [kind=KIND] [about=TEXT].
func parseDeclaration(line, prefix string) (c change.Change, err error) {
	c, rest, err := parseWord(line, prefix, true)
	if err != nil {
		return c, err
	}
	d := &c.Description
	for rest = trimBlanks(rest); rest != ""; rest = trimBlanks(rest) {
		key, value, _ := strings.Cut(rest, "=")
		rest = ""
		if key != "about" {
			if end := strings.IndexAny(value, " \t"); end >= 0 {
				value, rest = value[:end], value[end:]
			}
		}
		switch {
		case value == "":
			return c, fmt.Errorf("no value of %s", shorten(key))
		case key == "unit":
			d.Unit = value
		case key == "about":
			d.About = value
		case key == "kind" && value == "counter":
			d.Kind = format.KindCounter
		case key == "kind" && value == "gauge":
			d.Kind = format.KindGauge
		case key == "kind":
			return c, fmt.Errorf("no kind %s; kinds: counter, gauge", shorten(value))
		default:
			return c, fmt.Errorf("no key %s; keys: unit, kind, and last about", shorten(key))
		}
	}
	return c, nil
}

func trimBlanks(s string) string { return strings.TrimLeft(s, " \t") }
