package archive

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// sizeOnDisk returns what the segments in a directory take together.
func sizeOnDisk(t testing.TB, dir string) (size int64) {
	t.Helper()
	files, err := listSegments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		size += onDisk(f.size)
	}
	return size
}

// An archive stays within its bound at all times, and holds the newest ticks.
func TestBound(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "notes.txt"), []byte("not a segment"))
	const bound = LeastMaxSize
	c := newChurn(1)
	var ticks []tick
	most := 0
	for run := range 2 {
		w := newWriter(t, dir, Options{MaxSize: bound})
		for i := range 600 {
			ticks = append(ticks, recordChurn(t, w, c, 1000*run+i, 1)...)
			if size := sizeOnDisk(t, dir); size > bound || size != w.Size() {
				t.Fatalf("%d bytes after tick %d, Size() = %d, want %d at most", size, i, w.Size(), bound)
			}
		}
		most = max(most, len(segments(t, dir)))
		w.Close()
	}
	if size := sizeOnDisk(t, dir); size < bound*3/4 || most < 10 {
		t.Errorf("%d bytes in %d segments, of %d that it may have", size, most, bound)
	}
	a := open(t, dir)
	n := 0
	for {
		r, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			n = slices.IndexFunc(ticks, func(w tick) bool { return w.Time.Equal(r.Time) })
		}
		wantRecord(t, r, ticks[n])
		n++
	}
	if n != len(ticks) || len(a.Damage()) > 0 {
		t.Errorf("the last of %d ticks that is there is number %d, damage %v", len(ticks), n, a.Damage())
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.txt")); err != nil {
		t.Errorf("another file: %v", err)
	}
}

// A record that is larger than the archive may be is dropped, and what is
// there stays as long as something else fits.
func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{MaxSize: LeastMaxSize})
	f := &File{Path: "f", Stats: []Stat{stat("text", format.String, 1)}}
	for i, size := range []int{10, 2 << 20, 10} {
		f.Stats[0].Text = random(size)
		if err := w.Record(moment(i), []*File{f}); errors.Is(err, ErrTooMuch) != (size > LeastMaxSize) {
			t.Errorf("a text of %d bytes: %v", size, err)
		}
	}
	if size := sizeOnDisk(t, dir); size != w.Size() || size > LeastMaxSize {
		t.Errorf("%d bytes, Size() = %d", size, w.Size())
	}
	a := open(t, dir)
	for _, n := range []int{0, 2} {
		if r, err := a.Next(); err != nil || !r.Time.Equal(moment(n).Time) {
			t.Errorf("record %d: %+v, %v", n, r, err)
		}
	}
}

// A second recorder of the same directory is told so.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{})
	if _, err := NewWriter(dir, Options{}); !errors.Is(err, mapping.ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	w.Close()
	newWriter(t, dir, Options{})
}

func TestNewWriterFails(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	writeFile(t, file, nil)
	for _, test := range []struct {
		dir  string
		o    Options
		want string
	}{
		{file, Options{}, "not a directory"},
		{filepath.Join(dir, "a", "b"), Options{}, "no such file or directory"},
		{dir, Options{MaxSize: 1000}, "at most 1000 bytes"},
	} {
		if _, err := NewWriter(test.dir, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewWriter(%s, %+v) = %v, want %q", test.dir, test.o, err, test.want)
		}
	}
}

// at returns a moment by the clock, and by the time that the recording has run.
func at(clock string, since time.Duration) Moment {
	t, err := time.Parse(time.TimeOnly, clock)
	if err != nil {
		panic(err)
	}
	return Moment{t.AddDate(2026, 0, 0), since}
}

// Where the clock is set back, the order of ticks and the time between them
// stay, and a time is that of the last tick that was made then.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{Interval: time.Minute})
	f := &File{Path: "f", Stats: []Stat{stat("n", 13, 0)}}
	record := func(m Moment, n uint64) {
		f.Stats[0].Words[0] = n
		if err := w.Record(m, []*File{f}); err != nil {
			t.Fatal(err)
		}
	}
	record(at("02:58:00", 0), 1)
	record(at("02:59:00", 1*time.Minute), 2)
	record(at("02:00:00", 2*time.Minute), 3)
	record(at("02:01:00", 3*time.Minute), 4)
	record(at("02:59:30", 4*time.Minute), 5) // a machine that slept
	w.Close()
	w = newWriter(t, dir, Options{Interval: time.Minute})
	record(at("02:30:00", 0), 6)
	record(at("03:05:00", 1*time.Minute), 7)
	w.Close()

	a := open(t, dir)
	for n := uint64(1); n <= 7; n++ {
		r, err := a.Next()
		if err != nil {
			t.Fatal(err)
		}
		baseline := n == 1 || n == 6
		if got := r.Files[0].Stats[0].Words[0]; got != n || r.Baseline != baseline || !baseline && r.Elapsed != time.Minute {
			t.Errorf("record %d: value %d, Baseline %v, Elapsed %v", n, got, r.Baseline, r.Elapsed)
		}
	}
	for clock, want := range map[string]uint64{
		"02:00:00": 3, "02:10:00": 4, "02:30:00": 6, "02:58:30": 6, "02:59:59": 6, "03:05:00": 7, "04:00:00": 7,
	} {
		r, err := a.At(at(clock, 0).Time)
		if err != nil || r.Files[0].Stats[0].Words[0] != want || !r.Baseline {
			t.Errorf("At(%s) = %+v, %v, want record %d", clock, r, err, want)
		}
	}
	if _, err := a.At(at("01:59:59", 0).Time); !errors.Is(err, ErrEarlier) {
		t.Errorf("At before the first record: %v", err)
	}
	if r, err := a.Next(); err != nil || r.Files[0].Stats[0].Words[0] != 1 || !r.Baseline {
		t.Errorf("after that, Next() = %+v, %v", r, err)
	}
	if first, last, err := a.Bounds(); err != nil || !first.Equal(at("02:58:00", 0).Time) || !last.Equal(at("03:05:00", 0).Time) {
		t.Errorf("Bounds() = %v, %v, %v", first, last, err)
	}
}

