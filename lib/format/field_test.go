package format

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const fixtures = "testdata/python-0.8"

// fixture returns the bytes of a file that the Python original wrote.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	if nativeBigEndian {
		t.Skip("the fixtures were written on a little-endian machine")
	}
	return data
}

func fixtureNames(t testing.TB) []string {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(fixtures, "*.mmstats"))
	if len(paths) != 12 {
		t.Fatalf("%d fixtures in %s, want 12", len(paths), fixtures)
	}
	var names []string
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// scanAll returns the fields of a whole file, and the error that ended them,
// which is nil where they end well.
func scanAll(data []byte) ([]Field, error) {
	s, err := Scan(data, true, new(Signatures))
	if err != nil {
		return nil, err
	}
	var fields []Field
	for {
		f, err := s.Next()
		if err == io.EOF {
			return fields, nil
		}
		if err != nil {
			return fields, err
		}
		fields = append(fields, f)
	}
}

// valueOf returns the value of f that readers take.
func valueOf(f *Field, data []byte) Value {
	at := f.ReadOffset(f.WriteBuffer)
	return f.Signature.Decode(data[at : at+f.Signature.Size])
}

// An expectation is a line of a fixture's expected.jsonl, and of what
// testdata/readstats.py prints.
type expectation struct {
	File, Label, Signature string
	Buffered               bool
	Value                  any
}

// expect returns how f should read in the terms of an expectation.
func expect(file string, f *Field, v Value) expectation {
	e := expectation{file, string(f.Label), f.Signature.Text, f.Buffered(), nil}
	switch v.Class() {
	case TextClass:
		e.Value = strings.ToValidUTF8(string(v.Text()), "\ufffd")
	case BoolClass:
		e.Value = v.Bool()
	case FloatClass:
		if v.Special() != "" {
			e.Value = map[string]string{"NaN": "nan", "+Inf": "inf", "-Inf": "-inf"}[v.Special()]
		} else {
			e.Value = v.Float()
		}
	default:
		e.Value = json.Number(v.AppendText(nil))
	}
	return e
}

// parseExpectations reads JSON lines. Whole numbers stay exact.
func parseExpectations(t *testing.T, lines io.Reader) []expectation {
	t.Helper()
	var all []expectation
	d := json.NewDecoder(lines)
	d.UseNumber()
	for d.More() {
		var e expectation
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if n, ok := e.Value.(json.Number); ok && strings.ContainsAny(n.String(), ".e") {
			e.Value, _ = n.Float64()
		}
		all = append(all, e)
	}
	return all
}

// compare reports where got is not want. Floats are the same where their bits
// are. A float32 has other digits in Python, and is the same where its own bits
// are.
func compare(t *testing.T, got, want []expectation) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		x, xok := got[i].Value.(float64)
		y, yok := want[i].Value.(float64)
		same := math.Float64bits(x) == math.Float64bits(y)
		if strings.ContainsRune(want[i].Signature, 'f') {
			same = math.Float32bits(float32(x)) == math.Float32bits(float32(y))
		}
		if xok && yok && same {
			got[i].Value = want[i].Value
		}
		if got[i] != want[i] || xok && yok && !same {
			t.Errorf("stat %d = %+v, want %+v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d stats, want %d", len(got), len(want))
	}
}

