package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

// An assignment is one LABEL[:TYPE](=|+=|-=)VALUE, or one LABEL[:TYPE] of
// create.
type assignment struct {
	text  string // as it was written
	label string
	typ   typeName // zero where none was given
	op    op
	value string
	// initial says that a declaration has a value.
	initial bool
}

type op uint8

const (
	declare op = iota // of create
	set
	add
	subtract
)

// A typeName is a type as users write it.
type typeName struct {
	typ  format.Type
	size int // of a string in bytes, of a moving average in samples
	name string
}

// typeNames are the types that a label can be created with.
var typeNames = map[string]format.Type{
	"counter": format.Counter, "int": format.Int64, "float": format.Float64,
	"bool": format.Bool, "string": format.String, "average": format.Average,
	"moving": format.Moving, "timer": format.Moving,
	"int8": format.Int8, "int16": format.Int16, "int32": format.Int32,
	"uint8": format.Uint8, "uint16": format.Uint16, "uint32": format.Uint32,
	"float32": format.Float32,
}

// Types of stats that are made without anybody saying so.
var (
	counterType = typeName{typ: format.Counter, name: "counter"}
	floatType   = typeName{typ: format.Float64, name: "float"}
	timerType   = typeName{typ: format.Moving, name: "timer"}
)

// given reports whether t is a type at all.
func (t typeName) given() bool { return t.name != "" }

// parseType returns the type that text names, if it names one: a label may
// well end in a colon and a word.
func parseType(text string) (t typeName, err error) {
	name, size, sized := strings.Cut(text, "[")
	typ, known := typeNames[name]
	if !known || sized && !strings.HasSuffix(size, "]") {
		return t, nil
	}
	t = typeName{typ: typ, name: text}
	if !sized {
		return t, nil
	}
	most := 0
	switch typ {
	case format.String:
		most = format.MaxText
	case format.Moving:
		most = format.MaxWindow
	default:
		return typeName{}, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, "]"))
	if err != nil || n < 1 || n > most {
		return typeName{}, fmt.Errorf("size of %s is not 1 to %d", text, most)
	}
	t.size = n
	return t, nil
}

// parseAssignment reads one assignment to a label after prefix. With declares,
// the operator and the value may be missing.
func parseAssignment(text, prefix string, declares bool) (a assignment, err error) {
	a.text = text
	label, value, assigned := strings.Cut(text, "=")
	switch {
	case !assigned && !declares:
		return a, fmt.Errorf("malformed assignment %s: no \"=\"", shorten(text))
	case !assigned:
	case strings.HasSuffix(label, "+"):
		a.op, label = add, label[:len(label)-1]
	case strings.HasSuffix(label, "-"):
		a.op, label = subtract, label[:len(label)-1]
	default:
		a.op = set
	}
	a.value = value
	if declares {
		if a.op == add || a.op == subtract {
			return a, fmt.Errorf("create takes LABEL:TYPE or LABEL:TYPE=VALUE, not %s", shorten(text))
		}
		a.op, a.initial = declare, assigned
	}
	if i := strings.LastIndexByte(label, ':'); i >= 0 {
		if a.typ, err = parseType(label[i+1:]); err != nil {
			return a, fmt.Errorf("malformed assignment %s: %w", shorten(text), err)
		}
		if a.typ.given() {
			label = label[:i]
		}
	}
	if a.label, err = escape.Unescape(label); err == nil {
		err = format.CheckLabel(a.label)
	}
	if err == nil {
		err = format.CheckLabel(prefix + a.label)
	}
	if err != nil {
		return a, fmt.Errorf("malformed assignment %s: %w", shorten(text), err)
	}
	return a, nil
}

// shorten quotes a text for a message.
func shorten(text string) string {
	const most = 60
	if len(text) > most {
		return strconv.Quote(text[:most]) + "..."
	}
	return strconv.Quote(text)
}

// newType returns the type and size of a label that does not exist yet: the
// one that was given, or else what operator and value say.
func (a *assignment) newType() (typeName, error) {
	if a.typ.given() {
		t := a.typ
		if t.typ == format.String && t.size == 0 {
			t.size = max(mmstats.DefaultText, min(len(a.value), format.MaxText))
		}
		return t, nil
	}
	kind := classify(a.value)
	switch {
	case a.op == declare && !a.initial:
		return typeName{}, errors.New("needs a type, such as :counter")
	case a.op == add && kind == whole && !strings.HasPrefix(a.value, "-"):
		return typeName{typ: format.Counter}, nil
	case kind == whole:
		return typeName{typ: format.Int64}, nil
	case kind == number:
		return typeName{typ: format.Float64}, nil
	case a.op == add || a.op == subtract:
		return typeName{}, fmt.Errorf("%q is not a number to add", a.value)
	case kind == truth:
		return typeName{typ: format.Bool}, nil
	}
	return typeName{typ: format.String, size: max(mmstats.DefaultText, min(len(a.value), format.MaxText))}, nil
}

type valueKind uint8

const (
	text valueKind = iota
	whole
	number
	truth
)

// classify tells what a value looks like.
func classify(value string) valueKind {
	if value == "true" || value == "false" {
		return truth
	}
	// ParseFloat knows words and hexadecimal numbers, too, which are texts.
	digits := strings.TrimLeft(value, "+-")
	if digits == "" || len(value)-len(digits) > 1 || strings.ContainsAny(digits, "xXpP_") ||
		!strings.ContainsAny(digits[:1], "0123456789.") {
		return text
	}
	if strings.Trim(digits, "0123456789") == "" {
		return whole
	}
	if _, err := strconv.ParseFloat(value, 64); err != nil && errors.Is(err, strconv.ErrSyntax) {
		return text
	}
	return number
}

// operand returns the value of an assignment to a stat of type t: what is set,
// or added.
func (a *assignment) operand(t format.Type) (format.Value, error) {
	value := strings.TrimPrefix(a.value, "+") // ParseUint takes none
	switch {
	case a.op == set || a.op == declare || t == format.Average || t == format.Moving:
		if t == format.String {
			value = a.value
		}
		return format.ParseValue(t, value)
	case t == format.Bool || t == format.String:
		return format.Value{}, fmt.Errorf("a %v is set by \"=\"", t)
	}
	if t != format.Float32 && t != format.Float64 {
		t = format.Uint64
		if strings.HasPrefix(value, "-") {
			t = format.Int64
		}
	}
	v, err := format.ParseValue(t, value)
	if err != nil || a.op == add {
		return v, err
	}
	return negate(v)
}

func negate(v format.Value) (format.Value, error) {
	switch {
	case v.Class() == format.FloatClass:
		return format.FloatValue(-v.Float()), nil
	case v.Class() == format.UintClass && v.Uint() <= 1<<63:
		return format.IntValue(-int64(v.Uint())), nil
	case v.Class() == format.IntClass && v.Int() != -v.Int():
		return format.UintValue(uint64(-v.Int())), nil
	}
	return v, format.ErrRange
}