// No rate leads across a gap.
func TestGap(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{Interval: time.Second})
	var want []bool
	at := 0
	for _, gap := range []int{0, 1, 1, 3, 4, 1, 100} {
		at += gap
		if err := w.Record(moment(at), nil); err != nil {
			t.Fatal(err)
		}
		want = append(want, gap == 0 || gap > 3)
	}
	a := open(t, dir)
	for i, baseline := range want {
		r, err := a.Next()
		if err != nil || r.Baseline != baseline {
			t.Errorf("record %d: Baseline = %v, %v, want %v", i, r.Baseline, err, baseline)
		}
	}
}

// What is too old is deleted, also where little is recorded.
func TestMaxAge(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{Interval: time.Minute, MaxAge: 16 * time.Hour})
	files := newChurn(1).step()
	start := time.Now().Add(-40 * time.Hour)
	for i := range 40 * 60 {
		now := start.Add(time.Duration(i) * time.Minute)
		if err := w.Record(Moment{now, time.Duration(i) * time.Minute}, files); err != nil {
			t.Fatal(err)
		}
		// As the kernel would have it.
		if err := os.Chtimes(filepath.Join(dir, w.name), now, now); err != nil {
			t.Fatal(err)
		}
	}
	first, _, err := open(t, dir).Bounds()
	if age := time.Since(first); err != nil || age < 16*time.Hour || age > 18*time.Hour+5*time.Minute {
		t.Errorf("the first record is %v old, %v", age, err)
	}
}

// Where somebody deletes the segment that is written, another one is begun.
func TestSegmentDeleted(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{})
	c := newChurn(1)
	recordChurn(t, w, c, 0, 10)
	if err := os.Remove(segments(t, dir)[0]); err != nil {
		t.Fatal(err)
	}
	ticks := recordChurn(t, w, c, 10, 600)
	a := open(t, dir)
	r, err := a.Next()
	if err != nil || r.Since != ticks[0].Since || w.Size() != sizeOnDisk(t, dir) {
		t.Errorf("after the segment was deleted: %+v, %v, %d bytes", r, err, w.Size())
	}
}

// An archive is read while it is written, up to the last tick.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{MaxSize: LeastMaxSize})
	c := newChurn(1)
	ticks := recordChurn(t, w, c, 0, 1)
	a := open(t, dir)
	for i := 1; ; i++ {
		r, err := a.Next()
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		wantRecord(t, r, ticks[0])
		if r, err := a.Next(); err != io.EOF {
			t.Fatalf("after record %d: %v, %v", i, r, err)
		}
		if i == 1500 {
			break
		}
		if i%40 == 0 {
			// The next record is seen while it is written.
			path := filepath.Join(dir, w.name)
			size := w.size
			ticks = recordChurn(t, w, c, i, 1)
			if filepath.Join(dir, w.name) != path {
				continue
			}
			whole := readFile(t, path)
			for end := size + 1; end < int64(len(whole)); end += int64(len(whole)) / 20 {
				writeFile(t, path, whole[:end])
				if r, err := a.Next(); err != io.EOF {
					t.Fatalf("half of record %d: %v, %v", i, r, err)
				}
				if d := a.Damage(); len(d) != 1 || !d[0].Torn {
					t.Fatalf("half of record %d: damage %v", i, d)
				}
			}
			writeFile(t, path, whole)
			continue
		}
		ticks = recordChurn(t, w, c, i, 1)
	}
	if len(segments(t, dir)) < 5 || len(a.Damage()) > 0 {
		t.Errorf("%d segments, damage %v", len(segments(t, dir)), a.Damage())
	}
}

// One segment is an archive of its own.
func TestSingleSegment(t *testing.T) {
	dir := t.TempDir()
	w := newWriter(t, dir, Options{})
	ticks := recordChurn(t, w, newChurn(1), 0, 320)
	w.Close()
	path := filepath.Join(t.TempDir(), "night")
	if err := os.Rename(segments(t, dir)[0], path); err != nil {
		t.Fatal(err)
	}
	wantAll(t, open(t, path), ticks)
	a := open(t, path)
	if _, err := a.Next(); err != nil {
		t.Fatal(err)
	}
	r, err := a.At(ticks[310].Time.Add(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	wantRecord(t, r, ticks[310])
}

func TestNotAnArchive(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	writeFile(t, text, []byte("some text"))
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, text, pipe, "/dev/null"} {
		if a, err := Open(path); err == nil || !strings.Contains(err.Error(), path+": not an archive") {
			t.Errorf("Open(%s) = %v, %v", path, a, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of nothing: %v", err)
	}
}
