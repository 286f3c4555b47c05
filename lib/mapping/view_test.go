package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"mmstats/lib/programtest"
)

const (
	viewHead = "\x01\x00v\x01\x00s" // up to the write buffer, at 3
	viewSize = 100
)

// viewValues are few, so that a value comes back while a reader looks.
var viewValues = func() (values [8][]byte) {
	for i := range values {
		values[i] = bytes.Repeat([]byte{byte(i)}, viewSize)
	}
	return values
}()

var viewRequests = []Request{
	{Label: "v", Signature: "s", Offset: 3, Size: viewSize, Len: viewSize, Buffered: true},
	{Label: "v", Signature: "s", Offset: 3, Size: viewSize, Skip: 40, Len: 10, Buffered: true},
}

// writeForView is a process that writes ever other values into a file.
func writeForView() {
	f, err := Open(os.Args[1], syscall.O_RDWR, 0)
	programtest.Fatal(err)
	region, err := Map(f, PageSize())
	programtest.Fatal(err)
	b := BuffersAt(region, 3+len(viewHead), viewSize)
	fmt.Println("ready")
	for i := 0; ; i++ {
		b.WriteString(string(viewValues[i%len(viewValues)]))
	}
}

// page makes a file of one page that starts with data, and opens it.
func page(t *testing.T, data string) *File {
	t.Helper()
	name := t.TempDir() + "/file"
	whole := make([]byte, PageSize())
	copy(whole, data)
	if err := os.WriteFile(name, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func view(t *testing.T, f *File) *View {
	t.Helper()
	v, err := MapView(f, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

// A value is never seen half written, while another process writes it.
func TestViewIsNeverTorn(t *testing.T) {
	f := page(t, "123"+viewHead)
	programtest.StartReady(t, "write-for-view", f.Name())
	v := view(t, f)
	values := make(map[byte]bool)
	dst, outcomes := make([]byte, viewSize+10), make([]Outcome, len(viewRequests))
	whole, enough := 0, 300_000
	if testing.Short() {
		enough = 20_000
	}
	for whole < enough || len(values) < len(viewValues) {
		if _, err := v.Read(viewRequests, dst, outcomes, 0); err != nil {
			t.Fatal(err)
		}
		for i, value := range [][]byte{dst[:viewSize], dst[viewSize:]} {
			if outcomes[i] != Whole {
				continue
			}
			whole++
			values[value[0]] = true
			if len(bytes.Trim(value, string(value[:1]))) > 0 {
				t.Fatalf("Read() got parts of two values: %v", value)
			}
		}
	}
}

func TestViewOutcomes(t *testing.T) {
	f := page(t, "\x01\x00a\x01\x00Q\xff12345678"+"\x01\x00d\x01\x00e\x00oldnew"+"\x05\x00")
	v := view(t, f)
	for _, test := range []struct {
		name    string
		request Request
		want    Outcome
		value   string
	}{
		{"unbuffered", Request{Label: "a", Signature: "Q", Len: 8, Size: 8}, Whole, "12345678"},
		{"part of it", Request{Label: "a", Signature: "Q", Skip: 2, Len: 3, Size: 8}, Whole, "345"},
		{"in a word", Request{Label: "a", Signature: "Q", Skip: 3, Len: 4, Size: 8, Words: true}, Whole, "4567"},
		{"buffered", Request{Label: "d", Signature: "e", Offset: 15, Len: 3, Size: 3, Buffered: true}, Whole, "new"},
		{"another label", Request{Label: "b", Signature: "Q", Len: 8, Size: 8}, Moved, ""},
		{"a longer label", Request{Label: "a\x01", Signature: "Q", Len: 8, Size: 8}, Moved, ""},
		{"another signature", Request{Label: "a", Signature: "R", Len: 8, Size: 8}, Moved, ""},
		{"a longer signature", Request{Label: "a", Signature: "Q\xff", Len: 8, Size: 8}, Moved, ""},
		{"not buffered any more", Request{Label: "a", Signature: "Q", Len: 3, Size: 3, Buffered: true}, Moved, ""},
		{"buffered by now", Request{Label: "d", Signature: "e", Offset: 15, Len: 3, Size: 3}, Moved, ""},
	} {
		dst, outcomes := make([]byte, 8), make([]Outcome, 1)
		more, err := v.Read([]Request{test.request}, dst, outcomes, 28)
		if err != nil || !more || outcomes[0] != test.want || test.want == Whole && string(dst[:test.request.Len]) != test.value {
			t.Errorf("Read(%s) = %v, %v, %v, %q, want %v, %q", test.name, more, err, outcomes[0], dst, test.want, test.value)
		}
	}
	if more, err := v.Read(nil, nil, nil, 30); more || err != nil {
		t.Errorf("Read() = %v, %v where no field follows, want false", more, err)
	}
}

func TestViewOfTruncatedFile(t *testing.T) {
	f := page(t, "\x01\x00a\x01\x00Q\xff12345678")
	v := view(t, f)
	if err := os.Truncate(f.Name(), 0); err != nil {
		t.Fatal(err)
	}
	_, err := v.Read([]Request{{Label: "a", Signature: "Q", Len: 8, Size: 8}}, make([]byte, 8), make([]Outcome, 1), 0)
	var fault *FaultError
	if !errors.As(err, &fault) || fault.Offset >= PageSize() {
		t.Errorf("Read() of a truncated file = %v, want a *FaultError", err)
	}
}