func TestScanFixtures(t *testing.T) {
	lines, err := os.Open(filepath.Join(fixtures, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	want := parseExpectations(t, lines)
	var got []expectation
	for _, name := range fixtureNames(t) {
		data := fixture(t, name)
		fields, err := scanAll(data)
		if err != nil {
			t.Errorf("scanAll(%s) = %v", name, err)
		}
		for i := range fields {
			got = append(got, expect(name, &fields[i], valueOf(&fields[i], data)))
		}
	}
	compare(t, got, want)
}

// A file that was cut off anywhere yields the fields before the cut and says
// where it is damaged, or ends well where a field ends.
func TestScanTruncated(t *testing.T) {
	for _, name := range fixtureNames(t) {
		data := fixture(t, name)
		fields, _ := scanAll(data)
		end := 1
		if len(fields) > 0 {
			end = fields[len(fields)-1].End()
		}
		for n := 0; n <= end+2; n++ {
			got, err := scanAll(data[:n:n])
			whole := 0
			for whole < len(fields) && fields[whole].End() <= n {
				whole++
			}
			if len(got) != whole {
				t.Fatalf("scan of %s cut to %d bytes: %d fields, want %d", name, n, len(got), whole)
			}
			for i := range got {
				if !bytes.Equal(got[i].Label, fields[i].Label) || got[i].End() != fields[i].End() {
					t.Fatalf("scan of %s cut to %d bytes: field %d = %+v, want %+v", name, n, i, got[i], fields[i])
				}
			}
			at := 1
			if whole > 0 {
				at = fields[whole-1].End()
			}
			var damage *DamageError
			switch {
			case n > 0 && n < at+2: // too short for another label size
				if err != nil {
					t.Errorf("scan of %s cut to %d bytes: %v, want no error", name, n, err)
				}
			case whole == len(fields) && n > 0:
				if err != nil {
					t.Errorf("scan of %s cut to %d bytes: %v, want no error", name, n, err)
				}
			case !errors.As(err, &damage) || damage.Offset > n || n > 0 && damage.Offset < at:
				t.Errorf("scan of %s cut to %d bytes: %v, want damage from byte %d to %d", name, n, err, at, n)
			}
		}
	}
}

// rawField returns a field of the given parts, sizes as they come.
func rawField(label, sig string, index byte, values string) string {
	b := binary.NativeEndian.AppendUint16(nil, uint16(len(label)))
	b = append(b, label...)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(sig)))
	b = append(append(b, sig...), index)
	return string(b) + values
}

func size(n uint16) string { return string(binary.NativeEndian.AppendUint16(nil, n)) }

func TestScanDamage(t *testing.T) {
	good := rawField("good", "B", 255, "x")
	after := 1 + len(good)
	for _, test := range []struct {
		name, data string
		offset     int
		reason     string
	}{
		{"empty", "", 0, "empty file"},
		{"other version", "\x02", 0, "not a version 1 stat file (first byte 0x02)"},
		{"text", "#!/bin/sh\n", 0, "not a version 1 stat file (first byte 0x23)"},
		{"label past the end", "\x01" + good + size(5) + "abcd", after, "label of 5 bytes goes past the end of the file"},
		{"largest label", "\x01" + good + "\xff\xff", after, "label of 65535 bytes goes past the end of the file"},
		{"no signature size", "\x01" + good + size(1) + "a", after + 3, "signature size of 2 bytes goes past the end of the file"},
		{"half a signature size", "\x01" + good + size(1) + "a\x01", after + 3, "signature size of 2 bytes goes past the end of the file"},
		{"signature past the end", "\x01" + good + size(1) + "a" + size(3) + "20", after + 3, "signature of 3 bytes goes past the end of the file"},
		{"long signature", "\x01" + good + size(1) + "a" + size(65), after + 3, "signature of 65 bytes, at most 64 are read"},
		{"no signature", "\x01" + good + rawField("a", "", 255, "x"), after + 5, `signature without a value: ""`},
		{"pad bytes alone", "\x01" + good + rawField("a", "8x", 255, "12345678"), after + 5, `signature without a value: "8x"`},
		{"bad signature", "\x01" + good + rawField("a", "\x1b[2J", 255, ""), after + 5, `bad signature: "\x1b[2J": unknown type '\x1b'`},
		{"huge value", "\x01" + good + rawField("a", "4294967295s", 255, "x"), after + 5, `bad signature: "4294967295s": the size is too large`},
		{"no write buffer", "\x01" + good + size(1) + "a" + size(1) + "Q", after + 6, "write buffer of 1 bytes goes past the end of the file"},
		{"write buffer 7", "\x01" + good + rawField("a", "B", 7, "xy"), after + 6, "write buffer is 7, not 0, 1 or 255"},
		{"write buffer 2", "\x01" + good + rawField("a", "B", 2, "xy"), after + 6, "write buffer is 2, not 0, 1 or 255"},
		{"value past the end", "\x01" + good + rawField("a", "Q", 255, "1234567"), after + 7, "value of 8 bytes goes past the end of the file"},
		{"second value past the end", "\x01" + good + rawField("a", "Q", 0, "123456781234567"), after + 7, "value of 16 bytes goes past the end of the file"},
		{"largest value", "\x01" + good + rawField("a", "536870912s", 1, "x"), after + 7 + 9, "value of 1073741824 bytes goes past the end of the file"},
	} {
		fields, err := scanAll([]byte(test.data))
		var damage *DamageError
		if !errors.As(err, &damage) || *damage != (DamageError{test.offset, test.reason}) {
			t.Errorf("%s: %v, want damage at byte %d: %s", test.name, err, test.offset, test.reason)
		}
		if wanted := min(test.offset, 1); len(fields) != wanted {
			t.Errorf("%s: %d fields before the damage, want %d", test.name, len(fields), wanted)
		}
	}
}

