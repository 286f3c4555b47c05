package main

import "github.com/gdamore/tcell/v2"

// A key is a character that was typed, or one of these.
type key rune

const (
	keyNone key = -iota - 1 // of no meaning here
	keyUp
	keyDown
	keyLeft
	keyRight
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
	keyEnter
	keyEscape
	keyBackspace
	keyCtrlC
	keyCtrlL
	keyCtrlU
	keyCtrlZ
	keyWheelUp
	keyWheelDown
)

// keys are those that tcell has numbers for.
var keys = map[tcell.Key]key{
	tcell.KeyUp: keyUp, tcell.KeyDown: keyDown, tcell.KeyLeft: keyLeft, tcell.KeyRight: keyRight,
	tcell.KeyPgUp: keyPageUp, tcell.KeyPgDn: keyPageDown, tcell.KeyHome: keyHome, tcell.KeyEnd: keyEnd,
	tcell.KeyEnter: keyEnter, tcell.KeyCtrlJ: keyEnter, tcell.KeyEscape: keyEscape,
	tcell.KeyBackspace: keyBackspace, tcell.KeyBackspace2: keyBackspace,
	tcell.KeyCtrlC: keyCtrlC, tcell.KeyCtrlL: keyCtrlL, tcell.KeyCtrlU: keyCtrlU, tcell.KeyCtrlZ: keyCtrlZ,
}

// keysOf returns the keys of an event. Alt with a character is Esc and the character:
// terminals send the same for both.
func keysOf(e *tcell.EventKey) []key {
	k, ok := keys[e.Key()]
	switch {
	case e.Key() != tcell.KeyRune && ok:
	case e.Key() != tcell.KeyRune:
		return nil
	case e.Modifiers()&tcell.ModCtrl != 0:
		if k, ok = keys[tcell.KeyCtrlSpace+tcell.Key(e.Rune()&0x1f)]; !ok {
			return nil
		}
	default:
		k = key(e.Rune())
	}
	if e.Key() == tcell.KeyRune && e.Modifiers()&tcell.ModAlt != 0 {
		return []key{keyEscape, k}
	}
	return []key{k}
}
