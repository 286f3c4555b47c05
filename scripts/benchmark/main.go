// Benchmark measures what mmstats promises, and tells whether it is kept.
//
//	benchmark [-l] [-bin DIR] [NAME...]
//
// A name chooses the rows that begin with it; without any, all are measured.
// -l lists them. DIR holds the built commands, and the helpers readloop and
// peak.
//
// Whatever a row compares is measured in turns, and again until the ratio is
// known well enough, so that other work on the machine meets both sides alike.
// The exit status is 1 if a target is missed, and 2 if a row cannot be
// measured.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A row is one promise.
type row struct {
	name    string // for the command line
	what    string
	measure func(*bench) (result, error)
}

// A result is what became of a row.
type result struct {
	measured string
	target   string
	ratio    string // and how far off it may be; empty where nothing is compared
	met      bool
}

// rows are all there are, in the order of the table.
func rows() []row {
	return slices.Concat(updateRows(), histogramRows(), slurpRows(), writeRows(), streamRows(), pollRows(), mmashRows(), archiveRows(), hostileRows())
}

func main() {
	list := flag.Bool("l", false, "list the rows")
	bin := flag.String("bin", "", "folder of the built commands")
	flag.Parse()
	chosen, err := choose(rows(), flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(2)
	}
	if *list {
		for _, r := range chosen {
			fmt.Printf("%-30s %s\n", r.name, r.what)
		}
		return
	}
	os.Exit(run(chosen, *bin))
}

// choose returns the rows that names begin.
func choose(all []row, names []string) (chosen []row, err error) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(r row) bool { return strings.HasPrefix(r.name, name) }) {
			return nil, fmt.Errorf("no row %q; -l lists them", name)
		}
	}
	for _, r := range all {
		if len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(r.name, name) }) {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

// run measures rows and prints each as it is known. It returns the exit status.
func run(chosen []row, bin string) (status int) {
	b, err := newBench(bin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		return 2
	}
	defer b.close()
	const line = "%-30s %-54s %-15s %-45s %-12s %s\n"
	fmt.Printf(line, "NAME", "WHAT", "MEASURED", "TARGET", "RATIO", "RESULT")
	missed := 0
	for _, r := range chosen {
		res, err := r.measure(b)
		if err != nil {
			fmt.Fprintf(os.Stderr, "benchmark: %s: %v\n", r.name, err)
			status = 2
			continue
		}
		verdict := "pass"
		if !res.met {
			verdict = "FAIL"
			missed++
		}
		fmt.Printf(line, r.name, r.what, res.measured, res.target, res.ratio, verdict)
	}
	fmt.Printf("%d of %d targets missed\n", missed, len(chosen))
	if missed > 0 && status == 0 {
		status = 1
	}
	return status
}
