package format

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"strings"
)

// MaxSignature is the longest type signature that is read, in bytes.
const MaxSignature = 64

// maxValueSize bounds the size that a signature may ask for, so that the end of
// a field never overflows an int. No file that is read comes near it.
const maxValueSize = 1 << 29

// A Signature is a parsed type signature: a format of Python's struct module.
// See mmstats(5), TYPE SIGNATURES.
type Signature struct {
	// Text is the signature as it stands in the file, blanks included.
	Text string
	// Code is the struct format character of the first value, such as 'Q'.
	Code byte
	// Size is the number of bytes that one buffer holds, pad bytes included.
	Size int
	// ValueOffset is where the first value starts in a buffer.
	ValueOffset int
	// ValueSize is the number of bytes of the first value.
	ValueSize int
	// BigEndian tells the byte order of the first value.
	BigEndian bool
	// Pad counts the pad bytes after the value, where nothing else follows it.
	Pad int
	// LeadingBlank and TrailingBlank tell how our own writers update the
	// field: see mmstats(5), LIVE FIELDS. The pad bytes of a description stand
	// before the leading blanks.
	LeadingBlank, TrailingBlank bool
	// Histogram says that the signature is that of a histogram.
	Histogram bool
}

// Errors that ParseSignature returns, wrapped with what was found.
var (
	ErrSignatureTooLong = errors.New("signature too long")
	ErrBadSignature     = errors.New("bad signature")
	ErrNoValue          = errors.New("signature without a value")
)

// ParseSignature parses a struct format by the rules of CPython. A format of
// several values is accepted, and stands for its first one, as it does for
// the Python reader.
func ParseSignature(text string) (Signature, error) {
	if len(text) > MaxSignature {
		return Signature{}, fmt.Errorf("%w: %d bytes, at most %d", ErrSignatureTooLong, len(text), MaxSignature)
	}
	s := Signature{Text: text, BigEndian: nativeBigEndian}
	if text != "" {
		s.TrailingBlank = isBlank(text[len(text)-1])
	}
	value := strings.TrimLeft(text, "0123456789")
	if described := strings.HasPrefix(value, "x"); described {
		value = value[1:]
	} else {
		value = text
	}
	s.LeadingBlank = value != "" && isBlank(value[0])
	s.Histogram = strings.Trim(value, blanks) == histogramSignature
	rest, native := text, true
	if rest != "" {
		switch rest[0] {
		case '<':
			s.BigEndian, native, rest = false, false, rest[1:]
		case '>', '!':
			s.BigEndian, native, rest = true, false, rest[1:]
		case '=':
			native, rest = false, rest[1:]
		case '@':
			rest = rest[1:]
		}
	}
	if err := s.parseItems(rest, native); err != nil {
		return Signature{}, err
	}
	if s.Code == 0 {
		return Signature{}, fmt.Errorf("%w: %q", ErrNoValue, text)
	}
	return s, nil
}

func (s *Signature) parseItems(rest string, native bool) error {
	size, others := 0, false
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if isBlank(c) {
			continue
		}
		count := 1
		if isDigit(c) {
			count = 0
			for ; i < len(rest) && isDigit(rest[i]); i++ {
				digit := int(rest[i] - '0')
				if count > (maxValueSize-digit)/10 {
					return fmt.Errorf("%w: %q: the size is too large", ErrBadSignature, s.Text)
				}
				count = count*10 + digit
			}
			if i == len(rest) {
				return fmt.Errorf("%w: %q: a count without a type", ErrBadSignature, s.Text)
			}
			c = rest[i]
		}
		width, align := itemSize(c, native)
		if width == 0 {
			return fmt.Errorf("%w: %q: unknown type %q", ErrBadSignature, s.Text, c)
		}
		size = (size + align - 1) / align * align
		if count > (maxValueSize-size)/width {
			return fmt.Errorf("%w: %q: the size is too large", ErrBadSignature, s.Text)
		}
		text := c == 's' || c == 'p'
		switch {
		case c == 'x':
			s.Pad += count
		case count == 0 && !text: // aligns, and yields nothing
		case s.Code == 0:
			s.Code, s.ValueOffset, s.ValueSize, s.Pad = c, size, width, 0
			if text {
				s.ValueSize = count
			}
			others = others || (!text && count > 1)
		default:
			others = true
		}
		size += count * width
	}
	if others || s.Code == 0 {
		s.Pad = 0
	}
	s.Size = size
	return nil
}

// itemSize returns the size and alignment of a format character, and a size
// of 0 for what is not one.
func itemSize(c byte, native bool) (size, align int) {
	switch c {
	case 'x', 'c', 'b', 'B', '?', 's', 'p':
		return 1, 1
	case 'h', 'H', 'e':
		size = 2
	case 'i', 'I', 'f':
		size = 4
	case 'l', 'L':
		size = 4
		if native {
			size = wordSize
		}
	case 'q', 'Q', 'd':
		size = 8
	case 'P', 'n', 'N':
		if native {
			size = wordSize
		}
	}
	align = 1
	if native {
		align = min(size, maxAlign)
	}
	return size, max(align, 1)
}

// isSingleByte reports whether the signature is that of one number or boolean of
// one byte, without blanks or pad bytes. The Python original has them where the
// value changes, and our writers have pad bytes behind their constants.
func (s *Signature) isSingleByte() bool {
	return s.Size == 1 && (s.Code == '?' || s.Code == 'b' || s.Code == 'B')
}

// wordSize is that of C's long and pointers on every Unix that Go knows.
const wordSize = bits.UintSize / 8

// maxAlign is the alignment of 8-byte numbers in C structs: 4 on 386 alone.
var maxAlign = func() int {
	if runtime.GOARCH == "386" {
		return 4
	}
	return 8
}()

// blanks are those of C's isspace.
const blanks = " \t\n\v\f\r"

func isBlank(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// maxSignatures bounds a cache, because what it is asked for comes from files
// that anyone may have written.
const maxSignatures = 1024

// Signatures caches parsed signatures, since files repeat a handful of them.
// The zero value is ready to use, by one goroutine at a time.
type Signatures struct {
	known map[string]*Signature
}

func (c *Signatures) parse(text []byte) (*Signature, error) {
	if s := c.known[string(text)]; s != nil {
		return s, nil
	}
	s, err := ParseSignature(string(text))
	if err != nil {
		return nil, err
	}
	if c.known == nil || len(c.known) >= maxSignatures {
		c.known = make(map[string]*Signature)
	}
	c.known[s.Text] = &s
	return &s, nil
}
