package main

import (
	"fmt"
	"strconv"
	"strings"

	"mmstats/lib/change"
	"mmstats/lib/format"
)

// typeNames are the types that a label can be created with. Beside the short
// names are those that readers print. It is no map, which would be filled at
// each start of the program.
var typeNames = [...]typeName{
	{"counter", format.Counter}, {"int", format.Int64}, {"float", format.Float64},
	{"bool", format.Bool}, {"string", format.String},
	{"histogram", format.Histogram}, {"average", format.Average},
	{"moving", format.Moving}, {"timer", format.Moving},
	{"int8", format.Int8}, {"int16", format.Int16}, {"int32", format.Int32}, {"int64", format.Int64},
	{"uint8", format.Uint8}, {"uint16", format.Uint16}, {"uint32", format.Uint32}, {"uint64", format.Uint64},
	{"float32", format.Float32}, {"float64", format.Float64},
}

type typeName struct {
	name string
	typ  format.Type
}

// typeNamed returns the type called name, or 0.
func typeNamed(name string) format.Type {
	for i := range typeNames {
		if typeNames[i].name == name {
			return typeNames[i].typ
		}
	}
	return 0
}

// typeList names the types in messages.
const typeList = "counter, int, float, bool, string[N], histogram, average, moving[N], timer[N], " +
	"int8 to int64, uint8 to uint64, float32, float64"

// foreignType returns the name here of what other tools and languages call a
// type, or "".
func foreignType(word string) string {
	switch word {
	case "gauge", "number":
		return "float or int"
	case "double", "real", "decimal", "f64":
		return "float"
	case "f32":
		return "float32"
	case "integer", "long", "i64":
		return "int"
	case "i32":
		return "int32"
	case "i16", "short":
		return "int16"
	case "i8":
		return "int8"
	case "uint", "u64":
		return "uint64"
	case "u32":
		return "uint32"
	case "u16":
		return "uint16"
	case "u8", "byte":
		return "uint8"
	case "boolean":
		return "bool"
	case "text", "str", "char":
		return "string"
	case "count":
		return "counter"
	case "mean", "avg":
		return "average"
	case "time", "duration":
		return "timer"
	case "hist", "summary", "distribution":
		return "histogram"
	}
	return ""
}

// cutType cuts the type from a label, and gives it to c. A label may well hold
// colons: what follows the last one is a type if it is the name of one, and an
// error if somebody meant one.
func cutType(c *change.Change, text string) (label string, err error) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return text, nil
	}
	label, named := text[:i], text[i+1:]
	name, size, sized := strings.Cut(named, "[")
	typ := typeNamed(name)
	if typ == 0 {
		if meant := meantType(name); meant != "" {
			return "", fmt.Errorf(`no type %q; did you mean %s? types: %s; in a label, write \x3a for ":"`, named, meant, typeList)
		}
		return text, nil
	}
	if sized {
		if c.Size, err = sizeOf(typ, name, named, size); err != nil {
			return "", err
		}
	}
	c.Type, c.TypeName = typ, named
	if name == "timer" {
		c.NewUnit = "seconds"
	}
	return label, nil
}

// sizeOf reads the N of TYPE[N], of which size is what follows the bracket.
func sizeOf(typ format.Type, name, named, size string) (int, error) {
	most := 0
	switch typ {
	case format.String:
		most = format.MaxText
	case format.Moving:
		most = format.MaxWindow
	default:
		return 0, fmt.Errorf(`%s has no size; in a label, write \x3a for ":"`, name)
	}
	digits, closed := strings.CutSuffix(size, "]")
	n, err := strconv.Atoi(digits)
	if !closed || err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("size of %s is not 1 to %d", named, most)
	}
	return n, nil
}

// meantType returns the type that a word which names none stands for, or "".
func meantType(word string) string {
	word = strings.ToLower(word)
	if typeNamed(word) != 0 {
		return word
	}
	meant := foreignType(word)
	for _, t := range typeNames {
		if meant == "" && len(word) > 3 && word[0] == t.name[0] && oneEdit(word, t.name) {
			meant = t.name
		}
	}
	return meant
}

// oneEdit reports whether one character too many, too few or wrong makes s of t,
// or two that are swapped. They are not equal.
func oneEdit(s, t string) bool {
	if len(s) < len(t) {
		s, t = t, s
	}
	i := 0
	for i < len(t) && s[i] == t[i] {
		i++
	}
	switch rest, other := s[i:], t[i:]; {
	case len(rest) > len(other):
		return rest[1:] == other
	case len(rest) < 2:
		return true
	case rest[1:] == other[1:]:
		return true
	default:
		return rest[0] == other[1] && rest[1] == other[0] && rest[2:] == other[2:]
	}
}
