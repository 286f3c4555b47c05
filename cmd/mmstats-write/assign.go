package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mmstats/lib/change"
	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// parseAssignment reads one LABEL[:TYPE](=|+=|-=)VALUE, of a label after prefix.
// With declares it is one LABEL[:TYPE][=VALUE] of create.
func parseAssignment(text, prefix string, declares bool) (c change.Change, err error) {
	label, value, assigned := strings.Cut(text, "=")
	c.Text = value
	switch {
	case !assigned && !declares:
		return c, fmt.Errorf("malformed assignment %s: no \"=\"", shorten(text))
	case !assigned:
	case strings.HasSuffix(label, "+"):
		c.Op, label = change.Add, label[:len(label)-1]
	case strings.HasSuffix(label, "-"):
		c.Op, label = change.Subtract, label[:len(label)-1]
	default:
		c.Op = change.Set
	}
	if declares {
		if c.Op == change.Add || c.Op == change.Subtract {
			return c, fmt.Errorf("create takes LABEL:TYPE or LABEL:TYPE=VALUE, not %s", shorten(text))
		}
		c.Op = change.Declare
		if assigned {
			c.Value = format.TextValue([]byte(value)) // which may be empty
		}
	}
	if err = checkOperator(label, c.Op); err == nil {
		label, err = cutType(&c, label)
	}
	if err == nil {
		c.Label, err = escape.Unescape(label)
	}
	if err == nil {
		err = checkLabel(prefix, c.Label)
	}
	if err != nil {
		return c, fmt.Errorf("malformed assignment %s: %w", shorten(text), err)
	}
	return c, nil
}

// checkOperator returns an error where what is before "=" suggests that another
// operator was meant, or has blanks beside it. A label with such a character
// has it as an escape.
func checkOperator(label string, op change.Op) error {
	if label == "" {
		return nil
	}
	first, last := label[0], label[len(label)-1]
	escaped := strings.HasSuffix(label[:len(label)-1], `\`)
	switch {
	case isBlank(first) || isBlank(last) && !escaped:
		return errors.New(`no blanks stand around a label or its operator; one in a label is written \x20`)
	case op == change.Set && !escaped && strings.IndexByte("*&|^<>!~", last) >= 0:
		return fmt.Errorf(`no operator "%c="; operators: =, +=, -=; in a label, write \x%x for "%[1]c"`, last, last)
	}
	return nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// checkLabel reports whether a label after prefix has a good length. Whether a
// new one is UTF-8 is checked when it is made.
func checkLabel(prefix, label string) error {
	if label != "" && len(prefix)+len(label) <= format.MaxLabel {
		return nil
	}
	if label != "" {
		label = prefix + label
	}
	return format.CheckLabel(label)
}

// shorten quotes a text for a message.
func shorten(text string) string {
	const most = 60
	if len(text) > most {
		return strconv.Quote(text[:most]) + "..."
	}
	return strconv.Quote(text)
}
