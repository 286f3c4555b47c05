package archive

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
)

// example returns the segment that mmstats-archive(5) shows.
func example(t testing.TB) []byte {
	t.Helper()
	start := time.Date(2026, 11, 23, 3, 12, 0, 0, time.UTC)
	e := encoder{start: start, interval: time.Second}
	f := &File{Path: "/tmp/w.mmstats", Inode: 4242, Writer: WriterRuns, Stats: []Stat{
		{Label: "jobs", Type: format.Counter, Kind: format.KindCounter, Live: true, Words: []uint64{5}},
		{Label: "load", Type: format.Float64, Kind: format.KindGauge, Live: true, Words: []uint64{0}},
		{Label: "state", Type: format.String, Kind: format.KindString, Live: true, Text: []byte("up")},
	}}
	var p packer
	data := []byte(segmentHeader)
	add := func(kind byte, since time.Duration) {
		m := Moment{start.Add(since), since}
		payload, err := e.encode(kind == keyRecord, m, []*File{f})
		if err != nil {
			t.Fatal(err)
		}
		e.written()
		if data, err = p.append(data, kind, m.Time.UnixMicro(), payload); err != nil {
			t.Fatal(err)
		}
	}
	add(keyRecord, 0)
	f.Stats[0].Words[0] = 7
	f.Stats[1].Words[0] = 0x3ff8_0000_0000_0000 // 1.5
	add(changeRecord, time.Second)
	return data
}

// The bytes that mmstats-archive(5) shows are what it says they are.
func TestManPageDump(t *testing.T) {
	page, err := os.ReadFile("../../man/mmstats-archive.5")
	if err != nil {
		t.Fatal(err)
	}
	_, dump, _ := strings.Cut(string(page), ".Bd -literal -offset indent\n00000000:")
	dump, _, _ = strings.Cut("00000000:"+dump, ".Ed")
	var shown []byte
	for line := range strings.Lines(dump) {
		_, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
		row, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		shown = append(shown, row...)
	}
	if want := example(t); !bytes.Equal(shown, want) {
		t.Errorf("mmstats-archive(5) shows\n%s, want\n%s", hex.Dump(shown), hex.Dump(want))
	}
}
