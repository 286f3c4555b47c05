package archive

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mmstats/lib/mapping"
)

// Ext is what the names of segments end with.
const Ext = ".mmrec"

// nameLayout is the time in the name of a segment, in UTC.
const nameLayout = "20060102T150405.000000Z"

// segmentName returns the name of a segment of which the first record was made
// at t.
func segmentName(t time.Time) string { return t.UTC().Format(nameLayout) + Ext }

// parseName returns the time in the name of a segment, and whether it is one.
func parseName(name string) (t time.Time, ok bool) {
	stem, ok := strings.CutSuffix(name, Ext)
	if !ok {
		return t, false
	}
	t, err := time.Parse(nameLayout, stem)
	return t, err == nil && segmentName(t) == name
}

// A segmentFile is one segment in a directory.
type segmentFile struct {
	name    string
	size    int64 // bytes
	modTime time.Time
}

// listSegments returns the segments in a directory in the order in which they
// were recorded. Other files are left out.
func listSegments(dir string) ([]segmentFile, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var segments []segmentFile
	for _, e := range entries {
		if _, ok := parseName(e.Name()); !ok || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was the oldest one
		}
		if err != nil {
			return nil, err
		}
		segments = append(segments, segmentFile{e.Name(), info.Size(), info.ModTime()})
	}
	return segments, nil
}

// windowSize is how much of a segment is read at a time, in bytes, or more
// where one record is larger.
const windowSize = 256 << 10

// A segment is an open segment that is read.
type segment struct {
	name   string // without the directory
	file   *mapping.File
	size   int64
	window []byte // its bytes from offset on
	offset int64
}

// openSegment opens a segment.
func openSegment(path string) (*segment, error) {
	f, err := mapping.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	s := &segment{name: filepath.Base(path), file: f}
	info, err := f.Stat()
	if err == nil && !info.Regular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotArchive}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	s.size = info.Size
	return s, nil
}

var errNotArchive = errors.New("not an archive")

func (s *segment) close() { s.file.Close() }

// refresh makes what was appended, or cut off and written anew, since the last
// look visible.
func (s *segment) refresh() error {
	info, err := s.file.Stat()
	s.size, s.window = info.Size, s.window[:0]
	return err
}

// bytes returns n bytes from offset on, which must be inside the segment, or
// fewer where the file is shorter by now. They are good until the next call.
func (s *segment) bytes(offset int64, n int) ([]byte, error) {
	at := offset - s.offset
	if at >= 0 && at+int64(n) <= int64(len(s.window)) {
		return s.window[at : at+int64(n)], nil
	}
	size := int(min(int64(max(n, windowSize)), s.size-offset))
	if cap(s.window) < size {
		s.window = make([]byte, size)
	}
	s.offset, s.window = offset, s.window[:size]
	got, err := s.file.ReadAt(s.window, offset)
	s.window = s.window[:got]
	if got < n && err != nil && err != io.EOF {
		return nil, err
	}
	return s.window[:min(n, got)], nil
}

// A record is one record of a segment.
type record struct {
	header
	offset int64
	bytes  []byte // good until the segment is read again
}

func (r *record) end() int64 { return r.header.end(r.offset) }

// A damage is why no record starts at an offset.
type damage struct {
	reason error
	// torn says that the bytes could be the start of a record.
	torn bool
}

var errTorn = errors.New("the last record is not whole")

// checkHeader returns a damage where the segment does not start as it should. An
// empty one was just made.
func (s *segment) checkHeader() (bad *damage, err error) {
	b, err := s.bytes(0, int(min(int64(len(segmentHeader)), s.size)))
	if err == nil && !strings.HasPrefix(segmentHeader, string(b)) {
		bad = &damage{reason: errors.New("not the start of an archive of version 1")}
	}
	return bad, err
}

