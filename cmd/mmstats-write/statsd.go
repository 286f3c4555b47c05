package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mmstats/lib/change"
	"mmstats/lib/format"
)

// parseStatsD appends what a statsd line says to batch:
//
//	NAME:VALUE|c[|@RATE]    counter; a sample of RATE counts 1/RATE times
//	NAME:[+|-]VALUE|g       gauge; with a sign, VALUE is added
//	NAME:VALUE|ms[|@RATE]   histogram, of milliseconds that are kept in seconds
//	NAME:VALUE|h[|@RATE]    histogram; d is the same
//
// A stat that exists may take samples in another way, as a timer does.
//
// More VALUE|TYPE may follow, each after a colon.
func parseStatsD(batch []change.Change, line, prefix string) ([]change.Change, error) {
	name, rest, found := strings.Cut(line, ":")
	if !found || name == "" {
		return batch, fmt.Errorf("malformed statsd line %s: not NAME:VALUE|TYPE", shorten(line))
	}
	if err := checkLabel(prefix, name); err != nil {
		return batch, err
	}
	for more := true; more; {
		var part string
		part, rest, more = strings.Cut(rest, ":")
		c, err := parseMetric(part)
		if err != nil {
			return batch, fmt.Errorf("malformed statsd line %s: %w", shorten(line), err)
		}
		c.Label = name
		batch = append(batch, c)
	}
	return batch, nil
}

// parseMetric reads VALUE|TYPE and what may follow them.
func parseMetric(text string) (c change.Change, err error) {
	number, rest, typed := strings.Cut(text, "|")
	if !typed {
		return c, fmt.Errorf("no type in %q", text)
	}
	kind, rest, rated := strings.Cut(rest, "|")
	if kind == "c" && !rated {
		// Most of what is sent; a float would cost twice as much.
		if n, err := strconv.ParseUint(number, 10, 63); err == nil {
			return counted(format.UintValue(n)), nil
		}
	}
	rate := 1.0
	for rated {
		var field string
		field, rest, rated = strings.Cut(rest, "|")
		r, ok := strings.CutPrefix(field, "@")
		if rate, err = strconv.ParseFloat(r, 64); !ok || err != nil || !(rate > 0 && rate <= 1) {
			return c, fmt.Errorf("%q is not a sample rate", field)
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return c, fmt.Errorf("%q is not a number", number)
	}
	c.Op, c.Value = change.Add, format.FloatValue(value)
	switch kind {
	case "c":
		count := math.Round(value / rate)
		if math.Abs(count) >= 1<<63 {
			return c, fmt.Errorf("%q is %w of a counter", number, format.ErrRange)
		}
		return counted(format.IntValue(int64(count))), nil
	case "g":
		c.Type, c.TypeName = format.Float64, "float"
		if !strings.ContainsAny(number[:1], "+-") {
			c.Op = change.Set
		}
	case "ms":
		c.NewUnit, c.Value = "seconds", format.FloatValue(value/1000)
		fallthrough
	case "h", "d":
		c.NewType, c.Count = format.Histogram, uint64(min(math.Round(1/rate), maxCount))
	default:
		return c, fmt.Errorf("%q is not a type: c, g, ms, h or d", kind)
	}
	return c, nil
}

// maxCount bounds how often one sample counts, whatever its rate.
const maxCount = 1 << 32

// counted adds n to a counter.
func counted(n format.Value) change.Change {
	return change.Change{Op: change.Add, Type: format.Counter, TypeName: "counter", Value: n}
}
