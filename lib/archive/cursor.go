package archive

import "encoding/binary"

// A cursor reads the numbers and bytes of a payload. Where they do not make
// sense, it returns zeros from then on, and bad is set.
type cursor struct {
	b []byte
	// at is an index, not the start of a shorter slice: a pointer that is stored
	// at each step would cost more than the step.
	at  int
	bad bool
}

// left returns how many bytes are left.
func (c *cursor) left() int { return len(c.b) - c.at }

func (c *cursor) fail() { c.at, c.bad = len(c.b), true }

func (c *cursor) uvarint() uint64 {
	if c.at < len(c.b) && c.b[c.at] < 0x80 {
		c.at++
		return uint64(c.b[c.at-1])
	}
	v, n := binary.Uvarint(c.b[c.at:])
	if n <= 0 {
		c.fail()
		return 0
	}
	c.at += n
	return v
}

// below returns a number less than limit.
func (c *cursor) below(limit int) int {
	v := c.uvarint()
	if v >= uint64(max(limit, 0)) {
		c.fail()
		return 0
	}
	return int(v)
}

// micros returns a time in microseconds.
func (c *cursor) micros() int64 {
	v := c.uvarint()
	if v > maxMicros {
		c.fail()
		return 0
	}
	return int64(v)
}

// bytes returns the next n bytes.
func (c *cursor) bytes(n int) []byte {
	if n > c.left() {
		c.fail()
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

// sized returns bytes that have their number before them.
func (c *cursor) sized() []byte { return c.bytes(c.below(c.left() + 1)) }

func (c *cursor) byte() byte {
	if c.at == len(c.b) {
		c.fail()
		return 0
	}
	c.at++
	return c.b[c.at-1]
}

// xor is the reverse of appendXOR.
func (c *cursor) xor() uint64 {
	zeros := c.byte()
	high, low := int(zeros>>4), int(zeros&15)
	if high+low > 8 {
		c.fail()
		return 0
	}
	var x uint64
	for i, b := range c.bytes(8 - high - low) {
		x |= uint64(b) << (8 * (low + i))
	}
	return x
}
