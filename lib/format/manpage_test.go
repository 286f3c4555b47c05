package format

import (
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
)

// dumps returns the dumps that mmstats(5) shows, each with zeros where it leaves
// rows out.
func dumps(t *testing.T) (all [][]byte) {
	t.Helper()
	if nativeBigEndian {
		t.Skip("the page shows a little-endian machine")
	}
	page, err := os.ReadFile("../../man/mmstats.5")
	if err != nil {
		t.Fatal(err)
	}
	for _, dump := range strings.Split(string(page), ".Bd -literal -offset indent\n")[1:] {
		dump, _, _ = strings.Cut(dump, ".Ed")
		var shown []byte
		for line := range strings.Lines(dump) {
			offset, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
			at, err := strconv.ParseInt(offset, 16, 0)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			row, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			shown = append(shown, make([]byte, int(at)-len(shown))...)
			shown = append(shown, row...)
		}
		all = append(all, shown)
	}
	return all
}

// The bytes that mmstats(5) shows are what the fields that it names come to.
func TestManPageDump(t *testing.T) {
	type stat struct {
		sp Spec
		v  Value
	}
	shown := dumps(t)
	for i, file := range [][]stat{
		{
			{Spec{Label: "jobs.done", Type: Counter}, UintValue(3)},
			{Spec{Label: "sys.pid", Type: Uint32, Update: Never}, UintValue(4242)},
			{Spec{Label: "state", Type: String, Size: 4}, TextValue([]byte("busy"))},
		},
		{{
			Spec{Label: "sent", Type: Counter, Description: Description{Unit: "bytes", About: "Sent to clients"}},
			UintValue(4096),
		}},
	} {
		want := []byte{Version}
		for _, st := range file {
			start := len(want)
			var err error
			if want, err = AppendField(want, st.sp); err != nil {
				t.Fatal(err)
			}
			f, err := FieldAt(want, start)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Signature.Encode(want[f.ReadOffset(f.WriteBuffer):], st.v); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(shown[i], want) {
			t.Errorf("mmstats(5) shows\n%s, want\n%s", hex.Dump(shown[i]), hex.Dump(want))
		}
	}
}

func TestManPageHistogram(t *testing.T) {
	shown := dumps(t)
	var h HistogramState
	h.add(1, 1, 3, 1000)
	want := make([]byte, HistogramSize)
	h.Encode(want)
	if got := append(shown[2], make([]byte, HistogramSize-len(shown[2]))...); !bytes.Equal(got, want) {
		t.Errorf("mmstats(5) shows\n%s, want\n%s", hex.Dump(got), hex.Dump(want))
	}
}
