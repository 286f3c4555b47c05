package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"mmstats/lib/mapping"
)

// Sizes of archives.
const (
	// DefaultMaxSize bounds an archive where nothing else is said, in bytes.
	DefaultMaxSize = 256 << 20
	// LeastMaxSize is the least bound, in bytes.
	LeastMaxSize = 1 << 20
	// parts is how many segments there are in an archive that is as large, or
	// as old, as it may get. There are fewer where that would be fewer than
	// keyShare keys in each.
	parts    = 16
	keyShare = 8
	minParts = 4
	// block is what a file takes a multiple of on the disk, in bytes.
	block = 4096
)

// Options say how a [Writer] records.
type Options struct {
	// Interval is the time between two ticks. To readers, a time of more than
	// 3 intervals is a gap.
	Interval time.Duration
	// MaxSize bounds the archive, in bytes: the oldest segments are deleted. 0
	// is DefaultMaxSize.
	MaxSize int64
	// MaxAge is how old segments get before they are deleted. 0 is as old as
	// MaxSize lets them.
	MaxAge time.Duration
	// Sync is how many records are written from one time that they are forced
	// to the disk to the next. 0 is up to each key.
	Sync int
}

// A Writer records in a directory. One process at a time does, and in it one
// goroutine.
type Writer struct {
	Options
	dir     string
	lock    *mapping.File // of the directory
	encoder encoder
	buffer  []byte

	segment  *mapping.File // nil where the next record starts a new one
	name     string        // of the newest segment
	begun    time.Time     // the time of its first record
	size     int64         // of segment
	limit    int64         // at which a new one is begun
	keySize  int64         // of the last key
	total    int64         // of all segments, on the disk
	written  int64         // bytes
	last     time.Time     // of the last record
	records  int           // since the key
	unsynced int           // records
	dropped  int           // records since the last one that was written
	reason   error         // of that
	// owed is how many bytes have to be written before more segments are
	// deleted on a full disk.
	owed int64
}

// lockWait is how long a writer waits for the lock of its directory. The one
// before it may have started another program just when it ended, and that holds
// the lock until it is loaded.
const lockWait = 200 * time.Millisecond

// NewWriter returns a writer of the archive in the directory called dir, which
// it makes where there is none. The error wraps [mapping.ErrLocked] where
// another process records there.
func NewWriter(dir string, o Options) (*Writer, error) {
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if o.MaxSize < LeastMaxSize {
		return nil, fmt.Errorf("an archive of at most %d bytes, it needs %d", o.MaxSize, LeastMaxSize)
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	lock, err := mapping.Open(dir, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	w := &Writer{Options: o, dir: dir, lock: lock}
	w.encoder.start, w.encoder.interval = time.Now(), o.Interval
	if err := w.begin(); err != nil {
		lock.Close()
		return nil, err
	}
	return w, nil
}

func (w *Writer) begin() error {
	info, err := w.lock.Stat()
	if err != nil {
		return err
	}
	if !info.Mode.IsDir() {
		return &fs.PathError{Op: "open", Path: w.dir, Err: syscall.ENOTDIR}
	}
	if err := w.lock.MayChange(); err != nil {
		return err
	}
	if err := w.lock.Lock(lockWait); err != nil {
		return err
	}
	_, err = w.list()
	return err
}

// ErrSync says that a record was written, but perhaps not to the disk.
var ErrSync = errors.New("not synced")

// Close ends the recording. All records are on the disk then.
func (w *Writer) Close() error {
	var err error
	if w.segment != nil {
		err = w.segment.Datasync()
		w.closeSegment()
	}
	return errors.Join(err, w.lock.Close())
}

// Size returns how much the archive takes on the disk, in bytes.
func (w *Writer) Size() int64 { return w.total }

// Written returns how many bytes were written, ever.
func (w *Writer) Written() int64 { return w.written }

// Record appends a record of files, in the order in which readers get them. A
// file is recorded once more when it is Gone. One that was in the record
// before and is not among them is gone as well.
//
// The record is not in the archive where there is an error other than
// [ErrSync]. The next one may be: a disk that was full has room again.
func (w *Writer) Record(m Moment, files []*File) error {
	m.Time = m.Time.Round(0) // compare it by the clock, which may be set back
	err := w.record(m, files)
	if err != nil && !errors.Is(err, ErrSync) {
		w.reason = err
		w.dropped++
	}
	return err
}

func (w *Writer) record(m Moment, files []*File) error {
	key := w.segment == nil || w.dropped > 0 || w.records >= keyEvery || m.Time.Before(w.last) || w.old(m) || w.encoder.full() || w.deleted()
	if key {
		if err := w.tidy(m); err != nil {
			return err
		}
	}
	err := w.pack(key, m, files)
	if !key && (errors.Is(err, ErrTooMuch) || err == nil && w.size+w.bufferSize() > w.limit) {
		key = true
		err = w.pack(key, m, files)
	}
	if err != nil {
		return err
	}
	if key {
		w.keySize = w.bufferSize()
	}
	if w.size+w.bufferSize() > w.limit {
		w.closeSegment()
	}
	if err := w.store(m.Time); err != nil {
		return err
	}
	w.encoder.written()
	w.last, w.dropped = m.Time, 0
	if w.records++; key {
		w.records = 1
	}
	return w.sync(key)
}

// old reports whether the time of the first record in the segment calls for a
// new one.
func (w *Writer) old(m Moment) bool { return w.MaxAge > 0 && m.Time.Sub(w.begun) > w.MaxAge/parts }

// deleted reports whether somebody deleted the segment, so that nobody would read
// what is added to it.
func (w *Writer) deleted() bool {
	info, err := w.segment.Stat()
	return err == nil && info.Nlink == 0
}

// bufferSize is how much of w.buffer is written: a new segment gets its header
// as well.
func (w *Writer) bufferSize() int64 {
	if w.segment == nil {
		return int64(len(w.buffer))
	}
	return int64(len(w.buffer) - len(segmentHeader))
}

// pack makes w.buffer a header of a segment and a record.
func (w *Writer) pack(key bool, m Moment, files []*File) (err error) {
	w.buffer, err = w.encoder.append(append(w.buffer[:0], segmentHeader...), key, m, files)
	if err == nil && w.dropped > 0 {
		w.buffer, err = w.encoder.appendNote(w.buffer, m, fmt.Sprintf("ticks dropped: %d, %v", w.dropped, w.reason))
	}
	return err
}
