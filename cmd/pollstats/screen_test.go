package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/mmstats"
)

// publishMany makes files of stats for the full screen.
func publishMany(t *testing.T, dir string) {
	t.Helper()
	stats := []string{"web.status.2XX=5", "web.status.5XX=7", "load:float=1.5", "name:string=api", "up:bool=true"}
	if _, err := publish(dir+"/a.mmstats", stats); err != nil {
		t.Fatal(err)
	}
	stats = nil
	for i := range 50 {
		stats = append(stats, fmt.Sprintf("many.%02d:int=%d", i, i))
	}
	if _, err := publish(dir+"/b.mmstats", stats); err != nil {
		t.Fatal(err)
	}
}

func TestFullScreen(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		width, height := size[0], size[1]
		t.Run(fmt.Sprintf("%dx%d", width, height), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			publishMany(t, dir)
			x := startScreen(t, dir, width, height)
			x.Text("pollstats -w -d 0.1")
			x.Shows(` of \d+$`)
			x.Keys("i")
			lines := height - 3
			screen := x.Shows(fmt.Sprintf(`1-%d of 57$`, lines))
			checkScreen(t, screen, width, height)
			x.Shows(`^  load  .* 1\.50 .*▁▁▁`)
			x.Shows(`^  many\.00 `)
			x.Shows(`^a  1 file\n  load `)

			x.Keys("NPage")
			x.Shows(fmt.Sprintf(`\b%d-`, min(lines, 58-lines)))
			x.Keys("End")
			checkScreen(t, x.Shows(`-57 of 57$`), width, height)
			x.selects("many.49")
			x.Keys("k", "Up")
			x.selects("many.47")
			x.Keys("j", "Down")
			x.selects("many.49")
			x.Keys("G", "End", "k", "Up") // at once
			x.selects("many.47")
			x.Keys("PPage", "PPage", "PPage", "PPage")
			x.Shows(`\b1-`)
			x.selects("load")
			x.Keys("G")
			x.Shows(`-57 of 57$`)
			x.Keys("Home")
			x.Shows(`\b1-`)
			x.wheelDown()
			x.Shows(`\b4-`)
			x.selects("up")
			x.wheelUp()
			x.Shows(`\b1-`)
			x.click(0, 9)
			x.selects("many.00")
			x.click(0, 9)
			x.Shows(`^pollstats  many\.00 `)
			x.Keys("Left")
			x.selects("many.00")

			x.Keys("s")
			x.Shows(`^  UNUSUAL↓`)
			x.Keys("s")
			x.Shows(`VALUE↓`)
			x.first("many.49")
			x.Keys("S")
			x.Shows(`VALUE↑`)
			x.first("many.00")
			x.selects("many.00") // at the top
			x.Keys("s", "s", "s", "s", "s")
			x.Shows(`^  STAT↑`)
			x.Keys("u")
			x.Shows(`^  UNUSUAL↓`)
			x.Keys("s", "s", "s", "s", "s", "s")
			x.Shows(`^  STAT↑`)

			x.click(3, 1) // the title
			x.Shows(`^  STAT↓`)
			x.click(20, 1)
			x.Shows(`VALUE↓`)
			x.click(3, 1)
			x.Shows(`^  STAT↑`)

			x.Keys("/", "S", "t", "a", "t", "u", "s", ".")
			x.Shows(`^/Status\.`)
			x.Until("two stats", func(s string) bool {
				return strings.HasPrefix(line(s, 2), "  web.status.2XX ") && strings.HasPrefix(line(s, 3), "  web.status.5XX ") && line(s, 4) == ""
			})
			x.Keys("Enter")
			x.Shows(`^filter: Status\..* 1-2 of 2$`)
			x.Keys("/", "C-u", "*", "X", "Enter")
			x.Shows(`^filter: \*X`)
			x.Keys("/", "n", "o", "n", "e", "Enter")
			x.Shows(`^no stat matches \*Xnone; Esc shows all$`)
			x.Keys("Escape")
			x.Shows(` of 57$`)

			x.Keys("?")
			x.Shows(`^pollstats  help  2 files`)
			x.Keys("End")
			x.Shows(`^Ctrl-Z +suspend`)
			x.Keys("Escape")
			x.Shows(` of 57$`)

			// It fits whatever the terminal becomes.
			x.Resize(60, 12)
			checkScreen(t, x.Shows(` 1-9 of 57$`), 60, 12)
			x.Resize(40, 10)
			x.Shows(`^pollstats  2 files  55 stats    \d\d:\d\d:\d\d\n  STAT↑ +VALUE +RATE/s TREND\n(.*\n)+q quit  \? help  / filter +1-7 of 57$`)
			x.Resize(20, 5)
			x.Shows(`^  load +1\.50\nq quit +1-2 of 57$`)
			x.Resize(200-width, 64-height)
			checkScreen(t, x.Shows(fmt.Sprintf(` 1-%d of 57$`, 61-height)), 200-width, 64-height)
			x.Keys("q")
			x.Shows(`^\$ pollstats -w -d 0.1\n\$$`)
		})
	}
}

func line(screen string, i int) string { return strings.Split(screen, "\n")[i] }

