package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"mmstats/lib/format"
)

// parseStatsD appends what a statsd line says to batch:
//
//	NAME:VALUE|c[|@RATE]    counter; a sample of RATE counts 1/RATE times
//	NAME:[+|-]VALUE|g       gauge; with a sign, VALUE is added
//	NAME:VALUE|ms[|@RATE]   timer, in milliseconds, kept in seconds
//	NAME:VALUE|h[|@RATE]    moving average
//
// More VALUE|TYPE may follow, each after a colon.
func parseStatsD(batch []assignment, line, prefix string) ([]assignment, error) {
	name, rest, found := strings.Cut(line, ":")
	if !found || name == "" {
		return batch, fmt.Errorf("malformed statsd line %s: not NAME:VALUE|TYPE", shorten(line))
	}
	if err := format.CheckLabel(prefix + name); err != nil {
		return batch, err
	}
	for part := range strings.SplitSeq(rest, ":") {
		a, err := parseMetric(name, part)
		if err != nil {
			return batch, fmt.Errorf("malformed statsd line %s: %w", shorten(line), err)
		}
		batch = append(batch, a)
	}
	return batch, nil
}

func parseMetric(label, text string) (a assignment, err error) {
	fields := strings.Split(text, "|")
	if len(fields) < 2 {
		return a, fmt.Errorf("no type in %q", text)
	}
	rate := 1.0
	for _, field := range fields[2:] {
		r, ok := strings.CutPrefix(field, "@")
		if rate, err = strconv.ParseFloat(r, 64); !ok || err != nil || !(rate > 0 && rate <= 1) {
			return a, fmt.Errorf("%q is not a sample rate", field)
		}
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return a, fmt.Errorf("%q is not a number", fields[0])
	}
	a = assignment{text: text, label: label, op: add}
	switch fields[1] {
	case "c":
		a.typ = counterType
		count := math.Round(value / rate)
		if math.Abs(count) >= 1<<63 {
			return a, fmt.Errorf("%q is %w of a counter", fields[0], format.ErrRange)
		}
		a.value = strconv.FormatFloat(count, 'f', 0, 64)
	case "g":
		a.typ, a.value = floatType, fields[0]
		if !strings.ContainsAny(fields[0][:1], "+-") {
			a.op = set
		}
	case "ms":
		a.typ, a.value = timerType, strconv.FormatFloat(value/1000, 'g', -1, 64)
	case "h":
		a.typ, a.value = timerType, fields[0]
	default:
		return a, fmt.Errorf("%q is not a type: c, g, ms or h", fields[1])
	}
	return a, nil
}
