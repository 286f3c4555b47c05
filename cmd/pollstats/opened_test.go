package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mmstats/lib/mapping"
	"mmstats/lib/report"
)

// startWorkers starts programs that have 5 jobs each, web-1 and so on.
func startWorkers(t *testing.T, dir string, n int) (workers []*server) {
	t.Helper()
	for i := range n {
		s := startServer(t, fmt.Sprintf("%s/web-%d.mmstats", dir, i+1))
		s.do("in_flight 5", 1)
		s.do(fmt.Sprintf("done %d", i+1), 1)
		workers = append(workers, s)
	}
	return workers
}

// Which worker differs, in what, and since when, is told by a few keys: also of
// what was before the first of them.
func TestFindTheWorkerThatDiffers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	workers := startWorkers(t, dir, 6)
	work := t.TempDir()
	x := startScreen(t, dir, 100, 24)
	x.Text("cd " + work + "; pollstats -w -d 0.1")
	x.Shows(`^  STAT`)
	x.Keys("i") // also where the machine is so slow that it folds them
	x.Shows(`^  in_flight +30 .*▁▁▁`)
	before := time.Now().Truncate(time.Second).Add(-time.Second) // a point is the mean of a second
	workers[3].do("in_flight 50", 1)
	x.Shows(`^! in_flight +75 `)
	after := time.Now()

	x.Keys("u", "Enter")
	x.Shows(`^pollstats  in_flight  `)
	screen := x.Shows(`^6 processes, 1 differs  sum 75$`)
	x.Shows(`^PROCESS +PID STATE  AGE +VALUE +USUALLY +TREND +DIFFERS↓$`)
	x.selects("web-4")
	found := regexp.MustCompile(fmt.Sprintf(`(?m)^web-4 +%d live +\d+[sm] +50 .*█ since (\d\d:\d\d:\d\d)$`, workers[3].cmd.Process.Pid)).FindStringSubmatch(screen)
	if found == nil || !strings.HasPrefix(line(screen, 4), "web-4 ") {
		t.Fatalf("the one that differs is not the first:\n%s", screen)
	}
	since, err := time.Parse(time.DateTime, before.UTC().Format(time.DateOnly)+" "+found[1])
	if err != nil || since.Before(before) || since.After(after) {
		t.Errorf("it differs since %s, want from %s to %s", found[1], before.UTC(), after.UTC())
	}
	if strings.Count(screen, "since") != 1 || !regexp.MustCompile(`(?m)^web-1 .* 5 [^█]*$`).MatchString(screen) {
		t.Errorf("the others are\n%s", screen)
	}

	x.Keys("E")
	written := regexp.MustCompile(`pollstats-\w+\.json`).FindString(x.Shows(`^wrote pollstats-`))
	data, err := os.ReadFile(work + "/" + written)
	pid := fmt.Sprintf(`^{"file":"%s/web-4.mmstats","pid":%d,"state":"live",.*"value":50,.*"differs":true,"since":"[-0-9]+T%s.*"}\n`, dir, workers[3].cmd.Process.Pid, found[1])
	if err != nil || !regexp.MustCompile(pid).Match(data) || strings.Count(string(data), `"differs":false,"since":null}`) != 5 {
		t.Errorf("the processes are written as %s, %v", data, err)
	}

	// One more, by less: the selected row stays the first.
	workers[1].do("in_flight 20", 1)
	x.Shows(`^6 processes, 2 differ  sum 90$`)
	x.Until("both of them first", func(s string) bool {
		return strings.HasPrefix(line(s, 4), "web-4 ") && strings.HasPrefix(line(s, 5), "web-2 ")
	})
	x.Keys("Left")
	x.Shows(`^  UNUSUAL`)
	x.selects("!")
	x.Keys("q")
}

