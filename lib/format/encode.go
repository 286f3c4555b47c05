package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Update says who updates a field, which its layout tells to every writer.
// See mmstats(5), LIVE FIELDS.
type Update uint8

const (
	// Shared fields are updated by any number of goroutines and processes.
	Shared Update = iota
	// Owned fields are updated by one goroutine of the process that made them.
	Owned
	// Never is the update of constants.
	Never
)

// A Spec describes a field that is to be written.
type Spec struct {
	Label  string
	Type   Type
	Update Update
	// Size is the room for a String in bytes, and the window of a Moving in
	// samples. Others ignore it.
	Size int
	// Description says what the stat means. The kind of a Uint64 that changes
	// is said also where it holds none: it would be read as a Counter.
	Description Description
}

// Sizes of texts and windows.
const (
	// MaxText is the most bytes of text that our writers make room for.
	MaxText = 1 << 20
	// MaxWindow is the most samples that a moving average keeps.
	MaxWindow = 1 << 16
	// DefaultText and DefaultWindow are used where nobody says more.
	DefaultText, DefaultWindow = 256, 100
)

// numbers holds the struct format character of each type of number.
var numbers = [256]byte{
	Int8: 'b', Int16: 'h', Int32: 'i', Int64: 'q',
	Uint8: 'B', Uint16: 'H', Uint32: 'I', Uint64: 'Q',
	Float32: 'f', Float64: 'd', Bool: '?', Counter: 'Q',
}

// core returns the signature without blanks, and whether there are two
// buffers.
func (sp Spec) core() (sig string, buffered bool, err error) {
	constant := sp.Update == Never
	switch sp.Type {
	case String:
		if sp.Size < 1 || sp.Size > MaxText {
			return "", false, fmt.Errorf("room for %d bytes of text, not 1 to %d", sp.Size, MaxText)
		}
		sig, buffered = strconv.Itoa(roundUp(sp.Size))+"s", !constant
	case Average:
		sig, buffered = fmt.Sprintf("d%dx", averagePad), true
	case Moving:
		if sp.Size < 1 || sp.Size > MaxWindow {
			return "", false, fmt.Errorf("a window of %d samples, not 1 to %d", sp.Size, MaxWindow)
		}
		sig = fmt.Sprintf("d%dx", movingPad+8*sp.Size)
	case Histogram:
		sig = histogramSignature
	default:
		code := numbers[sp.Type]
		if code == 0 {
			return "", false, fmt.Errorf("unknown type %v", sp.Type)
		}
		sig = string(code)
		if size, _ := itemSize(code, true); size < 8 && !constant {
			sig += strconv.Itoa(8-size) + "x"
		}
	}
	wide := sp.Type == Average || sp.Type == Moving
	switch {
	case constant && (wide || sp.Type == Counter || sp.Type == Histogram):
		return "", false, fmt.Errorf("a constant cannot be of type %v", sp.Type)
	case sp.Update == Owned && (wide || sp.Type == String):
		// Leading blanks would hide what its pad bytes are.
		return "", false, fmt.Errorf("a field of type %v has no single writer", sp.Type)
	}
	return sig, buffered, nil
}

// Signature returns the signature of the field without its blanks and without
// the pad bytes of its description. The error says what of sp cannot be.
func (sp Spec) Signature() (Signature, error) {
	sig, _, err := sp.core()
	if err != nil {
		return Signature{}, err
	}
	return ParseSignature(sig)
}

// Kind returns the kind that readers find the field to be.
func (sp Spec) Kind() Kind { return kindOf(sp.Type, sp.Update != Never, sp.Description.Kind) }

func roundUp(n int) int { return (n + 7) &^ 7 }

// CheckLabel reports whether our writers may write label: UTF-8 of 1 to
// MaxLabel bytes.
func CheckLabel(label string) error {
	switch {
	case label == "":
		return errors.New("empty label")
	case len(label) > MaxLabel:
		return fmt.Errorf("label of %d bytes, at most %d", len(label), MaxLabel)
	case !utf8.ValidString(label):
		return fmt.Errorf("label %q is not UTF-8", label)
	}
	return nil
}

// pad returns the pad bytes before the value: the description.
func (sp Spec) pad() ([]byte, error) {
	d := sp.Description
	if sp.Type == Uint64 && sp.Update != Never && d.Kind == 0 {
		d.Kind = KindGauge
	}
	return d.Append(nil)
}

