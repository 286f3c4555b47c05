package mmstats_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
	"mmstats/lib/reader"
)

// sums are what many processes add to.
type sums struct {
	Hits  mmstats.Counter
	Bytes mmstats.Gauge[int64]
	Small mmstats.Gauge[int16]
	Float mmstats.Gauge[float64]
}

// add is "add FILE TIMES".
func add() {
	times, err := strconv.Atoi(os.Args[2])
	programtest.Fatal(err)
	var s sums
	_, err = mmstats.Open(os.Args[1], shared, &s)
	programtest.Fatal(err)
	ready()
	programtest.UntilTold()
	for range times {
		s.Hits.Inc()
		s.Bytes.Add(-2)
		s.Small.Add(1)
		s.Float.Add(0.5)
	}
}

// TestProcessesAdd has 64 processes add to the same numbers.
func TestProcessesAdd(t *testing.T) {
	const times = 10_000
	processes := 64
	if testing.Short() {
		processes = 16
	}
	f := create(t, shared, new(sums))
	var adding []*programtest.Program
	for range processes {
		adding = append(adding, programtest.StartReady(t, "add", f.Path(), strconv.Itoa(times)))
	}
	for _, p := range adding {
		p.In.Close()
	}
	for _, p := range adding {
		p.Finish()
	}
	total := processes * times
	small := int16(total) // it wraps around
	wantStats(t, f.Path(), map[string]string{
		"Hits": fmt.Sprint("counter ", total), "Bytes": fmt.Sprint("int64 ", -2*total),
		"Small": fmt.Sprint("int16 ", small), "Float": fmt.Sprint("float64 ", total/2),
	})
}

const writers = 16

// texts are what many processes set, each under the lock of the file.
type texts struct {
	Text mmstats.String `mmstats:",size=4000"`
	Sets mmstats.Average
}

// textOf returns the text that writer n sets: one letter, as often as only
// this one.
func textOf(n int) string { return strings.Repeat(string(rune('a'+n)), 3000+50*n) }

// setTexts is "set-texts FILE N TIMES".
func setTexts() {
	n, err := strconv.Atoi(os.Args[2])
	programtest.Fatal(err)
	times, err := strconv.Atoi(os.Args[3])
	programtest.Fatal(err)
	var stats texts
	f, err := mmstats.Open(os.Args[1], shared, &stats)
	programtest.Fatal(err)
	ready()
	programtest.UntilTold()
	for range times {
		stats.Text.Set(textOf(n))
		stats.Sets.Add(float64(n))
	}
	programtest.Fatal(f.Err())
}

// TestProcessesSetTexts has 16 processes set the same text, which is read all
// the while.
func TestProcessesSetTexts(t *testing.T) {
	const times = 2000
	var stats texts
	f := create(t, shared, &stats)
	stats.Text.Set(textOf(0))
	known := make(map[string]bool)
	for n := range writers {
		known[textOf(n)] = true
	}
	var setting []*programtest.Program
	for n := range writers {
		setting = append(setting, programtest.StartReady(t, "set-texts", f.Path(), strconv.Itoa(n), strconv.Itoa(times)))
	}
	for _, p := range setting {
		p.In.Close()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range setting {
			p.Finish()
		}
	}()
	look := func(text string) {
		if !known[text] {
			t.Errorf("read %.100q, which nobody wrote", text)
		}
	}
	for reading := true; reading && !t.Failed(); {
		select {
		case <-done:
			reading = false
		default:
		}
		stats, err := reader.ReadFile(f.Path())
		if err != nil || len(stats) != 2 {
			t.Fatalf("ReadFile() = %v, %v", stats, err)
		}
		if stats[0].Err == nil {
			look(string(stats[0].Value.Text()))
		}
	}
	<-done
	wantSamples(t, f.Path(), "Sets", writers*times)
}

// average is "average FILE": samples of 1, 2, 3 and so on.
func average() {
	var stats struct{ Mean mmstats.Average }
	_, err := mmstats.Create(mmstats.Options{Path: os.Args[1]}, &stats)
	programtest.Fatal(err)
	ready()
	for i := 1; ; i++ {
		stats.Mean.Add(float64(i))
	}
}

// TestProcessesReadAverage reads an average that another process updates.
// Mean, count and total always belong together.
func TestProcessesReadAverage(t *testing.T) {
	p := programtest.StartReady(t, "average", temp(t, "x"))
	var stats struct{ Mean mmstats.Average }
	visit(t, p.Args[1], mmstats.Options{}, &stats)
	var last uint64
	changes, enough := 0, 5_000
	if testing.Short() {
		enough = 1_000
	}
	for reads := 0; reads < enough || changes < enough/100; reads++ {
		st := statIn(t, p.Args[1], "Mean")
		if st.Err != nil {
			continue // it changed too fast
		}
		count := wantAverage(t, st)
		if count < last || t.Failed() {
			t.Fatalf("%d samples after %d", count, last)
		}
		if count > last {
			changes++
		}
		last = count
	}
	p.Kill()
	if got, want := stats.Mean.Value(), statIn(t, p.Args[1], "Mean").Value.Float(); got != want {
		t.Errorf("Mean = %v for a visitor, want %v", got, want)
	}
}

