package format

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// structRow is what Python's struct makes of a format: a line of
// testdata/signatures.tsv.
type structRow struct {
	format, size, value string
	raw                 []byte
}

func structRows(t testing.TB) []structRow {
	t.Helper()
	f, err := os.Open("testdata/signatures.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []structRow
	for lines := bufio.NewScanner(f); lines.Scan(); {
		columns := strings.Split(lines.Text(), "\t")
		row := structRow{size: columns[1], value: columns[3]}
		if err := json.Unmarshal([]byte(columns[0]), &row.format); err != nil {
			t.Fatal(err)
		}
		if row.raw, err = hex.DecodeString(columns[2]); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) < 1000 {
		t.Fatalf("signatures.tsv has %d rows", len(rows))
	}
	return rows
}

// elsewhere reports whether the sizes, alignment or byte order of a format
// are other ones here than on the machine that the table was made on, which
// was 64-bit and little-endian.
func elsewhere(text string) bool {
	switch {
	case strings.HasPrefix(text, "<"), strings.HasPrefix(text, ">"), strings.HasPrefix(text, "!"):
		return false
	case strings.HasPrefix(text, "="):
		return nativeBigEndian
	}
	return nativeBigEndian || bits.UintSize != 64
}

// pythonText returns v as testdata/signatures.tsv writes it.
func pythonText(v Value) string {
	switch v.Class() {
	case TextClass:
		return "hex:" + hex.EncodeToString(v.Text())
	case FloatClass:
		if special := v.Special(); special != "" {
			return map[string]string{"NaN": "nan", "+Inf": "inf", "-Inf": "-inf"}[special]
		}
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return string(v.AppendText(nil))
}

func TestParseSignatureLikePython(t *testing.T) {
	for _, row := range structRows(t) {
		if elsewhere(row.format) {
			continue
		}
		s, err := ParseSignature(row.format)
		switch row.size {
		case "error":
			if !errors.Is(err, ErrBadSignature) {
				t.Errorf("ParseSignature(%q) = %v, want ErrBadSignature", row.format, err)
			}
			continue
		case "none":
			if !errors.Is(err, ErrNoValue) {
				t.Errorf("ParseSignature(%q) = %v, want ErrNoValue", row.format, err)
			}
			continue
		}
		if err != nil || strconv.Itoa(s.Size) != row.size {
			t.Errorf("ParseSignature(%q) = size %d, %v, want size %s", row.format, s.Size, err, row.size)
			continue
		}
		got, want := pythonText(s.Decode(row.raw)), row.value
		if f, err := strconv.ParseFloat(want, 64); err == nil && strings.ContainsAny(want, ".e") {
			want = strconv.FormatFloat(f, 'g', -1, 64)
			if s.Code == 'f' { // the digits of a float32, where Python shows those of a float64
				want = strconv.FormatFloat(f, 'g', -1, 32)
			}
		}
		if got != want {
			t.Errorf("ParseSignature(%q).Decode(%x) = %s, want %s", row.format, row.raw, got, want)
		}
	}
}

// The sizes that differ between machines, for each kind of machine.
func TestParseSignatureNative(t *testing.T) {
	for _, test := range []struct {
		text            string
		size64, size386 int
		at64, at386     int // where the first value starts
	}{
		{"l", 8, 4, 0, 0}, {"L", 8, 4, 0, 0}, {"n", 8, 4, 0, 0}, {"N", 8, 4, 0, 0}, {"P", 8, 4, 0, 0},
		{"xl", 16, 8, 8, 4}, {"xQ", 16, 12, 8, 4}, {"xd", 16, 12, 8, 4}, {"xh", 4, 4, 2, 2}, {"xi", 8, 8, 4, 4},
		{"@xQ", 16, 12, 8, 4}, {"=xQ", 9, 9, 1, 1}, {"=l", 4, 4, 0, 0}, {"b0Q", 8, 4, 0, 0},
	} {
		size, at := test.size64, test.at64
		switch {
		case runtime.GOARCH == "386":
			size, at = test.size386, test.at386
		case bits.UintSize != 64:
			t.Skip("no table for this machine")
		}
		s, err := ParseSignature(test.text)
		if err != nil || s.Size != size || s.ValueOffset != at {
			t.Errorf("ParseSignature(%q) = size %d, value at %d, %v, want size %d, value at %d",
				test.text, s.Size, s.ValueOffset, err, size, at)
		}
	}
}

func TestParseSignatureFields(t *testing.T) {
	for _, test := range []struct {
		text              string
		code              byte
		pad               int
		leading, trailing bool
	}{
		{"Q", 'Q', 0, false, false},
		{"Q   ", 'Q', 0, false, true},
		{"   Q", 'Q', 0, true, false},
		{" Q ", 'Q', 0, true, true},
		{"\tQ", 'Q', 0, true, false},
		{"I4x ", 'I', 4, false, true},
		{"d16x ", 'd', 16, false, true},
		{"d8x8x", 'd', 16, false, false},
		{"4xI", 'I', 0, false, false},
		{"dd16x", 'd', 0, false, false},
		{"2d16x", 'd', 0, false, false},
		{"d16xb", 'd', 0, false, false},
		{"16s3x", 's', 3, false, false},
	} {
		s, err := ParseSignature(test.text)
		if err != nil || s.Text != test.text || s.Code != test.code || s.Pad != test.pad ||
			s.LeadingBlank != test.leading || s.TrailingBlank != test.trailing {
			t.Errorf("ParseSignature(%q) = %+v, %v, want %+v", test.text, s, err, test)
		}
	}
}

func TestParseSignatureTooLarge(t *testing.T) {
	for _, test := range []struct {
		text string
		want error
	}{
		{strings.Repeat("x", MaxSignature-1) + "Q", nil},
		{strings.Repeat("x", MaxSignature) + "Q", ErrSignatureTooLong},
		{"536870912s", nil},
		{"536870913s", ErrBadSignature},
		{"4294967295s", ErrBadSignature},
		{"18446744073709551617s", ErrBadSignature}, // 1 where 64 bits wrap around
		{"99999999999999999999999999999999Q", ErrBadSignature},
		{"67108865Q", ErrBadSignature},
		{"Q536870905x", ErrBadSignature},
		{"536870911sQ", ErrBadSignature},
	} {
		if _, err := ParseSignature(test.text); !errors.Is(err, test.want) {
			t.Errorf("ParseSignature(%q) = %v, want %v", test.text, err, test.want)
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	for _, row := range structRows(f) {
		f.Add(row.format)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSignature(text)
		if err != nil {
			return
		}
		if s.Text != text || s.Size < 0 || s.Size > maxValueSize || s.ValueOffset < 0 || s.ValueSize < 0 ||
			s.ValueOffset+s.ValueSize+s.Pad > s.Size {
			t.Fatalf("ParseSignature(%q) = %+v", text, s)
		}
		if s.Size > 1<<16 {
			return
		}
		for _, fill := range []byte{0, 1, 0x7f, 0xff} {
			buf := bytes.Repeat([]byte{fill}, s.Size)
			if v := s.Decode(buf); v.Class() == 0 {
				t.Fatalf("ParseSignature(%q).Decode(%x) is absent", text, buf)
			}
		}
	})
}
