package mmstats_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
	"mmstats/lib/reader"
)

// killed are stats of all kinds. In round n of its endless loop a program sets
// one after the other to what says n.
type killed struct {
	Counter mmstats.Counter
	Local   mmstats.LocalCounter
	I8      mmstats.Gauge[int8]
	U16     mmstats.Gauge[uint16]
	I64     mmstats.Gauge[int64]
	F32     mmstats.Gauge[float32]
	F64     mmstats.Gauge[float64]
	Bool    mmstats.Bool
	String  mmstats.String `mmstats:",size=100"`
	Average mmstats.Average
	Moving  mmstats.MovingAverage `mmstats:",window=4"`
	Timer   mmstats.Timer         `mmstats:",window=1"`
}

func (s *killed) update(n int) {
	s.Counter.Inc()
	s.Local.Inc()
	s.I8.Set(int8(n))
	s.U16.Add(1)
	s.I64.Set(int64(n))
	s.F32.Set(float32(n % 1000))
	s.F64.Add(1)
	s.Bool.Set(n%2 == 1)
	s.String.Set(killedText(n))
	s.Average.Add(float64(n))
	s.Moving.Add(float64(n))
	s.Timer.Observe(time.Duration(n) * time.Second)
}

// killedText returns a text of one number again and again, of a length that
// changes with it.
func killedText(n int) string {
	return strings.Repeat(fmt.Sprintf("%d,", n), 1+n%12)
}

// killedStats are what readers find after round n, in the order of update.
func killedStats(n int) []string {
	recent := 0
	for i := max(1, n-3); i <= n; i++ {
		recent += i
	}
	return []string{
		fmt.Sprint("counter ", n), fmt.Sprint("counter ", n), fmt.Sprint("int8 ", int8(n)), fmt.Sprint("uint16 ", uint16(n)),
		fmt.Sprint("int64 ", n), fmt.Sprint("float32 ", n%1000), fmt.Sprint("float64 ", n), fmt.Sprint("bool ", n%2 == 1),
		"string " + killedText(n), "average " + number(float64(n+1)/2),
		"moving " + number(float64(recent)/float64(min(n, 4))), fmt.Sprint("moving ", n),
	}
}

// allKinds is "all-kinds FILE owner|visitor|grower|adder".
func allKinds() {
	path := os.Args[1]
	var stats killed
	switch os.Args[2] {
	case "owner":
		_, err := mmstats.Create(mmstats.Options{Path: path, NoDefaults: true},
			&stats, mmstats.Labeled{Label: "sys.pid", Stat: &mmstats.Constant[uint32]{Value: uint32(os.Getpid())}})
		programtest.Fatal(err)
	case "visitor":
		_, err := mmstats.Open(path, shared, &stats)
		programtest.Fatal(err)
	case "grower":
		grow(path)
	case "adder":
		addTo(path, os.Args[3])
		return
	}
	stats.update(1)
	ready()
	for n := 2; ; n++ {
		stats.update(n)
	}
}

// grow adds one stat after the other to a file, and ends when it is killed: it
// adds so many that this mostly happens before the last.
func grow(path string) {
	n, err := countGrowing(path)
	programtest.Fatal(err)
	f, err := mmstats.Open(path, shared)
	programtest.Fatal(err)
	ready()
	for end := n + 300; n < end; n++ {
		_, add, _ := growing(n)
		programtest.Fatal(add(f))
	}
	programtest.UntilTold()
}

// addTo adds a hundred stats to a file that others add to.
func addTo(path, name string) {
	var i int
	fmt.Sscan(name, &i)
	var all mmstats.Counter
	f, err := mmstats.Open(path, shared, mmstats.Labeled{Label: "all", Stat: &all})
	programtest.Fatal(err)
	ready()
	programtest.UntilTold()
	for n := range added {
		var c mmstats.Counter
		programtest.Fatal(f.Add(mmstats.Labeled{Label: addedLabel(i, n), Stat: &c}))
		c.Add(uint64(n))
		all.Inc()
	}
}

