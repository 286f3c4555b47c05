package archive

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
)

// fixture is an archive of version 1 as the first recorder wrote it, and
// fixtureText what it holds. They are never written anew: whatever is changed,
// archives that people have must be read.
const (
	fixture     = "testdata/version-1"
	fixtureText = "testdata/version-1.txt"
)

// makeFixture is the environment variable that has the fixture made.
const makeFixture = "MMSTATS_MAKE_ARCHIVE_FIXTURE"

// Every version reads an archive of the first one.
func TestFirstVersion(t *testing.T) {
	if os.Getenv(makeFixture) != "" {
		recordFixture(t)
		writeFile(t, fixtureText, []byte(describe(t, fixture)))
	}
	want := string(readFile(t, fixtureText))
	if got := describe(t, fixture); got != want {
		g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Fatalf("line %d: read\n%s, want\n%s", i+1, g[i], w[i])
			}
		}
		t.Fatalf("read %d lines, want %d", len(g), len(w))
	}
	wantPython(t, fixture)
}

// recordFixture records two times, all that may happen.
func recordFixture(t *testing.T) {
	if err := os.Mkdir(fixture, 0o755); err != nil {
		t.Fatal(err)
	}
	for run := range 2 {
		w := newWriter(t, fixture, Options{})
		w.encoder.start = moment(1000 * run).Time
		c := newChurn(uint64(10 + run))
		c.types = len(layouts) - 1
		for i := range 14 {
			files := c.step()
			for _, f := range files {
				thin(f)
			}
			number, text := &files[0].Stats[9], &files[0].Stats[11]
			if i%2 == 1 {
				number.Unread, text.Unread = false, false
			}
			switch i {
			case 1:
				files[0].Writer = WriterRuns
			case 2:
				files[0].Writer, files[1].Gone = WriterEnded, true
			case 3:
				number.Words[0] = math.Float64bits(math.NaN())
				text.Text = []byte("not UTF-8 \xff, and a mark \xffmrK")
			case 5:
				number.Words[0] = math.Float64bits(math.Inf(-1))
				w.records = keyEvery
			case 6:
				files[0].Path += ".renamed"
				files[0].Stats = append(slices.Clone(files[0].Stats), stat("late", format.Counter, 3))
			case 7:
				c.files = c.files[1:] // it cannot be read any more
				files = c.files
			case 8: // the record before was dropped
				w.dropped, w.reason = 1, io.ErrShortWrite
			case 11:
				text.Text = random(100) // cannot be compressed
				w.records = keyEvery
			}
			m := moment(1000*run + i)
			m.Since = time.Duration(i) * time.Second
			if err := w.Record(m, files); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// thin empties most buckets of the histograms of a file.
func thin(f *File) {
	for i := range f.Stats {
		if st := &f.Stats[i]; st.Type == format.Histogram {
			for j := range st.Words[histogramRange:] {
				if j%200 != 0 {
					st.Words[histogramRange+j] = 0
				}
			}
		}
	}
}

// describe returns what an archive holds as text.
func describe(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	a := open(t, path)
	for {
		r, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s since %v start %s interval %v elapsed %v baseline %v notes %q\n", r.Time.UTC().Format(time.RFC3339Nano),
			r.Since, r.Start.UTC().Format(time.RFC3339Nano), r.Interval, r.Elapsed, r.Baseline, r.Notes)
		for _, f := range r.Files {
			fmt.Fprintf(&b, " %q inode %d writer %d gone %v\n", f.Path, f.Inode, f.Writer, f.Gone)
			for i := range f.Stats {
				describeStat(&b, &f.Stats[i])
			}
		}
	}
	if d := a.Damage(); len(d) > 0 {
		t.Errorf("damage %v", d)
	}
	return b.String()
}

func describeStat(b *strings.Builder, s *Stat) {
	fmt.Fprintf(b, "  %q %v %d live %v %q:", s.Label, s.Type, s.Kind, s.Live, s.Description)
	switch {
	case s.Unread:
		fmt.Fprint(b, " unread")
	case s.Type == format.String:
		fmt.Fprintf(b, " %q", s.Text)
	}
	for i, w := range s.Words {
		if w != 0 && !s.Unread {
			fmt.Fprintf(b, " %d=%x", i, w)
		}
	}
	b.WriteByte('\n')
}
