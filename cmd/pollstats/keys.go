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

// keyOf returns the key of an event.
func keyOf(e *tcell.EventKey) key {
	if e.Key() != tcell.KeyRune {
		if k, ok := keys[e.Key()]; ok {
			return k
		}
		return keyNone
	}
	if e.Modifiers()&(tcell.ModAlt|tcell.ModCtrl|tcell.ModMeta) != 0 {
		return keyNone
	}
	return key(e.Rune())
}
