package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestAppendText(t *testing.T) {
	for _, test := range []struct {
		v    Value
		want string
	}{
		{Value{}, ""},
		{IntValue(math.MinInt64), "-9223372036854775808"},
		{UintValue(math.MaxUint64), "18446744073709551615"},
		{BoolValue(true), "true"},
		{BoolValue(false), "false"},
		{TextValue([]byte("a\tb")), "a\tb"},
		{FloatValue(0), "0"},
		{FloatValue(math.Copysign(0, -1)), "-0"},
		{FloatValue(30), "30"},
		{FloatValue(0.1), "0.1"},
		{FloatValue(1353310000.25), "1353310000.25"},
		{FloatValue(999999999999999868928), "999999999999999900000"},
		{FloatValue(1e21), "1e+21"},
		{FloatValue(0.000001), "0.000001"},
		{FloatValue(0.00000099), "9.9e-07"},
		{FloatValue(5e-324), "5e-324"},
		{FloatValue(math.NaN()), "NaN"},
		{FloatValue(math.Inf(1)), "+Inf"},
		{FloatValue(math.Inf(-1)), "-Inf"},
	} {
		if got := string(test.v.AppendText(nil)); got != test.want {
			t.Errorf("AppendText(%+v) = %q, want %q", test.v, got, test.want)
		}
	}
}

func TestEncode(t *testing.T) {
	text := func(s string) Value { return TextValue([]byte(s)) }
	for _, test := range []struct {
		sig  string
		v    Value
		want string // what is read back
		err  error
	}{
		{"b", IntValue(-128), "-128", nil},
		{"b", IntValue(-129), "", ErrRange},
		{"b", IntValue(128), "", ErrRange},
		{"b", UintValue(127), "127", nil},
		{"b", UintValue(128), "", ErrRange},
		{"B", IntValue(255), "255", nil},
		{"B", IntValue(256), "", ErrRange},
		{"B", IntValue(-1), "", ErrRange},
		{"h", IntValue(-32769), "", ErrRange},
		{"H", UintValue(65535), "65535", nil},
		{"H", UintValue(65536), "", ErrRange},
		{"i", IntValue(math.MinInt32), "-2147483648", nil},
		{"i", IntValue(math.MinInt32 - 1), "", ErrRange},
		{"I", UintValue(math.MaxUint32), "4294967295", nil},
		{"I", UintValue(math.MaxUint32 + 1), "", ErrRange},
		{"q", IntValue(math.MinInt64), "-9223372036854775808", nil},
		{"q", UintValue(math.MaxInt64), "9223372036854775807", nil},
		{"q", UintValue(math.MaxInt64 + 1), "", ErrRange},
		{"Q", UintValue(math.MaxUint64), "18446744073709551615", nil},
		{"Q", IntValue(-1), "", ErrRange},
		{">Q", UintValue(1), "1", nil},
		{"<i", IntValue(-2), "-2", nil},
		{"x>h", IntValue(-2), "", ErrBadSignature},
		{">xh", IntValue(-2), "-2", nil},
		{"Q", FloatValue(1), "", ErrClass},
		{"q", text("1"), "", ErrClass},
		{"Q", BoolValue(true), "", ErrClass},
		{"d", FloatValue(0.1), "0.1", nil},
		{"d", IntValue(-3), "-3", nil},
		{"d", UintValue(math.MaxUint64), "18446744073709552000", nil},
		{">d", FloatValue(math.Inf(-1)), "-Inf", nil},
		{"d", BoolValue(true), "", ErrClass},
		{"d", text("1"), "", ErrClass},
		{"f", FloatValue(0.5), "0.5", nil},
		{"f", FloatValue(1e39), "", ErrRange},
		{"f", FloatValue(math.Inf(1)), "+Inf", nil},
		{"f", FloatValue(math.NaN()), "NaN", nil},
		{"?", BoolValue(true), "true", nil},
		{"?", IntValue(1), "", ErrClass},
		{"8s", text("12345678"), "12345678", nil},
		{"8s", text("123456789"), "", ErrRange},
		{"8s", text(""), "", nil},
		{"8s", IntValue(1), "", ErrClass},
		{"p", text("a"), "", ErrClass},
		{"e", FloatValue(1), "", ErrClass},
		{"c", text("a"), "", ErrClass},
	} {
		s, err := ParseSignature(test.sig)
		var got string
		if err == nil {
			// What was there before must not show.
			buf := []byte(strings.Repeat("\xee", s.Size))
			if err = s.Encode(buf, test.v); err == nil {
				got = string(s.Decode(buf).AppendText(nil))
			}
		}
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("Encode(%q, %+v) = %q, %v, want %q, %v", test.sig, test.v, got, err, test.want, test.err)
		}
	}
}

func TestEncodeErrorText(t *testing.T) {
	s, _ := ParseSignature("8s")
	err := s.Encode(make([]byte, 8), TextValue([]byte("123456789")))
	if want := "out of range: text of 9 bytes, room for 8"; err == nil || err.Error() != want {
		t.Errorf("Encode = %v, want %s", err, want)
	}
}

// A float32 is read as the number that was written, and stays the same when it
// is written again.
func TestFloat32HasItsOwnDigits(t *testing.T) {
	s, err := ParseSignature("f")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []float32{0.3, 0.1, -0.7, 1e-45, 1e30, 16777216, 3, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1)), float32(math.Inf(1))} {
		raw := binary.NativeEndian.AppendUint32(nil, math.Float32bits(f))
		v := s.Decode(raw)
		if want, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64); err == nil && v.Float() != want && f != math.MaxFloat32 {
			t.Errorf("%v is read as %v, want %v", f, v.Float(), want)
		}
		again := make([]byte, 4)
		if err := s.Encode(again, v); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%v is written again as %x, %v, want %x", f, again, err, raw)
		}
	}
}
