package archive

import (
	"fmt"
	"io"
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
		switch first, err := a.firstKey(name); {
		case err != nil:
			return nil, err
		case first == nil:
		case first.time <= t:
			return a.open.keyBefore(t)
		default:
			found = ErrEarlier
		}
	}
	return nil, found
}

// firstKey opens the segment called name and returns its first key, and nil where
// there is none or no such segment.
func (a *Archive) firstKey(name string) (*record, error) {
	if ok, err := a.use(name); err != nil || !ok {
		return nil, err
	}
	return a.open.next(int64(len(segmentHeader)), a.open.size, keyRecords)
}

// forward applies the records from the key at offset on that were made at or
// before t.
func (a *Archive) forward(offset, t int64) error {
	a.seek(offset)
	for {
		r, bad, err := a.open.step(a.offset, nil)
		found := err != nil || r == nil || r.time > t
		if bad != nil && !bad.Torn && (!found || a.due(t)) {
			a.skip(bad)
		}
		if found {
			return err
		}
		if err := a.apply(r); err != nil {
			return &fs.PathError{Op: "read", Path: a.segmentPath(a.open.name), Err: fmt.Errorf("record at byte %d: %w", r.offset, err)}
		}
		a.record.Baseline, a.record.Elapsed = true, 0
	}
}

// due reports whether, after a.record, another one was to be made up to the time t
// in µs: where the next bytes are damaged, that is what they may have been.
func (a *Archive) due(t int64) bool {
	return a.record.Time.Add(a.record.Interval).UnixMicro() <= t
}

// nextKey returns the first key that was made at or after from, and leaves out
// what is between. A file that both records have goes on, where it has the same
// path, inode, stats and constants. The error is [io.EOF] where there is no key up to
// a.end; then [Archive.Next] goes on as before. It may be called after Next or
// At returned a record.
func (a *Archive) nextKey(from time.Time) (*Record, error) {
	name, offset := a.open.name, a.offset
	for {
		key, err := a.keyFrom(offset, from.UnixMicro())
		if err == nil && (key == nil || key.time > a.end) {
			err = a.back(name)
		}
		if err != nil {
			return nil, err
		}
		if err := a.leap(key, from); err == nil {
			return &a.record, nil
		}
		a.skip(&Damage{a.open.name, key.offset, key.end() - key.offset, err.Error(), false})
		name, offset = a.open.name, key.end()
	}
}

// back opens the segment called name again, or where it was deleted the one that
// follows. The error is io.EOF where that went well.
func (a *Archive) back(name string) error {
	ok, err := a.use(name)
	if err == nil && !ok {
		_, err = a.nextSegment(name)
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// keyFrom opens the segment that has the first key at or after the time from,
// and returns it, and nil where there is none. Offset is where it may start in
// the open segment.
func (a *Archive) keyFrom(offset, from int64) (*record, error) {
	for {
		// As a rule it is the next one, and no search is needed.
		key, err := a.open.next(max(offset, int64(len(segmentHeader))), a.open.size, keyRecords)
		if err == nil && key != nil && key.time < from {
			if key, err = a.open.keyBefore(from - 1); err == nil && key != nil {
				key, err = a.open.next(key.end(), a.open.size, keyRecords)
			}
		}
		if err != nil || key != nil {
			return key, err
		}
		if ok, err := a.useLater(a.open.name); !ok {
			return nil, err
		}
		offset = 0
	}
}

// leap applies a key of the open segment, from a record that may be long before
// it. It is a baseline where it is the first one after a gap.
func (a *Archive) leap(key *record, from time.Time) error {
	d := &a.decoder
	last := make(map[fileID]*File, len(d.files))
	for _, f := range d.files {
		if !f.Gone {
			last[fileID{f.Path, f.Inode}] = f
		}
	}
	start, since := d.start, d.since
	d.ready = false // the numbers of its files are those of the record before it
	if err := a.apply(key); err != nil {
		return err
	}
	d.resume(last)
	r := &a.record
	r.Files = d.files
	elapsed := time.Duration(d.since-since) * time.Microsecond
	gap := r.Time.Sub(from) > (keyEvery+3)*r.Interval
	if r.Baseline = gap || elapsed <= 0 || !d.start.Equal(start); !r.Baseline {
		r.Elapsed = elapsed
	}
	return nil
}

// seek makes offset of the open segment the place of the next record.
func (a *Archive) seek(offset int64) {
	a.offset, a.wrong, a.pending, a.notes = offset, nil, nil, nil
	a.decoder.ready, a.fresh = false, true
}

// again returns the same archive as if it were just opened: what reads it leaves a
// where it is.
func (a *Archive) again() (*Archive, error) {
	b := &Archive{path: a.path, single: a.single}
	return b, b.list()
}

// Bounds returns the times of the first and of the last record.
func (a *Archive) Bounds() (first, last time.Time, err error) {
	b, err := a.again()
	if err != nil {
		return first, last, err
	}
	defer b.Close()
	for _, name := range b.segments {
		key, err := b.firstKey(name)
		if err != nil {
			return first, last, err
		}
		if key != nil {
			first = time.UnixMicro(key.time)
			break
		}
	}
	for _, name := range slices.Backward(b.segments) {
		if _, last, err = b.span(name); err != nil || !last.IsZero() {
			return first, last, err
		}
	}
	return first, last, b.empty()
}

// empty returns [ErrEmpty], with the first damage where that is why there is no
// record.
func (a *Archive) empty() error {
	for _, name := range a.segments {
		if ok, err := a.use(name); err != nil || !ok {
			continue
		}
		if _, bad, _ := a.open.step(int64(len(segmentHeader)), nil); bad != nil && !bad.Torn {
			return fmt.Errorf("%w: %s", ErrEmpty, bad)
		}
	}
	return ErrEmpty
}

// span returns the times of the first and of the last record of the segment called
// name, and zero times where it has no key.
func (a *Archive) span(name string) (first, last time.Time, err error) {
	key, err := a.firstKey(name)
	if err != nil || key == nil {
		return first, last, err
	}
	first = time.UnixMicro(key.time)
	for r, err := a.open.keyBefore(math.MaxInt64); ; {
		if err != nil || r == nil {
			return first, last, err
		}
		last = time.UnixMicro(r.time)
		var bad *Damage
		if r, bad, err = a.open.step(r.end(), nil); bad != nil {
			return first, last, err
		}
	}
}

// covers reports whether t is between the first and the last record of a
// segment, or up to a second after it. Where the clock was set back, that may be
// so outside of Bounds.
func (a *Archive) covers(t time.Time) (bool, error) {
	b, err := a.again()
	if err != nil {
		return false, err
	}
	defer b.Close()
	for _, name := range b.segments {
		first, last, err := b.span(name)
		if err != nil {
			return false, err
		}
		if !first.IsZero() && !t.Before(first) && !t.After(last.Add(time.Second)) {
			return true, nil
		}
	}
	return false, nil
}
