package main

import (
	"fmt"
	"strings"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/statfile"
)

// candidates adds what package flags knows nothing of: assignments, and the
// command of time.
func candidates(p *flags.Parser, found []flags.Completion, args []string) []flags.Completion {
	if len(args) == 0 {
		return found
	}
	typed := args[len(args)-1]
	line := scan(p, args[:len(args)-1])
	switch {
	case line.command == "time" && line.words > 0:
		// The shells complete that command, which starts at this word.
		return []flags.Completion{{Item: fmt.Sprintf("\t%d", line.timed)}}
	case line.value || strings.HasPrefix(typed, "-"):
	case line.command == "time":
		return append(found, line.labels(typed, "")...)
	case line.command == "create":
		return append(found, line.assignments(typed, "")...)
	case line.command == "":
		return append(found, line.assignments(typed, "=")...)
	}
	return found
}

// A commandLine is what stands before the word that is completed.
type commandLine struct {
	file    string // the value of -n or -f, as a path, or ""
	prefix  string // the value of -p
	command string
	words   int  // behind the command that are no options
	timed   int  // where the command of time starts, counted from the command itself
	value   bool // the word is the value of an option
}

func scan(p *flags.Parser, args []string) (line commandLine) {
	active := p.Command
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if option := cli.ValueOption(active, arg); option != "" {
			if i++; i == len(args) {
				line.value = true
				return line
			}
			line.set(option, args[i])
			continue
		}
		switch {
		case strings.HasPrefix(arg, "-"):
		case line.command == "" && line.words == 0 && p.Find(arg) != nil:
			line.command, active = arg, p.Find(arg)
		default:
			line.words++
		}
		if line.command == "time" && line.words == 1 {
			// Its options end at the label, and one -- may follow.
			line.timed = i + 2
			if i+1 < len(args) && args[i+1] == "--" {
				line.timed++
			}
			return line
		}
	}
	return line
}

// set notes the value of the option with a long name.
func (line *commandLine) set(option, value string) {
	switch option {
	case "name":
		line.file, _ = statfile.Named(value)
	case "file":
		line.file = value
	case "prefix":
		line.prefix = withDot(value)
	}
}

// labels returns the labels that start with typed, with end behind each: those
// of the file, and else of all files. Stats that cannot be set are left out.
func (line *commandLine) labels(typed, end string) (found []flags.Completion) {
	var files []string
	if line.file != "" {
		files = []string{line.file}
	}
	for _, label := range cli.Labels(files, line.prefix+typed) {
		if strings.Contains("."+label, ".sys.") {
			continue
		}
		item := escape.Text(strings.TrimPrefix(label, line.prefix))
		found = append(found, flags.Completion{Item: item + end})
	}
	return found
}

// assignments returns what can stand for typed: a label with its type or
// without, and end behind it.
func (line *commandLine) assignments(typed, end string) []flags.Completion {
	found := line.labels(typed, end)
	label, started, colon := cutLast(typed, ":")
	if !colon || strings.Contains(typed, "=") {
		return found
	}
	for _, t := range typeNames {
		if strings.HasPrefix(t.name, started) {
			found = append(found, flags.Completion{Item: label + ":" + t.name + end})
		}
	}
	return found
}

// cutLast cuts s around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
