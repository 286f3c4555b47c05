package mmstats

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A store is a stat file that is open: its memory, its fields, and the right to
// change them.
//
// Whoever changes more than one word of a file must be its only writer. The
// process that owns a file is: it holds the lock as long as the store is open,
// and a mutex of the field keeps its goroutines apart. Anybody else is one
// between lock and unlock. Lock order: mu, then the mutex of a field.
type store struct {
	path   string
	prefix string // before the label of every change
	owner  bool   // of the file; set before others use the store
	access mapping.Access
	closed atomic.Bool

	mu      sync.Mutex    // a visitor's updates, and all below
	file    *mapping.File // nil while a file of other writers is left to them
	other   *mapping.File // holds the lock of such a file
	info    mapping.Info  // of file, when it was opened
	size    int64         // of file, when it was last loaded
	writer  liveness.Writer
	loader  statfile.Loader
	regions []*mapping.Region // each maps the file from its start; the last, the most of it
	bound   bool              // stats refer to the regions
	done    chan struct{}     // closed by close
	// histograms are those that this process updates.
	histograms []*mapping.Histogram
	beats      []*field          // heartbeats of the file, without one of our own
	searched   int               // how many of loader.Fields were searched for them
	fields     map[string]*field // by label after the prefix: those that were needed so far
	index      map[string]int    // by label: where it is in loader.Fields
	indexed    int               // how many of loader.Fields are in index
	batch      batch             // its memory serves one after the other

	locked   bool      // this is the only writer
	complete bool      // and has loaded all fields
	hold     bool      // and stays it after an update
	waited   time.Time // in vain for the lock: for a second, no update waits again

	mark    string // what never changes of the last field, to see whether it is still there
	markAt  int    // where it stands in the file
	dropped uint64 // updates that had nobody to return an error to
	err     error  // the first reason
}

// lockWait is how long a visitor waits for one process to give up the lock of
// a file: anybody who can read the file can hold it.
const lockWait = time.Second

// endSize is the room for the 0 that ends the fields.
const endSize = 2

// errRewritten says that the fields of the file are gone from under its name.
var errRewritten = errors.New("file was truncated or written anew")

func newStore(path, prefix string) *store {
	return &store{
		path: path, prefix: prefix, done: make(chan struct{}),
		fields: make(map[string]*field), index: make(map[string]int),
	}
}

func (s *store) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: s.path, Err: err}
}

// make makes a file without a name, which this process owns.
func (s *store) make() (err error) {
	if s.file, err = mapping.CreateUnnamed(s.path, 0o644); err != nil {
		return err
	}
	s.owner, s.locked, s.complete = true, true, true
	if err = s.file.TryLock(); err == nil {
		s.info, err = s.file.Stat()
	}
	return err
}

// open opens the file of the path, loads and maps it. A file of writers that
// take no lock, such as those in Python, is left to them: it is not open then.
func (s *store) open() (err error) {
	s.access = mapping.Visited
	if s.file, s.info, err = statfile.OpenUpdate(s.path); err != nil {
		return err
	}
	err = s.loader.Load(s.file, s.info)
	if err == nil {
		s.writer, _ = liveness.WriterOf(s.loader.Data)
		if s.writer.Aligned {
			err = s.loaded(s.info.Size)
		}
	}
	if err != nil || !s.writer.Aligned {
		s.leave()
	}
	return err
}

// takeOver opens a file of writers that take no lock, for as long as this is
// its only writer. Meanwhile nobody else may have it open for writing: that is
// how a lease tells whether they run.
func (s *store) takeOver() (err error) {
	var info mapping.Info
	if s.other, info, err = statfile.Open(s.path, false); err != nil {
		return err
	}
	if err = s.waitFor(s.other); err == nil {
		err = s.loader.Load(s.other, info)
	}
	if err == nil {
		s.writer, _ = liveness.WriterOf(s.loader.Data)
		if (liveness.Judge{}).Owned(s.other, s.writer, info).Yes {
			err = s.fail("update", ErrInUse)
		}
	}
	if err == nil {
		s.file, s.info, err = statfile.OpenUpdate(s.path)
	}
	if err == nil && !s.info.SameFile(info) {
		err = s.fail("update", ErrReplaced)
	}
	if err == nil {
		err = s.loaded(s.info.Size)
	}
	if err != nil {
		s.leave()
		return err
	}
	s.locked, s.complete = true, true
	return nil
}