// Rows follow their processes: one that is killed has ended, and one whose file
// is removed fades.
func TestRowsFollowProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	workers := startWorkers(t, dir, 5)
	x := startScreen(t, dir, 80, 24)
	x.Text("pollstats -w -d 0.5 done")
	x.Shows(`^  done `)
	x.Keys("Enter")
	x.Shows(`^counter$`)
	x.Shows(`^5 processes  total 15  now 0/s$`)
	x.Keys("s")
	x.Shows(`^PROCESS↑`)
	x.selects("web-1")
	x.Keys("S", "Down")
	x.Until("the last one first", func(s string) bool { return strings.HasPrefix(line(s, 4), "web-5 ") })
	x.selects("web-4")
	workers[4].kill()
	x.Shows(`^5 processes, 1 ended  total 15 `)
	x.Shows(`^web-5 .* ended `)
	if err := os.Remove(dir + "/web-5.mmstats"); err != nil {
		t.Fatal(err)
	}
	x.Shows(`^web-5 .* gone `)
	x.Until("four rows", func(s string) bool { return strings.HasPrefix(line(s, 4), "web-4 ") })
	x.selects("web-4")
	x.Shows(` 1-4 of 4$`)

	// A program that starts again in a file of the same name has a row, still.
	workers[3].kill()
	again := startServer(t, dir+"/web-4.mmstats")
	x.Shows(fmt.Sprintf(`^web-4 +%d live +.* reset \d\d:\d\d:\d\d$`, again.cmd.Process.Pid))
	x.selects("web-4")
	x.Keys("/", "3", "Enter")
	x.Shows(`^web-3 `)
	x.Shows(`^filter: 3 .* 1-1 of 1$`)
	x.Keys("/", "x", "Enter")
	x.Shows(`^nothing matches 3x; Esc shows all$`)
	x.Keys("q")
}

// The samples of a histogram are shown as bars: those of the interval, of all
// time, of all processes or one.
func TestBarsOnScreen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []*mapping.Histogram
	for i := range 4 {
		h := publishHistogram(t, fmt.Sprintf("%s/web-%d.mmstats", dir, i+1))
		h.AddN(0.001, 30)
		h.AddN(0.002, 10)
		files = append(files, h)
	}
	x := startScreen(t, dir, 100, 30)
	x.Text("pollstats -w -d 0.1 latency")
	x.Shows(`^  STAT`)
	x.Keys("i", "Down", "Enter")
	x.Shows(`^histogram of seconds$`)
	x.Shows(`^last interval: 0 samples$`)
	x.Keys("t")
	x.Shows(`^since the start: 160 samples  mean 1\.25 ms  p50 .* p99 `)
	x.Shows(`^ *≤ 1\.06 ms █+ +75\.0 %  p50$`)
	x.Shows(`^ +≤ 2 ms █+[▏▎▍▌▋▊▉]? +25\.0 %  p90 p99 p99\.9$`)
	files[2].AddN(4, 40)
	x.Shows(`: 200 samples .* max 4 s$`)
	x.Keys("o")
	x.Shows(`^since the start of web-1: 40 samples `)
	x.Keys("Down", "Down")
	x.Shows(`^since the start of web-3: 80 samples `)
	x.Keys("q")
}

// Texts, bools and constants are shown for each process.
func TestTextsOfProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, text := range []string{"idle", "busy", `a\x1bb`, "idle"} {
		if _, err := publish(fmt.Sprintf("%s/%d.mmstats", dir, i+1), []string{"state:string=" + text, fmt.Sprintf("up:bool=%t", i > 0)}); err != nil {
			t.Fatal(err)
		}
	}
	x := startScreen(t, dir, 80, 24)
	x.Text("pollstats -w -d 0.1")
	x.Shows(`^  state +4 values`)
	x.selects("state")
	x.Keys("Enter")
	x.Shows(`^4 processes  3 different values$`)
	x.Shows(`^2 +- - +.* busy$`)
	x.Keys("Left", "Down", "Enter")
	x.Shows(`^4 processes, 1 differs  3 of 4 true$`)
	x.Shows(`^1 +.* false `)
	x.Keys("q")
}

