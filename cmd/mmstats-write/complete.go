package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/statfile"
)

// A statName is the argument of -n, and is completed from the files there are.
type statName string

// Complete implements flags.Completer.
func (*statName) Complete(match string) (found []flags.Completion) {
	for name, err := range statfile.All([]string{statfile.Dir()}) {
		base := strings.TrimSuffix(filepath.Base(name.Path), statfile.Suffix)
		if err == nil && strings.HasPrefix(base, match) {
			found = append(found, flags.Completion{Item: escape.Text(base)})
		}
	}
	return found
}

// complete makes p complete labels, too: it knows nothing of assignments.
func complete(p *flags.Parser, args []string, stdout io.Writer) {
	p.CompletionHandler = func(items []flags.Completion) {
		if n := len(args); n > 0 && !strings.HasPrefix(args[n-1], "-") && !(n > 1 && takesValue(args[n-2])) {
			items = append(items, new(cli.LabelName).Complete(args[n-1])...)
		}
		for _, item := range items {
			fmt.Fprintln(stdout, item.Item)
		}
		os.Exit(cli.OK) // as the parser does without a handler
	}
}

// takesValue reports whether what stands behind an argument is its value.
func takesValue(arg string) bool {
	return slices.Contains([]string{"-n", "--name", "-f", "--file", "-p", "--prefix", "--pid"}, arg)
}
