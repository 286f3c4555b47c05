package archive

import "encoding/binary"

// A cursor reads the numbers and bytes of a payload. Where they do not make
// sense, it returns zeros from then on, and bad is set.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) fail() { c.b, c.bad = nil, true }

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
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
	if n > len(c.b) {
		c.fail()
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

// sized returns bytes that have their number before them.
func (c *cursor) sized() []byte { return c.bytes(c.below(len(c.b) + 1)) }

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.fail()
		return 0
	}
	b := c.b[0]
	c.b = c.b[1:]
	return b
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
