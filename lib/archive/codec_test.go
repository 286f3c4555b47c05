package archive

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
)

// stat returns a stat of a type, with a value that v tells apart.
func stat(label string, t format.Type, v int) Stat {
	st := Stat{Label: label, Type: t, Kind: format.KindGauge}
	setValue(&st, v)
	return st
}

// setValue sets the value that v stands for.
func setValue(st *Stat, v int) {
	words := wordsByType[st.Type]
	if st.Type == format.String {
		st.Text = []byte(strings.Repeat(fmt.Sprint("text ", v, " "), v%5))
		return
	}
	st.Words = make([]uint64, len(words))
	for i := range st.Words {
		switch {
		case words[i] == floatWord:
			st.Words[i] = math.Float64bits(float64(v)/3 + float64(i))
		case st.Type == format.Bool:
			st.Words[i] = uint64(v & 1)
		default:
			st.Words[i] = uint64(int64(v*(i+1)) * int64(1-2*(v&1)))
		}
	}
}

// file returns a file with stats of all types, or of the first ones.
func file(path string, v, types int) *File {
	f := &File{Path: path, Inode: uint64(1000 + v)}
	for i := range types {
		f.Stats = append(f.Stats, stat(fmt.Sprint("app.stat", i), layouts[1+i].typ, v))
	}
	f.Stats[3].Description = "unit=seconds\nabout=How long it took\n"
	f.Stats[4].Kind, f.Stats[5].Live = format.KindCounter, true
	return f
}

// clone returns files that later changes leave alone.
func clone(files []*File) []File {
	var out []File
	for _, f := range files {
		c := *f
		c.Stats = slices.Clone(c.Stats)
		for i := range c.Stats {
			c.Stats[i].Words = slices.Clone(c.Stats[i].Words)
			c.Stats[i].Text = slices.Clone(c.Stats[i].Text)
		}
		out = append(out, c)
	}
	return out
}

// wantFiles compares files as a reader has them with those that were recorded.
func wantFiles(t testing.TB, got []*File, want []File) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d files, want %d", len(got), len(want))
	}
	for i := range want {
		w, g := &want[i], got[i]
		if g.Path != w.Path || g.Inode != w.Inode || g.Writer != w.Writer || g.Gone != w.Gone || len(g.Stats) != len(w.Stats) {
			t.Fatalf("file %d: got %s %d %d gone %v %d stats, want %s %d %d gone %v %d stats", i,
				g.Path, g.Inode, g.Writer, g.Gone, len(g.Stats), w.Path, w.Inode, w.Writer, w.Gone, len(w.Stats))
		}
		for j := range w.Stats {
			if g, w := &g.Stats[j], &w.Stats[j]; !sameStat(g, w) {
				t.Fatalf("file %d: got  %+v\nwant %+v", i, g, w)
			}
		}
	}
}

func sameStat(s, t *Stat) bool {
	return s.Label == t.Label && s.Type == t.Type && s.Kind == t.Kind && s.Live == t.Live && s.Description == t.Description && s.Unread == t.Unread &&
		(s.Unread || slices.Equal(s.Words, t.Words) && bytes.Equal(s.Text, t.Text))
}

// A churn is files that change in all the ways that there are.
type churn struct {
	files []*File
	rand  *rand.Rand
	types int
	made  int
}

func newChurn(seed uint64) *churn {
	return &churn{rand: rand.New(rand.NewPCG(seed, 1)), types: len(layouts) - 1}
}

func (c *churn) add() {
	c.made++
	f := file(fmt.Sprintf("/run/mmstats/app-%d.mmstats", c.made), c.made, c.types)
	c.files = slices.Insert(c.files, c.rand.IntN(len(c.files)+1), f)
}

// step makes the next tick of it.
func (c *churn) step() []*File {
	c.files = slices.DeleteFunc(c.files, func(f *File) bool { return f.Gone })
	for _, f := range c.files {
		for i := range f.Stats {
			st := &f.Stats[i]
			if c.rand.IntN(3) == 0 {
				setValue(st, c.rand.IntN(1000)-500*(i%2)+500)
			}
			if c.rand.IntN(50) == 0 {
				st.Unread = !st.Unread
			}
		}
		switch c.rand.IntN(40) {
		case 0:
			f.Gone = true
		case 1:
			f.Writer = WriterState(c.rand.IntN(3))
		case 2: // grown
			f.Stats = append(slices.Clone(f.Stats), stat(fmt.Sprint("more", len(f.Stats)), format.Average, 7))
		case 3: // renamed
			f.Path += "x"
		}
	}
	if c.rand.IntN(30) == 0 && len(c.files) > 1 { // it cannot be read any more
		c.files = slices.Delete(c.files, 1, 2)
	}
	for c.rand.IntN(10) == 0 || len(c.files) < 2 {
		c.add()
	}
	return c.files
}

func moment(n int) Moment {
	return Moment{time.UnixMicro(1_795_000_000_000_000 + int64(n)*1_000_000), time.Duration(n) * time.Second}
}

// What is decoded is what was encoded, whatever files do, and a file stays the
// same one over keys.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(3) {
		e := &encoder{start: moment(0).Time, interval: time.Second}
		d := new(decoder)
		c := newChurn(seed)
		same := make(map[*File]*File)
		lost := false
		for n := range 250 {
			files := c.step()
			key := n%37 == 0 || lost
			if c.rand.IntN(10) == 0 && n > 0 && !lost { // its record was too large for the segment
				e.encode(false, moment(n), files)
				key = true
			}
			payload, err := e.encode(key, moment(n), files)
			if err != nil {
				t.Fatal(err)
			}
			if lost = c.rand.IntN(20) == 0 && n > 0; lost {
				continue
			}
			e.written()
			kind := byte(changeRecord)
			if key {
				kind = keyRecord
			}
			if err := d.decode(kind, payload); err != nil {
				t.Fatalf("seed %d, record %d: %v", seed, n, err)
			}
			wantFiles(t, d.files, clone(files))
			if got := d.since; got != moment(n).Since.Microseconds() {
				t.Fatalf("since = %d µs in record %d", got, n)
			}
			for i, f := range files {
				if known := same[f]; known != nil && known != d.files[i] {
					t.Fatalf("record %d: file %s is another one", n, f.Path)
				}
				same[f] = d.files[i]
			}
		}
	}
}
