package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"mmstats/lib/mapping"
)

// tidy looks at the directory before a key is written, and deletes what is too
// old. It closes the segment where that is old enough, or has lost its name,
// or where the clock was set back: times never go back in a segment.
func (w *Writer) tidy(m Moment) error {
	segments, err := w.list()
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(segments, func(s segmentFile) bool { return s.name == w.name })
	if !named || w.old(m) || m.Time.Before(w.last) {
		w.closeSegment()
	}
	if err := w.setLimit(); err != nil {
		return err
	}
	return w.removeWhile(segments, func(s segmentFile) bool { return w.MaxAge > 0 && m.Time.Sub(s.modTime) > w.MaxAge })
}

// setLimit sets w.limit to a part of what the archive may have, or of what the
// disk has for it. So there are old segments to delete on a small disk as well.
func (w *Writer) setLimit() error {
	free, err := w.lock.Free()
	if err != nil {
		return err
	}
	most := min(w.MaxSize, w.total+free)
	w.limit = min(max(most/parts, keyShare*w.keySize), most/minParts)
	return nil
}

// list finds the segments.
func (w *Writer) list() ([]segmentFile, error) {
	segments, err := listSegments(w.dir)
	if err != nil {
		return nil, err
	}
	w.total = 0
	for _, s := range segments {
		w.total += onDisk(s.size)
		w.name = max(w.name, s.name)
	}
	return segments, nil
}

func onDisk(size int64) int64 { return (size + block - 1) / block * block }

func (w *Writer) closeSegment() {
	if w.segment != nil {
		w.segment.Close()
		w.segment = nil
	}
	w.size = 0
}

// removeWhile deletes segments, the oldest first, up to one that is not too much.
// It leaves the one that is written.
func (w *Writer) removeWhile(segments []segmentFile, tooMuch func(segmentFile) bool) error {
	for _, s := range segments {
		if !tooMuch(s) || w.segment != nil && s.name == w.name {
			break
		}
		if err := os.Remove(filepath.Join(w.dir, s.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		w.total -= onDisk(s.size)
	}
	return nil
}

// removeOldest deletes the oldest segments until enough says so.
func (w *Writer) removeOldest(enough func() bool) error {
	if enough() {
		return nil
	}
	segments, err := w.list()
	if err != nil {
		return err
	}
	return w.removeWhile(segments, func(segmentFile) bool { return !enough() })
}

// store writes w.buffer, within the bound of the archive. On a full disk it
// deletes the oldest segments and tries again. Where others take that room, it
// does not go on so: they would get all of the archive in the end.
func (w *Writer) store(t time.Time) error {
	need := w.bufferSize()
	if onDisk(need) > w.MaxSize {
		return fmt.Errorf("%w: a record of %d bytes, where %d are the most", ErrTooMuch, need, w.MaxSize)
	}
	fits := func() bool { return w.total-onDisk(w.size)+onDisk(w.size+need) <= w.MaxSize }
	if err := w.removeOldest(fits); err != nil {
		return err
	}
	err := w.write(t)
	if !diskFull(err) || w.owed > 0 {
		return err
	}
	before := w.total
	if rerr := w.removeOldest(func() bool { return before-w.total >= 2*need }); rerr != nil || w.total == before {
		return err
	}
	w.owed = (before - w.total) / 2
	return w.write(t)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// write writes w.buffer by one system call.
func (w *Writer) write(t time.Time) error {
	if w.segment == nil {
		return w.writeNew(t)
	}
	b := w.buffer[len(segmentHeader):]
	if _, err := w.segment.WriteAt(b, w.size); err != nil {
		// Half a record would look like damage to readers.
		if cut := w.segment.Truncate(w.size); cut != nil {
			w.closeSegment()
			w.encoder.forget()
			return cut
		}
		return err
	}
	w.grow(int64(len(b)))
	return nil
}

// writeNew begins a segment. Its name is the time of its first record, and
// later than the other names whatever the clock says.
func (w *Writer) writeNew(t time.Time) error {
	name := segmentName(t)
	if newest, ok := parseName(w.name); ok && name <= w.name {
		name = segmentName(newest.Add(time.Microsecond))
	}
	path := filepath.Join(w.dir, name)
	f, err := mapping.Open(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(w.buffer, 0); err != nil {
		f.Close()
		if os.Remove(path) != nil {
			w.encoder.forget()
		}
		return err
	}
	w.segment, w.name, w.begun, w.size = f, name, t, 0
	w.grow(int64(len(w.buffer)))
	return nil
}

func (w *Writer) grow(n int64) {
	w.total += onDisk(w.size+n) - onDisk(w.size)
	w.size += n
	w.written += n
	w.owed -= n
}

// sync forces the records to the disk when it is time, and with a key the name
// of the segment.
func (w *Writer) sync(key bool) error {
	w.unsynced++
	if w.Sync <= 0 && !key || w.Sync > 0 && w.unsynced < w.Sync {
		return nil
	}
	w.unsynced = 0
	err := w.segment.Datasync()
	if err == nil && key {
		err = w.lock.Sync()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSync, err)
	}
	return nil
}
