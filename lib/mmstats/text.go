package mmstats

import (
	"mmstats/lib/change"
	"mmstats/lib/format"
)

// A String is a text that changes: what is being worked on, the last error. It has
// room for 256 bytes, or as many as its tag says, rounded up to a multiple of 8.
// Readers see the old text or the new one, never a mix.
type String struct {
	ref
}

// Set sets the text. One that is too long is cut, at the end of a character.
func (s *String) Set(text string) {
	if f := s.field.Load(); f != nil && f.begin() {
		f.both.WriteString(change.Cut(text, f.sig.ValueSize))
		f.end()
	}
}

// Value returns the text, and "" where it cannot be read.
func (s *String) Value() string {
	f := s.field.Load()
	if f == nil {
		return ""
	}
	buf := make([]byte, f.sig.Size)
	if f.read(buf) != nil {
		return ""
	}
	return string(f.sig.Decode(buf).Text())
}

func (s *String) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.String, Size: format.DefaultText}, format.Value{}, nil
}
