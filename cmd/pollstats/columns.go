package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mmstats/lib/aggregate"
	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/reader"
	"mmstats/lib/report"
)

// mode is what a column shows of a stat.
type mode uint8

const (
	byKind mode = iota // as the kind of the stat has it
	rate               // change per second, summed over files
	delta              // change, summed over files
	value              // sum over files
	avg                // over files, as the next ones
	least
	most
)

// Names of the modes, as FIELD:MODE takes them.
var modes = map[string]mode{"rate": rate, "delta": delta, "value": value, "sum": value, "avg": avg, "min": least, "max": most}

// folds are what the modes make of the values of all files.
var folds = map[mode]aggregate.Func{
	rate: aggregate.Sum, delta: aggregate.Sum, value: aggregate.Sum,
	avg: aggregate.Avg, least: aggregate.Min, most: aggregate.Max,
}

// kindMode returns what is shown of a stat where nobody says it. The sum of
// the means of several files would mean nothing.
func kindMode(t format.Type, k format.Kind) mode {
	switch {
	case k == format.KindCounter:
		return rate
	case t == format.Average || t == format.Moving:
		return avg
	}
	return value
}

// A column shows one stat.
type column struct {
	field      string // as it was given, without its mode
	suffix     string // ":MODE" as it was given
	mode       mode
	candidates []string // labels that the field may mean, the first best
	label      string   // the one that it means

	acc         aggregate.Accumulator
	reset, busy bool
}

// columns are all of them, in order.
type columns struct {
	list   []*column
	labels map[string]bool           // that the poller looks at
	seen   map[string]bool           // in any file, until resolve
	series map[string]*reader.Series // that the first look found
	firstV map[string]*aggregate.Accumulator
	bound  []binding // by the ID of the series
	row    []report.Cell
}

// A binding is the columns of a series.
type binding struct {
	series  *reader.Series
	columns []*column
}

// maxSeen bounds what is remembered of labels, which anyone may make up.
const maxSeen = 10_000

// parseColumns returns the columns of fields, with commas between. Prefix may
// lack its last dot.
func parseColumns(prefix, fields string) (*columns, error) {
	if fields == "" {
		return nil, errors.New("no FIELD is given")
	}
	cs := &columns{
		labels: make(map[string]bool), seen: make(map[string]bool),
		series: make(map[string]*reader.Series), firstV: make(map[string]*aggregate.Accumulator),
	}
	for field := range strings.SplitSeq(fields, ",") {
		c := &column{field: field}
		if at := strings.LastIndexByte(field, ':'); at >= 0 && modes[field[at+1:]] != byKind {
			c.field, c.suffix, c.mode = field[:at], field[at:], modes[field[at+1:]]
		}
		if c.field == "" {
			return nil, fmt.Errorf("empty field in %q", fields)
		}
		c.candidates = []string{prefix + c.field}
		if prefix != "" && !strings.HasSuffix(prefix, ".") {
			c.candidates = append(c.candidates, prefix+"."+c.field)
		}
		for _, label := range c.candidates {
			cs.labels[label] = true
		}
		cs.list = append(cs.list, c)
	}
	cs.row = make([]report.Cell, len(cs.list))
	return cs, nil
}

// want is reader.Poller's.
func (cs *columns) want(label string) bool {
	if cs.seen != nil && len(cs.seen) < maxSeen {
		cs.seen[label] = true
	}
	return cs.labels[label]
}

// resolve finds out what the fields mean, after the first look at the files,
// or at those that filters left in.
func (cs *columns) resolve(filtered bool) error {
	files := "no file"
	if filtered {
		files = "no file that -f leaves in"
	}
	for _, c := range cs.list {
		for _, label := range slices.Backward(c.candidates) {
			if cs.series[label] != nil {
				c.label = label
			}
		}
		s := cs.series[c.label]
		switch {
		case s == nil:
			wanted := c.candidates[len(c.candidates)-1]
			return fmt.Errorf("%s has the stat %s%s", files, wanted, cli.Suggest(wanted, slices.Sorted(maps.Keys(cs.seen))))
		case s.Kind == format.KindString:
			return fmt.Errorf("%s is a text: it has no rate, and no sum", c.label)
		case c.mode == byKind:
			c.mode = kindMode(s.Type, s.Kind)
		}
	}
	cs.seen = nil
	cs.bound = nil
	return nil
}

// titles returns the columns as they are shown.
func (cs *columns) titles() (titles []report.Column) {
	for _, c := range cs.list {
		col := report.Column{Name: c.label + c.suffix, Title: c.field + c.suffix, Rate: c.mode == rate}
		if col.Rate {
			col.Title = c.field + "/s"
		}
		titles = append(titles, col)
	}
	return titles
}

// begin starts a row.
func (cs *columns) begin() {
	for _, c := range cs.list {
		c.acc, c.reset, c.busy = aggregate.Accumulator{}, false, false
	}
}

// visit takes a sample.
func (cs *columns) visit(m *reader.Sample) {
	if cs.seen != nil {
		cs.first(m)
		return
	}
	s := m.Series
	for s.ID >= len(cs.bound) {
		cs.bound = append(cs.bound, binding{})
	}
	b := &cs.bound[s.ID]
	if b.series != s {
		*b = binding{series: s}
		for _, c := range cs.list {
			if c.label == s.Label {
				b.columns = append(b.columns, c)
			}
		}
	}
	for _, c := range b.columns {
		c.add(m)
	}
}

// first takes a sample of the first look.
func (cs *columns) first(m *reader.Sample) {
	s := m.Series
	cs.series[s.Label] = s
	if cs.firstV[s.Label] == nil {
		cs.firstV[s.Label] = new(aggregate.Accumulator)
	}
	cs.firstV[s.Label].Add(m.Value)
}

func (c *column) add(m *reader.Sample) {
	c.busy = c.busy || m.Err != nil
	if c.mode == rate || c.mode == delta {
		c.reset = c.reset || m.Reset
		c.acc.Add(m.Delta)
		return
	}
	c.acc.Add(m.Value)
}

// cells returns the row, elapsed after the one before.
func (cs *columns) cells(elapsed time.Duration) []report.Cell {
	for i, c := range cs.list {
		cs.row[i] = report.Cell{Reset: c.reset}
		if c.reset || c.busy {
			continue
		}
		v := c.acc.Result(folds[c.mode])
		if c.mode == rate && v.Class() != 0 {
			v = format.FloatValue(v.Float() / elapsed.Seconds())
		}
		cs.row[i].Value = v
	}
	return cs.row
}

// firsts returns the row of the first look: values, since nothing has changed
// yet.
func (cs *columns) firsts() []report.Cell {
	for i, c := range cs.list {
		cs.row[i] = report.Cell{Value: cs.firstV[c.label].Result(folds[c.mode])}
	}
	return cs.row
}
