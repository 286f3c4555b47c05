package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
)

// The layouts of mmstats(5), LIVE FIELDS and KINDS: those of our writers, then
// those of the Python original.
func TestTypeAndKind(t *testing.T) {
	const buffered, unbuffered = 0, Unbuffered
	for _, test := range []struct {
		sig    string
		index  byte
		typ    Type
		kind   Kind
		window int
	}{
		{"Q   ", unbuffered, Counter, KindCounter, 0},
		{"   Q", unbuffered, Counter, KindCounter, 0},
		{"q ", unbuffered, Int64, KindGauge, 0},
		{"d ", unbuffered, Float64, KindGauge, 0},
		{" d", unbuffered, Float64, KindGauge, 0},
		{"I4x ", unbuffered, Uint32, KindGauge, 0},
		{"i4x ", unbuffered, Int32, KindGauge, 0},
		{"f4x ", unbuffered, Float32, KindGauge, 0},
		{"H6x ", unbuffered, Uint16, KindGauge, 0},
		{"h6x ", unbuffered, Int16, KindGauge, 0},
		{"B7x ", unbuffered, Uint8, KindGauge, 0},
		{"b7x ", unbuffered, Int8, KindGauge, 0},
		{"?7x ", unbuffered, Bool, KindBool, 0},
		{"64s  ", buffered, String, KindString, 0},
		{"d16x ", buffered, Average, KindGauge, 0},
		{"d24x ", unbuffered, Moving, KindGauge, 1},
		{"d816x   ", unbuffered, Moving, KindGauge, 100},

		// The same with a description.
		{"40xQ   ", unbuffered, Counter, KindCounter, 0},
		{"40x   Q", unbuffered, Counter, KindCounter, 0},
		{"4096xI4x ", unbuffered, Uint32, KindGauge, 0},
		{"40x64s  ", buffered, String, KindString, 0},
		{"40xd16x ", buffered, Average, KindGauge, 0},
		{"40xd24x ", unbuffered, Moving, KindGauge, 1},
		{"40xQ", unbuffered, Uint64, KindConstant, 0},
		{"40xI4x", unbuffered, Uint32, KindConstant, 0},

		// What only looks like an average.
		{"d16x ", unbuffered, Float64, KindGauge, 0},
		{"d16x", buffered, Float64, KindGauge, 0},
		{"   d16x", buffered, Float64, KindGauge, 0},
		{"d8x ", buffered, Float64, KindGauge, 0},
		{"d816x ", buffered, Float64, KindGauge, 0},
		{"d27x ", unbuffered, Float64, KindGauge, 0},
		{"d16xB ", buffered, Float64, KindGauge, 0},

		{"Q", unbuffered, Uint64, KindConstant, 0},
		{"q4x", unbuffered, Int64, KindConstant, 0},
		{"I2x", unbuffered, Uint32, KindConstant, 0},
		{"d1x", unbuffered, Float64, KindConstant, 0},
		{"?3x", unbuffered, Bool, KindBool, 0},
		{"b3x", unbuffered, Int8, KindConstant, 0},
		{"B1x", unbuffered, Uint8, KindConstant, 0},
		{"24s", unbuffered, String, KindString, 0},

		{"Q", buffered, Counter, KindCounter, 0},
		{"?", unbuffered, Bool, KindBool, 0},
		{"b", unbuffered, Int8, KindGauge, 0},
		{"B", unbuffered, Uint8, KindGauge, 0},
		{"q", buffered, Int64, KindGauge, 0},
		{"I", buffered, Uint32, KindGauge, 0},
		{"i", buffered, Int32, KindGauge, 0},
		{"H", buffered, Uint16, KindGauge, 0},
		{"h", buffered, Int16, KindGauge, 0},
		{"B", buffered, Uint8, KindGauge, 0},
		{"b", buffered, Int8, KindGauge, 0},
		{"d", buffered, Float64, KindGauge, 0},
		{"f", buffered, Float32, KindGauge, 0},
		{"?", buffered, Bool, KindBool, 0},
		{"256s", buffered, String, KindString, 0},
		{"<L", buffered, Uint32, KindGauge, 0},
		{"<l", unbuffered, Int32, KindConstant, 0},
		{"e", buffered, Float32, KindGauge, 0},
		{"c", unbuffered, String, KindString, 0},
		{"10p", buffered, String, KindString, 0},
	} {
		s, err := ParseSignature(test.sig)
		if err != nil {
			t.Fatal(err)
		}
		f := Field{Signature: &s, WriteBuffer: test.index}
		if f.Type() != test.typ || f.Kind() != test.kind || f.Window() != test.window {
			t.Errorf("%q with write buffer %d = %v, kind %d, window %d, want %v, kind %d, window %d",
				test.sig, test.index, f.Type(), f.Kind(), f.Window(), test.typ, test.kind, test.window)
		}
	}
}

// A constant is one wherever in the file it comes to be.
func TestConstantsStayConstants(t *testing.T) {
	for _, typ := range []Type{Int8, Uint8, Bool, Int16, Uint32, Float64} {
		for start := range 8 {
			data, err := AppendField(make([]byte, start), Spec{Label: "limit", Type: typ, Update: Never})
			if err != nil {
				t.Fatal(err)
			}
			f, err := FieldAt(data, start)
			if err != nil || f.Type() != typ || f.Live() || typ != Bool && f.Kind() != KindConstant {
				t.Errorf("a constant of type %v at %d is live %v, kind %d, %v", typ, start, f.Live(), f.Kind(), err)
			}
		}
	}
}

