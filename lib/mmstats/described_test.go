package mmstats_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"testing"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/mmstats"
)

// described are fields with a description of 40 pad bytes before the value.
var described = []struct {
	label, signature string
	index            byte
	values           int // bytes of the values, without the pad bytes
}{
	{"hits.", "40xQ  ", 255, 8},
	{"local", "40x  Q", 255, 8},
	{"i16", "40xh6x  ", 255, 8},
	{"load.", "40xd  ", 255, 8},
	{"yes", "40x?7x  ", 255, 8},
	{"txt", "40x16s  ", 0, 16},
	{"av", "40xd16x  ", 1, 24},
	{"mo", "40xd32x  ", 255, 40},
	{"ti", "40xd40x  ", 255, 48},
}

const description = "unit=seconds\nabout=time it took\x00\xa5\xa5\xa5\xa5\xa5\xa5\xa5\x00"

// describedFile returns a file with these fields, and where descriptions start.
func describedFile(t *testing.T) (file []byte, at []int) {
	t.Helper()
	native := binary.NativeEndian
	file = append(file, 1)
	file = append(native.AppendUint16(file, 1), 'x')
	file = append(native.AppendUint16(file, 3), "I2x"...)
	file = append(file, 255, 1, 2, 3, 4, 0, 0)
	if len(file)%8 != 0 {
		t.Fatalf("the first field ends at %d", len(file))
	}
	for _, fd := range described {
		file = append(native.AppendUint16(file, uint16(len(fd.label))), fd.label...)
		file = append(native.AppendUint16(file, uint16(len(fd.signature))), fd.signature...)
		file = append(file, fd.index)
		if len(file)%8 != 0 {
			t.Fatalf("the value of %s is not aligned", fd.label)
		}
		for range 2 - fd.index/255 {
			at = append(at, len(file))
			file = append(file, description...)
			file = append(file, make([]byte, fd.values)...)
		}
	}
	return append(file, make([]byte, 4096-len(file))...), at
}

// TestUpdatesLeaveDescriptionsAlone updates fields with pad bytes before their
// value in all ways: an average overwrote its description.
func TestUpdatesLeaveDescriptionsAlone(t *testing.T) {
	if len(description) != 40 {
		t.Fatalf("the description has %d bytes", len(description))
	}
	type stats struct {
		Hits  mmstats.Counter        `mmstats:"hits."`
		Local mmstats.LocalCounter   `mmstats:"local"`
		I16   mmstats.Gauge[int16]   `mmstats:"i16"`
		Load  mmstats.Gauge[float64] `mmstats:"load."`
		Flag  mmstats.Bool           `mmstats:"yes"`
		Text  mmstats.String         `mmstats:"txt"`
		Mean  mmstats.Average        `mmstats:"av"`
		Ring  mmstats.MovingAverage  `mmstats:"mo"`
		Time  mmstats.Timer          `mmstats:"ti"`
	}
	want := map[string]string{
		"hits.": "counter 6", "local": "counter 2", "i16": "int16 -6", "load.": "float64 1.5", "yes": "bool true",
		"txt": "string three", "av": "average 2", "mo": "moving 2.5", "ti": "moving 2", "x": fmt.Sprint("uint32 ", binary.NativeEndian.Uint32([]byte{1, 2, 3, 4})),
	}
	apply := func(op change.Op, label, value string) func(f *mmstats.File, _ *stats) error {
		return func(f *mmstats.File, _ *stats) error {
			return f.Apply([]change.Change{{Label: label, Op: op, Text: value}})
		}
	}
	own := func(update func(s *stats)) func(f *mmstats.File, s *stats) error {
		return func(_ *mmstats.File, s *stats) error { update(s); return nil }
	}
	for way, updates := range map[string][]func(f *mmstats.File, s *stats) error{
		"stats": {
			own(func(s *stats) { s.Hits.Inc(); s.Hits.Add(5); s.Local.Inc(); s.Local.Add(1) }),
			own(func(s *stats) { s.I16.Set(-5); s.I16.Add(-1); s.Load.Set(1); s.Load.Add(0.5); s.Flag.Set(true) }),
			own(func(s *stats) { s.Text.Set("one"); s.Text.Set("a longer text than fits"); s.Text.Set("three") }),
			own(func(s *stats) { s.Mean.Add(1); s.Mean.Add(2); s.Mean.Add(3) }),
			own(func(s *stats) { s.Ring.Add(1); s.Ring.Add(2); s.Ring.Add(3) }),
			own(func(s *stats) { s.Time.Observe(time.Second); s.Time.Observe(3 * time.Second) }),
		},
		"Apply": {
			own(func(s *stats) { s.Local.Add(2) }),
			apply(change.Add, "hits.", "6"), apply(change.Set, "i16", "-5"), apply(change.Subtract, "i16", "1"),
			apply(change.Set, "load.", "1"), apply(change.Add, "load.", "0.5"), apply(change.Set, "yes", "true"),
			apply(change.Set, "txt", "one"), apply(change.Set, "txt", "a longer text than fits"), apply(change.Set, "txt", "three"),
			apply(change.Add, "av", "1"), apply(change.Add, "av", "2"), apply(change.Add, "av", "3"),
			apply(change.Add, "mo", "1"), apply(change.Add, "mo", "2"), apply(change.Add, "mo", "3"),
			apply(change.Add, "ti", "1"), apply(change.Add, "ti", "3"),
		},
	} {
		file, at := describedFile(t)
		path := temp(t, "x.mmstats")
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		var s stats
		f := visit(t, path, mmstats.Options{}, &s)
		for i, update := range updates {
			if err := update(f, &s); err != nil {
				t.Errorf("%s: update %d = %v", way, i, err)
			}
		}
		if err := f.Err(); err != nil {
			t.Errorf("%s: Err() = %v", way, err)
		}
		wantStats(t, path, want)
		if s.Hits.Value() != 6 || s.Text.Value() != "three" || s.Mean.Value() != 2 || s.Ring.Value() != 2.5 || s.Time.Value() != 2*time.Second {
			t.Errorf("%s: stats have other values than the file", way)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range at {
			if end := start + len(description); !bytes.Equal(got[start:end], []byte(description)) {
				t.Errorf("%s: the description at %d became %q", way, start, got[start:end])
			}
		}
	}
}
