package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"mmstats/lib/mapping"
)

// An Archive is an archive that is read. It may be written at the same time.
// One goroutine at a time may use it.
type Archive struct {
	path     string
	single   bool     // path is a segment's
	segments []string // names, in the order of recording

	open     *segment
	offset   int64 // of the next record in it; 0 is its start
	end      int64 // the time in µs after which Next returns no record
	wrong    error // why that one is of no use
	decoder  decoder
	unpacker unpacker
	record   Record
	fresh    bool // the next record is a baseline
	notes    []string
	damages  []Damage
	pending  *Damage // at the end of the last segment, where more may come
}

// A Record is what was recorded at one tick.
type Record struct {
	Moment
	// Start is when the recording began. Another recording has another one.
	Start time.Time
	// Interval is the time between two ticks, as it was meant.
	Interval time.Duration
	// Elapsed is the time since the record before, by a clock that never goes
	// back, and 0 where Baseline is set.
	Elapsed time.Duration
	// Baseline says that no rate leads from the record before to this one: it
	// is the first one, or of another recording, or the time between was more
	// than 3 intervals, or damaged.
	Baseline bool
	// Files are in the order in which the recorder had them.
	Files []*File
	// Notes are what the recorder said since the record before.
	Notes []string
}

// Damage is a part of a segment that cannot be read.
type Damage struct {
	Segment string // the name of the file
	Offset  int64
	Size    int64 // bytes
	Reason  string
	// Torn says that this may be the record that was being written when the
	// recorder was killed, or that is being written now: nothing that was
	// recorded is lost.
	Torn bool
}

func (d Damage) String() string {
	return fmt.Sprintf("%s: %d bytes at byte %d cannot be read: %s", d.Segment, d.Size, d.Offset, d.Reason)
}

// Limits of what a hostile archive makes us remember.
const (
	maxDamages = 1000
	maxNotes   = 100  // between two records
	maxNote    = 4096 // bytes
)

var (
	// ErrEmpty says that an archive has no record.
	ErrEmpty = errors.New("no record in it")
	// ErrEarlier says that all records are later than a time.
	ErrEarlier = errors.New("all records are later")
)

// Open opens an archive: a directory of segments, or one segment.
func Open(path string) (*Archive, error) {
	a := &Archive{path: path, end: math.MaxInt64}
	info, err := mapping.Stat(path)
	if err != nil {
		return nil, err
	}
	a.single = !info.Mode.IsDir()
	if err := a.list(); err != nil {
		return nil, err
	}
	if len(a.segments) == 0 {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotArchive}
	}
	if a.single {
		err = a.checkSingle()
	}
	return a, err
}

// checkSingle opens the segment that the archive is, and reports whether it is
// one.
func (a *Archive) checkSingle() error {
	ok, err := a.use(a.segments[0])
	if err == nil && !ok {
		err = &fs.PathError{Op: "open", Path: a.path, Err: syscall.ENOENT}
	}
	if err != nil {
		return err
	}
	r, bad, err := a.open.step(0, nil)
	if err == nil && r == nil && bad != nil && !bad.Torn {
		err = &fs.PathError{Op: "open", Path: a.path, Err: errNotArchive}
	}
	if err != nil {
		a.Close()
	}
	return err
}

// Close closes the archive.
func (a *Archive) Close() {
	if a.open != nil {
		a.open.close()
		a.open = nil
	}
}

func (a *Archive) segmentPath(name string) string {
	if a.single {
		return a.path
	}
	return filepath.Join(a.path, name)
}

// list finds the segments.
func (a *Archive) list() error {
	if a.single {
		a.segments = []string{filepath.Base(a.path)}
		return nil
	}
	files, err := listSegments(a.path)
	if err != nil {
		return err
	}
	a.segments = a.segments[:0]
	for _, f := range files {
		a.segments = append(a.segments, f.name)
	}
	return nil
}

// use makes the segment called name the one that is read. It reports whether
// there is such a segment.
func (a *Archive) use(name string) (ok bool, err error) {
	if a.open != nil && a.open.name == name {
		return true, a.open.refresh()
	}
	s, err := openSegment(a.segmentPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // it was the oldest one
	}
	if err != nil {
		return false, err
	}
	a.Close()
	a.open = s
	return true, nil
}

