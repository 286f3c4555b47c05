package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

// setLocal makes Berlin the local zone until the test ends.
func setLocal(t *testing.T) *time.Location {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	before := time.Local
	time.Local = berlin
	t.Cleanup(func() { time.Local = before })
	return berlin
}

func TestParseTime(t *testing.T) {
	setLocal(t)
	for _, test := range []struct{ end, text, want string }{
		{"2026-11-23T12:00:00Z", "03:12", "2026-11-23T02:12:00Z"},
		{"2026-11-23T12:00:00Z", "13:00", "2026-11-23T12:00:00Z"},
		{"2026-11-23T12:00:00Z", "13:00:02", "2026-11-22T12:00:02Z"},
		{"2026-11-23T12:00:00Z", "3:12:30", "2026-11-23T02:12:30Z"},
		{"2026-11-23T12:00:00Z", "03:12:30.5", "2026-11-23T02:12:30.5Z"},
		{"2026-11-23T12:00:00Z", "2026-07-01 03:12", "2026-07-01T01:12:00Z"},
		{"2026-11-23T12:00:00Z", "2026-07-01T03:12:09", "2026-07-01T01:12:09Z"},
		{"2026-11-23T12:00:00Z", "2026-07-01", "2026-06-30T22:00:00Z"},
		{"2026-11-23T12:00:00Z", "2026-07-01T03:12:09Z", "2026-07-01T03:12:09Z"},
		{"2026-11-23T12:00:00Z", "2026-07-01T03:12:09.25-07:00", "2026-07-01T10:12:09.25Z"},
		{"2026-11-23T12:00:00Z", "-10m", "2026-11-23T11:50:00Z"},
		{"2026-11-23T12:00:00Z", "-1h30m", "2026-11-23T10:30:00Z"},
		// Daylight saving ends at 3:00, and it is 2:00 to 3:00 once more.
		{"2026-10-25T12:00:00Z", "02:30", "2026-10-25T01:30:00Z"},
		{"2026-10-25T01:10:00Z", "02:30", "2026-10-25T00:30:00Z"},
		{"2026-10-25T00:20:00Z", "02:30", "2026-10-24T00:30:00Z"},
		{"2026-10-25T12:00:00Z", "03:30", "2026-10-25T02:30:00Z"},
		// It begins at 2:00, and then it is 3:00.
		{"2026-03-29T12:00:00Z", "02:30", "2026-03-28T01:30:00Z"},
		{"2026-03-29T12:00:00Z", "03:30", "2026-03-29T01:30:00Z"},
	} {
		end, err := time.Parse(time.RFC3339, test.end)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseTime(test.text, end); err != nil || got.UTC().Format(time.RFC3339Nano) != test.want {
			t.Errorf("ParseTime(%q, %s) = %v, %v, want %s", test.text, test.end, got.UTC(), err, test.want)
		}
	}
	for _, text := range []string{"", "-", "now", "10m", "--1m", "24:00", "2026-13-01", "03:12 ", "12", "-5", "--"} {
		if got, err := ParseTime(text, time.Now()); !errors.As(err, new(*TimeError)) {
			t.Errorf("ParseTime(%q) = %v, %v", text, got, err)
		}
	}
}

// A time of an archive is one that it has a record of.
func TestTimeOfArchive(t *testing.T) {
	berlin := setLocal(t)
	dir := t.TempDir()
	w := newWriter(t, dir, Options{})
	first := time.Date(2026, 11, 23, 3, 12, 0, 400_000_000, berlin)
	for i := range 10 {
		since := time.Duration(i) * time.Second
		if err := w.Record(Moment{first.Add(since), since}, nil); err != nil {
			t.Fatal(err)
		}
	}
	a := open(t, dir)
	for text, want := range map[string]time.Duration{
		"03:12": 0, "03:12:05": 4600*time.Millisecond + 999*time.Microsecond, "03:12:10": 9 * time.Second, "-9s": 999 * time.Microsecond,
		"03:12:01.400": time.Second + 999*time.Microsecond, "03:12:01.4007": time.Second + 700*time.Microsecond,
	} {
		if got, err := a.Time(text); err != nil || !got.Equal(first.Add(want)) {
			t.Errorf("Time(%q) = %v, %v, want %v", text, got, err, first.Add(want))
		}
	}
	outside := "nothing was recorded at 2026-11-23 03:11:00: the archive is from 2026-11-23 03:12:00 to 2026-11-23 03:12:09"
	if _, err := a.Time("2026-11-23 03:11"); err == nil || err.Error() != outside {
		t.Errorf("a time before the first record: %v", err)
	}
	if _, err := a.Time("-11s"); !errors.As(err, new(*OutsideError)) {
		t.Errorf("a time before the first record: %v", err)
	}
}

