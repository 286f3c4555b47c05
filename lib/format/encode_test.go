package format

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// specs returns a spec of every type that our writers write, with a value.
func specs() (all []Spec, values []Value) {
	add := func(sp Spec, v Value) { all, values = append(all, sp), append(values, v) }
	for _, update := range []Update{Shared, Owned, Never} {
		for _, typ := range []Type{Int8, Int16, Int32, Int64} {
			add(Spec{Type: typ, Update: update}, IntValue(math.MinInt64>>(64-8<<(typ-Int8))))
		}
		for _, typ := range []Type{Uint8, Uint16, Uint32, Uint64} {
			add(Spec{Type: typ, Update: update}, UintValue(math.MaxUint64>>(64-8<<(typ-Uint8))))
		}
		add(Spec{Type: Float32, Update: update}, FloatValue(-0.25))
		add(Spec{Type: Float64, Update: update}, FloatValue(0.1))
		add(Spec{Type: Bool, Update: update}, BoolValue(true))
		if update != Never {
			add(Spec{Type: Counter, Update: update}, UintValue(math.MaxUint64))
		}
	}
	for _, update := range []Update{Shared, Never} {
		for _, size := range []int{1, 7, 8, 20, 256, MaxText} {
			add(Spec{Type: String, Update: update, Size: size}, TextValue([]byte("é")[:min(size, 2)]))
		}
	}
	add(Spec{Type: Average}, FloatValue(math.Inf(-1)))
	for _, window := range []int{1, 9, 100, MaxWindow} {
		add(Spec{Type: Moving, Size: window}, FloatValue(2.5))
	}
	for _, update := range []Update{Shared, Owned} {
		add(Spec{Type: Histogram, Update: update}, FloatValue(0.5))
	}
	for i, sp := range all {
		if sp.Size < 1000 {
			for _, d := range descriptions {
				sp.Description = d
				add(sp, values[i])
			}
		}
	}
	return all, values
}

// descriptions take the least, some and the most bytes.
var descriptions = []Description{
	{Unit: "s"},
	{Unit: "bytes", About: "Sent to clients, no headers", Every: 0.5, others: "from=é\n"},
	{Kind: KindGauge, About: strings.Repeat("x", MaxDescription-len("kind=gauge\nabout=\n")-1)},
}

// appendValue appends a field with value v to data, and checks its place.
func appendValue(t *testing.T, data []byte, sp Spec, v Value) []byte {
	t.Helper()
	data, err := AppendField(data, sp)
	if err != nil {
		t.Fatalf("AppendField(%+v) = %v", sp, err)
	}
	f := lastField(t, data)
	where := fmt.Sprintf("AppendField(%d bytes, %.80v) with %q", f.Offset, sp, f.Signature.Text)
	want := sp.Type
	if want == Counter && sp.Description.Kind == KindGauge {
		want = Uint64
	}
	if string(f.Label) != sp.Label || f.Type() != want {
		t.Fatalf("%s is a %v called %s", where, f.Type(), f.Label)
	}
	if f.End() != len(data) || f.End()%8 != 0 {
		t.Fatalf("%s ends at %d of %d", where, f.End(), len(data))
	}
	s := f.Signature
	live := sp.Update != Never
	switch {
	case live && (f.ValueOffset+s.ValueOffset)%8 != 0:
		t.Fatalf("%s has its value at %d", where, f.ValueOffset+s.ValueOffset)
	case s.TrailingBlank != (sp.Update == Shared) || s.LeadingBlank != (sp.Update == Owned) || f.Live() != live:
		t.Fatalf("%s does not say how it is updated", where)
	}
	d := sp.Description
	if sp.Type == Uint64 && live {
		d.Kind = KindGauge // without it, a live Q is a counter
	}
	if got := f.Description(); got != d {
		t.Fatalf("%s is described as %.80v, want %.80v", where, got, d)
	}
	// Both values, since the one that is being written is shown to no reader.
	if err := s.Encode(data[f.ValueOffset:], v); err != nil {
		t.Fatalf("%s: Encode = %v", where, err)
	}
	if f.Buffered() {
		copy(data[f.ValueOffset+s.Size:], data[f.ValueOffset:][:s.Size])
	}
	if got := valueOf(&f, data); string(got.AppendText(nil)) != string(v.AppendText(nil)) {
		t.Fatalf("%s = %s, want %s", where, got.AppendText(nil), v.AppendText(nil))
	}
	return data
}

// lastField returns the last field of data, which must have one.
func lastField(t *testing.T, data []byte) Field {
	t.Helper()
	fields, err := scanAll(data)
	if err != nil || len(fields) == 0 {
		t.Fatalf("scan = %d fields, %v", len(fields), err)
	}
	return fields[len(fields)-1]
}

// startsAt returns a file that ends on a given remainder of 8.
func startsAt(t *testing.T, remainder int) []byte {
	t.Helper()
	data := []byte{Version}
	if remainder == 1 {
		return data
	}
	const size = 2 + 2 + 1 + 1 + 1 // of a B with an empty label
	return append(data, rawField(strings.Repeat("x", (remainder-len(data)-size+16)%8+8), "B", Unbuffered, "v")...)
}

