package cli

import (
	"fmt"
	"os"
	"strings"

	flags "github.com/jessevdk/go-flags"
)

// completionVariable is set while package flags is asked for completions: the
// arguments are not complete then.
const completionVariable = "GO_FLAGS_COMPLETION"

// choicesTag is the tag of an option that has the values it takes, with blanks
// between them.
const choicesTag = "choices"

// complete makes p write what the last of args can be continued to, and end the
// command.
func (a *App) complete(p *flags.Parser, args []string) {
	p.CompletionHandler = func(found []flags.Completion) {
		found = append(found, choices(p, args)...)
		if a.Candidates != nil {
			found = a.Candidates(found)
		}
		for _, c := range found {
			fmt.Fprintln(a.Stdout, goesOn(c.Item))
		}
		os.Exit(OK)
	}
}

// choices returns the values of the option whose value is the last of args.
func choices(p *flags.Parser, args []string) (found []flags.Completion) {
	if len(args) == 0 {
		return nil
	}
	typed := args[len(args)-1]
	name, value, attached := strings.Cut(typed, "=")
	before := ""
	switch {
	case attached && strings.HasPrefix(typed, "--"):
		before = name + "="
	case len(args) > 1:
		name, value = args[len(args)-2], typed
	}
	o := findOption(commandOf(p, args[:len(args)-1]), name)
	if o == nil {
		return nil
	}
	for choice := range strings.FieldsSeq(o.Field().Tag.Get(choicesTag)) {
		if strings.HasPrefix(choice, value) {
			found = append(found, flags.Completion{Item: before + choice})
		}
	}
	return found
}

// commandOf returns the command that args call, or that of p itself.
func commandOf(p *flags.Parser, args []string) *flags.Command {
	for i := 0; i < len(args); i++ {
		command := p.Find(args[i])
		switch {
		case ValueOption(p.Command, args[i]) != "":
			i++
		case command != nil:
			return command
		}
	}
	return p.Command
}

// ValueOption returns the long name of the option of a command that is called
// name, such as -o or --output, if the next argument is its value, and else "".
func ValueOption(command *flags.Command, name string) string {
	if o := findOption(command, name); o != nil && takesValue(o) {
		return o.LongName
	}
	return ""
}

// findOption returns the option of a command that is called name, or nil.
func findOption(command *flags.Command, name string) *flags.Option {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return command.FindOptionByLongName(long)
	}
	if short := []rune(name); len(short) == 2 && short[0] == '-' {
		return command.FindOptionByShortName(short[1])
	}
	return nil
}

// goesOn returns a candidate as the shell gets it: one that is to be continued,
// as the name of a directory is, ends in a slash, a colon or an equals sign.
func goesOn(candidate string) string {
	info, err := os.Stat(candidate)
	if err == nil && info.IsDir() && !strings.HasSuffix(candidate, "/") {
		candidate += "/"
	}
	return candidate
}
