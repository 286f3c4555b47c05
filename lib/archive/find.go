package archive

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"time"
)

// At returns the last record that was made at or before t, which is the
// baseline of those that Next returns. The error is [ErrEarlier] where all
// records are later, and [ErrEmpty] where there are none. After an error, Next
// returns the first record.
func (a *Archive) At(t time.Time) (*Record, error) {
	key, err := a.keyBefore(t.UnixMicro())
	if err == nil {
		err = a.forward(key.offset, t.UnixMicro())
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return &a.record, nil
}

// keyBefore opens the last segment that has a key at or before t, and returns
// the last one.
func (a *Archive) keyBefore(t int64) (*record, error) {
	if err := a.list(); err != nil {
		return nil, err
	}
	found := ErrEmpty
	for _, name := range slices.Backward(a.segments) {
		ok, err := a.use(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		first, err := a.open.firstKey()
		if err != nil {
			return nil, err
		}
		if first == nil {
			continue
		}
		if first.time <= t {
			return a.open.keyBefore(t)
		}
		found = ErrEarlier
	}
	return nil, found
}

// forward applies the records from the key at offset on that were made at or
// before t.
func (a *Archive) forward(offset, t int64) error {
	a.seek(offset)
	for {
		r, bad, err := a.open.step(a.offset, nil)
		if err != nil || r == nil || r.time > t {
			return err
		}
		a.skip(bad)
		if err := a.apply(r); err != nil {
			return &fs.PathError{Op: "read", Path: a.segmentPath(a.open.name), Err: fmt.Errorf("record at byte %d: %w", r.offset, err)}
		}
		a.record.Baseline, a.record.Elapsed = true, 0
	}
}

// seek makes offset of the open segment the place of the next record.
func (a *Archive) seek(offset int64) {
	a.offset, a.wrong, a.pending, a.notes = offset, nil, nil, nil
	a.decoder.ready, a.fresh = false, true
}

// Bounds returns the times of the first and of the last record.
func (a *Archive) Bounds() (first, last time.Time, err error) {
	b := &Archive{path: a.path, single: a.single}
	defer b.Close()
	if err := b.list(); err != nil {
		return first, last, err
	}
	for _, name := range b.segments {
		if ok, err := b.use(name); err != nil {
			return first, last, err
		} else if !ok {
			continue
		}
		key, err := b.open.firstKey()
		if err != nil {
			return first, last, err
		}
		if key != nil {
			first = time.UnixMicro(key.time)
			last, err = b.last()
			return first, last, err
		}
	}
	return first, last, ErrEmpty
}

// last returns the time of the last record.
func (a *Archive) last() (last time.Time, err error) {
	for _, name := range slices.Backward(a.segments) {
		if ok, err := a.use(name); err != nil {
			return last, err
		} else if !ok {
			continue
		}
		r, err := a.open.keyBefore(math.MaxInt64)
		if err != nil {
			return last, err
		}
		if r == nil {
			continue
		}
		for {
			last = time.UnixMicro(r.time)
			next, bad, err := a.open.step(r.end(), nil)
			if err != nil || next == nil || bad != nil {
				return last, err
			}
			r = next
		}
	}
	return last, ErrEmpty
}
