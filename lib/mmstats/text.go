package mmstats

import (
	"sync"
	"unicode/utf8"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// DefaultText is the room of a String that says no other, in bytes.
const DefaultText = 256

// A String is a text that changes: what is being worked on, the last error.
// Readers see the old text or the new one, never a mix. Its methods may be
// called by any number of goroutines. The zero String drops what it is given
// until it is declared in a file.
type String struct {
	// Size is the room for the text in bytes, rounded up to a multiple of 8; 0
	// is DefaultText. It is read when the String is declared.
	Size int

	mu      sync.Mutex
	buffers mapping.Buffers
	file    *File
	room    int
}

// Set sets the text. One that is too long is cut, at the end of a character.
func (s *String) Set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file.update(func() { s.buffers.WriteString(cut(text, s.room)) })
}

// Value returns the text, and "" where it cannot be had.
func (s *String) Value() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return ""
	}
	buf := make([]byte, s.room)
	if s.buffers.Read(buf) != nil {
		return ""
	}
	sig := format.Signature{Code: 's', ValueSize: s.room}
	return string(sig.Decode(buf).Text())
}

func (s *String) spec() (format.Spec, format.Value, error) {
	sp := format.Spec{Type: format.String, Size: s.Size}
	if sp.Size == 0 {
		sp.Size = DefaultText
	}
	return sp, format.Value{}, nil
}

func (s *String) bind(b binding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = b.field.Signature.Size
	s.buffers = mapping.BuffersAt(b.region, b.field.IndexOffset(), s.room)
	s.file = b.file
}

// cut returns as many whole characters from the start of text as fit in room
// bytes.
func cut(text string, room int) string {
	if len(text) <= room {
		return text
	}
	end := room
	for end > 0 && room-end < utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
