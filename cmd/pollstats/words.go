package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A word is an argument: fields with commas between, a number or a file.
type word string

// Complete implements flags.Completer: it completes the last of the fields, or
// its mode, and files.
func (*word) Complete(match string) []flags.Completion {
	last := strings.LastIndexByte(match, ',') + 1
	found := new(cli.LabelName).Complete(match[last:])
	if at := strings.LastIndexByte(match[last:], ':'); at > 0 && len(found) == 0 {
		last += at + 1
		found = completeMode(match[last:])
	}
	for i := range found {
		found[i].Item = match[:last] + found[i].Item
	}
	return append(found, new(flags.Filename).Complete(match)...)
}

// completeMode returns the modes and the main parts that start so.
func completeMode(match string) (found []flags.Completion) {
	var names []string
	for _, m := range modeNames {
		names = append(names, m.name)
	}
	for _, t := range []format.Type{format.Histogram, format.Moving} {
		for _, p := range t.Parts() {
			names = append(names, p.String())
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if strings.HasPrefix(name, match) {
			found = append(found, flags.Completion{Item: name})
		}
	}
	return found
}

// words are the arguments of a command line, told apart: pollstats(1), ARGUMENTS.
type words struct {
	fields  []string
	numbers []string // the delay and the count, unless they are fields
	both    []string // fields and numbers, in their order
	files   []string
}

// isNumber reports whether a word, which is not empty, is a decimal number without
// a sign.
func isNumber(word string) bool {
	return strings.Trim(word, "0123456789.") == "" && strings.Count(word, ".") <= 1 && word != "."
}

// split tells the arguments apart. Where first is true, the first word is a field
// even if a file has its name, and all are that where recorded is true, since the
// files need not be there.
func split(args []string, first, recorded bool) (w words, err error) {
	for _, arg := range args {
		switch {
		case arg == "":
			return w, errors.New("an argument is empty")
		case isNumber(arg):
			w.numbers = append(w.numbers, arg)
			w.both = append(w.both, arg)
		case isFile(arg, first && len(w.fields) == 0 || recorded):
			w.files = append(w.files, arg)
		default:
			parts := strings.Split(arg, ",")
			w.fields = append(w.fields, parts...)
			w.both = append(w.both, parts...)
		}
	}
	return w, nil
}

// isFile reports whether an argument is a file, by its name alone where
// nameOnly is true.
func isFile(arg string, nameOnly bool) bool {
	if strings.Contains(arg, "/") || strings.HasSuffix(arg, statfile.Suffix) || arg == "." || arg == ".." {
		return true
	}
	if nameOnly {
		return false
	}
	info, err := mapping.Stat(arg)
	return err == nil && (info.Mode.IsDir() || info.Regular() && isStatFile(arg))
}

// isStatFile reports whether a regular file starts as a stat file does.
func isStatFile(name string) bool {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	var version [1]byte
	_, err = io.ReadFull(f, version[:])
	return err == nil && version[0] == format.Version
}

// settle tells whether the numbers are fields: one of them is the label of a
// stat. Otherwise it sets what they say of the delay and the count.
func (p *poll) settle(w *words, isLabel func(field string) bool) error {
	switch {
	case len(w.numbers) == 0:
		return nil
	case slices.ContainsFunc(w.numbers, isLabel):
		w.fields, w.numbers = w.both, nil
		return nil
	case len(w.numbers) > 2:
		return errors.New("there are more numbers than DELAY and COUNT: " + strings.Join(w.numbers, " "))
	case p.Delay != "":
		return errors.New("the delay is both -d " + p.Delay + " and " + w.numbers[0])
	}
	numbers := w.numbers
	w.numbers = nil
	var err error
	if p.delay, err = cli.ParseDelay("DELAY", numbers[0]); err != nil || len(numbers) == 1 {
		return err
	}
	if p.Count != 0 {
		return fmt.Errorf("the count is both -c %d and %s", p.Count, numbers[1])
	}
	p.Count, err = parseCount(numbers[1])
	return err
}