// The list of files tells whose they are, and why one cannot be read.
func TestFilesPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	workers := startWorkers(t, dir, 2)
	if err := os.WriteFile(dir+"/bad.mmstats", []byte("\x02"), 0o644); err != nil {
		t.Fatal(err)
	}
	workers[1].kill()
	work := t.TempDir()
	x := startScreen(t, dir, 120, 24)
	x.Text("cd " + work + "; pollstats -w -d 0.1 done")
	x.Shows(`^  done `)
	x.Keys("f")
	x.Shows(`^FILE↑ +COMMAND +OWNER +PID STATE SINCE +SIZE STATS RUNTIME`)
	x.Until("first what cannot be read", func(s string) bool {
		return strings.Contains(line(s, 2), "bad.mmstats not a version 1 stat file")
	})
	x.Shows(fmt.Sprintf(`^web-1\.mmstats +web-1 +\S+ +%d live +\w{3} \d\d \d\d:\d\d +\S+ KiB +13 Go \d\.\d+`, workers[0].cmd.Process.Pid))
	x.Shows(`^web-2\.mmstats .* ended `)
	x.Keys("/", "w", "e", "b", "-", "1", "Enter", "Enter")
	x.Shows(`^pollstats  web-1.mmstats  `)
	x.Shows(fmt.Sprintf(`^web-1  pid %d live  since `, workers[0].cmd.Process.Pid))
	x.Shows(`^done +counter +0 1$`)
	x.Shows(`^in_flight +gauge int64 +5$`)
	x.Shows(fmt.Sprintf(`^sys\.pid +constant .* %d$`, workers[0].cmd.Process.Pid))
	x.Shows(`^state +string +busy$`)
	x.Keys("e")
	written := regexp.MustCompile(`wrote (pollstats-\w+\.tsv)`).FindStringSubmatch(x.Shows(`^wrote pollstats-`))
	data, err := os.ReadFile(work + "/" + written[1])
	if err != nil || !strings.HasPrefix(string(data), "label\ttype\tkind\tvalue\tunit\tabout\ndone\tcounter\tcounter\t1\t\t\nin_flight\tint64\tgauge\t5\t\t\n") {
		t.Errorf("the stats are written as %q, %v", data, err)
	}
	workers[0].do("in_flight 77", 1)
	x.Shows(`^in_flight +gauge int64 +77$`)
	x.Keys("Down", "Enter", "Home", "Enter") // only one of the stats is polled
	x.Shows(`^pollstats  done  `)
	x.Keys("Left", "Left", "Left", "Left", "Left")
	x.Shows(`^  STAT`)
	x.Keys("q")

	x.Shows(`^\$$`)
	x.Text("clear; pollstats -w -d 0.1 --live done")
	x.Shows(`^  done +1 `)
	x.Keys("f")
	x.Shows(`^web-1\.mmstats .* live `)
	x.Shows(` 1-2 of 2$`)
	x.Keys("Left", "Enter")
	x.Shows(`^1 process  total 1 `)
	x.Keys("q")
}

// Pages fit terminals of any size, also without colours and UTF-8, and labels
// that are wide.
func TestPagesFit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 5 {
		name := fmt.Sprintf("%s/日本語の長い名前のプログラム-%d.mmstats", dir, i+1)
		publishHistogram(t, name).AddN(float64(i+1), 1000)
	}
	for _, env := range [][]string{nil, {"LC_ALL=C", "NO_COLOR=1"}} {
		x := startScreen(t, dir, 40, 10, env...)
		x.Text("pollstats -w -d 0.1")
		x.Shows(`^q quit`)
		x.Keys("i")
		for _, size := range [][2]int{{40, 10}, {80, 24}, {120, 40}, {200, 50}, {20, 5}} {
			x.Resize(size[0], size[1])
			for _, keys := range [][]string{{"Home", "Enter"}, {"Home", "Down", "Enter", "t"}, {"f"}, {"f", "Enter"}} {
				x.Keys(keys...)
				screen := x.Until("a page", func(s string) bool { return strings.Contains(s, "Esc") })
				for _, l := range strings.Split(screen, "\n") {
					if report.Width(l) > size[0] || !utf8.ValidString(l) {
						t.Errorf("on %dx%d, after %v, a line is %q", size[0], size[1], keys, l)
					}
				}
				if n := strings.Count(screen, "\n"); n != size[1] {
					t.Errorf("on %dx%d, after %v, the screen has %d lines:\n%s", size[0], size[1], keys, n, screen)
				}
				if env != nil && strings.ContainsAny(screen, "▁█≤↑…") {
					t.Errorf("a terminal of ASCII shows\n%s", screen)
				}
				x.Keys("Left", "Left", "Left")
				x.Shows(`^q quit`)
			}
		}
		x.Keys("q")
	}
}