// Next returns the next record. It is good until the next call, as is what At
// returns. The error is io.EOF after the last record; where the archive is
// being written, Next may be called again later.
func (a *Archive) Next() (*Record, error) {
	if a.open == nil {
		if ok, err := a.nextSegment(""); !ok {
			return nil, err
		}
		a.seek(0)
	}
	for {
		r, bad, err := a.open.step(a.offset, a.wrong)
		if err == nil && r == nil {
			r, bad, err = a.atEnd()
		}
		if err != nil {
			return nil, err
		}
		if r.time > a.end {
			if bad != nil && a.due(a.end) {
				a.skip(bad)
			}
			return nil, io.EOF
		}
		a.skip(bad)
		if err := a.apply(r); err != nil {
			a.offset, a.wrong = r.offset, err
			continue
		}
		if r.kind != noteRecord {
			return &a.record, nil
		}
	}
}

// atEnd returns the next record where the open segment seems to have no more,
// and io.EOF where there is none yet.
func (a *Archive) atEnd() (*record, *Damage, error) {
	for {
		name, err := a.later(a.open.name)
		if err != nil {
			return nil, nil, err
		}
		// What was appended before there was a later one.
		if err := a.open.refresh(); err != nil {
			return nil, nil, err
		}
		r, bad, err := a.open.step(a.offset, a.wrong)
		switch {
		case err != nil || r != nil:
			return r, bad, err
		case name == "":
			a.pending = bad
			return nil, nil, io.EOF
		}
		a.skip(bad)
		if ok, err := a.nextSegment(a.open.name); !ok {
			return nil, nil, err
		}
	}
}

// later returns the name of the segment that follows the one called name, and
// "" where there is none.
func (a *Archive) later(name string) (string, error) {
	if err := a.list(); err != nil {
		return "", err
	}
	for _, n := range a.segments {
		if n > name {
			return n, nil
		}
	}
	return "", nil
}

// nextSegment opens the segment that follows the one called name. Where there
// is none, the error is io.EOF.
func (a *Archive) nextSegment(name string) (ok bool, err error) {
	if ok, err = a.useLater(name); ok {
		a.offset, a.wrong, a.decoder.needKey = 0, nil, true
	} else if err == nil {
		err = io.EOF
	}
	return ok, err
}

// useLater opens the segment that follows the one called name. It reports whether
// there is one.
func (a *Archive) useLater(name string) (ok bool, err error) {
	for !ok {
		if name, err = a.later(name); err != nil || name == "" {
			return false, err
		}
		if ok, err = a.use(name); err != nil {
			return false, err
		}
	}
	return true, nil
}

// skip notes damage that the next record is behind.
func (a *Archive) skip(bad *Damage) {
	a.pending = nil
	if bad == nil {
		return
	}
	a.fresh, a.decoder.ready = true, false
	known := slices.ContainsFunc(a.damages, func(d Damage) bool { return d.Segment == bad.Segment && d.Offset == bad.Offset })
	if !known && len(a.damages) < maxDamages {
		a.damages = append(a.damages, *bad)
	}
}

// apply makes r part of a.record, and goes on behind it.
func (a *Archive) apply(r *record) error {
	payload, err := a.unpacker.unpack(r.codec, r.bytes)
	if err != nil {
		return err
	}
	a.offset, a.wrong = r.end(), nil
	if r.kind == noteRecord {
		if len(a.notes) < maxNotes {
			a.notes = append(a.notes, string(payload[:min(len(payload), maxNote)]))
		}
		return nil
	}
	d := &a.decoder
	start, since := d.start, d.since
	if err := d.decode(r.kind, payload); err != nil {
		return err
	}
	elapsed := time.Duration(d.since-since) * time.Microsecond
	late := d.interval > 0 && elapsed > 3*d.interval
	baseline := a.fresh || late || elapsed <= 0 || !d.start.Equal(start)
	if baseline {
		elapsed = 0
	}
	a.record = Record{
		Moment: Moment{time.UnixMicro(r.time), time.Duration(d.since) * time.Microsecond},
		Start:  d.start, Interval: d.interval,
		Elapsed: elapsed, Baseline: baseline,
		Files: d.files, Notes: a.notes,
	}
	a.notes, a.fresh = nil, false
	return nil
}

// Damage returns what could not be read so far, in the order in which it was
// met, and at most 1000 parts.
func (a *Archive) Damage() []Damage {
	if a.pending != nil {
		return append(slices.Clip(a.damages), *a.pending)
	}
	return a.damages
}

// Lost returns the [Archive.Damage] that cost records.
func (a *Archive) Lost() []Damage {
	return slices.DeleteFunc(slices.Clone(a.Damage()), func(d Damage) bool { return d.Torn })
}
