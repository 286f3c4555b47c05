package main

import (
	"slices"
	"testing"

	"github.com/gdamore/tcell/v2"
)

func TestKeys(t *testing.T) {
	for _, test := range []struct {
		key  tcell.Key
		r    rune
		mod  tcell.ModMask
		want []key
	}{
		{tcell.KeyRune, 'q', tcell.ModNone, []key{'q'}},
		{tcell.KeyRune, 'S', tcell.ModShift, []key{'S'}},
		{tcell.KeyRune, '語', tcell.ModNone, []key{'語'}},
		{tcell.KeyCtrlC, 0, tcell.ModCtrl, []key{keyCtrlC}},
		{tcell.KeyUp, 0, tcell.ModAlt, []key{keyUp}},
		{tcell.KeyEnter, 0, tcell.ModNone, []key{keyEnter}},
		{tcell.KeyF5, 0, tcell.ModNone, nil},
		// Typed at once, Esc and another key come as Alt with that.
		{tcell.KeyRune, 'q', tcell.ModAlt, []key{keyEscape, 'q'}},
		{tcell.KeyRune, 'c', tcell.ModAlt | tcell.ModCtrl, []key{keyEscape, keyCtrlC}},
	} {
		if got := keysOf(tcell.NewEventKey(test.key, test.r, test.mod)); !slices.Equal(got, test.want) {
			t.Errorf("the keys of %v %q, %v are %v, want %v", test.key, test.r, test.mod, got, test.want)
		}
	}
}