// at returns the record at offset, or the damage where none is. The error says
// that the segment cannot be read.
func (s *segment) at(offset int64) (*record, *damage, error) {
	left := s.size - offset
	b, err := s.bytes(offset, int(min(headerSize, left)))
	if err != nil {
		return nil, nil, err
	}
	if len(b) < headerSize {
		return nil, &damage{errTorn, strings.HasPrefix(recordMark, string(b[:min(len(b), len(recordMark))]))}, nil
	}
	h, err := parseHeader(b)
	if err != nil {
		return nil, &damage{reason: err}, nil
	}
	size := headerSize + h.size
	if int64(size) > left {
		return nil, &damage{errTorn, true}, nil
	}
	if b, err = s.bytes(offset, size); err != nil {
		return nil, nil, err
	}
	if len(b) < size {
		return nil, &damage{errTorn, true}, nil
	}
	if err := checkRecord(b); err != nil {
		return nil, &damage{reason: err}, nil
	}
	return &record{h, offset, b}, nil, nil
}

// nextMark returns the first offset from start on, and before end, at which a
// record of one of kinds may start, or end. Payloads have no such place.
func (s *segment) nextMark(start, end int64, kinds string) (int64, error) {
	const size = len(recordMark) + 1
	for start+int64(size) <= end {
		b, err := s.bytes(start, int(min(windowSize, end-start)))
		if err != nil || len(b) < size {
			return end, err
		}
		for i := 0; ; i++ {
			mark := bytes.Index(b[i:], []byte(recordMark))
			if i += mark; mark < 0 || i+size > len(b) {
				break
			}
			if strings.IndexByte(kinds, b[i+size-1]) >= 0 {
				return start + int64(i), nil
			}
		}
		start += int64(len(b) - size + 1)
	}
	return end, nil
}

// next returns the first record of one of kinds from start on that is as it
// was written, and nil where there is none before end.
//
// What only looks like a record is given up where the next mark stands inside
// of it. So each byte is read a few times at most, whatever they are.
func (s *segment) next(start, end int64, kinds string) (*record, error) {
	for {
		at, err := s.nextMark(start, end, kinds)
		if err != nil || at == end || s.size-at < headerSize {
			return nil, err
		}
		start = at + 1
		b, err := s.bytes(at, headerSize)
		if err != nil {
			return nil, err
		}
		if len(b) < headerSize {
			return nil, nil
		}
		h, err := parseHeader(b)
		if err != nil || h.end(at) > s.size {
			continue
		}
		stop, err := s.nextMark(at+headerSize, h.end(at), allRecords)
		if err != nil {
			return nil, err
		}
		if stop < h.end(at) {
			continue
		}
		if r, _, err := s.at(at); r != nil || err != nil {
			return r, err
		}
	}
}

// step returns the record at offset, and nil at the end of the segment. Where
// that cannot be read, it returns the next key, and what is between. Wrong says
// why the record at offset is of no use, although it is as it was written.
func (s *segment) step(offset int64, wrong error) (*record, *Damage, error) {
	if offset >= s.size {
		return nil, nil, nil
	}
	var r *record
	var bad *damage
	var err error
	switch {
	case offset == 0:
		if bad, err = s.checkHeader(); bad == nil && err == nil {
			return s.step(int64(len(segmentHeader)), nil)
		}
	case wrong != nil:
		bad = &damage{reason: wrong}
	default:
		r, bad, err = s.at(offset)
	}
	if r != nil || err != nil {
		return r, nil, err
	}
	if bad.torn {
		if other, err := s.next(offset+1, s.size, allRecords); err != nil || other == nil {
			return nil, &Damage{s.name, offset, s.size - offset, bad.reason.Error(), true}, err
		}
	}
	key, err := s.next(offset+1, s.size, keyRecords)
	end := s.size
	if key != nil {
		end = key.offset
	}
	return key, &Damage{s.name, offset, end - offset, bad.reason.Error(), false}, err
}

// keyBefore returns the last key that was made at or before the time t in µs,
// and nil where there is none. It reads a small part of the segment: times
// never go back in it.
func (s *segment) keyBefore(t int64) (best *record, err error) {
	low, high := int64(len(segmentHeader)), s.size
	for low < high {
		middle := low + (high-low)/2
		if high-low < windowSize {
			middle = low
		}
		key, err := s.next(middle, high, keyRecords)
		switch {
		case err != nil:
			return nil, err
		case key == nil:
			high = middle
		case key.time <= t:
			best, low = key, key.end()
		default:
			high = middle
		}
	}
	return best, nil
}
