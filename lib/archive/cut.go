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
	packer  packer
	buffer  []byte
	last    time.Time
	records int
	key     int // records since the key
}

func (c *cutter) add(r *Record) error {
	c.buffer = c.buffer[:0]
	if c.records == 0 {
		c.buffer = append(c.buffer, segmentHeader...)
	}
	t := r.Time.UnixMicro()
	if c.records > 0 { // a segment starts with a key
		if err := c.notes(t, r.Notes); err != nil {
			return err
		}
	}
	key := c.records == 0 || r.Baseline || c.key >= keyEvery || c.encoder.full()
	if r.Baseline {
		c.encoder.start, c.encoder.interval = r.Start, r.Interval
	}
	payload, err := c.encoder.encode(key, r.Moment, r.Files)
	if errors.Is(err, ErrTooMuch) && !key {
		key = true
		payload, err = c.encoder.encode(key, r.Moment, r.Files)
	}
	if err != nil {
		return err
	}
	kind := byte(changeRecord)
	if key {
		kind, c.key = keyRecord, 0
	}
	if c.buffer, err = c.packer.append(c.buffer, kind, t, payload); err != nil {
		return err
	}
	if c.records == 0 {
		if err := c.notes(t, r.Notes); err != nil {
			return err
		}
	}
	if _, err := c.w.Write(c.buffer); err != nil {
		return err
	}
	c.encoder.written()
	c.last = r.Time
	c.records++
	c.key++
	return nil
}

func (c *cutter) notes(t int64, notes []string) (err error) {
	for _, note := range notes {
		if c.buffer, err = c.packer.append(c.buffer, noteRecord, t, []byte(note)); err != nil {
			return err
		}
	}
	return nil
}
