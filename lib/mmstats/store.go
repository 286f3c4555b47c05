package mmstats

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

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
