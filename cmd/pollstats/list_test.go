package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

// rowsOf returns the first words of the rows of a screen.
func rowsOf(screen string) (names []string) {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	for _, line := range lines[min(2, len(lines)-1) : len(lines)-1] {
		if words := strings.Fields(line); len(words) > 0 {
			names = append(names, words[0])
		}
	}
	return names
}

func shows(names ...string) func(screen string) bool {
	return func(screen string) bool { return strings.Join(rowsOf(screen), " ") == strings.Join(names, " ") }
}

// The cursor stays on its stat when rows come and go, and when they change places.
func TestCursorStaysOnItsStat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"b:int=5", "c:int=2", "d:int=1"}); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, dir, 80, 24)
	x.Text("pollstats -w -d 0.1")
	x.Shows(`of \d+$`)
	x.Keys("i") // unfolded, however long it takes
	x.Until("three stats", shows("b", "c", "d"))
	x.selects("b")
	x.Keys("Down")
	x.selects("c")
	if _, err := publish(dir+"/a.mmstats", []string{"a:int=1", "aa:int=1", "b:int=5", "c:int=9", "d:int=1"}); err != nil {
		t.Fatal(err)
	}
	x.Until("two more", shows("a", "aa", "b", "c", "d"))
	x.selects("c")

	// Changing the sort goes to the top, whatever comes there.
	x.Keys("s", "s")
	x.Until("the largest first", shows("c", "b", "a", "aa", "d"))
	x.selects("c")
	if _, err := publish(dir+"/a.mmstats", []string{"a:int=1", "aa:int=1", "b:int=50", "c:int=9", "d:int=1"}); err != nil {
		t.Fatal(err)
	}
	x.Until("another first", shows("b", "c", "a", "aa", "d"))
	x.selects("b")
}

// Stats stand below their programs, and below a prefix that many of them have.
// Constants are hidden, and what does not change is folded.
func TestListIsCalm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var web struct {
		Two   mmstats.Counter    `mmstats:"web.status.2XX"`
		Three mmstats.Counter    `mmstats:"web.status.3XX"`
		Four  mmstats.Counter    `mmstats:"web.status.4XX"`
		Load  mmstats.Gauge[int] `mmstats:"web.load"`
	}
	file, err := mmstats.Create(mmstats.Options{Path: dir + "/web.mmstats"}, &web)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	startWriter(t, "-rate", "1500", dir+"/jobs.mmstats", "jobs.done")
	if _, err := publish(dir+"/jobs-2.mmstats", []string{"name:string=作業 e\u0301"}); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, dir, 80, 24)
	x.Text("pollstats -w -d 0.05")
	x.Shows(`^pollstats  3 files  \d+ stats  \d hidden  every 50ms`)
	x.Shows("^  name +作業 e\u0301$")
	x.Until("folded stats", shows("jobs", "jobs.done", "jobs-2", "name", "web", "4"))
	x.Shows(`^  4 idle$`)
	x.Keys("i")
	x.Until("nested stats", shows("jobs", "jobs.done", "jobs-2", "name", "web", "web.load", "web.status", "2XX", "3XX", "4XX"))
	x.Shows(`^    2XX +0 +0 +0/s`)
	x.Keys("i")
	x.Shows(`^  4 idle$`)
	x.Until("the one that changed", func(screen string) bool {
		web.Three.Add(1)
		return shows("jobs", "jobs.done", "jobs-2", "name", "web", "web.status.3XX", "3")(screen)
	})
	x.Keys("End", "Enter") // on the folded ones
	x.Shows(`^    2XX `)
	x.Keys("c")
	x.Shows(`^  sys.pid `)
	x.Keys("c")
	x.Until("no constants", func(screen string) bool { return !strings.Contains(screen, "sys.pid") })
}

