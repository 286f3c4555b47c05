package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// Totals are a stat file with the sums of the counters and histograms of removed
// files. It names no writer, so it is never taken for a dead one.
//
// A file is counted exactly once, even if this process is killed: the totals are
// replaced as a whole, and with the sums of a file they record its identity,
// until the file is gone. A file whose identity is recorded is removed without
// being counted again.
type totals struct {
	path   string // absolute
	reader reader.Reader
	sums   map[string]sum // by label
	folded []identity
	size   int // of the file at most, in bytes
}

// An identity tells a file from all others, even from a later one with the same
// inode number.
type identity struct {
	dev, ino uint64
	pid      int
	created  int64 // microseconds since 1970
	path     string
}

func (id identity) same(other identity) bool {
	id.path, other.path = "", ""
	return id == other
}

// String returns the identity as the totals record it.
func (id identity) String() string {
	return fmt.Sprintf("%d %d %d %d %s", id.dev, id.ino, id.pid, id.created, id.path)
}

func parseIdentity(s string) (id identity, err error) {
	fields := strings.SplitN(s, " ", 5)
	if len(fields) == 5 {
		id.path = fields[4]
		_, err = fmt.Sscan(strings.Join(fields[:4], " "), &id.dev, &id.ino, &id.pid, &id.created)
	}
	if err != nil || !filepath.IsAbs(id.path) {
		return id, fmt.Errorf("malformed record %q", s)
	}
	return id, nil
}

const (
	// recordLabel is the prefix of the labels of identities.
	recordLabel = "cleanstats.folded."
	// lockWait is how long to wait for one process that keeps the totals
	// locked, and lockPatience for all who add to them in turn.
	lockWait     = time.Second
	lockPatience = 10 * time.Second
)