// AppendField appends a field without a value yet, as a zero or as no samples,
// to dst, the whole file so far. The field ends on an 8-byte boundary. It is
// placed so that a live value starts on one, whatever dst ends on.
func AppendField(dst []byte, sp Spec) ([]byte, error) {
	if err := CheckLabel(sp.Label); err != nil {
		return dst, err
	}
	sig, buffered, err := sp.core()
	if err != nil {
		return dst, err
	}
	pad, err := sp.pad()
	if err != nil {
		return dst, err
	}
	described := ""
	if len(pad) > 0 {
		described = strconv.Itoa(len(pad)) + "x"
	}
	const fixed = 2 + 2 + 1 // label size, signature size, write buffer
	start := len(dst) + fixed + len(sp.Label)
	used := start + len(described) + len(sig)
	// At least one blank, to end the signature on an 8-byte boundary.
	blanks := strings.Repeat(" ", roundUp(used+1)-used)
	switch sp.Update {
	case Shared:
		sig = described + sig + blanks
	case Owned:
		sig = described + blanks + sig
	case Never:
		sig = padConstant(described+sig, start)
	}
	s, err := ParseSignature(sig)
	if err != nil {
		return dst, err
	}
	dst = binary.NativeEndian.AppendUint16(dst, uint16(len(sp.Label)))
	dst = append(dst, sp.Label...)
	dst = binary.NativeEndian.AppendUint16(dst, uint16(len(sig)))
	dst = append(dst, sig...)
	buffer := append(pad, make([]byte, s.Size-len(pad))...)
	if sp.Type == Histogram {
		new(HistogramState).Encode(buffer[len(pad):])
	}
	if buffered {
		return append(append(append(dst, 0), buffer...), buffer...), nil
	}
	return append(append(dst, Unbuffered), buffer...), nil
}

// padConstant adds pad bytes to a signature whose field would otherwise start
// its value at start plus its own length, so that the field ends on an 8-byte
// boundary. Every remainder is reached by one of the spellings. One byte gets a
// pad byte in any case: without it, it would not be taken for a constant.
func padConstant(sig string, start int) string {
	for _, pad := range []string{"", "x", "1x", "2x", "3x", "4x", "5x", "6x", "7x"} {
		s, err := ParseSignature(sig + pad)
		if err == nil && (start+len(s.Text)+s.Size)%8 == 0 && !s.isSingleByte() {
			return s.Text
		}
	}
	panic("format: no padding ends " + strconv.Quote(sig) + " on a boundary")
}

// Errors of Encode.
var (
	ErrRange = errors.New("out of range")
	ErrClass = errors.New("value of another type")
)

// Encode puts v into buf, which must hold Size bytes, as the first value.
// Whole numbers go into floats too, and any number that is whole into whole
// ones. A text that is longer than its room is an ErrRange; what is left of
// the room becomes NUL.
func (s *Signature) Encode(buf []byte, v Value) error {
	raw := buf[s.ValueOffset : s.ValueOffset+s.ValueSize]
	switch s.Code {
	case 's':
		if v.class != TextClass {
			return ErrClass
		}
		if len(v.text) > len(raw) {
			return fmt.Errorf("%w: text of %d bytes, room for %d", ErrRange, len(v.text), len(raw))
		}
		clear(raw[copy(raw, v.text):])
		return nil
	case '?':
		if v.class != BoolClass {
			return ErrClass
		}
		raw[0] = byte(v.num)
		return nil
	case 'd', 'f':
		if v.class != FloatClass && v.class != IntClass && v.class != UintClass {
			return ErrClass
		}
		f := v.Float()
		if s.Code == 'd' {
			s.store(raw, math.Float64bits(f))
			return nil
		}
		if math.Abs(f) > math.MaxFloat32 && !math.IsInf(f, 0) {
			return fmt.Errorf("%w of float32", ErrRange)
		}
		s.store(raw, uint64(math.Float32bits(float32(f))))
		return nil
	case 'b', 'h', 'i', 'l', 'q', 'n', 'B', 'H', 'I', 'L', 'Q', 'N', 'P':
		num, err := s.whole(v)
		if err != nil {
			return err
		}
		s.store(raw, num)
		return nil
	}
	return fmt.Errorf("%w: signature %q is only read", ErrClass, s.Text)
}

// whole returns the two's complement of v, if it is within the range of s.
func (s *Signature) whole(v Value) (uint64, error) {
	bits := 8 * s.ValueSize
	signed := s.Code >= 'a'
	var fits bool
	switch v.class {
	case IntClass:
		n := v.Int()
		if signed {
			fits = n<<(64-bits)>>(64-bits) == n
		} else {
			fits = n >= 0 && uint64(n)<<(64-bits)>>(64-bits) == uint64(n)
		}
	case UintClass:
		if signed {
			bits--
		}
		fits = v.num<<(64-bits)>>(64-bits) == v.num
	default:
		return 0, ErrClass
	}
	if !fits {
		return 0, ErrRange
	}
	return v.num, nil
}
