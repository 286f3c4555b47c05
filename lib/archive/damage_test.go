package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Recorders that are killed at any time lose no tick that they said was in the
// archive.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	times := 100
	if testing.Short() {
		times = 20
	}
	var said []int // the last tick that each recorder said was recorded
	for seed := range times {
		p := start(t, "record", dir, fmt.Sprint(seed))
		last := -1
		for stop := rand.IntN(150); p.stdout.Scan(); {
			fmt.Sscan(p.stdout.Text(), &last)
			if last == stop {
				p.Process.Kill()
			}
		}
		p.Wait()
		said = append(said, last)
	}
	a := open(t, dir)
	for seed, last := range said {
		c := newChurn(uint64(seed))
		for i := 0; i <= last; i++ {
			r, err := a.Next()
			if err != nil {
				t.Fatalf("recorder %d, tick %d of %d: %v", seed, i, last, err)
			}
			if i == 0 && r.Since != 0 {
				// The recorder before was killed before it could say so.
				i = -1
				continue
			}
			wantRecord(t, r, tick{moment(i), clone(c.step())})
			if r.Baseline != (i == 0) {
				t.Fatalf("recorder %d, tick %d: Baseline = %v", seed, i, r.Baseline)
			}
		}
	}
	for _, d := range a.Lost() {
		t.Errorf("damage after kills: %v", d)
	}
}

// What is found of a time says so where the records of that time are damaged.
func TestAtDamage(t *testing.T) {
	dir, ticks := small(t, 24)
	path := segments(t, dir)[0]
	data, ends := readFile(t, path), recordEnds(t, path)
	data[ends[10]-1] ^= 1
	writeFile(t, path, data)
	for i, tick := range ticks {
		a := open(t, dir)
		r, err := a.At(tick.Time)
		if err != nil {
			t.Fatal(err)
		}
		damaged := i >= 10 && i < 16 // up to the next key
		if damaged {
			tick = ticks[9]
		}
		wantRecord(t, r, tick)
		if lost := a.Lost(); (len(lost) == 1) != damaged || damaged && lost[0].Offset != int64(ends[9]) {
			t.Errorf("At the time of record %d: lost %v", i, lost)
		}
		if next, err := a.Next(); damaged && (err != nil || !next.Time.Equal(ticks[16].Time)) {
			t.Errorf("after record %d: %v, %v", i, next, err)
		}
	}
}

// small returns a directory with an archive of one segment, with a key every
// few records, and what it holds.
func small(t testing.TB, n int) (dir string, ticks []tick) {
	dir = t.TempDir()
	w := newWriter(t, dir, Options{})
	c := newChurn(2)
	c.types-- // the histogram would take most of the time
	for i := range n {
		if i%8 == 0 {
			w.records = keyEvery
		}
		ticks = append(ticks, recordChurn(t, w, c, i, 1)...)
	}
	w.Close()
	return dir, ticks
}

// An archive that ends anywhere in its last records is read up to there.
func TestCut(t *testing.T) {
	dir, ticks := small(t, 22)
	path := segments(t, dir)[0]
	data := readFile(t, path)
	ends := recordEnds(t, path)
	for size := len(data); size >= ends[len(ends)-4]; size-- {
		if err := os.Truncate(path, int64(size)); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for _, end := range ends {
			if end <= size {
				whole++
			}
		}
		a := open(t, dir)
		wantAll(t, a, ticks[:whole])
		torn := a.Damage()
		if cut := size > ends[whole-1]; cut != (len(torn) == 1) || cut && (!torn[0].Torn || torn[0].Offset != int64(ends[whole-1])) {
			t.Errorf("cut at %d, after the record that ends at %d: damage %v", size, ends[whole-1], torn)
		}
		if _, last, err := a.Bounds(); err != nil || !last.Equal(ticks[whole-1].Time) {
			t.Errorf("cut at %d: the last record is of %v, %v, want %v", size, last, err, ticks[whole-1].Time)
		}
		a.Close()
	}
}

