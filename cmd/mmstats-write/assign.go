package main

import (
	"fmt"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

// typeNames are the types that a label can be created with.
var typeNames = map[string]format.Type{
	"counter": format.Counter, "int": format.Int64, "float": format.Float64,
	"bool": format.Bool, "string": format.String, "average": format.Average,
	"moving": format.Moving, "timer": format.Moving,
	"int8": format.Int8, "int16": format.Int16, "int32": format.Int32,
	"uint8": format.Uint8, "uint16": format.Uint16, "uint32": format.Uint32,
	"float32": format.Float32,
}

// setType gives c the type that text names, and reports whether it names one: a
// label may well end in a colon and a word.
func setType(c *mmstats.Change, text string) (bool, error) {
	name, size, sized := strings.Cut(text, "[")
	typ, known := typeNames[name]
	if !known || sized && !strings.HasSuffix(size, "]") {
		return false, nil
	}
	if sized {
		most := 0
		switch typ {
		case format.String:
			most = format.MaxText
		case format.Moving:
			most = format.MaxWindow
		default:
			return false, nil
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, "]"))
		if err != nil || n < 1 || n > most {
			return false, fmt.Errorf("size of %s is not 1 to %d", text, most)
		}
		c.Size = n
	}
	c.Type, c.TypeName = typ, text
	return true, nil
}

// parseAssignment reads one LABEL[:TYPE](=|+=|-=)VALUE, of a label after prefix.
// With declares it is one LABEL[:TYPE][=VALUE] of create.
func parseAssignment(text, prefix string, declares bool) (c mmstats.Change, err error) {
	label, value, assigned := strings.Cut(text, "=")
	c.Text = value
	switch {
	case !assigned && !declares:
		return c, fmt.Errorf("malformed assignment %s: no \"=\"", shorten(text))
	case !assigned:
	case strings.HasSuffix(label, "+"):
		c.Op, label = mmstats.Add, label[:len(label)-1]
	case strings.HasSuffix(label, "-"):
		c.Op, label = mmstats.Subtract, label[:len(label)-1]
	default:
		c.Op = mmstats.Set
	}
	if declares {
		if c.Op == mmstats.Add || c.Op == mmstats.Subtract {
			return c, fmt.Errorf("create takes LABEL:TYPE or LABEL:TYPE=VALUE, not %s", shorten(text))
		}
		c.Op = mmstats.Declare
		if assigned {
			c.Value = format.TextValue([]byte(value)) // which may be empty
		}
	}
	if i := strings.LastIndexByte(label, ':'); i >= 0 {
		typed, err := setType(&c, label[i+1:])
		if err != nil {
			return c, fmt.Errorf("malformed assignment %s: %w", shorten(text), err)
		}
		if typed {
			label = label[:i]
		}
	}
	if c.Label, err = escape.Unescape(label); err == nil {
		err = checkLabel(prefix, c.Label)
	}
	if err != nil {
		return c, fmt.Errorf("malformed assignment %s: %w", shorten(text), err)
	}
	return c, nil
}

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
