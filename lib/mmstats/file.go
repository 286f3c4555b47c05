package mmstats

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
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
	// file, for some nanoseconds each. Other updates always survive it, and so do
	// all those of a visitor.
	Guarded bool
	// Heartbeat is how often the time is stored in the stat sys.heartbeat, for
	// readers to tell a program that hangs, or was stopped, from one that has
	// nothing to do. A goroutine stores it, or [File.Beat]. Where it is 0 or
	// less, there is no such stat.
	Heartbeat time.Duration
	// Shared makes a file that no process owns and any may update, as
	// mmstats-write does. It has no sys.tid and no org.golang.version.
	Shared bool
	// PID is the process that a Shared file belongs to, and its sys.pid. Open
	// takes no file that belongs to another one.
	PID int
}

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
)

// A File is a stat file that this process publishes (Create) or visits (Open).
// All methods may be called by any number of goroutines.
type File struct {
	store     *store
	heartbeat *heartbeat // nil if there is none
}

// Create publishes a new file with the stats that stats declare, each a pointer
// to a struct, a [Labeled] or a []Change. This process owns it, unless it is
// Shared: no other process changes anything but aligned numbers in it. Readers
// see all of it or nothing.
//
// A file of that name whose process ended is replaced. Where the name is taken
// otherwise, the error is ErrInUse or an fs.ErrExist if Options chose the name,
// by Path or Name. Else the file gets a name that is free, with -2, -3 and so
// on before ".mmstats": see [File.Path].
func Create(o Options, stats ...any) (*File, error) {
	tid := nextTID()
	declared := o.defaults(tid)
	if err := declared.addAll(stats); err != nil {
		return nil, err
	}
	h := declared.addHeartbeat(o)
	path, err := o.path(tid)
	if err != nil {
		return nil, err
	}
	s := newStore(path, o.Prefix)
	switch {
	case o.Shared:
		s.access = mapping.Visited
	case o.Guarded:
		s.access = mapping.Guarded
	}
	// It is mapped before it has its name: what may fail leaves nothing behind.
	err = s.make()
	if err == nil {
		err = s.apply(declared.changes, declared.stats)
	}
	if err == nil {
		err = s.link(o)
	}
	if err != nil {
		s.discard()
		return nil, err
	}
	if o.Shared {
		s.owner = false
		s.release()
	}
	return &File{s, h}, nil
}

// Open visits a file that exists: one that the shell made, or one that an
// earlier run of the program left, or that of a running process. It attaches
// the stats that are declared to those of the same label and type, and adds
// what is missing; values and averages go on from where they are. The error is
// an fs.ErrNotExist where there is no file, and where PID is set and the process
// has ended that the file belongs to.
//
// While a running process owns the file, only numbers can be updated. Other
// updates and new stats take the lock of the file for each. A file that a
// program in Python has left knows no such lock: one that stats were declared
// in is the caller's alone until Close.
func Open(path string, o Options, stats ...any) (*File, error) {
	var declared declared
	if err := declared.addAll(stats); err != nil {
		return nil, err
	}
	h := declared.addHeartbeat(o)
	s := newStore(path, o.Prefix)
	err := s.open()
	if err == nil && o.PID != 0 {
		err = s.belongTo(o.PID, &declared)
	}
	if err == nil && len(declared.changes) > 0 {
		err = s.apply(declared.changes, declared.stats)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return &File{s, h}, nil
}

// belongTo makes sure that a file belongs to process pid: one that belongs to
// nobody will.
func (s *store) belongTo(pid int, d *declared) error {
	switch w := s.writer; {
	case w.PID == pid:
	case w.PID == 0:
		d.add(Change{Label: "sys.pid"}, &Constant[uint32]{Value: uint32(pid)})
	case (liveness.Judge{}).Ended(w, s.info).Yes:
		return s.fail("open", fmt.Errorf("%w: it is that of process %d, which has ended", fs.ErrNotExist, w.PID))
	default:
		return s.fail("update", fmt.Errorf("%w, %d", ErrInUse, w.PID))
	}
	return nil
}

// Path returns the name of the file.
func (f *File) Path() string { return f.store.path }

// Add declares one more stat, at any time. It is published when Add returns.
func (f *File) Add(label string, s Stat) error {
	return f.store.apply([]Change{{Label: label}}, []Stat{s})
}

// AddStruct declares the stats of structs and Labeled ones, as Create does, all
// or none of them.
func (f *File) AddStruct(stats ...any) error {
	var d declared
	if err := d.addAll(stats); err != nil {
		return err
	}
	return f.store.apply(d.changes, d.stats)
}

// Apply carries out changes in their order: all of them or, after an error,
// none. It makes the stats that the file lacks, and updates any that may be
// updated, also those that no Stat is declared for. Numbers are changed in one
// step each; the others while this is the only writer, which in the file of
// somebody else takes its lock, once for all changes.
//
// Everything is checked before the first change takes effect. If other
// processes update the same numbers meanwhile, so that a sum no longer fits its
// type, the changes before it stay.
func (f *File) Apply(changes []Change) error { return f.store.apply(changes, nil) }

// Hold makes the lock of a file of somebody else, once an update needs it, stay
// until Release: for many updates in a row. Whoever else wants to write waits,
// so it is not for long.
func (f *File) Hold() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.hold = true
}

// Release ends Hold.
func (f *File) Release() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.hold = false
	f.store.release()
}

// Sync writes the file to the disk, and returns when that is done. Nobody needs
// it to read the stats of a machine that runs.
func (f *File) Sync() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return f.store.sync()
}

// Close ends the publishing, and leaves the file as it is. Updates after it
// are dropped. A second Close does nothing.
func (f *File) Close() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return f.store.close()
}

// Done returns a channel that is closed when the file is, for goroutines that
// update stats from time to time.
func (f *File) Done() <-chan struct{} { return f.store.done }

// Remove removes the file, if the name still leads to it, and closes it.
func (f *File) Remove() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	err := f.store.remove()
	if errors.Is(err, fs.ErrClosed) || errors.Is(err, ErrReplaced) {
		err = nil
	}
	return errors.Join(err, f.store.close())
}

// A LostError says why updates reach nobody, and how many were dropped so far,
// of those that are counted. Updates of numbers in a file of our own that is not
// Guarded are not.
type LostError struct {
	Path    string
	Dropped uint64
	Err     error // the first reason, such as ErrReplaced
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s: %v; %d updates dropped", e.Path, e.Err, e.Dropped)
}

// Unwrap returns Err.
func (e *LostError) Unwrap() error { return e.Err }

// Err returns nil as long as readers see what this process publishes, and
// otherwise a *[LostError]: somebody removed, replaced or truncated the file, a
// visitor did not get the lock, or a sample was no finite number. It looks at
// the file each time.
func (f *File) Err() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if f.store.closed.Load() {
		return f.store.fail("update", fs.ErrClosed)
	}
	if dropped, err := f.store.lost(); err != nil {
		return &LostError{f.store.path, dropped, err}
	}
	return nil
}
