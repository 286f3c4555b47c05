package format

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sizes of descriptions, in bytes.
const (
	// MaxDescription is the size of the longest description, with the NULs
	// that follow its text: the pad bytes before a value are at most so many.
	MaxDescription = 4096
	// MaxUnit is the longest unit.
	MaxUnit = 32
)

// A Description says what a stat means: mmstats(5), DESCRIPTIONS OF STATS. The zero
// value says nothing. Texts that come from a file may hold anything but line
// breaks and NULs.
type Description struct {
	// Unit is that of the value, such as "bytes": see [LookUpUnit].
	Unit string
	// Kind is KindCounter or KindGauge, where the kind that the layout says is
	// not that of the stat. Otherwise it is 0.
	Kind Kind
	// About is a text for people.
	About string
	// Every is how often a heartbeat is renewed, in seconds.
	Every float64

	others string // lines of keys that are not known here
}

// ParseDescription returns the description in pad, the pad bytes before a
// value. Whatever of it is no description is ignored: they may hold anything.
func ParseDescription(pad []byte) Description {
	var d Description
	end := bytes.IndexByte(pad, 0)
	if end < 0 || len(pad) > MaxDescription {
		return d
	}
	var had [4]bool // keys that d.set knows
	for line := range strings.Lines(string(pad[:end])) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if ok && isKey(key) && !d.set(&had, key, value) {
			d.others += key + "=" + value + "\n"
		}
	}
	return d
}

// Stale reports whether a heartbeat of the time beat is older than it can be at
// the time now, both in seconds since 1970: by three times [Description.Every],
// at least 3 seconds. A time in the future is never stale.
func (d Description) Stale(beat, now float64) bool {
	return d.Every > 0 && now-beat > max(3*d.Every, 3)
}

// saidKind returns the kind that pad, the pad bytes before a value, says. It is
// that of ParseDescription, and allocates nothing.
func saidKind(pad []byte) Kind {
	end := bytes.IndexByte(pad, 0)
	for rest := pad[:max(end, 0)]; len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if value, ok := bytes.CutPrefix(line, []byte("kind=")); ok {
			return describedKind(string(value))
		}
	}
	return 0
}

// isKey reports whether key is [a-z][a-z0-9_]*.
func isKey(key string) bool {
	for i, c := range []byte(key) {
		if !('a' <= c && c <= 'z' || i > 0 && (c == '_' || isDigit(c))) {
			return false
		}
	}
	return key != ""
}

// set takes the value of a key that is known here, unless the key was there
// before. It reports whether the key is known.
func (d *Description) set(had *[4]bool, key, value string) (known bool) {
	first := func(i int) bool {
		before := had[i]
		had[i] = true
		return !before
	}
	switch key {
	case "unit":
		if first(0) && len(value) <= MaxUnit {
			d.Unit = value
		}
	case "kind":
		if first(1) {
			d.Kind = describedKind(value)
		}
	case "about":
		if first(2) {
			d.About = value
		}
	case "every":
		every, err := strconv.ParseFloat(value, 64)
		if first(3) && err == nil && every > 0 && !math.IsInf(every, 0) {
			d.Every = every
		}
	default:
		return false
	}
	return true
}

// describedKind returns the kind that a description calls name, or 0.
func describedKind(name string) Kind {
	switch name {
	case "counter":
		return KindCounter
	case "gauge":
		return KindGauge
	}
	return 0
}

// Check reports what of d our writers may not write: texts that are no UTF-8
// or not of one line, a unit of more than MaxUnit bytes, and more than
// MaxDescription bytes in all.
func (d Description) Check() error {
	if err := checkLine("unit", d.Unit); err != nil {
		return err
	}
	if err := checkLine("about", d.About); err != nil {
		return err
	}
	switch text := d.text(); {
	case len(d.Unit) > MaxUnit:
		return fmt.Errorf("unit %q of %d bytes, at most %d", d.Unit, len(d.Unit), MaxUnit)
	case d.Every < 0 || math.IsNaN(d.Every) || math.IsInf(d.Every, 0):
		return fmt.Errorf("a heartbeat every %v seconds", d.Every)
	case d.Kind != 0 && d.Kind != KindCounter && d.Kind != KindGauge:
		return errors.New("a kind other than counter and gauge")
	case !utf8.ValidString(text):
		return errors.New("the description is not UTF-8")
	case len(text) >= MaxDescription:
		return fmt.Errorf("description of %d bytes, at most %d", len(text), MaxDescription-1)
	}
	return nil
}

func checkLine(key, text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s %q is not UTF-8", key, text)
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return fmt.Errorf("%s %q has the control character %q", key, text, r)
		}
	}
	return nil
}

// Text returns the lines of d, without the NULs that follow them in a file.
func (d Description) Text() string { return d.text() }

// text returns the lines of d.
func (d Description) text() string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			b.WriteString(key + "=" + value + "\n")
		}
	}
	line("unit", d.Unit)
	switch d.Kind {
	case KindCounter:
		line("kind", "counter")
	case KindGauge:
		line("kind", "gauge")
	}
	line("about", d.About)
	if d.Every != 0 {
		line("every", strconv.FormatFloat(d.Every, 'f', -1, 64))
	}
	b.WriteString(d.others)
	return b.String()
}

// Append appends the pad bytes that hold d to dst: its lines, and NULs up to a
// multiple of 8 bytes, at least one. There are none where d says nothing. The
// error is that of Check.
func (d Description) Append(dst []byte) ([]byte, error) {
	text := d.text()
	if text == "" {
		return dst, nil
	}
	if err := d.Check(); err != nil {
		return dst, err
	}
	dst = append(dst, text...)
	return append(dst, make([]byte, roundUp(len(text)+1)-len(text))...), nil
}
