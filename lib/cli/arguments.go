package cli

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	flags "github.com/jessevdk/go-flags"
)

// A checker reads arguments as package flags does, before that package gets
// them, for what the package does not do: an option that counts once may be
// given once, the values of options are not unquoted, and messages are about
// options and not about types of Go.
type checker struct {
	args    []string // of the command, changed in place
	next    int      // index of the next argument
	root    *flags.Command
	command *flags.Command
	given   map[*flags.Option]bool
}

// checkArguments returns args as p is to parse them, or what is wrong with
// them.
func checkArguments(p *flags.Parser, args []string) ([]string, error) {
	c := &checker{args: slices.Clone(args), root: p.Command, command: p.Command, given: make(map[*flags.Option]bool)}
	words := 0 // arguments that are no options
	for c.next < len(c.args) {
		arg := c.args[c.next]
		c.next++
		switch {
		case arg == "--":
			return c.args, nil
		case isOption(arg):
			if ended, err := c.options(arg); ended || err != nil {
				return c.args, err
			}
		case words == 0 && c.command.Find(arg) != nil:
			c.command = c.command.Find(arg)
		case c.command.PassAfterNonOption:
			return c.args, nil
		default:
			words++
		}
	}
	return c.args, nil
}

func isOption(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && !strings.HasPrefix(arg, "---") && arg != "--"
}

// options checks the option that arg is, or the options where it is more of
// them in one letter each. It reports whether the command ends with one, such
// as --help.
func (c *checker) options(arg string) (ended bool, err error) {
	name, value, attached := strings.Cut(arg, "=")
	if strings.HasPrefix(name, "--") {
		o := c.command.FindOptionByLongName(name[2:])
		return c.option(name, o, value, attached)
	}
	if hint := c.hint(name[1:]); len(name) > 2 && hint != "" {
		return false, fmt.Errorf("unknown option %s%s", name, hint)
	}
	letters := arg[1:]
	for letters != "" {
		r, size := utf8.DecodeRuneInString(letters)
		letters = letters[size:]
		o := c.command.FindOptionByShortName(r)
		value, attached := strings.CutPrefix(letters, "=")
		if !attached && o != nil && takesValue(o) && letters != "" {
			value, attached = letters, true
		}
		if ended, err := c.option("-"+string(r), o, value, attached); ended || err != nil || attached {
			return ended, err
		}
	}
	return false, nil
}

// option checks one option, which o is nil for where there is none of that
// name, and its value. The value is part of the argument before next where it
// is attached, and else the next argument.
func (c *checker) option(name string, o *flags.Option, value string, attached bool) (ended bool, err error) {
	switch {
	case o == nil:
		if name == "-h" || name == "--help" {
			return true, nil
		}
		return false, fmt.Errorf("unknown option %s%s", name, c.near(name))
	case !takesValue(o):
		if attached {
			return false, fmt.Errorf("%s takes no value", o)
		}
		return reflect.TypeOf(o.Value()).Kind() == reflect.Func, nil
	case !attached && c.next == len(c.args):
		return false, fmt.Errorf("%s needs a value", o)
	}
	if !attached {
		value = c.args[c.next]
		c.next++
		if value == "--" || isOption(value) && !isNegative(value) {
			return false, fmt.Errorf("%s needs a value before %s", o, value)
		}
	}
	if c.given[o] && !repeats(o) {
		return false, fmt.Errorf("%s is given twice", o)
	}
	c.given[o] = true
	if value == "" && !mayBeEmpty(o) {
		return false, fmt.Errorf("%s: the value is empty", o)
	}
	parsed, err := literal(o, value)
	c.args[c.next-1] = strings.TrimSuffix(c.args[c.next-1], value) + parsed
	return false, err
}