// leave closes the file, and forgets what was loaded of it.
func (s *store) leave() error {
	var errs []error
	for _, r := range s.regions {
		errs = append(errs, s.fail("unmap", r.Close()))
	}
	if s.file != nil {
		errs = append(errs, s.file.Close())
	}
	if s.other != nil {
		errs = append(errs, s.other.Close())
	}
	s.file, s.other, s.regions, s.locked, s.complete = nil, nil, nil, false, false
	s.loader, s.indexed, s.mark = statfile.Loader{}, 0, ""
	s.histograms, s.beats, s.searched = nil, nil, 0
	clear(s.fields)
	clear(s.index)
	return errors.Join(errs...)
}

// lock makes this the only writer.
func (s *store) lock() error {
	switch {
	case s.closed.Load():
		return s.fail("update", fs.ErrClosed)
	case s.locked:
		return nil
	case s.file == nil:
		err := s.open()
		if err == nil && s.file == nil {
			err = s.takeOver()
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = s.fail("update", ErrReplaced)
		}
		if err != nil || s.locked {
			return err
		}
	}
	err := s.waitFor(s.file)
	if err == nil {
		s.locked, s.complete = true, false
		if err = s.sameName(); err != nil {
			s.unlock()
		}
	}
	return err
}

// waitFor waits for the lock of a file.
func (s *store) waitFor(file *mapping.File) error {
	wait := lockWait
	if !s.waited.IsZero() && time.Since(s.waited) < lockWait {
		wait = 0
	}
	err := file.Lock(wait)
	if wait > 0 && errors.Is(err, ErrLocked) {
		s.waited = time.Now()
	}
	return err
}

// unlock lets others write, after an update.
func (s *store) unlock() {
	if !s.hold {
		s.release()
	}
}

// release lets others write. A file of writers that take no lock is given back
// as a whole, unless stats refer to it.
func (s *store) release() {
	switch {
	case s.owner || !s.locked || s.other != nil && s.bound:
	case s.other != nil:
		s.leave()
	default:
		s.locked = false
		s.file.Unlock()
	}
}