// checkScreen checks what holds for any full screen.
func checkScreen(t *testing.T, screen string, width, height int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
	first, last := lines[0], lines[len(lines)-1]
	if len(lines) != height || utf8.RuneCountInString(first) != width || utf8.RuneCountInString(last) != width {
		t.Errorf("on %dx%d, the screen has %d lines, of %d and %d characters:\n%s", width, height,
			len(lines), utf8.RuneCountInString(first), utf8.RuneCountInString(last), screen)
	}
	if !strings.HasPrefix(first, "pollstats  2 files  55 stats  every 100ms") || !regexp.MustCompile(` \d\d:\d\d:\d\d$`).MatchString(first) {
		t.Errorf("the first line is %q", first)
	}
	if !strings.HasPrefix(lines[1], "  STAT") || !strings.Contains(lines[1], "RATE/s") || !strings.Contains(lines[1], "TREND") {
		t.Errorf("the titles are %q", lines[1])
	}
}

func TestFullScreenFollowsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := startScreen(t, dir, 80, 24, "LC_ALL=C", "NO_COLOR=1")
	x.Text("pollstats -w -d 0.05 -p web. 'j*' runs")
	x.Shows(`^no stats yet; q quits$`)
	writer := startWriter(t, "-rate", "1000", dir+"/a.mmstats", "web.jobs", "web.runs", "web.other", "jobs")
	x.Shows(`^  STAT\^ .*TREND`)
	x.Shows(`^  jobs  .* [_.:=+*#-]{3}`)
	screen := x.Shows(`^  runs  (.*\n)+.* 1-2 of 2$`)
	if strings.Contains(screen, "other") {
		t.Errorf("the screen has what no glob matches:\n%s", screen)
	}
	writer.Kill()
	x.Shows(`^  jobs +[0-9.k]+ +0k? `)
	os.Remove(dir + "/a.mmstats")
	x.Shows(`^  jobs +- +- `)
	x.Shows(`^no stats yet; q quits$`)
	os.WriteFile(dir+"/b.mmstats", []byte("text"), 0o644)
	x.Shows(`1 unreadable: ~.*byte 0x74`)
	x.Keys("q")
	x.Shows(`^\$$`)
}

func TestFullScreenNeedsTerminal(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("pollstats", "-w").CombinedOutput()
	want := "pollstats: -w needs a terminal that can show a full screen\nTry 'pollstats --help'.\n"
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || string(out) != want {
		t.Errorf("pollstats -w in a pipe: %v, %q, want status 2, %q", err, out, want)
	}
}

// interrupted matches the end of rows by Ctrl-C. The terminal shows ^C at once,
// and so perhaps before rows that were on their way.
const interrupted = `^\^C(.*\n)+\$$`

func TestRowsOnTerminal(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		dir := t.TempDir()
		stats := []string{"web.status.2XX=123456", "web.status.3XX", "load:float=0.25", "a.label.that.is.longer.than.any.column.may.be=1"}
		if _, err := publish(dir+"/a.mmstats", stats); err != nil {
			t.Fatal(err)
		}
		x := clitest.StartTmux(t, dir, size[0], size[1], shell)
		x.Text("clear; pollstats -n 4 -d 0.05 -p web.status 2XX:value,3XX")
		x.Shows(`^time     2XX:value   3XX/s\n(\d\d:\d\d:\d\d    123.5k       0\n){4}time     2XX:value   3XX/s\n`)
		x.Keys("C-c")
		x.Shows(interrupted)
		x.Text("echo status $?")
		x.Shows(`^status 0$`)

		// The titles come again when the size changes, and fit.
		x.Text("clear; pollstats -n 0 -d 0.2 web.status.2XX:value,load,a.label.that.is.longer.than.any.column.may.be:value,web.status.3XX")
		x.Shows(`^time     web.status.2XX:value    load …any.column.may.be:value web.status.3XX/s\n`)
		x.Resize(50, size[1])
		x.Shows(`^time     …2XX:value    load ….be:value …tus.3XX/s\n\d\d:\d\d:\d\d     123.5k  0.2500          1          0\n`)
		x.Resize(30, size[1])
		x.Shows(`^pollstats: no room for a.label`)
		x.Shows(`^time     …2XX:value    load\n`)
		x.Keys("C-c")
		x.Shows(interrupted)
		x.Text("clear; echo status $?")
		x.Shows(`^status 0$`)
	}
}

// The screen says how many programs live, sums what they have in flight alone,
// and shows percentiles, units and times as people read them.
func TestScreenTellsWhoLivesAndHowSlow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var stats struct {
		Wait mmstats.Histogram `mmstats:"wait" unit:"seconds"`
		Sent mmstats.Counter   `mmstats:"sent" unit:"bytes"`
	}
	file, err := mmstats.Create(mmstats.Options{Path: dir + "/c.mmstats", NoDefaults: true}, &stats)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stats.Sent.Add(3 << 20)
	for range 100 {
		stats.Wait.Add(0.025)
	}
	for _, name := range []string{"a", "b"} {
		s := startServer(t, dir+"/"+name+".mmstats")
		s.do("in_flight 7", 1)
		s.do("done 5", 1)
		if name == "b" {
			s.kill()
		}
	}
	x := clitest.StartTmux(t, dir, 100, 40, shell)
	x.Text("clear; pollstats -w -d 0.2")
	x.Shows(`of \d+$`)
	x.Keys("i") // unfolded, however long it takes
	x.Shows(`^pollstats  2 of 3 files live `)
	x.Shows(`^  in_flight +7 `)
	x.Shows(`^  done +10 `)
	x.Shows(`^  wait:p99 .* 25\.\d ms`)
	x.Shows(`^  sent +3\.00 MiB +0 B `)
	x.Shows(`  \d hidden  every`)
	x.Keys("c")
	x.Shows(`^  sys.created +2 values`)
	x.Shows(`^several programs\n  done `)
	x.Keys("q")
}
