// Package change says what a change makes of the value of a stat: what
// mmstats-write(1) calls an assignment. It touches no file.
package change

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mmstats/lib/format"
)

// A Change makes a stat, sets it, adds to it, or adds a sample.
type Change struct {
	// Label of the stat, without the prefix of the file.
	Label string
	Op    Op
	// Value is set, added, subtracted or a sample. Where it is absent, Text is,
	// which is read by the type of the stat: a decimal number, true or false, or
	// any text.
	Value format.Value
	Text  string
	// Type that the stat must have. Where it is 0, any will do, and a new stat
	// gets the one that Op and the value suggest.
	Type format.Type
	// TypeName is what messages call Type, if that is not its own name.
	TypeName string
	// NewType and NewUnit are those of a new stat, where Type is 0 and Description
	// has no unit. One that exists may have others.
	NewType format.Type
	NewUnit string
	// Size of a new String in bytes, or the samples of a new moving average. 0 is
	// the default.
	Size int
	// Description of a new stat. It is an error if that of an existing stat says
	// something else.
	Description format.Description
	// Count is how often a sample counts in a histogram; 0 is once.
	Count uint64
}

// Op is what a Change does.
type Op uint8

const (
	Declare  Op = iota // makes the stat, with the value if there is one; one that exists stays as it is
	Set                // sets the value
	Add                // adds to a number, or adds a sample
	Subtract           // subtracts from a number
)

// ErrFinite says that a sample is NaN or an infinity.
var ErrFinite = errors.New("a sample is not a finite number")

// HasValue reports whether a Declare has a value.
func (c *Change) HasValue() bool { return c.Value.Class() != 0 || c.Text != "" }

// text returns the value as a text, which is to be read by the type of the
// stat, and reports whether it is one.
func (c *Change) text() (string, bool) {
	switch c.Value.Class() {
	case 0:
		return c.Text, c.Op != Declare || c.Text != ""
	case format.TextClass:
		return string(c.Value.Text()), true
	}
	return "", false
}

// NewSpec returns the field that is made for the stat where the file lacks it.
func (c *Change) NewSpec() (format.Spec, error) {
	sp := format.Spec{Type: c.Type, Size: c.Size, Description: c.Description}
	text, isText := c.text()
	if sp.Type == 0 {
		sp.Type = c.NewType
	}
	if sp.Description.Unit == "" {
		sp.Description.Unit = c.NewUnit
	}
	if sp.Type == 0 {
		class, negative := c.Value.Class(), c.Value.Class() == format.IntClass && c.Value.Int() < 0
		if isText {
			class, negative = classOf(text), strings.HasPrefix(text, "-")
		}
		switch {
		case class == 0:
			return sp, errors.New("needs a type, such as :counter")
		case class == format.UintClass || class == format.IntClass:
			sp.Type = format.Int64
			if c.Op == Add && !negative {
				sp.Type = format.Counter
			}
		case class == format.FloatClass:
			sp.Type = format.Float64
		case c.Op == Add || c.Op == Subtract:
			return sp, fmt.Errorf("%q is not a number to add", text)
		case class == format.BoolClass:
			sp.Type = format.Bool
		default:
			sp.Type = format.String
		}
	}
	switch {
	case sp.Size > 0:
	case sp.Type == format.String:
		sp.Size = max(format.DefaultText, min(len(text), format.MaxText))
	case sp.Type == format.Moving:
		sp.Size = format.DefaultWindow
	}
	return sp, nil
}

// classOf returns the class of value that a text looks like: UintClass for any
// whole number, TextClass for what is neither a number nor true or false.
func classOf(text string) format.Class {
	if text == "true" || text == "false" {
		return format.BoolClass
	}
	// ParseFloat knows words and hexadecimal numbers, too, which are texts.
	digits := strings.TrimLeft(text, "+-")
	if digits == "" || len(text)-len(digits) > 1 || strings.ContainsAny(digits, "xXpP_") ||
		!strings.ContainsAny(digits[:1], "0123456789.") {
		return format.TextClass
	}
	if strings.Trim(digits, "0123456789") == "" {
		return format.UintClass
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil && errors.Is(err, strconv.ErrSyntax) {
		return format.TextClass
	}
	return format.FloatClass
}

// boolText returns true or false for the words that mean it.
func boolText(text string) string {
	switch text {
	case "1", "yes", "on":
		return "true"
	case "0", "no", "off":
		return "false"
	}
	return text
}

// Operand returns the value for a stat of type t: what is set, the sample, or
// what is added, which is negative for Subtract.
func (c *Change) Operand(t format.Type) (format.Value, error) {
	v, err := c.operand(t)
	if err != nil && c.Type == 0 && (t == format.Int64 || t == format.Counter) {
		if text, isText := c.text(); isText && classOf(text) == format.FloatClass {
			err = fmt.Errorf("is %v since its first value, and %s is not a whole number; declare it with %s:float before", t, text, c.Label)
		}
	}
	return v, err
}

func (c *Change) operand(t format.Type) (v format.Value, err error) {
	sums := (c.Op == Add || c.Op == Subtract) && !t.TakesSamples()
	if sums && (t == format.Bool || t == format.String) {
		return v, fmt.Errorf("a %v is set by \"=\"", t)
	}
	v = c.Value
	if text, isText := c.text(); isText {
		if t == format.Bool {
			text = boolText(text)
		} else if t != format.String {
			text = strings.TrimPrefix(text, "+") // ParseUint takes none
		}
		if sums && t != format.Float32 && t != format.Float64 {
			t = format.Uint64
			if strings.HasPrefix(text, "-") {
				t = format.Int64
			}
		}
		if v, err = format.ParseValue(t, text); err != nil {
			return v, err
		}
	}
	if t.TakesSamples() {
		if c.Op != Add {
			return v, errors.New("takes samples and cannot be set")
		}
		return v, checkSample(v)
	}
	if c.Op == Subtract {
		return negative(v)
	}
	return v, nil
}

// checkSample returns an error for what is no sample.
func checkSample(v format.Value) error {
	switch v.Class() {
	case format.TextClass, format.BoolClass, 0:
		return format.ErrClass
	}
	if !Finite(v.Float()) {
		return ErrFinite
	}
	return nil
}

// Finite reports whether an average can take a sample: any other would be its
// value for ever.
func Finite(sample float64) bool { return sample-sample == 0 }
