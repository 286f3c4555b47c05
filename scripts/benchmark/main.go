// Benchmark measures what mmstats promises, as ratios within one run: updates
// beside bare atomics and other libraries, commands beside cat and an empty
// program.
//
//	benchmark [-commands DIR] [GROUP...]
//
// The groups are updates, histograms and commands; without any, all run. DIR holds the
// built commands.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
)

// A row is one line of the table.
type row struct {
	what     string
	measured string
	ratio    string
	reach    string
	met      bool
	note     bool // there is nothing to reach
}

// atMost returns a row for something that should be at most reach times base.
func atMost(what, unit string, value, base, reach float64, of string) row {
	return row{
		what: what, measured: fmt.Sprintf("%.4g %s", value, unit),
		ratio: fmt.Sprintf("%.2f", value/base),
		reach: fmt.Sprintf("<= %.4g x %s", reach, of), met: value <= reach*base,
	}
}

// under returns a row for a value with a limit of its own.
func under(what, unit string, value, reach float64) row {
	return row{
		what: what, measured: fmt.Sprintf("%.4g %s", value, unit), ratio: "-",
		reach: fmt.Sprintf("<= %.4g %s", reach, unit), met: value <= reach,
	}
}

// over is the reverse of under.
func over(what, unit string, value, reach float64) row {
	return row{
		what: what, measured: fmt.Sprintf("%.4g %s", value, unit), ratio: "-",
		reach: fmt.Sprintf(">= %.4g %s", reach, unit), met: value >= reach,
	}
}

// note returns a row that others are compared with.
func note(what, unit string, value float64) row {
	return row{what: what, measured: fmt.Sprintf("%.4g %s", value, unit), ratio: "-", note: true}
}

func main() {
	commands := flag.String("commands", "", "folder of the built commands")
	flag.Parse()
	groups := flag.Args()
	wanted := func(group string) bool { return len(groups) == 0 || slices.Contains(groups, group) }

	var rows []row
	run := func(group string, measure func() ([]row, error)) {
		if !wanted(group) {
			return
		}
		more, err := measure()
		if err != nil {
			fmt.Fprintf(os.Stderr, "benchmark: %s: %v\n", group, err)
			os.Exit(1)
		}
		rows = append(rows, more...)
	}
	run("updates", updates)
	run("histograms", histograms)
	run("commands", func() ([]row, error) { return commandRows(*commands) })

	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tMEASURED\tRATIO\tREACH\t")
	missed := 0
	for _, r := range rows {
		verdict := ""
		switch {
		case r.note:
		case r.met:
			verdict = "met"
		default:
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.what, r.measured, r.ratio, r.reach, verdict)
	}
	w.Flush()
	if missed > 0 {
		fmt.Printf("%d missed: on a machine that does other work at the same time, run it again\n", missed)
		os.Exit(1)
	}
}