func TestDamageErrorText(t *testing.T) {
	for _, test := range []struct {
		err  DamageError
		want string
	}{
		{DamageError{0, "empty file"}, "empty file"},
		{DamageError{17, "write buffer is 7, not 0, 1 or 255"}, "damaged at byte 17: write buffer is 7, not 0, 1 or 255"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%#v.Error() = %q, want %q", test.err, got, test.want)
		}
	}
}

// The fields end at a label size of 0 and where no label size fits, whatever
// follows.
func TestScanEnds(t *testing.T) {
	good := rawField("good", "B", 255, "x")
	for _, test := range []struct {
		data string
		want int // fields
	}{
		{"\x01", 0},
		{"\x01\x05", 0},
		{"\x01\x00\x00", 0},
		{"\x01\x00\x00garbage", 0},
		{"\x01" + good, 1},
		{"\x01" + good + "\xff", 1},
		{"\x01" + good + "\x00\x00" + good, 1},
		{"\x01" + good + good, 2},
	} {
		fields, err := scanAll([]byte(test.data))
		if err != nil || len(fields) != test.want {
			t.Errorf("scan of %q = %d fields, %v, want %d", test.data, len(fields), err, test.want)
		}
	}
}

// A file that comes in pieces has the same fields as one that comes whole.
func TestScanExtend(t *testing.T) {
	data := fixture(t, "types.mmstats")
	want, _ := scanAll(data)
	for _, step := range []int{1, 7, 64, 1000, len(data)} {
		s, err := Scan(data[:1], false, new(Signatures))
		if err != nil {
			t.Fatal(err)
		}
		var got []Field
		for have := 1; ; {
			f, err := s.Next()
			if err == io.EOF {
				break
			}
			if err == ErrMore {
				have = min(have+step, len(data))
				s.Extend(data[:have], have == len(data))
				continue
			}
			if err != nil {
				t.Fatalf("steps of %d: %v", step, err)
			}
			got = append(got, f)
		}
		if !slices.EqualFunc(got, want, sameField) {
			t.Errorf("steps of %d: fields %v, want %v", step, got, want)
		}
	}
}

func sameField(x, y Field) bool {
	return x.Offset == y.Offset && bytes.Equal(x.Label, y.Label) && *x.Signature == *y.Signature &&
		x.WriteBuffer == y.WriteBuffer && x.ValueOffset == y.ValueOffset
}

func TestReadOffset(t *testing.T) {
	data := []byte("\x01" + rawField("a", "2s", 0, "ABCD") + rawField("b", "2s", 1, "ABCD") + rawField("c", "2s", 255, "AB"))
	fields, err := scanAll(data)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"CD", "AB", "AB"} {
		if got := string(valueOf(&fields[i], data).Text()); got != want {
			t.Errorf("value of %s with write buffer %d = %q, want %q", fields[i].Label, fields[i].WriteBuffer, got, want)
		}
	}
}

func TestInWord(t *testing.T) {
	for _, test := range []struct {
		sig    string
		buffer byte
		at     int // of the first value
		want   bool
	}{
		{"Q", 255, 8, true},
		{"Q", 255, 9, false},
		{"Q", 0, 8, true},
		{"Q", 0, 12, false},
		{"I", 255, 12, true},
		{"I", 255, 13, false},
		{"I", 0, 8, true},
		{"H", 0, 12, true}, // 12 and 14
		{"H", 0, 13, false},
		{"H", 0, 14, true},  // 14 and 16
		{"3s", 0, 8, true},  // 8 and 11
		{"3s", 0, 10, true}, // 10 and 13
		{"3s", 0, 11, false},
		{"B", 1, 15, true},
		{"?", 255, 7, true},
		{"0s", 255, 7, true},
		{"9s", 255, 8, false},
		{"d16x", 0, 8, true},
		{"4xI", 255, 8, true},
		{"=5xI", 255, 8, false},
	} {
		s, err := ParseSignature(test.sig)
		if err != nil {
			t.Fatal(err)
		}
		f := Field{Signature: &s, WriteBuffer: test.buffer, ValueOffset: test.at}
		if got := f.InWord(); got != test.want {
			t.Errorf("InWord() of %q at %d with write buffer %d = %v, want %v", test.sig, test.at, test.buffer, got, test.want)
		}
	}
}

