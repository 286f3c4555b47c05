package clitest

import (
	"regexp"
	"strings"
	"testing"
)

// helpValue matches an option in the text of --help that takes a value, and its
// description.
var helpValue = regexp.MustCompile(`(?ms)^ {2,10}(?:(-\w), |)? *(--[\w-]+)=\S+(.*?)(?:^ +-|^\S|\z)`)

// valueOptions returns the long names of the options that take a value, and
// whether each may be given more than once.
func valueOptions(help string) map[string]bool {
	options := make(map[string]bool)
	for help != "" {
		at := helpValue.FindStringSubmatchIndex(help)
		if at == nil {
			break
		}
		options[help[at[4]:at[5]]] = strings.Contains(help[at[6]:at[7]], "(repeatable)")
		help = help[at[7]:]
	}
	return options
}

// checkValues checks how a command, or a command of it, parses the values of its
// options: a value is not changed, a number is decimal, and an option is given
// twice only if the help says that it is repeatable.
func checkValues(t *testing.T, name string, command ...string) {
	run := func(args ...string) (string, error) {
		out, err := Command(name, append(append(command, args...), "--help")...).CombinedOutput()
		return string(out), err
	}
	options := valueOptions(help(t, name, command...))
	for option, repeats := range options {
		number := false
		if out, err := run(option + "=x"); err != nil {
			if number = strings.Contains(out, "number, not "); !number {
				t.Errorf("%s %s=x: %v\n%s", name, option, err, out)
			}
		}
		value := `"a`
		if number {
			value = "08" // not an octal number
		}
		if out, err := run(option, value); err != nil {
			t.Errorf("%s %s %s: %v\n%s", name, option, value, err, out)
		}
		out, err := run(option, value, option, value)
		if twice := strings.Contains(out, option+" is given twice"); twice == repeats || twice != (err != nil) {
			t.Errorf("%s with %s twice: %v, though it says (repeatable): %v\n%s", name, option, err, repeats, out)
		}
	}
}
