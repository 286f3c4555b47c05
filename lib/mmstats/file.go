package mmstats

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// Options say how Create and Open make and use a file. The zero value is good.
type Options struct {
	// Dir and Name are templates of where Create puts the file: {CMD}, {PID}
	// and {TID} are replaced. Defaults: $MMSTATS_PATH or the directory of
	// temporary files, and $MMSTATS_FILES or "{CMD}-{PID}-{TID}.mmstats".
	Dir, Name string
	// Path is where Create puts the file, as it stands, instead of Dir and
	// Name.
	Path string
	// Prefix stands before every label, such as "web." with its dot.
	Prefix string
	// NoDefaults leaves out the constants that Create adds by itself: sys.pid,
	// sys.tid, sys.uid, sys.gid, sys.created and org.golang.version.
	NoDefaults bool
	// Guarded makes updates of numbers survive that somebody truncates the
	// file, for some nanoseconds each. Other updates always survive it.
	Guarded bool
	// Shared makes a file that no process owns and any may update, as
	// mmstats-write does. It has no sys.pid but PID, if that is set, and no
	// sys.tid and org.golang.version.
	Shared bool
	PID    int
}

// lockWait is how long a visitor waits for one process to give up the lock of
// a file: anybody who can read the file can hold it.
const lockWait = time.Second

// Errors that callers may want to tell apart.
var (
	// ErrInUse says that a running process owns the file.
	ErrInUse = errors.New("in use by a running process")
	// ErrLocked says that another process kept the lock for a whole second, or
	// that others had it in turn for ten. The message names it where it is
	// known.
	ErrLocked = mapping.ErrLocked
	// ErrReplaced says that the name leads to another file now, or to none.
	ErrReplaced = errors.New("file was removed or replaced")
	// ErrDuplicate says that a label was declared twice.
	ErrDuplicate = errors.New("label declared twice")
	// ErrOtherType says that the file has the label with another type.
	ErrOtherType = errors.New("has another type")
)

// A File is a stat file that this process publishes (Create) or visits (Open).
// All methods may be called by any number of goroutines.
type File struct {
	path    string
	options Options
	owner   bool // holds the lock for as long as the file is open

	mu      sync.Mutex // a visitor's updates, and all below
	f       *mapping.File
	loader  statfile.Loader
	regions []*mapping.Region // each maps the file from its start; the last, the most of it
	labels  map[string]bool   // that were declared
	index   map[string]int    // by label: the field's place in loader.Fields
	indexed int               // how many of them index knows
	waited  time.Time         // in vain for the lock: for a second, no update waits again
	mark    []byte            // what never changes of the last field, to see whether it is still there
	markAt  int               // where it stands in the file
	closed  bool
	err     error

	dropped atomic.Uint64 // updates of a visitor that did not get the lock
}

// Create publishes a new file with the stats that stats declare, each a pointer
// to a struct or a Labeled, and owns it: no other process changes anything but aligned
// numbers in it. Readers see all of it or nothing. A file of that name whose
// process ended is replaced. Where the name is taken otherwise, the error is
// ErrInUse or an fs.ErrExist if Options chose the name, by Path or Name. Else
// the file gets a name that is free, with -2, -3 and so on before ".mmstats":
// see [File.Path].
func Create(o Options, stats ...any) (*File, error) {
	declared, err := declarations(o.Prefix, stats)
	if err != nil {
		return nil, err
	}
	tid := nextTID()
	path, err := o.path(tid)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, options: o, owner: !o.Shared, labels: make(map[string]bool), index: make(map[string]int)}
	content := []byte{format.Version}
	for _, d := range append(o.defaults(tid), declared...) {
		if content, err = f.appendField(content, d); err != nil {
			return nil, f.fail("create", err)
		}
	}
	if err := f.publish(content); err != nil {
		return nil, err
	}
	if err := f.attach(declared); err != nil {
		f.Close()
		return nil, err
	}
	if f.owner {
		f.loader, f.indexed = statfile.Loader{}, 0 // Add loads it again
		clear(f.index)
	}
	return f, nil
}

func (o Options) path(tid int) (string, error) {
	if o.Path != "" {
		return o.Path, nil
	}
	dir, name := o.Dir, o.Name
	if dir == "" {
		dir = statfile.Dir()
	}
	if name == "" {
		name = statfile.Template()
	}
	dir, err := statfile.Expand(dir, tid)
	if err != nil {
		return "", err
	}
	name, err = statfile.Expand(name, tid)
	return filepath.Join(dir, name), err
}

// Open visits a file that exists: one that the shell made, or one that an
// earlier run of the program left, or that of a running process. It attaches
// the stats that are declared to those of the same label and type, and adds
// what is missing; values and averages go on from where they are.
//
// While a running process owns the file, only numbers can be updated. Other
// updates and new stats take the lock of the file for each.
func Open(path string, o Options, stats ...any) (*File, error) {
	declared, err := declarations(o.Prefix, stats)
	if err != nil {
		return nil, err
	}
	mf, _, err := statfile.OpenUpdate(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, options: o, f: mf, labels: make(map[string]bool), index: make(map[string]int)}
	if err := f.reload(); err != nil {
		mf.Close()
		return nil, err
	}
	if err := f.add(declared); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// mapAll makes sure that the last region holds all fields, of a file of size
// bytes.
func (f *File) mapAll(size int64) error {
	need := mapping.RoundUp(f.loader.End + endSize)
	if int64(need) > size+int64(mapping.PageSize())-1 {
		need = mapping.RoundUp(f.loader.End) // it ends with its last field
	}
	if len(f.regions) > 0 && f.region().Size() >= need {
		return nil
	}
	return f.mapMore(need)
}

// mapMore maps the first size bytes of the file. Older maps stay in use.
func (f *File) mapMore(size int) error {
	r, err := mapping.Map(f.f, size)
	if err == nil {
		switch {
		case !f.owner:
			r.Access = mapping.Visited
		case f.options.Guarded:
			r.Access = mapping.Guarded
		}
		f.regions = append(f.regions, r)
	}
	return err
}

func (f *File) region() *mapping.Region { return f.regions[len(f.regions)-1] }

// endSize is the room for the 0 that ends the fields.
const endSize = 2

// Path returns the name of the file.
func (f *File) Path() string { return f.path }

// PID returns the process that the file names as its own, or 0.
func (f *File) PID() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owner {
		return os.Getpid()
	}
	w, _ := liveness.WriterOf(f.loader.Data)
	return w.PID
}

