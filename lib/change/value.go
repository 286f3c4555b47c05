package change

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"mmstats/lib/format"
)

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

// Next returns what a change makes of the value of a stat of type t.
func Next(t format.Type, old format.Value, op Op, operand format.Value) (format.Value, error) {
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

// Encode puts a value into buf, by the signature of a field of type t. A text
// that is too long is cut.
func Encode(s *format.Signature, t format.Type, buf []byte, v format.Value) error {
	if s.Code == 's' && v.Class() == format.TextClass && len(v.Text()) > s.ValueSize {
		v = format.TextValue([]byte(Cut(string(v.Text()), s.ValueSize)))
	}
	err := s.Encode(buf, v)
	if err != nil && errors.Is(err, format.ErrRange) {
		err = fmt.Errorf("%s is %w of type %v", v.AppendText(nil), format.ErrRange, t)
	}
	return err
}

// Cut returns as many whole characters from the start of text as fit in size
// bytes.
func Cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	end := size
	for end > 0 && size-end < utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