// wantFree checks that nobody holds the lock of a file.
func wantFree(t *testing.T, path string) {
	t.Helper()
	f, err := mapping.Open(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.TryLock(); err != nil {
		t.Errorf("after a kill: %v", err)
	}
}

// wantRounds checks that a file holds what one round and, from one stat on, the
// round before it left: the update in flight is all that may be lost.
func wantRounds(t *testing.T, path string) {
	t.Helper()
	stats, err := reader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stats = stats[:len(killedStats(1))] // and sys.pid, in the file of an owner
	last := int(stats[0].Value.Uint())
	n := last
	for i := range stats {
		got := fmt.Sprintf("%v %s", stats[i].Type(), stats[i].Value.AppendText(nil))
		want := killedStats(n)[i]
		if got != want && n == last && got == killedStats(n - 1)[i] {
			n-- // as it is for all that follow
			continue
		}
		if got != want {
			t.Errorf("round %d: %s = %q, want %q, or that of the round before", n, stats[i].Label, got, want)
		}
	}
}

// kills returns how often a test kills: n times, or less in short mode.
func kills(n int) int {
	if testing.Short() {
		return n / 6
	}
	return n
}

// TestKill kills programs at any point of their updates, five hundred times:
// no value is torn, no lock stays held, and nothing is lost but the update in
// flight.
func TestKill(t *testing.T) {
	t.Run("owner", func(t *testing.T) {
		t.Parallel()
		path := temp(t, "x.mmstats") // each program replaces the file of the last one
		for range kills(220) {
			killAllKinds(t, path, "owner", random(3000))
		}
		if got := names(t, filepath.Dir(path)); len(got) != 1 {
			t.Errorf("files that are left: %q, want one", got)
		}
	})
	t.Run("visitor", func(t *testing.T) {
		t.Parallel()
		for range kills(220) {
			o := shared
			o.Path = temp(t, "x.mmstats")
			create(t, o, new(killed)).Close()
			killAllKinds(t, o.Path, "visitor", random(100))
			os.Remove(o.Path)
		}
	})
	t.Run("growing", func(t *testing.T) {
		t.Parallel()
		path, seen := "", 0
		for i := range kills(60) {
			if i%10 == 0 { // each start reads all that there is
				f := create(t, shared)
				f.Close()
				path, seen = f.Path(), 0
			}
			p := programtest.StartReady(t, "all-kinds", path, "grower")
			target := seen + random(6)
			programtest.WaitFor(t, "a stat that is added", func() bool {
				count, err := countGrowing(path)
				if err != nil {
					t.Fatal(err)
				}
				return count >= target
			})
			p.Kill()
			wantFree(t, path)
			count, err := countGrowing(path)
			if err != nil || count < target {
				t.Fatalf("after a kill: %d stats, %v, want %d or more", count, err, target)
			}
			seen = count
		}
	})
}

func killAllKinds(t *testing.T, path, role string, rounds int) {
	t.Helper()
	p := programtest.StartReady(t, "all-kinds", path, role)
	var counter mmstats.Counter
	f, err := mmstats.Open(path, shared, mmstats.Labeled{Label: "Counter", Stat: &counter})
	if err != nil {
		t.Fatal(err)
	}
	programtest.WaitFor(t, "the last round", func() bool { return counter.Value() >= uint64(rounds) })
	p.Kill()
	f.Close()
	wantFree(t, path)
	wantRounds(t, path)
	if t.Failed() {
		t.FailNow()
	}

	// Everything goes on from there.
	var stats killed
	f, err = mmstats.Open(path, shared, &stats)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wantAverage(t, statIn(t, path, "Average"))
	// The sample in flight may be there already: before its mean, or before it
	// is counted.
	next := float64(statIn(t, path, "Moving").Samples().Count + 1)
	stats.Moving.Add(next)
	if got, want, twice := stats.Moving.Value(), next-6./4, next-3./4; next > 4 && got != want && got != twice {
		t.Errorf("moving average after a kill and one sample more = %v, want %v", got, want)
	}
	stats.String.Set("goes on")
	if err := f.Err(); err != nil || stats.String.Value() != "goes on" {
		t.Errorf("after a kill: Err() = %v", err)
	}
}
