package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mmstats/lib/archive/archivetest"
)

// The full screen shows an archive, by the clock of its records: forwards, and
// record by record, and wherever one goes to, on all pages.
func TestReplayOnFullScreen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := archivetest.Night(filepath.Join(dir, "n")); err != nil {
		t.Fatal(err)
	}
	x := startScreen(t, t.TempDir(), 100, 24) // without files
	x.Text("cd " + dir + "; pollstats -w -r n --from 02:12:38 --speed 64")
	x.Shows(`  End  2026-11-23 02:20:09$`)
	x.Shows(`^  web\.requests +1\.35k +15 `)

	x.Keys("Left")
	x.Shows(`  Paused  2026-11-23 02:20:08$`)
	x.Keys("Left", "Left")
	x.Shows(`  Paused  2026-11-23 02:20:06$`)
	x.Keys("Right")
	x.Shows(`  Paused  2026-11-23 02:20:07$`)
	x.Shows(`^  web\.queue +10 `)

	// What led to a time is shown, too: the queue had been growing.
	x.Keys("g")
	x.Type("02:12:0x")
	x.Keys("BSpace", "C-u")
	x.Type("02:12:45")
	x.Shows(`^go to: 02:12:45$`)
	x.Keys("Enter")
	x.Shows(`  Paused  2026-11-23 02:12:45$`)
	x.Shows(`^  web\.queue +50 +3 +12\.4 +50 .*█$`)
	x.Shows(`^  web\.state +2 values`)
	for text, want := range map[string]string{
		"01:00": `^nothing was recorded at 2026-11-23 01:00:00: the archive is from 2026-11-23 02:12:00 `, "noon": `^a time is 03:12, `,
	} {
		x.Keys("g")
		x.Type(text)
		x.Keys("Enter")
		x.Shows(want)
		x.Shows(`  Paused  2026-11-23 02:12:45$`)
	}
	x.Keys("g")
	x.Shows(`^go to:`)
	x.Keys("Escape")
	x.Shows(`^Space pause  Left Right step  \[ \] speed  g time `)

	// One stat, which is that of the moment as well.
	x.Keys("Down", "Down", "Enter")
	x.Shows(`^pollstats  web\.queue  2 files `)
	x.Shows(`^web-2 +\d+ live +\S+ +45 `)
	x.Keys("Left")
	x.Shows(`  Paused  2026-11-23 02:12:44$`)
	x.Shows(`^web-2 +\d+ live +\S+ +44 `)
	x.Keys("g")
	x.Type("02:12:52")
	x.Keys("Enter")
	x.Shows(`^web-2 +\d+ ended +\S+ +49 `)
	x.Keys("g")
	x.Type("02:20:04")
	x.Keys("Enter")
	x.Shows(`  Paused  2026-11-23 02:20:04$`)
	if screen := x.Screen(); strings.Contains(screen, "reset") {
		t.Errorf("behind the time in which nothing was recorded, a process is taken for a new one:\n%s", screen)
	}
	x.Keys("Escape")
	x.Shows(`^  web\.queue +7 `)
	x.Keys("f")
	x.Shows(`^web-1\.mmstats +web-1 +- +\d+ live +\S+ \d+ \S+ +- +14 Go `)
	x.Keys("Enter")
	x.Shows(`^web\.requests +counter +10 1,050 `)
	x.Keys("Escape")
	x.Shows(`^pollstats  files `)
	x.Keys("Escape")
	x.Shows(`^  web\.queue +7 `)

	// The first record has none before it, and it goes on at half the speed.
	x.Keys("g")
	x.Type("02:12")
	x.Keys("Enter")
	x.Shows(`  Paused  2026-11-23 02:12:00$`)
	x.Keys("Left")
	x.Shows(`^the archive begins here$`)
	for range 7 {
		x.Keys("[")
	}
	x.Keys("Space")
	x.Shows(`  x0\.5  2026-11-23 02:1`)
	x.Keys("Space")
	x.Shows(`  Paused  `)
	x.Keys("]", "]", "]", "p")
	x.Shows(`  (x4|End)  2026-11-23 02:`)
	x.Keys("q")
	x.Shows(`^\$ ?$`)
}