// While it pauses, nothing is polled. The interval and the extremes can be changed.
func TestPauseAndInterval(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startWriter(t, "-rate", "1500", dir+"/a.mmstats", "jobs")
	if _, err := publish(dir+"/b.mmstats", []string{"level:int=5"}); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, dir, 80, 24)
	x.Text("pollstats -w -d 0.1")
	x.Shows(`^  jobs +\S+ +1\.\d`)
	x.Keys("p")
	x.Shows(`Paused  \d\d:\d\d:\d\d$`)
	if _, err := publish(dir+"/b.mmstats", []string{"level:int=7"}); err != nil {
		t.Fatal(err)
	}
	before := x.Screen()
	x.Keys("Down", "Up") // is acted on meanwhile
	x.selects("jobs")
	if after := x.Screen(); after != before {
		t.Errorf("while it pauses, the screen became\n%s\nfrom\n%s", after, before)
	}
	x.Keys("p")
	x.Shows(`^  level +7 +5 +[567]\.?\d* +7 `)
	x.Keys("0")
	x.Shows(`^  level +7 +7 +7(\.00)? +7 `)
	x.Keys("+", "+")
	x.Shows(`every 500ms`)
	x.Keys("-")
	x.Shows(`every 200ms`)
}

// What is shown is written to a file, exactly, in a directory where that is
// allowed.
func TestExport(t *testing.T) {
	t.Parallel()
	dir, work := t.TempDir(), t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"level:int=1234567", "name:string=api", "other:int=3"}); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, dir, 80, 24)
	x.Text("cd " + work + "; pollstats -w -d 0.1 level name")
	x.Shows(`^  level +1\.23M`)
	for _, test := range []struct{ key, ending, want string }{
		{"e", "tsv", "label\tvalue\trate\tmin\tavg\tmax\tusually\tunusual\n" +
			"level\t1234567\t-\t1234567\t1234567\t1234567\t-\tfalse\nname\tapi\t-\t-\t-\t-\t-\tfalse\n"},
		{"E", "json", `{"label":"level","value":1234567,"rate":null,"min":1234567,"avg":1234567,"max":1234567,"usually":null,"unusual":false}` + "\n" +
			`{"label":"name","value":"api","rate":null,"min":null,"avg":null,"max":null,"usually":null,"unusual":false}` + "\n"},
	} {
		x.Keys(test.key)
		screen := x.Shows(`^wrote pollstats-\d{8}T\d{6}\.` + test.ending + `$`)
		name := regexp.MustCompile(`pollstats-\S+` + test.ending).FindString(screen)
		got, err := os.ReadFile(filepath.Join(work, name))
		if err != nil || string(got) != test.want {
			t.Errorf("%s wrote %q, %v, want %q", test.key, got, err, test.want)
		}
	}
	if err := os.Mkdir(work+"/none", 0o700); err != nil {
		t.Fatal(err)
	}
	x.Keys("q")
	x.Shows(`level name\n\$$`)
	x.Text("clear; cd none; pollstats -w -d 0.1 level")
	x.Shows(`^  level`)
	if err := os.Remove(work + "/none"); err != nil {
		t.Fatal(err)
	}
	x.Keys("e")
	x.Shows(`^pollstats-\d{8}T\d{6}\.tsv: no such file or directory$`)
}

// A stat that leaves what it usually is comes first, and tells what that was, until
// it has been so for long. That takes an hour, so that the polls are made up.
func TestUnusualStats(t *testing.T) {
	for _, delay := range []time.Duration{100 * time.Millisecond, time.Second, 10 * time.Second} {
		totals := &totals{poll: &poll{delay: delay}}
		steady, jumps := newStat("steady", "steady", endedWork), newStat("jumps", "jumps", endedWork)
		totals.byLabel = map[string]*stat{"steady": steady, "jumps": jumps}
		poll := func(now float64) {
			totals.tick()
			for s, v := range map[*stat]float64{steady: 5, jumps: now} {
				s.history.add(v, totals.timing.point)
				if totals.timing.point {
					s.judgement.judge(&s.history, totals.timing.step, false, &totals.timing.scratch)
				}
			}
		}
		for range 20 * time.Minute / delay {
			if poll(100); jumps.judgement.unusual || steady.judgement.unusual {
				t.Fatalf("at %v: %+v is unusual, or %+v", delay, jumps.judgement, steady.judgement)
			}
		}
		for range 30 * time.Second / delay {
			poll(300)
		}
		if j := jumps.judgement; !j.unusual || j.usual.Median != 100 || j.compare(&steady.judgement) >= 0 {
			t.Errorf("at %v, half a minute after a jump: %+v", delay, j)
		}
		for range 30 * time.Minute / delay {
			poll(300)
		}
		if j := jumps.judgement; j.unusual || j.usual.Median != 300 {
			t.Errorf("at %v, long after a jump: %+v", delay, j)
		}
	}
}

