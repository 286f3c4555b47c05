package format

import (
	"fmt"
	"strconv"
)

// ParseValue returns the value of type t that text says: decimal numbers,
// true and false; a text as it is. Of an Average, a Moving and a Histogram it
// is a sample.
func ParseValue(t Type, text string) (Value, error) {
	var v Value
	var err error
	switch t {
	case String:
		return TextValue([]byte(text)), nil
	case Bool:
		if text != "true" && text != "false" {
			return v, fmt.Errorf("%q is not true or false", text)
		}
		return BoolValue(text == "true"), nil
	case Float32, Float64, Average, Moving, Histogram:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		v = FloatValue(f)
	case Counter, Uint8, Uint16, Uint32, Uint64:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 64)
		v = UintValue(n)
	default:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v = IntValue(n)
	}
	if err != nil {
		err = err.(*strconv.NumError).Err
		if err == strconv.ErrRange {
			return v, fmt.Errorf("%s is %w of %v", text, ErrRange, t)
		}
		return v, fmt.Errorf("%q is not a value of type %v", text, t)
	}
	return v, nil
}

// Zero returns the value that a field of type t starts with.
func Zero(t Type) Value {
	switch t {
	case String:
		return TextValue(nil)
	case Bool:
		return BoolValue(false)
	case Float32, Float64, Average, Moving, Histogram:
		return FloatValue(0)
	case Int8, Int16, Int32, Int64:
		return IntValue(0)
	}
	return UintValue(0)
}
