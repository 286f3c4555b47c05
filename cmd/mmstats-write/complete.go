package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
)

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
