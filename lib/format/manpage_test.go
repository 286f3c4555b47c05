package format

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The bytes that mmstats(5) shows are what the fields that it names come to.
func TestManPageDump(t *testing.T) {
	page, err := os.ReadFile("../../man/mmstats.5")
	if err != nil {
		t.Fatal(err)
	}
	_, dump, _ := strings.Cut(string(page), ".Bd -literal -offset indent\n")
	dump, _, _ = strings.Cut(dump, ".Ed")
	var shown []byte
	for line := range strings.Lines(dump) {
		_, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
		row, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		shown = append(shown, row...)
	}
	if nativeBigEndian {
		t.Skip("the page shows a little-endian machine")
	}
	want := []byte{Version}
	for _, field := range []struct {
		sp Spec
		v  Value
	}{
		{Spec{Label: "jobs.done", Type: Counter}, UintValue(3)},
		{Spec{Label: "sys.pid", Type: Uint32, Update: Never}, UintValue(4242)},
		{Spec{Label: "state", Type: String, Size: 4}, TextValue([]byte("busy"))},
	} {
		start := len(want)
		if want, err = AppendField(want, field.sp); err != nil {
			t.Fatal(err)
		}
		f, err := FieldAt(want, start)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Signature.Encode(want[f.ReadOffset(f.WriteBuffer):], field.v); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(shown, want) {
		t.Errorf("mmstats(5) shows\n%s, want\n%s", hex.Dump(shown), hex.Dump(want))
	}
}
