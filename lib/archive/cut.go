package archive

import (
	"errors"
	"io"
	"time"
)

// ErrSetBack says that a cut ends where the clock was set back.
var ErrSetBack = errors.New("the clock was set back there")

// Cut writes the records of a from one time to another to w, as one segment,
// and returns how many there are. The first one is the last at or before from.
// A cut ends where the clock was set back, with [ErrSetBack]: times never go
// back in a segment.
func Cut(w io.Writer, a *Archive, from, to time.Time) (records int, err error) {
	r, err := a.At(from)
	if err != nil {
		return 0, err
	}
	c := cutter{w: w}
	for err == nil && !r.Time.After(to) {
		if r.Time.Before(c.last) {
			return c.records, ErrSetBack
		}
		if err = c.add(r); err == nil {
			r, err = a.Next()
		}
	}
	if err == io.EOF {
		err = nil
	}
	return c.records, err
}

// A cutter writes records of an archive as a segment of their own.
type cutter struct {
	w       io.Writer
	encoder encoder
	buffer  []byte
	last    time.Time
	records int
	key     int // records since the key
}

func (c *cutter) add(r *Record) error {
	first := c.records == 0
	key := first || r.Baseline || c.key >= keyEvery || c.encoder.full()
	if r.Baseline {
		c.encoder.start, c.encoder.interval = r.Start, r.Interval
	}
	b := c.buffer[:0]
	var err error
	if first {
		b = append(b, segmentHeader...)
	} else if b, err = c.notes(b, r); err != nil {
		return err
	}
	b, err = c.encoder.append(b, key, r.Moment, r.Files)
	if errors.Is(err, ErrTooMuch) && !key {
		key = true
		b, err = c.encoder.append(b, key, r.Moment, r.Files)
	}
	if err == nil && first { // a segment starts with a key
		b, err = c.notes(b, r)
	}
	if err != nil {
		return err
	}
	if _, err := c.w.Write(b); err != nil {
		return err
	}
	c.encoder.written()
	c.buffer, c.last = b, r.Time
	c.records++
	if c.key++; key {
		c.key = 1
	}
	return nil
}

func (c *cutter) notes(dst []byte, r *Record) (_ []byte, err error) {
	for _, note := range r.Notes {
		if dst, err = c.encoder.appendNote(dst, r.Moment, note); err != nil {
			return nil, err
		}
	}
	return dst, nil
}