// hint returns "; did you mean ...?" for a word that is all of the name of an
// option, or of a format of output, and "" for any other.
func (c *checker) hint(word string) string {
	switch {
	case c.command.FindOptionByLongName(word) != nil:
		return "; did you mean --" + word + "?"
	case c.command.FindOptionByLongName("output") == nil:
	case word == "json":
		return "; did you mean -j?"
	case word == "text" || word == "tsv" || word == "prometheus":
		return "; did you mean -o " + word + "?"
	}
	return ""
}

// near returns "; did you mean ...?" with the options most like the unknown
// one, or "".
func (c *checker) near(name string) string {
	word, long := strings.CutPrefix(name, "--")
	if !long {
		return ""
	}
	if hint := c.hint(word); hint != "" {
		return hint
	}
	var names []string
	for _, option := range slices.Concat(optionsOf(c.root.Group), optionsOf(c.command.Group)) {
		if len(word) > 1 && strings.HasPrefix(option, word) {
			return "; did you mean --" + option + "?"
		}
		names = append(names, option)
	}
	near := Nearest(word, names)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean --" + near[0] + "?"
}

// optionsOf returns the long names of the options of a group.
func optionsOf(g *flags.Group) (names []string) {
	for _, o := range g.Options() {
		if o.LongName != "" {
			names = append(names, o.LongName)
		}
	}
	for _, sub := range g.Groups() {
		names = append(names, optionsOf(sub)...)
	}
	return names
}

// isNegative reports whether value is a negative number, and so no option.
func isNegative(value string) bool {
	return len(value) > 1 && value[0] == '-' && '0' <= value[1] && value[1] <= '9'
}

// valueType returns the type of a value of an option.
func valueType(o *flags.Option) reflect.Type {
	t := o.Field().Type
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

func takesValue(o *flags.Option) bool {
	t := valueType(o)
	return t.Kind() != reflect.Bool && !(t.Kind() == reflect.Func && t.NumIn() == 0)
}

// repeats reports whether an option may be given more than once.
func repeats(o *flags.Option) bool {
	kind := o.Field().Type.Kind()
	return kind == reflect.Slice || kind == reflect.Map
}

// mayBeEmpty reports whether an empty text is a value of an option. To most
// options that count once it would mean that they are not given: a script whose
// variable is empty would get something else than it asks for. Where that is not
// so, the field has the tag empty:"yes", as a prefix has, or empty:"no".
func mayBeEmpty(o *flags.Option) bool {
	if tag := o.Field().Tag.Get("empty"); tag != "" {
		return tag == "yes"
	}
	return repeats(o) || valueType(o).Kind() != reflect.String
}

// literal returns what package flags has to get so that it sets o to value: it
// would unquote what starts with a quote, and take a whole number that starts
// with 0 for an octal one. The error says that o does not take value.
func literal(o *flags.Option, value string) (string, error) {
	what, number, err := parseNumber(valueType(o), value)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return "", fmt.Errorf("%s: %s is out of range", o, value)
	case err != nil:
		return "", fmt.Errorf("%s: expected a %s, not %q", o, what, value)
	case number != "":
		return number, nil
	case strings.HasPrefix(value, `"`):
		return strconv.Quote(value), nil
	}
	return value, nil
}

// parseNumber returns value as a decimal number without needless digits, and
// what kind of number type t is of. Both are empty where t is no number, or has
// its own way to parse one.
func parseNumber(t reflect.Type, value string) (what, number string, err error) {
	switch k := t.Kind(); {
	case t.PkgPath() != "":
	case reflect.Int <= k && k <= reflect.Int64:
		n, err := strconv.ParseInt(value, 10, t.Bits())
		return "whole number", strconv.FormatInt(n, 10), err
	case reflect.Uint <= k && k <= reflect.Uint64:
		n, err := strconv.ParseUint(value, 10, t.Bits())
		return "whole number", strconv.FormatUint(n, 10), err
	case k == reflect.Float32, k == reflect.Float64:
		_, err := strconv.ParseFloat(value, t.Bits())
		return "number", value, err
	}
	return "", "", nil
}