// openTotals returns the totals called name, which need not exist yet. The error
// says why the file cannot be used as totals.
func openTotals(name string) (*totals, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	t := &totals{path: path}
	f, info, err := statfile.Open(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return t, t.load(f, info)
}

// fold adds what files have counted to the totals. For each file, doubts holds nil
// or the reason why it was left out.
func (t *totals) fold(dead []*candidate) (doubts []error, err error) {
	f, err := t.lock()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	doubts = make([]error, len(dead))
	for i, n := range dead {
		doubts[i] = t.add(n)
	}
	return doubts, t.publish()
}

// prune removes the records of files that are gone.
func (t *totals) prune() error {
	if len(t.folded) == 0 {
		return nil
	}
	f, err := t.lock()
	if err != nil {
		return err
	}
	defer f.Close()
	return t.publish()
}

// lock locks and loads the totals, without the records of files that are gone. It
// creates the file if there is none. Closing the file gives up the lock.
func (t *totals) lock() (*mapping.File, error) {
	deadline := time.Now().Add(lockPatience)
	for {
		f, _, err := statfile.Open(t.path, false)
		if errors.Is(err, fs.ErrNotExist) {
			if err := t.create(); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		current, err := t.lockCurrent(f)
		if err == nil && current {
			return f, nil
		}
		f.Close()
		if err == nil && time.Now().After(deadline) {
			err = &fs.PathError{Op: "lock", Path: t.path, Err: mapping.ErrLocked}
		}
		if err != nil {
			return nil, err
		}
	}
}

// lockCurrent locks and loads f, unless the totals were replaced before it got
// the lock.
func (t *totals) lockCurrent(f *mapping.File) (current bool, err error) {
	if err := f.Lock(lockWait); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := mapping.Lstat(t.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !named.SameFile(info) {
		return false, nil
	}
	if err == nil {
		err = t.load(f, info)
	}
	if err == nil {
		t.folded = slices.DeleteFunc(t.folded, identity.gone)
	}
	return true, err
}

// gone reports whether the file has neither its name any more, nor the one that it
// has while it is set aside.
func (id identity) gone() bool {
	dir, base := filepath.Split(id.path)
	return id.goneFrom(id.path) && id.goneFrom(dir+asideName(base))
}

func (id identity) goneFrom(path string) bool {
	info, err := mapping.Lstat(path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return info.Dev != id.dev || info.Ino != id.ino
}

// load reads the totals. A file with any other stats is an error.
func (t *totals) load(f *mapping.File, info mapping.Info) error {
	t.sums, t.folded, t.size = make(map[string]sum), nil, 1
	if err := t.reader.Read(f, info); err != nil {
		return err
	}
	for st := range t.reader.Stats() {
		var err error
		var id identity
		switch label := string(st.Label); {
		case st.Err != nil:
			err = st.Err
		case adds(&st):
			err = t.restore(&st)
		case st.Type() == format.String && strings.HasPrefix(label, recordLabel):
			if id, err = parseIdentity(string(st.Value.Text())); err == nil {
				t.record(id)
			}
		default:
			err = errors.New("it has other stats than counters and histograms")
		}
		if err != nil {
			return &fs.PathError{Op: "read", Path: t.path, Err: fmt.Errorf("no file of totals: %q: %w", st.Label, err)}
		}
	}
	return nil
}

// add adds what a dead file has counted, unless that was done before. After a
// doubt nothing has changed.
func (t *totals) add(n *candidate) error {
	path, err := filepath.Abs(n.file)
	if err != nil {
		return err
	}
	id := identity{n.info.Dev, n.info.Ino, n.writer.PID, n.writer.Created.UnixMicro(), path}
	if slices.ContainsFunc(t.folded, id.same) {
		return nil
	}
	size, stats := t.size+recordSize(id), len(t.sums)+len(t.folded)+1
	changed := make(map[string]sum)
	for _, s := range n.sums {
		old, known := changed[s.label]
		if !known {
			old, known = t.sums[s.label]
		}
		if known {
			size -= old.size()
			if s, err = old.plus(s); err != nil {
				return doubt(fmt.Sprintf("cannot be folded: %q: %v", s.label, err))
			}
		} else {
			stats++
		}
		size += s.size()
		changed[s.label] = s
	}
	if stats > statfile.MaxStats {
		return doubt(fmt.Sprintf("cannot be folded: the totals would have more than the %d stats that are read", statfile.MaxStats))
	}
	if size > statfile.DefaultMaxSize {
		return doubt(fmt.Sprintf("cannot be folded: the totals would grow past the %d bytes that are read", statfile.DefaultMaxSize))
	}
	maps.Copy(t.sums, changed)
	t.size = size - recordSize(id)
	t.record(id)
	return nil
}

// restore adds a stat of the file of totals to the sums.
func (t *totals) restore(st *format.Stat) error {
	s, err := sumOf(st)
	if err != nil {
		return err
	}
	if old, twice := t.sums[s.label]; twice {
		t.size -= old.size()
		if s, err = old.plus(s); err != nil {
			return err
		}
	}
	t.sums[s.label] = s
	t.size += s.size()
	return nil
}

func (t *totals) record(id identity) {
	t.folded = append(t.folded, id)
	t.size += recordSize(id)
}

// recordSize returns how many bytes the field of a record takes at most.
func recordSize(id identity) int { return fieldOverhead + len(recordLabel) + 20 + len(id.String()) }

// create creates the file of the totals, with nothing in it.
func (t *totals) create() error {
	f, err := t.write([]byte{format.Version})
	if err != nil {
		return err
	}
	defer f.Close()
	defer f.Discard()
	return f.Link()
}

// publish replaces the file of the totals, whose lock is held.
func (t *totals) publish() error {
	data, err := t.encode()
	if err != nil {
		return &fs.PathError{Op: "write", Path: t.path, Err: err}
	}
	f, err := t.write(data)
	if err != nil {
		return err
	}
	defer f.Close()
	defer f.Discard()
	if err := f.Replace(); err != nil {
		return err
	}
	// The dead files are removed next. The totals must be on the disk by then.
	dir, err := mapping.OpenDir(filepath.Dir(t.path) + "/.")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// write writes data to a new file for the totals, which has no name yet.
func (t *totals) write(data []byte) (*mapping.File, error) {
	f, err := mapping.CreateUnnamed(t.path, 0o644)
	if err != nil {
		return nil, err
	}
	err = f.Reserve(int64(mapping.RoundUp(len(data) + 1)))
	if err == nil {
		_, err = f.WriteAt(data, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Discard()
		f.Close()
		return nil, err
	}
	return f, nil
}

// encode returns the totals as a stat file.
func (t *totals) encode() (data []byte, err error) {
	data = []byte{format.Version}
	for _, label := range slices.Sorted(maps.Keys(t.sums)) {
		if data, err = t.sums[label].append(data); err != nil {
			return nil, err
		}
	}
	for i, id := range t.folded {
		text := []byte(id.String())
		spec := format.Spec{Label: recordLabel + strconv.Itoa(i+1), Type: format.String, Update: format.Never, Size: len(text)}
		if data, err = appendStat(data, spec, format.TextValue(text)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// appendStat appends a field with a value. The field must not be buffered.
func appendStat(data []byte, spec format.Spec, value format.Value) ([]byte, error) {
	start := len(data)
	data, err := format.AppendField(data, spec)
	if err != nil {
		return nil, err
	}
	fd, err := format.FieldAt(data, start)
	if err != nil {
		return nil, err
	}
	return data, fd.Signature.Encode(data[fd.ValueOffset:], value)
}