// sameName reports an error if the name does not lead to the open file.
func (s *store) sameName() error {
	named, err := mapping.Lstat(s.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || !s.info.SameFile(named) {
		return s.fail("update", ErrReplaced)
	}
	return nil
}

// reload loads and maps the fields that others added.
func (s *store) reload() error {
	if err := s.marked(); err != nil {
		return s.fail("read", err)
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	return s.loadMore(info.Size)
}

// loadMore loads and maps the fields that are new, of a file of size bytes.
func (s *store) loadMore(size int64) error {
	if err := s.loader.LoadMore(s.file, mapping.Info{Size: size}); err != nil {
		return err
	}
	s.complete = s.locked
	return s.loaded(size)
}

// loaded maps what was loaded, of a file of size bytes.
func (s *store) loaded(size int64) error {
	s.size = size
	s.mark, s.markAt = string([]byte{format.Version}), 0
	if n := len(s.loader.Fields); n > 0 {
		last := &s.loader.Fields[n-1]
		s.mark, s.markAt = s.header(last), last.Offset
	}
	return s.mapTo(s.loader.End, size)
}

// header returns what never changes of a field, up to its write buffer.
func (s *store) header(fd *format.Field) string {
	return string(s.loader.Data[fd.Offset:fd.IndexOffset()])
}

// marked reports an error if the last field is not in the file any more: one
// that was truncated and has grown again causes no fault.
func (s *store) marked() error {
	mark := make([]byte, len(s.mark))
	if len(mark) == 0 {
		return nil
	}
	if _, err := s.file.ReadAt(mark, int64(s.markAt)); err != nil || !bytes.Equal(mark, []byte(s.mark)) {
		return errRewritten
	}
	return nil
}

func (s *store) region() *mapping.Region { return s.regions[len(s.regions)-1] }

// mapTo makes sure that the last region holds the fields up to end and the 0
// after them, of a file of size bytes. It maps what the file has for more fields,
// too, as far as that is not out of proportion. Older maps stay in use.
func (s *store) mapTo(end int, size int64) error {
	need := end + endSize
	if int64(need) > size {
		need = end // the file ends with its last field
	}
	if len(s.regions) > 0 && s.region().Size() >= need {
		return nil
	}
	more := int(min(size, int64(2*need+mapping.PageSize())))
	r, err := mapping.Map(s.file, mapping.RoundUp(max(need, more)))
	if err == nil {
		r.Access = s.access
		s.regions = append(s.regions, r)
	}
	return err
}

// find returns the field with a label after the prefix, the first of them, or
// nil.
func (s *store) find(label string) *field {
	if f := s.fields[label]; f != nil {
		return f
	}
	for ; s.indexed < len(s.loader.Fields); s.indexed++ {
		label := string(s.loader.Fields[s.indexed].Label)
		if _, twice := s.index[label]; !twice {
			s.index[label] = s.indexed
		}
	}
	i, found := s.index[s.prefix+label]
	if !found {
		return nil
	}
	f := &field{store: s}
	s.attach(f, &s.loader.Fields[i])
	return f
}

// attach makes f the field that fd describes.
func (s *store) attach(f *field, fd *format.Field) {
	f.region, f.header = s.region(), s.header(fd)
	f.attach(fd)
	s.fields[strings.TrimPrefix(string(fd.Label), s.prefix)] = f
}

// append adds fields to the end of the file: content, which starts with what
// the fields so far leave of a multiple of 8. The caller is the only writer, and
// has loaded the file. With no file yet, content starts with the version.
func (s *store) append(content []byte) error {
	start := s.loader.End &^ 7
	end := start + len(content)
	size, err := s.reserve(end)
	if err != nil {
		return err
	}
	if s.loader.End == 0 {
		// The version comes last: it makes a file of what is there.
		_, err := s.file.WriteAt(content[1:], 1)
		if err == nil {
			_, err = s.file.WriteAt(content[:1], 0)
		}
		if err != nil {
			return err
		}
		return s.loadMore(size)
	}
	if err := s.marked(); err != nil {
		return s.fail("add", err)
	}
	if err := s.mapTo(end, size); err != nil {
		return err
	}
	// One field after the other, so that each appears whole.
	for at := s.loader.End - start; at < len(content); {
		fd, err := format.FieldAt(content, at)
		if err == nil {
			err = s.region().Append(start+at, content[at:fd.End()])
		}
		if err != nil {
			return s.fail("add", err)
		}
		at = fd.End()
	}
	return s.loadMore(size)
}

// reserve makes room in the file for fields up to end, and returns its size.
func (s *store) reserve(end int) (size int64, err error) {
	need := mapping.RoundUp(end + endSize)
	if int64(need) <= s.size {
		return s.size, nil
	}
	if s.loader.End == 0 {
		// A page for what may be added: the original's pollstats ends when a
		// file grows past its map.
		size = int64(need + mapping.PageSize())
	} else {
		// By a quarter more, so that many small fields make few maps.
		size = int64(mapping.RoundUp(need + need/4))
	}
	return size, s.file.Reserve(size)
}

// begin is field.begin in the file of somebody else, whose lock it takes.
func (s *store) begin(f *field) bool {
	s.mu.Lock()
	err := s.lock()
	if err == nil {
		if err = f.missing(); err != nil {
			s.unlock()
		}
	}
	if err != nil {
		s.dropFor(err)
		s.mu.Unlock()
	}
	return err == nil
}

func (s *store) end() {
	s.unlock()
	s.mu.Unlock()
}

// drop counts an update that reaches nobody.
func (s *store) drop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropFor(err)
}

func (s *store) dropFor(err error) {
	s.dropped++
	if s.err == nil {
		s.err = err
	}
}

// lost returns why updates reach nobody, or nil, and how many were dropped.
func (s *store) lost() (dropped uint64, err error) {
	dropped, err = s.dropped, s.err
	for _, r := range s.regions {
		dropped += r.Dropped()
		if err == nil {
			err = r.Err()
		}
	}
	if err == nil {
		err = errors.Unwrap(s.sameName())
	}
	if err == nil && s.file != nil {
		err = s.marked()
	}
	return dropped, err
}

// sync writes the file to the disk, and waits for it.
func (s *store) sync() error {
	switch {
	case s.closed.Load():
		return s.fail("sync", fs.ErrClosed)
	case s.file == nil:
		file, _, err := statfile.Open(s.path, false)
		if err != nil {
			return err
		}
		defer file.Close()
		return file.Sync()
	}
	return s.fail("sync", s.region().Sync(true))
}

// remove removes the file, if the name still leads to it.
func (s *store) remove() error {
	err := s.lock()
	if err == nil {
		defer s.unlock()
		err = s.sameName()
	}
	if err == nil {
		err = s.fail("remove", os.Remove(s.path))
	}
	return err
}

// discard gives up a file that make made.
func (s *store) discard() {
	if s.file != nil {
		s.file.Discard()
	}
	s.close()
}

// close ends the use of the file. A second close does nothing.
func (s *store) close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.done)
	for _, h := range s.histograms {
		h.SetMean()
	}
	return s.leave()
}