func (f *File) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.path, Err: err}
}

// An Exclusive is the right to be the only writer of a file, for updates that
// belong together. It is used by one goroutine, and not for long: whoever else
// wants to write waits.
type Exclusive struct {
	f *File
}

// Lock waits until the caller is the only writer. The error is ErrLocked after
// a second, or ErrReplaced. Other updates than those by the Exclusive must not
// be made by its goroutine before Unlock.
func (f *File) Lock() (*Exclusive, error) {
	f.mu.Lock()
	err := f.lock()
	if err != nil {
		f.mu.Unlock()
		return nil, err
	}
	return &Exclusive{f}, nil
}

func (f *File) lock() error {
	if f.closed {
		return f.fail("update", fs.ErrClosed)
	}
	if f.owner {
		return nil
	}
	wait := lockWait
	if !f.waited.IsZero() && time.Since(f.waited) < lockWait {
		wait = 0
	}
	err := f.f.Lock(wait)
	if wait > 0 && errors.Is(err, ErrLocked) {
		f.waited = time.Now()
	}
	if err != nil {
		return err
	}
	err = f.sameName()
	if err != nil {
		f.f.Unlock()
	}
	return err
}

// Unlock lets others write again.
func (x *Exclusive) Unlock() {
	if !x.f.owner {
		x.f.f.Unlock()
	}
	x.f.mu.Unlock()
}

// locked runs update as the only writer of the file.
func (f *File) locked(update func() error) error {
	x, err := f.Lock()
	if err != nil {
		return err
	}
	defer x.Unlock()
	return update()
}

// sameName reports an error if the name does not lead to the open file.
func (f *File) sameName() error {
	open, err := f.f.Stat()
	if err != nil {
		return err
	}
	named, err := mapping.Lstat(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || !open.SameFile(named) {
		return f.fail("update", ErrReplaced)
	}
	return nil
}

// update runs change, which has nobody to return an error to and takes the lock
// of a file that is not ours. A nil File drops it.
func (f *File) update(change func()) {
	if f == nil {
		return
	}
	if f.owner {
		change()
		return
	}
	err := f.locked(func() error {
		change()
		return nil
	})
	if err != nil {
		f.dropped.Add(1)
		f.mu.Lock()
		if f.err == nil {
			f.err = err
		}
		f.mu.Unlock()
	}
}

// Sync writes the file to the disk. With wait it returns when that is done.
// Nobody needs it to read the stats of a machine that runs.
func (f *File) Sync(wait bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.fail("sync", fs.ErrClosed)
	}
	return f.fail("sync", f.region().Sync(wait))
}

// Close ends the publishing, and leaves the file as it is. Updates after it
// go nowhere. A second Close does nothing.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	var errs []error
	for _, r := range f.regions {
		errs = append(errs, f.fail("unmap", r.Close()))
	}
	return errors.Join(append(errs, f.f.Close())...)
}

// Remove removes the file, if the name still leads to it, and closes it.
func (f *File) Remove() error {
	err := f.locked(func() error {
		if err := f.sameName(); err != nil {
			return err
		}
		return f.fail("remove", os.Remove(f.path))
	})
	if errors.Is(err, fs.ErrClosed) || errors.Is(err, ErrReplaced) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// A LostError says why updates reach nobody, and how many were dropped so far,
// of those that are counted: updates of plain numbers are not.
type LostError struct {
	Path    string
	Dropped uint64
	Err     error // such as ErrReplaced or a *mapping.FaultError
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s: %v; %d updates dropped", e.Path, e.Err, e.Dropped)
}

// Unwrap returns Err.
func (e *LostError) Unwrap() error { return e.Err }

// Err returns nil as long as readers see what this process publishes, and
// otherwise a *LostError: somebody removed, replaced or truncated the file, or
// a visitor did not get the lock. It looks at the file each time.
func (f *File) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.fail("update", fs.ErrClosed)
	}
	lost := &LostError{Path: f.path, Dropped: f.dropped.Load(), Err: f.err}
	for _, r := range f.regions {
		lost.Dropped += r.Dropped()
		if lost.Err == nil {
			lost.Err = r.Err()
		}
	}
	if lost.Err == nil {
		lost.Err = f.intact()
	}
	if lost.Err == nil {
		return nil
	}
	return lost
}

// ErrTruncated says that the fields of the file are gone from under its name.
var ErrTruncated = errors.New("file was truncated")

// intact looks whether the name still leads to the file, and its last field is
// there: a file that was truncated and has grown again causes no fault.
func (f *File) intact() error {
	if err := f.sameName(); err != nil {
		return errors.Unwrap(err)
	}
	return f.marked()
}

func (f *File) marked() error {
	mark := make([]byte, len(f.mark))
	if _, err := f.f.ReadAt(mark, int64(f.markAt)); err != nil || !bytes.Equal(mark, f.mark) {
		return ErrTruncated
	}
	return nil
}