// What is kept of signatures is bounded, since anyone may make them up.
func TestSignaturesBounded(t *testing.T) {
	var c Signatures
	for i := range 3 * maxSignatures {
		if _, err := c.parse([]byte(strconv.Itoa(i) + "s")); err != nil {
			t.Fatal(err)
		}
		if len(c.known) > maxSignatures {
			t.Fatalf("%d signatures are kept, want at most %d", len(c.known), maxSignatures)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, name := range fixtureNames(f) {
		f.Add(fixture(f, name), 512)
	}
	f.Add([]byte("\x01"+rawField("a", "d16x  ", 0, strings.Repeat("v", 48))+rawField("b", "2147483647s", 1, "")), 3)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		fields, err := scanAll(data)
		var damage *DamageError
		if err != nil && (!errors.As(err, &damage) || damage.Offset < 0 || damage.Offset > len(data)) {
			t.Fatalf("scan = %v", err)
		}
		end := 1
		for i := range fields {
			field := &fields[i]
			if field.Offset != end || len(field.Label) == 0 || field.End() > len(data) || field.End() <= end {
				t.Fatalf("field %d = %+v, after byte %d of %d", i, field, end, len(data))
			}
			end = field.End()
			_, _, _, _ = field.Type(), field.Kind(), field.Window(), field.InWord()
			checkRoundTrip(t, field, valueOf(field, data))
		}
		checkSteps(t, data, fields, err, step)
	})
}

// checkRoundTrip encodes a value that was decoded, and decodes that.
func checkRoundTrip(t *testing.T, f *Field, v Value) {
	t.Helper()
	if v.Class() == 0 {
		t.Fatalf("value of %q is absent", f.Signature.Text)
	}
	buf := make([]byte, f.Signature.Size)
	switch err := f.Signature.Encode(buf, v); {
	case strings.IndexByte("cpe", f.Signature.Code) >= 0:
		if !errors.Is(err, ErrClass) {
			t.Fatalf("Encode of %q = %v, want ErrClass", f.Signature.Text, err)
		}
	case err != nil:
		t.Fatalf("Encode(%s) by %q = %v", v.AppendText(nil), f.Signature.Text, err)
	default:
		if got := f.Signature.Decode(buf); !bytes.Equal(got.AppendText(nil), v.AppendText(nil)) || got.Class() != v.Class() {
			t.Fatalf("Decode after Encode(%s) by %q = %s", v.AppendText(nil), f.Signature.Text, got.AppendText(nil))
		}
	}
}

// checkSteps scans the same file in pieces, and expects the same.
func checkSteps(t *testing.T, data []byte, fields []Field, end error, step int) {
	t.Helper()
	if len(data) == 0 {
		return
	}
	have, whole := 1, false
	s, err := Scan(data[:have], whole, new(Signatures))
	for n := 0; err == nil || err == ErrMore; {
		if err == ErrMore {
			if whole {
				t.Fatal("ErrMore of a whole file")
			}
			have = min(have+max(step%len(data), 1), len(data))
			whole = have == len(data)
			s.Extend(data[:have], whole)
		}
		var f Field
		if f, err = s.Next(); err == nil {
			if n >= len(fields) || !sameField(f, fields[n]) {
				t.Fatalf("field %d in steps = %+v", n, f)
			}
			n++
		} else if err != ErrMore && n != len(fields) {
			t.Fatalf("%d fields in steps, want %d", n, len(fields))
		}
	}
	if err == io.EOF {
		err = nil
	}
	if (err == nil) != (end == nil) || err != nil && err.Error() != end.Error() {
		t.Fatalf("scan in steps = %v, want %v", err, end)
	}
}

func TestIsIdentity(t *testing.T) {
	for label, want := range map[string]bool{
		"sys.pid": true, "web.sys.pid": true, "a.b.sys.heartbeat": true, "sys.created": true,
		"sys.calls": false, "mysys.pid": false, "sys.pid.x": false, "sys": false, "": false,
	} {
		if got := IsIdentity([]byte(label)); got != want {
			t.Errorf("IsIdentity(%q) = %v, want %v", label, got, want)
		}
	}
}