// recordEnds returns where the records of a segment end.
func recordEnds(t testing.TB, path string) (ends []int) {
	t.Helper()
	s, err := openSegment(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	offset := int64(len(segmentHeader))
	for {
		r, bad, err := s.step(offset, nil)
		if err != nil || bad != nil {
			t.Fatal(bad, err)
		}
		if r == nil {
			return ends
		}
		offset = r.end()
		ends = append(ends, int(offset))
	}
}

// Whatever byte is changed, no wrong value is read, no more than up to the
// next key is lost, and it is said where.
func TestFlip(t *testing.T) {
	dir, ticks := small(t, 30)
	path := segments(t, dir)[0]
	data := readFile(t, path)
	for at := rand.IntN(19); at < len(data); at += 1 + rand.IntN(19) {
		flipped := slices.Clone(data)
		flipped[at] ^= 1 << rand.IntN(8)
		writeFile(t, path, flipped)
		a := open(t, dir)
		wantSome(t, a, at, ticks, 8)
		target := rand.IntN(len(ticks))
		if r, err := a.At(ticks[target].Time); err == nil {
			at := slices.IndexFunc(ticks, func(w tick) bool { return w.Time.Equal(r.Time) })
			if at > target || at < target-8 {
				t.Fatalf("flipped %d: At(%v) is the record of %v", at, ticks[target].Time, r.Time)
			}
			wantRecord(t, r, ticks[at])
		} else if target >= 8 {
			t.Fatalf("flipped %d: At: %v", at, err)
		}
		a.Close()
	}
}

// wantSome checks that a returns ticks but for a gap of at most lost, and that
// it names the byte that was changed.
func wantSome(t testing.TB, a *Archive, flipped int, ticks []tick, lost int) {
	t.Helper()
	next := 0
	for {
		r, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("flipped %d: %v", flipped, err)
		}
		i := next + slices.IndexFunc(ticks[next:], func(w tick) bool { return w.Time.Equal(r.Time) })
		if i < next {
			t.Fatalf("flipped %d: a record of %v", flipped, r.Time)
		}
		wantRecord(t, r, ticks[i])
		if gap := i > next || i == 0; gap != r.Baseline && i != 0 {
			t.Fatalf("flipped %d: record %d after %d, Baseline = %v", flipped, i, next-1, r.Baseline)
		}
		lost -= i - next
		next = i + 1
	}
	if lost -= len(ticks) - next; lost < 0 {
		t.Errorf("flipped %d: %d records too many are lost", flipped, -lost)
	}
	for _, d := range a.Damage() {
		if d.Offset <= int64(flipped) && int64(flipped) < d.Offset+d.Size {
			return
		}
	}
	t.Errorf("flipped %d: damage %v", flipped, a.Damage())
}

// Bytes that look like a record inside a text are no record, also where the
// record with that text is damaged.
func TestTextThatLooksLikeARecord(t *testing.T) {
	var p packer
	e := &encoder{start: moment(0).Time}
	fake := &File{Path: "fake", Stats: []Stat{stat("lie", 13, 42)}}
	payload, err := e.encode(true, moment(3), []*File{fake})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := p.append(nil, keyRecord, moment(3).Time.UnixMicro(), payload)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := newWriter(t, dir, Options{})
	f := &File{Path: "f", Stats: []Stat{stat("text", 12, 0)}}
	var ticks []tick
	for i := range 2 {
		f.Stats[0].Text = append(slices.Clone(forged), random(300)...)
		if err := w.Record(moment(i), []*File{f}); err != nil {
			t.Fatal(err)
		}
		ticks = append(ticks, tick{moment(i), clone([]*File{f})})
	}
	w.Close()
	wantAll(t, open(t, dir), ticks)
	path := segments(t, dir)[0]
	data := readFile(t, path)
	for at := range data {
		damaged := slices.Clone(data)
		damaged[at] ^= 0x10
		writeFile(t, path, damaged)
		a := open(t, dir)
		for {
			r, err := a.Next()
			if err == io.EOF {
				break
			}
			if err != nil || r.Files[0].Path != "f" {
				t.Fatalf("flipped %d: %v, %v", at, r, err)
			}
		}
		a.Close()
	}
}

// One damaged segment does not cost the others.
func TestDamagedSegment(t *testing.T) {
	dir := t.TempDir()
	c := newChurn(1)
	var ticks []tick
	for i := range 3 {
		w := newWriter(t, dir, Options{})
		ticks = append(ticks, recordChurn(t, w, c, 10*i, 5)...)
		w.Close()
	}
	paths := segments(t, dir)
	writeFile(t, paths[1], []byte("this is no archive, but some text of 50 bytes size"))
	a := open(t, dir)
	for _, want := range slices.Concat(ticks[:5], ticks[10:]) {
		r, err := a.Next()
		if err != nil {
			t.Fatal(err)
		}
		wantRecord(t, r, want)
	}
	got := a.Damage()
	if len(got) != 1 || got[0].Segment != filepath.Base(paths[1]) || got[0].Offset != 0 || got[0].Size != 50 {
		t.Errorf("damage %v", got)
	}
	r, err := a.At(moment(12).Time)
	if err != nil {
		t.Fatal(err)
	}
	wantRecord(t, r, ticks[4])
}

// A segment that goes away while it is opened is an error, as one that was not
// there before.
func TestOpenVanishedSegment(t *testing.T) {
	a := &Archive{path: filepath.Join(t.TempDir(), "a"+Ext), single: true}
	err := a.list()
	if err == nil {
		err = a.checkSingle()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("checkSingle() = %v, want %v", err, fs.ErrNotExist)
	}
}