// Where the clock was set back, the times of both sides are in the archive.
func TestTimeSetBack(t *testing.T) {
	setLocal(t)
	dir := t.TempDir()
	w := newWriter(t, dir, Options{Interval: time.Minute})
	clocks := []string{"02:30:00", "02:31:00", "02:32:00", "01:33:00", "01:34:00"}
	for i, clock := range clocks {
		if err := w.Record(at(clock, time.Duration(i)*time.Minute), nil); err != nil {
			t.Fatal(err)
		}
	}
	a := open(t, dir)
	for _, clock := range clocks {
		want := at(clock, 0).Time
		got, err := a.Time(want.UTC().Format(time.RFC3339))
		if err != nil || !got.Truncate(time.Millisecond).Equal(want) {
			t.Errorf("Time(%s) = %v, %v", clock, got, err)
		}
	}
	if got, err := a.Time("-0s"); err != nil || !got.Truncate(time.Millisecond).Equal(at("01:34:00", 0).Time) {
		t.Errorf("the last time is %v, %v", got, err)
	}
	for _, clock := range []string{"01:30:00", "02:34:00", "02:00:00"} {
		if got, err := a.Time(at(clock, 0).Time.UTC().Format(time.RFC3339)); !errors.As(err, new(*OutsideError)) {
			t.Errorf("Time(%s) = %v, %v", clock, got, err)
		}
	}
}

// A cut holds what the archive does, over segments, recordings and gaps, in
// the same words.
func TestCutOut(t *testing.T) {
	dir := t.TempDir()
	c := newChurn(3)
	var ticks []tick
	unit := 50
	if testing.Short() {
		unit = 10
	}
	for run := range 3 {
		w := newWriter(t, dir, Options{MaxSize: 16 * LeastMaxSize})
		ticks = append(ticks, recordChurn(t, w, c, 1000*run, 5*unit)...)
		w.dropped, w.reason = 2, os.ErrInvalid
		ticks = append(ticks, recordChurn(t, w, c, 1000*run+5*unit+5, 2*unit)...)
		w.Close()
	}
	from, to := 2*unit, 18*unit
	path := filepath.Join(t.TempDir(), "cut")
	var out bytes.Buffer
	n, err := Cut(&out, open(t, dir), ticks[from].Time, ticks[to].Time.Add(time.Millisecond))
	if err != nil || n != to-from+1 {
		t.Fatalf("Cut() = %d, %v, want %d", n, err, to-from+1)
	}
	writeFile(t, path, out.Bytes())
	all, part := open(t, dir), open(t, path)
	for range from {
		if _, err := all.Next(); err != nil {
			t.Fatal(err)
		}
	}
	var notes [2][]string
	for i, want := range ticks[from : to+1] {
		r, err := part.Next()
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		wantRecord(t, r, want)
		s, err := all.Next()
		if err != nil {
			t.Fatal(err)
		}
		if r.Baseline != s.Baseline && i > 0 || r.Elapsed != s.Elapsed && i > 0 || !r.Start.Equal(s.Start) || r.Interval != s.Interval {
			t.Errorf("record %d: %+v, want %+v", i, r, s)
		}
		notes[0], notes[1] = append(notes[0], r.Notes...), append(notes[1], s.Notes...)
	}
	if !slices.Equal(notes[0], notes[1]) || len(notes[0]) != 2 {
		t.Errorf("notes %q, want %q", notes[0], notes[1])
	}
	wantPython(t, path)
}

// A cut ends where the clock was set back.
func TestCutSetBack(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{Interval: time.Minute})
	for i, clock := range []string{"01:58:00", "02:59:00", "02:00:00", "02:01:00"} {
		if err := w.Record(at(clock, time.Duration(i)*time.Minute), nil); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	n, err := Cut(&out, open(t, dir), at("01:58:30", 0).Time, at("02:59:00", 0).Time)
	if n != 2 || !errors.Is(err, ErrSetBack) {
		t.Errorf("Cut() = %d, %v", n, err)
	}
}
