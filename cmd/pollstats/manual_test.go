package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mmstats/lib/archive/archivetest"
	"mmstats/lib/cli/clitest"
)

func manual(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../man/pollstats.1")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestManPage(t *testing.T) {
	clitest.ManPage(t, "pollstats", func(t *testing.T, dir string) {
		if _, err := publish(dir+"/a.mmstats", []string{"jobs.done"}); err != nil {
			t.Fatal(err)
		}
		if err := archivetest.Night(dir + "/night"); err != nil {
			t.Fatal(err)
		}
	})
}

// The keys of the help page and those of the manual page are the same.
func TestManualKeys(t *testing.T) {
	_, page, _ := strings.Cut(manual(t), "The keys are:")
	page, _, _ = strings.Cut(page, ".El")
	var described, helped []string
	for _, m := range regexp.MustCompile(`(?m)^\.It Cm (.*)\n(.*)`).FindAllStringSubmatch(page, -1) {
		keys := strings.NewReplacer(" ,", ",", `\&`, "").Replace(m[1])
		described = append(described, keys+": "+m[2])
	}
	for _, k := range keyTable {
		helped = append(helped, k.keys+": "+k.does)
	}
	if !slices.Equal(described, helped) {
		t.Errorf("the manual page has the keys %q, and the help %q", described, helped)
	}
}

// displays returns the literal displays of a section of the manual page.
func displays(t *testing.T, section string) []string {
	t.Helper()
	_, page, _ := strings.Cut(manual(t), "\n.Sh "+section+"\n")
	page, _, _ = strings.Cut(page, "\n.Sh ")
	var found []string
	for _, m := range regexp.MustCompile(`(?s)\.Bd -literal[^\n]*\n(.*?)\.Ed`).FindAllStringSubmatch(page, -1) {
		found = append(found, m[1])
	}
	return found
}

var (
	numbers = regexp.MustCompile(`\d[\d,]*(\.\d+)?[kMG]?`)
	blanks  = regexp.MustCompile(` +`)
	trends  = regexp.MustCompile(` [▁▂▃▄▅▆▇█]+`)
	empty   = regexp.MustCompile(`\n\n+`)
)

// shape returns a screen with everything that time changes made equal.
func shape(screen string) string {
	screen = numbers.ReplaceAllString(screen, "N")
	screen = blanks.ReplaceAllString(screen, " ")
	return strings.TrimSpace(empty.ReplaceAllString(trends.ReplaceAllString(screen, ""), "\n"))
}

// The screens are what the manual page shows.
func TestManualScreens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startWriter(t, "-rate", "1500", dir+"/a.mmstats", "web.status.2XX")
	startWriter(t, "-rate", "15", dir+"/b.mmstats", "web.status.3XX", "web.status.4XX")
	if _, err := publish(dir+"/c.mmstats", []string{"web.status.5XX=7", "load:float=1.5", "name:string=api", "up:bool=true"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		waitForFile(t, dir+"/"+name+".mmstats")
	}
	x := clitest.StartTmux(t, dir, 80, 24, shell)
	command, want, _ := strings.Cut(displays(t, "EXAMPLES")[0], "\n")
	x.Text("clear; " + strings.TrimPrefix(command, "$ ") + " -d 0.5 -c 2")
	x.Shows(`^time (.*\n)+\$$`)
	_, got, _ := strings.Cut("\n"+x.Screen(), "\ntime")
	got, _, _ = strings.Cut("time"+got, "\n$")
	if shape(got) != shape(want) {
		t.Errorf("%s shows\n%s\nand the manual page\n%s", command, got, want)
	}

	os.Remove(dir + "/b.mmstats")
	x.Text("clear; pollstats -w -d 1s")
	x.Shows(`^  web.status.2XX .*[▁▂▃▄▅▆▇█]`)
	// What a full screen looks like does not depend on what is in it.
	got, want = x.Screen(), displays(t, "FULL SCREEN")[0]
	if shape(got) != shape(want) {
		t.Errorf("the screen is\n%s\nand in the manual page\n%s", shape(got), shape(want))
	}
}

// An example that shows restarts, until the end of its writers, shows them.
func TestManualRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := publish(dir+"/a.mmstats", []string{"jobs.done=5"}); err != nil {
		t.Fatal(err)
	}
	example, _, _ := strings.Cut(displays(t, "EXAMPLES")[2], "\n\"")
	// The writer starts again and again.
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			if _, err := publish(dir+"/a.mmstats", []string{[]string{"jobs.done=5", "jobs.done"}[i%2]}); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	command := strings.NewReplacer("$ ", "", "pollstats -j", "pollstats -d 0.05 -c 30 -j").Replace(example)
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
	out, err := cmd.CombinedOutput()
	if shown := regexp.MustCompile(`^("\d+-\d+-\d+T[0-9:.]+Z"\n)+$`); err != nil || !shown.Match(out) {
		t.Errorf("%s: got %q, %v, want times", command, out, err)
	}
	close(done)
	<-ended
}
