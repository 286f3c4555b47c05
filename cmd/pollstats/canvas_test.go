package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gdamore/tcell/v2"
)

// startCanvas returns a canvas that is shown on a terminal in memory.
func startCanvas(t *testing.T) (*canvas, *terminal) {
	t.Helper()
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(screen.Fini)
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return newCanvas(false, true), &terminal{screen: screen, tty: tty{out: out}}
}

// Characters that are two columns wide are never cut in half, and neither half is
// left over where another text comes.
func TestCanvasWideCharacters(t *testing.T) {
	c, terminal := startCanvas(t)
	for _, test := range []struct {
		draw func()
		want string
	}{
		{func() { c.text(0, 0, "作業", normal) }, "作業\n"},
		{func() { c.text(3, 0, "作業", normal) }, "   作\n"},
		{func() { c.text(0, 0, "作業", normal); c.text(1, 0, "x", normal) }, " x業\n"},
		{func() { c.text(0, 0, "作業", normal); c.text(1, 0, "語", normal) }, " 語\n"},
		{func() { c.text(0, 0, "e\u0301x", normal) }, "e\u0301x\n"},
		{func() { c.right(0, 0, 6, "作", normal) }, "    作\n"},
		{func() { c.left(0, 0, 3, "作業", normal) }, "作\n"},
		{func() { c.right(2, 0, 3, "12345", normal) }, "  123\n"},
		{func() { c.text(-1, 0, "ab", normal); c.text(0, 7, "ab", normal) }, "b\n"},
	} {
		c.begin(6, 1)
		test.draw()
		if err := c.show(terminal); err != nil {
			t.Fatal(err)
		}
		if got := c.lines(1); got != test.want {
			t.Errorf("the line is %q, want %q", got, test.want)
		}
	}
}

// Where nothing has changed, nothing is allocated: screens are painted once a second and
// at each key.
func TestCanvasCostsNothing(t *testing.T) {
	c, terminal := startCanvas(t)
	paint := func() {
		c.begin(80, 24)
		c.text(0, 0, "pollstats", strong)
		c.right(10, 1, 20, "12.5k", changed)
		c.show(terminal)
	}
	paint()
	if n := testing.AllocsPerRun(100, paint); n != 0 {
		t.Errorf("a screen that is like the one before takes %v allocations", n)
	}
}