// A mean in another byte order has other things in its pad bytes.
func TestTypeOfSwappedAverage(t *testing.T) {
	swapped := ">"
	if nativeBigEndian {
		swapped = "<"
	}
	s, err := ParseSignature(swapped + "d16x ")
	if err != nil {
		t.Fatal(err)
	}
	f := Field{Signature: &s}
	if got := f.Type(); got != Float64 {
		t.Errorf("Type() of %q = %v, want %v", s.Text, got, Float64)
	}
}

func TestTypeNames(t *testing.T) {
	for typ, want := range map[Type]string{
		0: "unknown", Int8: "int8", Uint64: "uint64", Counter: "counter", Moving: "moving", 200: "unknown",
	} {
		if got := typ.String(); got != want {
			t.Errorf("Type(%d).String() = %q, want %q", typ, got, want)
		}
	}
}

// What a description says of a live number counts, and nothing else does.
func TestDescribedKind(t *testing.T) {
	for _, test := range []struct {
		sp   Spec
		said string
		typ  Type
		kind Kind
	}{
		{Spec{Type: Counter}, "gauge", Uint64, KindGauge},
		{Spec{Type: Counter, Update: Owned}, "gauge", Uint64, KindGauge},
		{Spec{Type: Counter}, "counter", Counter, KindCounter},
		{Spec{Type: Counter}, "other", Counter, KindCounter},
		{Spec{Type: Float64}, "counter", Float64, KindCounter},
		{Spec{Type: Int32}, "counter", Int32, KindCounter},
		{Spec{Type: Int64}, "gauge", Int64, KindGauge},
		{Spec{Type: Uint64, Update: Never}, "counter", Uint64, KindConstant},
		{Spec{Type: Bool}, "counter", Bool, KindBool},
		{Spec{Type: String, Size: 8}, "counter", String, KindString},
		{Spec{Type: Average}, "counter", Average, KindGauge},
		{Spec{Type: Moving, Size: 3}, "counter", Moving, KindGauge},
		{Spec{Type: Histogram}, "counter", Histogram, KindGauge},
	} {
		test.sp.Label, test.sp.Description = "l", Description{others: "kin_d=x\nkind=" + test.said + "\nkind=no\n"}
		data, err := AppendField([]byte{Version}, test.sp)
		if err != nil {
			t.Fatal(err)
		}
		f := lastField(t, data)
		if f.Type() != test.typ || f.Kind() != test.kind {
			t.Errorf("%v that is said to be a %s = %v, kind %d, want %v, kind %d", test.sp.Type, test.said, f.Type(), f.Kind(), test.typ, test.kind)
		}
		if test.sp.Type == Moving && f.Window() != 3 {
			t.Errorf("window = %d, want 3", f.Window())
		}
	}
}

// A value whose signature is that of a histogram is one where its layout word
// says so, too. Otherwise the field is the number that it starts with.
func TestHistogramType(t *testing.T) {
	for _, test := range []struct {
		sig   string
		index byte
		word  uint64
		want  Type
	}{
		{"4d499Q  ", Unbuffered, histogramLayout, Histogram},
		{"  4d499Q", Unbuffered, histogramLayout, Histogram},
		{"40x4d499Q  ", Unbuffered, histogramLayout, Histogram},
		{"4d499Q", Unbuffered, histogramLayout, Float64},
		{"4d499Q  ", 0, histogramLayout, Float64},
		{"4d499Q  ", Unbuffered, histogramLayout - 1, Float64},
		{"4d500Q  ", Unbuffered, histogramLayout, Float64},
		{"<4d499Q  ", Unbuffered, histogramLayout, Float64},
	} {
		s, err := ParseSignature(test.sig)
		if err != nil {
			t.Fatal(err)
		}
		value := make([]byte, s.Size)
		binary.NativeEndian.PutUint64(value, math.Float64bits(2.5))
		binary.NativeEndian.PutUint64(value[s.ValueOffset+8*HistogramLayout:], test.word)
		if test.index != Unbuffered {
			value = append(value, value...)
		}
		data := append([]byte{Version}, rawField("l", test.sig, test.index, string(value))...)
		f := lastField(t, data)
		if got := f.Type(); got != test.want {
			t.Errorf("%q with write buffer %d and layout %#x = %v, want %v", test.sig, test.index, test.word, got, test.want)
		}
	}
}

// Pad bytes that are no description of ours hide neither the value nor its kind.
func TestForeignPadBytes(t *testing.T) {
	for _, pad := range []string{
		strings.Repeat("unit=ms\n", 1<<17), "unit=ms\n", "unit=ms\n" + strings.Repeat("\x00", 1<<20), "\xff\xfe=\x1b[2J\n\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		sig := fmt.Sprintf("%dxQ  ", len(pad))
		data := append([]byte{Version}, rawField("l", sig, Unbuffered, pad+"\x07\x00\x00\x00\x00\x00\x00\x00")...)
		f := lastField(t, data)
		if got := valueOf(&f, data); !nativeBigEndian && got.Uint() != 7 || f.Kind() != KindCounter {
			t.Errorf("%d pad bytes: a %v of %d, want a counter of 7", len(pad), f.Kind(), got.Uint())
		}
		if d := f.Description(); d != (Description{}) {
			t.Errorf("%d pad bytes are a description: %.60v", len(pad), d)
		}
	}
}

func TestUnitOfCreated(t *testing.T) {
	for label, want := range map[string]string{"sys.created": "unixtime", "web.sys.created": "unixtime", "websys.created": "", "sys.pid": ""} {
		data, err := AppendField([]byte{Version}, Spec{Label: label, Type: Float64, Update: Never})
		if err != nil {
			t.Fatal(err)
		}
		f := lastField(t, data)
		if got := f.Description().Unit; got != want {
			t.Errorf("unit of %s = %q, want %q", label, got, want)
		}
	}
}
