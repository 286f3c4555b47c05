package mmstats

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"mmstats/lib/format"
)

// A Change is one step of [File.Apply]: what mmstats-write(1) calls an
// assignment.
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

// Sizes that are used where none is given.
const (
	defaultText   = 256 // bytes of a String
	defaultWindow = 100 // samples of a moving average
)

var (
	errSamples = errors.New("takes samples and cannot be set")
	errFinite  = errors.New("a sample is not a finite number")
)

// hasValue reports whether a Declare has a value.
func (c *Change) hasValue() bool { return c.Value.Class() != 0 || c.Text != "" }

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

// newSpec returns the field that is made for the stat where the file lacks it.
func (c *Change) newSpec() (format.Spec, error) {
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
		sp.Size = max(defaultText, min(len(text), format.MaxText))
	case sp.Type == format.Moving:
		sp.Size = defaultWindow
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

// takesSamples reports whether stats of type t take samples, and so cannot be
// set.
func takesSamples(t format.Type) bool {
	return t == format.Average || t == format.Moving || t == format.Histogram
}

// operand returns the value for a stat of type t: what is set, the sample, or
// what is added, which is negative for Subtract.
func (c *Change) operand(t format.Type) (v format.Value, err error) {
	sums := (c.Op == Add || c.Op == Subtract) && !takesSamples(t)
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
	if takesSamples(t) {
		if c.Op != Add {
			return v, errSamples
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
	if !finite(v.Float()) {
		return errFinite
	}
	return nil
}

// finite reports whether an average can take a sample: any other would be its
// value for ever.
func finite(sample float64) bool { return sample-sample == 0 }

func negative(v format.Value) (format.Value, error) {
	switch {
	case v.Class() == format.FloatClass:
		return format.FloatValue(-v.Float()), nil
	case v.Class() == format.UintClass && v.Uint() <= 1<<63:
		return format.IntValue(-int64(v.Uint())), nil
	case v.Class() == format.IntClass && v.Int() != -v.Int():
		return format.UintValue(uint64(-v.Int())), nil
	case v.Class() == format.IntClass && v.Int() == 0:
		return v, nil
	}
	return v, format.ErrRange
}

// next returns what a change makes of the value of a stat of type t.
func next(t format.Type, old format.Value, op Op, operand format.Value) (format.Value, error) {
	if op == Set || op == Declare {
		return operand, nil
	}
	v, err := sum(t, old, operand)
	if err == format.ErrRange {
		err = fmt.Errorf("the result is %w of type %v", err, t)
	}
	return v, err
}

// sum returns what adding delta to a value of type t makes of it. It may be out
// of the range of smaller types, and is an ErrRange where no type holds it.
func sum(t format.Type, old, delta format.Value) (format.Value, error) {
	switch delta.Class() {
	case format.FloatClass:
		if old.Class() != format.FloatClass {
			return old, fmt.Errorf("%w: %s is not a whole number", format.ErrClass, delta.AppendText(nil))
		}
	case format.IntClass, format.UintClass:
	default:
		return old, fmt.Errorf("%w: only numbers are added", format.ErrClass)
	}
	switch old.Class() {
	case format.FloatClass:
		return format.FloatValue(old.Float() + delta.Float()), nil
	case format.UintClass:
		n := old.Uint()
		if delta.Class() == format.IntClass && delta.Int() < 0 {
			down := -uint64(delta.Int())
			switch {
			case t == format.Counter:
				return old, errors.New("a counter only goes up")
			case down > n:
				return old, format.ErrRange
			}
			return format.UintValue(n - down), nil
		}
		sum := n + delta.Uint()
		if sum < n && t != format.Counter { // a counter wraps around
			return old, format.ErrRange
		}
		return format.UintValue(sum), nil
	case format.IntClass:
		n, d := old.Int(), delta.Int()
		if delta.Class() == format.UintClass && delta.Uint() > math.MaxInt64 || (n+d < n) != (d < 0) {
			return old, format.ErrRange
		}
		return format.IntValue(n + d), nil
	}
	return old, fmt.Errorf("%w: a %v is not added to", format.ErrClass, t)
}

// encode puts a value into buf, by the signature of a field of type t. A text
// that is too long is cut.
func encode(s *format.Signature, t format.Type, buf []byte, v format.Value) error {
	if s.Code == 's' && v.Class() == format.TextClass && len(v.Text()) > s.ValueSize {
		v = format.TextValue([]byte(cut(string(v.Text()), s.ValueSize)))
	}
	err := s.Encode(buf, v)
	if err != nil && errors.Is(err, format.ErrRange) {
		err = fmt.Errorf("%s is %w of type %v", v.AppendText(nil), format.ErrRange, t)
	}
	return err
}

// cut returns as many whole characters from the start of text as fit in size
// bytes.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	end := size
	for end > 0 && size-end < utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
