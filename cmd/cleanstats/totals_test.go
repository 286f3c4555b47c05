package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/statfile"
)

// Totals stay within what readers read, whatever labels somebody makes up.
func TestTotalsHaveALimit(t *testing.T) {
	tot := &totals{path: "totals", sums: make(map[string]sum), size: 1}
	dead := func(pid int, label string) *candidate {
		n := &candidate{writer: liveness.Writer{PID: pid, Created: time.Unix(1, 0)}, sums: []sum{{label: label, typ: format.Counter, count: 2}}}
		n.file = strings.Repeat("d/", pid%50) + "dead"
		return n
	}
	accepted := 0
	for i := 1; ; i++ {
		// Labels of all lengths, as their fields are padded.
		err := tot.add(dead(i, strings.Repeat("x", 60_000+i)))
		if err != nil {
			if !errors.As(err, new(doubt)) {
				t.Fatalf("add() = %v, want a doubt", err)
			}
			break
		}
		accepted++
	}
	if len(tot.sums) != accepted || len(tot.folded) != accepted {
		t.Errorf("a refused file left its mark: %d counters, %d records, want %d", len(tot.sums), len(tot.folded), accepted)
	}
	data, err := tot.encode()
	if err != nil || len(data) > tot.size || tot.size > statfile.DefaultMaxSize {
		t.Errorf("%d files take %d bytes, %v, want at most %d", accepted, len(data), err, tot.size)
	}
	// What needs no new label still finds room, as long as its record does.
	tot.folded, tot.size = nil, statfile.DefaultMaxSize-1000
	if err := tot.add(dead(5000, strings.Repeat("x", 60_001))); err != nil || tot.sums[strings.Repeat("x", 60_001)].count != 4 {
		t.Errorf("add(a known label) = %v, want no error and a sum", err)
	}
}

func TestIdentities(t *testing.T) {
	id := identity{1, 2, 3, -4, "/a b/\xff c"}
	if got, err := parseIdentity(id.String()); err != nil || got != id {
		t.Errorf("parseIdentity(%q) = %+v, %v, want %+v", id, got, err, id)
	}
	for _, bad := range []string{"", "1 2 3 4", "1 2 3 4 relative", "1 2 x 4 /a", "-1 2 3 4 /a"} {
		if got, err := parseIdentity(bad); err == nil {
			t.Errorf("parseIdentity(%q) = %+v, want an error", bad, got)
		}
	}
}

// A counter may have any label. It never makes the totals look like the file
// of a dead process.
func TestTotalsNameNoWriter(t *testing.T) {
	live, err := format.ParseSignature("Q ")
	if err != nil {
		t.Fatal(err)
	}
	counterOf := func(label string) []format.Stat {
		return []format.Stat{{
			Field: format.Field{Label: []byte(label), Signature: &live, WriteBuffer: format.Unbuffered},
			Value: format.UintValue(7),
		}}
	}
	tot := &totals{path: "totals", sums: make(map[string]sum), size: 1}
	for _, label := range []string{"sys.pid", "a.sys.pid", "a.sys.created", "jobs"} {
		got, err := sumsOf(slices.Values(counterOf(label)))
		if err != nil || len(got) != 1 || got[0].label != label || got[0].count != 7 {
			t.Fatalf("sumsOf(%s) = %v, %v, want it", label, got, err)
		}
		tot.sums[label] = got[0]
	}
	data, err := tot.encode()
	if err != nil {
		t.Fatal(err)
	}
	if w, err := liveness.WriterOf(data); !errors.Is(err, liveness.ErrNoWriter) {
		t.Errorf("the writer of totals is %+v, %v, want %v", w, err, liveness.ErrNoWriter)
	}
	for _, label := range []string{"", "\xff"} {
		if got, err := sumsOf(slices.Values(counterOf(label))); !errors.As(err, new(doubt)) {
			t.Errorf("sumsOf(label %q) = %v, %v, want a doubt", label, got, err)
		}
	}
}
