package format

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

var nativeBigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// Class says which of the methods of a Value holds what it is.
type Class uint8

// The classes of values.
const (
	IntClass Class = iota + 1
	UintClass
	FloatClass
	BoolClass
	TextClass
)

// A Value is one value of a stat. The zero Value is absent: no value could be
// had.
type Value struct {
	class Class
	num   uint64
	text  []byte
}

// IntValue returns v as a Value.
func IntValue(v int64) Value { return Value{class: IntClass, num: uint64(v)} }

// UintValue returns v as a Value.
func UintValue(v uint64) Value { return Value{class: UintClass, num: v} }

// FloatValue returns v as a Value.
func FloatValue(v float64) Value { return Value{class: FloatClass, num: math.Float64bits(v)} }

// BoolValue returns v as a Value.
func BoolValue(v bool) Value {
	if v {
		return Value{class: BoolClass, num: 1}
	}
	return Value{class: BoolClass}
}

// NumberValue returns the value of a class other than TextClass that has the
// bits that Bits returns.
func NumberValue(c Class, bits uint64) Value { return Value{class: c, num: bits} }

// TextValue returns v as a Value, which keeps v.
func TextValue(v []byte) Value { return Value{class: TextClass, text: v} }

// Class returns the class of v, and 0 where v is absent.
func (v Value) Class() Class { return v.class }

// Int returns an IntClass value.
func (v Value) Int() int64 { return int64(v.num) }

// Uint returns a UintClass value.
func (v Value) Uint() uint64 { return v.num }

// Bits returns what tells a number or a boolean from others of its class.
func (v Value) Bits() uint64 { return v.num }

// Bool returns a BoolClass value.
func (v Value) Bool() bool { return v.num != 0 }

// Text returns the bytes of a TextClass value. They should be UTF-8, and need
// not be.
func (v Value) Text() []byte { return v.text }

// Float returns any number, and a truth as 0 or 1, as the nearest float.
func (v Value) Float() float64 {
	switch v.class {
	case IntClass:
		return float64(int64(v.num))
	case FloatClass:
		return math.Float64frombits(v.num)
	}
	return float64(v.num)
}

// Special returns "NaN", "+Inf" or "-Inf" for a value that is such a number,
// and otherwise "".
func (v Value) Special() string {
	if v.class != FloatClass {
		return ""
	}
	switch f := v.Float(); {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "+Inf"
	case math.IsInf(f, -1):
		return "-Inf"
	}
	return ""
}

// AppendText appends v to dst as people and JSON write it: whole numbers
// exact, floats in the fewest digits that lead back to the same float64,
// truths as true and false, texts as they are.
func (v Value) AppendText(dst []byte) []byte {
	switch v.class {
	case IntClass:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case UintClass:
		return strconv.AppendUint(dst, v.num, 10)
	case FloatClass:
		return appendFloat(dst, v.Float())
	case BoolClass:
		return strconv.AppendBool(dst, v.num != 0)
	}
	return append(dst, v.text...)
}

func appendFloat(dst []byte, f float64) []byte {
	if special := FloatValue(f).Special(); special != "" {
		return append(dst, special...)
	}
	verb := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		verb = 'e'
	}
	return strconv.AppendFloat(dst, f, verb, -1, 64)
}

// Decode returns the first value in buf, which must hold Size bytes. A text
// keeps part of buf.
func (s *Signature) Decode(buf []byte) Value { return s.DecodeValue(buf[s.ValueOffset:]) }

// DecodeValue returns the value that raw starts with. A text may be cut short,
// and keeps part of raw.
func (s *Signature) DecodeValue(raw []byte) Value {
	raw = raw[:min(s.ValueSize, len(raw))]
	switch s.Code {
	case 's', 'c':
		return TextValue(untilNUL(raw))
	case 'p':
		if len(raw) > 0 {
			raw = raw[1 : 1+min(int(raw[0]), len(raw)-1)]
		}
		return TextValue(untilNUL(raw))
	case '?':
		return BoolValue(raw[0] != 0)
	}
	num := s.load(raw)
	switch s.Code {
	case 'd':
		return Value{class: FloatClass, num: num}
	case 'f':
		return FloatValue(shortest(math.Float32frombits(uint32(num))))
	case 'e':
		return FloatValue(halfToFloat(uint16(num)))
	case 'b', 'h', 'i', 'l', 'q', 'n':
		unused := 64 - 8*len(raw)
		return IntValue(int64(num<<unused) >> unused)
	}
	return UintValue(num)
}

// shortest returns the float64 nearest to the shortest decimal number that
// stands for f. It is 0.3 where f is the float32 nearest to 0.3; float64(f)
// would be 0.30000001192092896, digits that nobody wrote. It becomes f again as
// a float32.
func shortest(f float32) float64 {
	if f == float32(int32(f)) {
		return float64(f)
	}
	var digits [32]byte
	v, err := strconv.ParseFloat(string(strconv.AppendFloat(digits[:0], float64(f), 'g', -1, 32)), 64)
	if err != nil || math.Abs(v) > math.MaxFloat32 {
		return float64(f)
	}
	return v
}

func untilNUL(raw []byte) []byte {
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return raw[:i]
	}
	return raw
}

func (s *Signature) load(raw []byte) uint64 {
	var v uint64
	switch len(raw) {
	case 1:
		return uint64(raw[0])
	case 2:
		v = uint64(binary.NativeEndian.Uint16(raw))
	case 4:
		v = uint64(binary.NativeEndian.Uint32(raw))
	default:
		v = binary.NativeEndian.Uint64(raw)
	}
	if s.BigEndian != nativeBigEndian {
		v = bits.ReverseBytes64(v) >> (64 - 8*len(raw))
	}
	return v
}

// store is the reverse of load.
func (s *Signature) store(raw []byte, v uint64) {
	if s.BigEndian != nativeBigEndian {
		v = bits.ReverseBytes64(v) >> (64 - 8*len(raw))
	}
	switch len(raw) {
	case 1:
		raw[0] = byte(v)
	case 2:
		binary.NativeEndian.PutUint16(raw, uint16(v))
	case 4:
		binary.NativeEndian.PutUint32(raw, uint32(v))
	default:
		binary.NativeEndian.PutUint64(raw, v)
	}
}

// halfToFloat widens an IEEE 754 binary16 number, exactly.
func halfToFloat(h uint16) float64 {
	sign, exp, frac := h>>15, int(h>>10&0x1f), float64(h&0x3ff)
	var f float64
	switch {
	case exp == 0x1f && frac != 0:
		return math.NaN()
	case exp == 0x1f:
		f = math.Inf(1)
	case exp == 0:
		f = math.Ldexp(frac, -24)
	default:
		f = math.Ldexp(1024+frac, exp-25)
	}
	if sign != 0 {
		return math.Copysign(f, -1)
	}
	return f
}
