package archive

import (
	"fmt"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// workers are files with one counter each, of which the first starts again as
// another file now and then.
type workers struct {
	files []*File
	made  int
}

func (w *workers) add() {
	w.made++
	pid := Stat{Label: "sys.pid", Type: format.Uint32, Kind: format.KindConstant, Words: []uint64{uint64(w.made)}}
	created := Stat{Label: "sys.created", Type: format.Float64, Kind: format.KindConstant, Words: []uint64{math.Float64bits(1_795_000_000.5)}}
	jobs := Stat{Label: "jobs", Type: format.Counter, Kind: format.KindCounter, Live: true, Words: []uint64{0}}
	w.files = append(w.files, &File{Path: fmt.Sprintf("worker-%d.mmstats", w.made), Inode: uint64(w.made), Stats: []Stat{pid, created, jobs}})
}

// record records n ticks after the first one. Each worker counts 3 a tick.
func (w *workers) record(t *testing.T, dir string, first, n int) {
	t.Helper()
	wr := newWriter(t, dir, Options{})
	for i := first; i < first+n; i++ {
		if len(w.files) < 2 {
			w.add()
			w.add()
		}
		w.files[0].Gone = i%1000 == 999
		for _, f := range w.files {
			f.Stats[2].Words[0] += 3
		}
		if err := wr.Record(moment(i), w.files); err != nil {
			t.Fatal(err)
		}
		if w.files[0].Gone {
			w.files = w.files[1:]
			w.add()
		}
	}
	wr.Close()
}

// A poll is what a sparse player says of one.
type sparsePoll struct {
	time    time.Time
	elapsed time.Duration
	counted uint64
	values  map[string]uint64
	files   map[*reader.File]bool
}

func pollSparse(p *Player) (s sparsePoll) {
	s.values, s.files = make(map[string]uint64), make(map[*reader.File]bool)
	s.time = p.Poll(func(sample *reader.Sample) {
		if sample.Series.Label == "jobs" {
			s.counted += sample.Delta.Uint()
			s.values[sample.File.Path] = sample.Value.Uint()
			s.files[sample.File] = true
		}
	})
	s.elapsed = p.Elapsed()
	return s
}

// A sparse player has the rates of one that reads all, from key to key over a
// long range, and its last poll is that of the last record up to the end.
func TestPlayerSparse(t *testing.T) {
	dir := t.TempDir()
	var w workers
	w.record(t, dir, 0, 4000)
	for _, step := range []time.Duration{0, time.Second, 10 * time.Second, 100 * time.Second, 700 * time.Second} {
		p := NewPlayer(open(t, dir))
		p.Step, p.Sparse, p.End = step, true, moment(3500).Time
		if err := p.Seek(moment(40).Time); err != nil {
			t.Fatal(err)
		}
		last, polls := pollSparse(p), 1
		if !last.time.Equal(moment(40).Time) || last.elapsed != 0 || last.counted != 0 {
			t.Errorf("step %v: the first poll is %v", step, last)
		}
		for {
			now := pollSparse(p)
			if now.time.IsZero() {
				break
			}
			polls++
			if now.elapsed != now.time.Sub(last.time) || step > 0 && now.elapsed < step && now.time.Before(moment(3300).Time) {
				t.Errorf("step %v: %v after %v, elapsed %v", step, now.time, last.time, now.elapsed)
			}
			same := 0
			for f := range now.files {
				if last.files[f] {
					same++
				}
			}
			seconds := uint64(now.elapsed / time.Second)
			if most := 6 * seconds; now.counted > most || same == 2 && len(now.files) == 2 && now.counted != most || same == 0 {
				t.Errorf("step %v: at %v, %d of 2 files go on, and counted %d in %v", step, now.time, same, now.counted, now.elapsed)
			}
			last = now
		}
		a := open(t, dir)
		r, err := a.At(moment(3500).Time)
		if err != nil || p.Err() != nil || !last.time.Equal(r.Time) {
			t.Fatalf("step %v: the last poll is of %v, want %v: %v, %v", step, last.time, r.Time, err, p.Err())
		}
		for _, f := range r.Files {
			if got := last.values[f.Path]; got != f.Stats[2].Words[0] {
				t.Errorf("step %v: %s has %d at the end, want %d", step, f.Path, got, f.Stats[2].Words[0])
			}
		}
		if most := 3460; step > 0 && polls > most/int(step.Seconds())+310/int(step.Seconds())+3 {
			t.Errorf("step %v: %d polls", step, polls)
		}
	}
}

// The writer of a file is known with the time of its start.
func TestPlayerWriter(t *testing.T) {
	dir := t.TempDir()
	var w workers
	w.record(t, dir, 0, 1)
	p := NewPlayer(open(t, dir))
	pollSparse(p)
	for f := range p.Files() {
		if f.Writer.PID == 0 || !f.Writer.Created.Equal(time.UnixMilli(1_795_000_000_500)) {
			t.Errorf("the writer of %s is %+v", f.Path, f.Writer)
		}
	}
}

// Nothing leads over the time in which nothing was recorded, whether it is
// another recording or the same one.
func TestPlayerSparseGap(t *testing.T) {
	dir := t.TempDir()
	var w workers
	w.record(t, dir, 0, 900)
	w.record(t, dir, 3000, 900)
	p := NewPlayer(open(t, dir))
	p.Step, p.Sparse = 100*time.Second, true
	gaps := 0
	for now := pollSparse(p); !now.time.IsZero(); now = pollSparse(p) {
		if now.elapsed == 0 && now.time.After(moment(0).Time) {
			if gaps++; !now.time.Equal(moment(3000).Time) || now.counted != 0 {
				t.Errorf("a baseline at %v counted %d", now.time, now.counted)
			}
		}
	}
	if gaps != 1 || p.Err() != nil {
		t.Errorf("%d gaps, want 1: %v", gaps, p.Err())
	}
}

// A file that has the path and the inode of one before is not the same where
// another process made it.
func TestPlayerSparseWriter(t *testing.T) {
	dir := t.TempDir()
	wr := newWriter(t, dir, Options{})
	var first, second workers
	first.add()
	second.made = 1
	second.add()
	second.files[0].Path, second.files[0].Inode = first.files[0].Path, first.files[0].Inode
	second.files[0].Stats[2].Words[0] = 1_000_000
	for i := range 1000 {
		files := first.files
		if i > 450 {
			files = second.files
		}
		files[0].Gone = i == 450
		files[0].Stats[2].Words[0]++
		if err := wr.Record(moment(i), files); err != nil {
			t.Fatal(err)
		}
	}
	wr.Close()
	p := NewPlayer(open(t, dir))
	p.Step, p.Sparse = 300*time.Second, true
	for i := range 3 {
		if now := pollSparse(p); now.counted > 300 || (now.counted == 300) != (i == 1) {
			t.Errorf("poll %d at %v counted %d", i, now.time, now.counted)
		}
	}
}

// A key that is damaged is passed over, and the others are read.
func TestPlayerSparseDamage(t *testing.T) {
	dir := t.TempDir()
	var w workers
	w.record(t, dir, 0, 2000)
	name := segments(t, dir)[0]
	data := readFile(t, name)
	s, err := openSegment(name)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.keyBefore(moment(900).Time.UnixMicro())
	if err != nil {
		t.Fatal(err)
	}
	s.close()
	data[key.end()-1] ^= 1
	writeFile(t, name, data)
	p := NewPlayer(open(t, dir))
	p.Step, p.Sparse, p.End = 100*time.Second, true, moment(1999).Time
	var times []time.Time
	for now := pollSparse(p); !now.time.IsZero(); now = pollSparse(p) {
		times = append(times, now.time)
	}
	if len(times) < 6 || !times[len(times)-1].Equal(moment(1999).Time) || p.Err() != nil {
		t.Errorf("polls of %v, %v", times, p.Err())
	}
}

// Where the segment that is read was deleted meanwhile, the search for a key that
// is not there goes on with the one that follows.
func TestNextKeyOfDeletedSegment(t *testing.T) {
	dir := t.TempDir()
	var w workers
	w.record(t, dir, 0, 400)
	w.record(t, dir, 400, 10)
	a := open(t, dir)
	if _, err := a.Next(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(segments(t, dir)[0]); err != nil {
		t.Fatal(err)
	}
	a.end = moment(390).Time.UnixMicro()
	if _, err := a.nextKey(moment(350).Time); err != io.EOF {
		t.Fatalf("nextKey() = %v, want %v", err, io.EOF)
	}
	a.end = math.MaxInt64
	r, err := a.Next()
	if err != nil || !r.Time.Equal(moment(400).Time) || len(a.Damage()) > 0 {
		t.Errorf("Next() = %v, %v, damage %v", r, err, a.Damage())
	}
}