// Cells say what they are of: a rate is told from a value by its unit, and a wide
// screen has all digits of totals.
func TestCells(t *testing.T) {
	for _, test := range []struct {
		unit       string
		kind       format.Kind
		value      format.Value
		rate       float64
		cells      string // VALUE, RATE/s and MAX
		exactTotal string
	}{
		{"", format.KindCounter, format.UintValue(13504), 1500, "13.5k 1.50k 1.50k/s", "13,504"},
		{"bytes", format.KindCounter, format.UintValue(3 << 20), 1536, "3.00 MiB 1.50 KiB 1.50 KiB/s", "3,145,728 B"},
		{"seconds", format.KindCounter, format.FloatValue(90), 0.35, "1.50 min 35.0 % 35.0 %", "1.50 min"},
		{"", format.KindGauge, format.IntValue(-1234567), 0, "-1.23M - -1.23M", "-1.23M"},
		{"bytes", format.KindGauge, format.UintValue(3 << 20), 0, "3.00 MiB - 3.00 MiB", "3.00 MiB"},
		{"", format.KindCounter, format.Value{}, 0, "- 0 0/s", "-"},
	} {
		s := newStat("x", "x", endedWork)
		s.unit, s.kind, s.value, s.typ = test.unit, test.kind, test.value, format.Counter
		s.polls = 1
		if s.kind == format.KindCounter {
			s.rate = format.FloatValue(test.rate)
		}
		if s.most = test.value.Float(); test.kind == format.KindCounter {
			s.most = test.rate
		}
		got := s.cell(columnValue, false) + " " + s.cell(columnRate, false) + " " + s.cell(columnMax, false)
		if got != test.cells {
			t.Errorf("%+v: got %s", test, got)
		}
		exact := s.cell(columnValue, true)
		if exact != test.exactTotal || test.value.Class() != 0 && s.width(columnValue, true) < len(strings.TrimPrefix(exact, "-")) {
			t.Errorf("%+v: exact is %s, of %d columns", test, exact, s.width(columnValue, true))
		}
	}
}

// A history takes no more memory than it has points, however long it goes on.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	for i := range 10_000 {
		h.add(float64(i), i%10 == 9)
	}
	if len(h.points) != maxHistory || cap(h.points) > 2*maxHistory {
		t.Errorf("there are %d points, and room for %d", len(h.points), cap(h.points))
	}
	h.add(20_000, false)
	got := h.last(nil, 3)
	if want := []float64{9984.5, 9994.5, 20_000}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("the last points are %v, want %v", got, want)
	}
}

// Where the first line is short, what is wrong comes before what is usual.
func TestStatusFits(t *testing.T) {
	parts := []segment{{"pollstats", strong, 1}, {"3 files", strong, 3}, {"12 stats", strong, 4}, {"6 hidden", normal, 6},
		{"every 1s", normal, 5}, {"2 unusual", differs, 1}, {"1 stale", differs, 2}}
	for _, test := range []struct {
		width int
		want  string
	}{
		{80, "pollstats  3 files  12 stats  6 hidden  every 1s  2 unusual  1 stale"},
		{60, "pollstats  3 files  12 stats  every 1s  2 unusual  1 stale"},
		{56, "pollstats  3 files  12 stats  2 unusual  1 stale"},
		{30, "pollstats  2 unusual  1 stale"},
		{20, "pollstats  2 unusual"},
		{1, "pollstats"},
	} {
		var texts []string
		for _, part := range fit(slices.Clone(parts), test.width) {
			texts = append(texts, part.text)
		}
		if got := strings.Join(texts, "  "); got != test.want {
			t.Errorf("in %d columns: %q, want %q", test.width, got, test.want)
		}
	}
}