// wantAverage checks that mean, count and total of samples of 1, 2, 3 and so on
// belong together, and returns the count.
func wantAverage(t testing.TB, st *format.Stat) uint64 {
	t.Helper()
	samples := st.Samples()
	n := float64(samples.Count)
	if samples.Total != n*(n+1)/2 || st.Value.Float() != samples.Total/max(n, 1) {
		t.Errorf("mean %v of %+v, which do not belong together", st.Value.Float(), samples)
	}
	return samples.Count
}

func number(f float64) string { return string(format.FloatValue(f).AppendText(nil)) }

// growing returns how to add the n-th stat of a file, and what readers find.
func growing(n int) (label string, add func(f *mmstats.File) error, want string) {
	label = fmt.Sprintf("f%d.%s", n, strings.Repeat("x", n*37%300))
	declare := func(typ format.Type, size int) func(*mmstats.File) error {
		return func(f *mmstats.File) error {
			return f.Apply([]change.Change{{Label: label, Type: typ, Size: size, Text: fmt.Sprint(n)}})
		}
	}
	switch n % 3 {
	case 0:
		return label, declare(format.Counter, 0), fmt.Sprint("counter ", n)
	case 1:
		return label, declare(format.String, n%200+10), fmt.Sprint("string ", n)
	}
	return label, func(f *mmstats.File) error { return f.Add(mmstats.Labeled{Label: label, Stat: new(mmstats.Average)}) }, "average 0"
}

// countGrowing returns how many stats there are in a file, each of which must
// be what growing says.
func countGrowing(path string) (int, error) {
	stats, err := reader.ReadFile(path)
	for n := range stats {
		st := &stats[n]
		label, _, want := growing(n)
		got := fmt.Sprintf("%v %s", st.Type(), st.Value.AppendText(nil))
		if string(st.Label) != label || got != want || st.Err != nil {
			return n, fmt.Errorf("stat %d: %s = %s, %v, want %s = %s", n, st.Label, got, st.Err, label, want)
		}
	}
	return len(stats), err
}

// snapshots is "snapshots FILE N": it reads a file until it has N stats. None
// may ever be damaged, wrong or gone.
func snapshots() {
	n, err := strconv.Atoi(os.Args[2])
	programtest.Fatal(err)
	ready()
	for seen := 0; seen < n; {
		count, err := countGrowing(os.Args[1])
		programtest.Fatal(err)
		if count < seen {
			programtest.Fatal(fmt.Errorf("%d stats after %d", count, seen))
		}
		seen = count
	}
}

// TestProcessReadsGrowing adds hundreds of stats while other processes read
// the file.
func TestProcessReadsGrowing(t *testing.T) {
	const stats = 900
	f := create(t, mmstats.Options{NoDefaults: true})
	var reading []*programtest.Program
	for range 2 {
		reading = append(reading, programtest.StartReady(t, "snapshots", f.Path(), strconv.Itoa(stats)))
	}
	for n := range stats {
		_, add, _ := growing(n)
		if err := add(f); err != nil {
			t.Fatalf("adding stat %d = %v", n, err)
		}
	}
	for _, p := range reading {
		p.Finish()
	}
}

// TestProcessesGrow adds stats to one file from two processes and this one.
func TestProcessesGrow(t *testing.T) {
	f := create(t, shared)
	var growing []*programtest.Program
	for i := range 3 {
		growing = append(growing, programtest.StartReady(t, "all-kinds", f.Path(), "adder", fmt.Sprint(i)))
	}
	for _, p := range growing {
		p.In.Close()
	}
	for _, p := range growing {
		p.Finish()
	}
	got := read(t, f.Path())
	for i := range 3 {
		for n := range added {
			if want := fmt.Sprint("counter ", n); got[addedLabel(i, n)] != want {
				t.Errorf("%s = %q, want %s", addedLabel(i, n), got[addedLabel(i, n)], want)
			}
		}
	}
	if got["all"] != fmt.Sprint("counter ", 3*added) {
		t.Errorf("all = %s, want %d", got["all"], 3*added)
	}
}

const added = 100

func addedLabel(i, n int) string { return fmt.Sprintf("%d.%d", i, n) }

// random returns a number from 1 to most.
func random(most int) int { return 1 + rand.IntN(most) }