func TestAppendFieldLayout(t *testing.T) {
	all, values := specs()
	for i, sp := range all {
		for start := range 8 {
			prefix := startsAt(t, start)
			if len(prefix)%8 != start {
				t.Fatalf("a file of %d bytes, want %d more than a multiple of 8", len(prefix), start)
			}
			for _, length := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 255} {
				if large := sp.Size > 1000 || sp.Description != (Description{}); large && length > 2 {
					continue // the same again
				}
				sp.Label = strings.Repeat("l", length)
				appendValue(t, prefix[:len(prefix):len(prefix)], sp, values[i])
			}
		}
	}
}

func TestAppendFieldLongestLabel(t *testing.T) {
	sp := Spec{Label: strings.Repeat("l", MaxLabel), Type: Counter}
	appendValue(t, []byte{Version}, sp, UintValue(1))
}

// A described field has its description in both buffers, and an empty
// histogram has what writers expect of it.
func TestAppendFieldContents(t *testing.T) {
	data := []byte{Version}
	for _, sp := range []Spec{
		{Label: "text", Type: String, Size: 8, Description: descriptions[1]},
		{Label: "mean", Type: Average, Description: descriptions[2]},
		{Label: "samples", Type: Histogram, Description: descriptions[0]},
	} {
		var err error
		if data, err = AppendField(data, sp); err != nil {
			t.Fatal(err)
		}
		f := lastField(t, data)
		pad, _ := sp.Description.Append(nil)
		for buffer := f.ValueOffset; buffer < f.End(); buffer += f.Signature.Size {
			value := data[buffer:][:f.Signature.Size]
			rest, described := bytes.CutPrefix(value, pad)
			if !described || f.Signature.ValueOffset != len(pad) {
				t.Errorf("%s: buffer at %d holds %.80q, want %.80q first", sp.Label, buffer, value, pad)
			}
			var h HistogramState
			if sp.Type == Histogram && (h.Decode(rest) != nil || h != HistogramState{}) {
				t.Errorf("%s holds no empty histogram", sp.Label)
			}
		}
	}
}

func TestAppendFieldErrors(t *testing.T) {
	for _, test := range []struct {
		sp   Spec
		want string
	}{
		{Spec{Type: Counter}, "empty label"},
		{Spec{Label: strings.Repeat("l", MaxLabel+1), Type: Counter}, "label of 65536 bytes, at most 65535"},
		{Spec{Label: "a\xff", Type: Counter}, `label "a\xff" is not UTF-8`},
		{Spec{Label: "a"}, "unknown type unknown"},
		{Spec{Label: "a", Type: 99}, "unknown type unknown"},
		{Spec{Label: "a", Type: String}, "room for 0 bytes of text, not 1 to 1048576"},
		{Spec{Label: "a", Type: String, Size: MaxText + 1}, "room for 1048577 bytes of text, not 1 to 1048576"},
		{Spec{Label: "a", Type: Moving}, "a window of 0 samples, not 1 to 65536"},
		{Spec{Label: "a", Type: Moving, Size: MaxWindow + 1}, "a window of 65537 samples, not 1 to 65536"},
		{Spec{Label: "a", Type: Counter, Update: Never}, "a constant cannot be of type counter"},
		{Spec{Label: "a", Type: Average, Update: Never}, "a constant cannot be of type average"},
		{Spec{Label: "a", Type: Moving, Size: 1, Update: Never}, "a constant cannot be of type moving"},
		{Spec{Label: "a", Type: Histogram, Update: Never}, "a constant cannot be of type histogram"},
		{Spec{Label: "a", Type: Counter, Description: Description{About: "a\nb"}}, `about "a\nb" has the control character '\n'`},
		{Spec{Label: "a", Type: Average, Update: Owned}, "a field of type average has no single writer"},
		{Spec{Label: "a", Type: String, Size: 1, Update: Owned}, "a field of type string has no single writer"},
		{Spec{Label: "a", Type: Moving, Size: 1, Update: Owned}, "a field of type moving has no single writer"},
	} {
		before := []byte{Version}
		after, err := AppendField(before, test.sp)
		if err == nil || err.Error() != test.want || len(after) != len(before) {
			t.Errorf("AppendField(%.40q, %v) = %d bytes, %v, want %s", test.sp.Label, test.sp.Type, len(after), err, test.want)
		}
	}
}

// A reader that shares no code with this package reads what it writes, and
// what the Python original wrote, as this package does.
func TestPythonReads(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is needed: it reads the files independently")
	}
	written := []byte{Version}
	all, values := specs()
	for i, sp := range all {
		for n := range 8 { // so that each starts everywhere
			sp.Label = fmt.Sprintf("%v.%d.é%s", sp.Type, i, strings.Repeat("l", n))
			if sp.Size < 1000 || n == 0 {
				written = appendValue(t, written, sp, values[i])
			}
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "written.mmstats"), written, 0o666); err != nil {
		t.Fatal(err)
	}
	var want []expectation
	args := []string{"testdata/readstats.py"}
	read := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fields, err := scanAll(data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range fields {
			want = append(want, expect(filepath.Base(path), &fields[i], valueOf(&fields[i], data)))
		}
		args = append(args, path)
	}
	read(filepath.Join(dir, "written.mmstats"))
	if !nativeBigEndian {
		for _, name := range fixtureNames(t) {
			read(filepath.Join(fixtures, name))
		}
	}
	var stdout, stderr strings.Builder
	cmd := exec.Command(python, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, stderr.String())
	}
	compare(t, parseExpectations(t, strings.NewReader(stdout.String())), want)
}
