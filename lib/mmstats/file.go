package mmstats

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
)

// Options of [Create] and [Open]. The zero value is good.
type Options struct {
	// Dir and Name are where Create puts the file, with {CMD}, {PID} and {TID}
	// replaced. Defaults: $MMSTATS_PATH or the directory of temporary files, and
	// $MMSTATS_FILES or "{CMD}-{PID}-{TID}.mmstats". Path is used as it stands,
	// instead of both.
	Dir, Name, Path string
	// Prefix stands before every label, such as "web." with its dot.
	Prefix string
	// NoDefaults leaves out the constants that Create adds by itself: sys.pid,
	// sys.tid, sys.uid, sys.gid, sys.created and org.golang.version.
	NoDefaults bool
	// Guarded makes updates of numbers survive that the file is truncated, for
	// some nanoseconds each. Those of other stats, and of a visitor, always do.
	Guarded bool
	// Heartbeat is how often a goroutine, or [File.Beat], stores the time in the
	// stat sys.heartbeat, by which readers tell a program that hangs from one that
	// has nothing to do. There is no such stat if it is 0 or less.
	Heartbeat time.Duration
	// Shared makes a file that no process owns and any may update. It belongs to
	// process PID, if that is not 0; Open refuses a file that belongs to another.
	Shared bool
	PID    int
}

// Errors to tell apart.
var (
	ErrInUse    = errors.New("in use by a running process")
	ErrLocked   = mapping.ErrLocked // for a second by one process, or for ten by others in turn
	ErrReplaced = errors.New("file was removed or replaced")
)

// A File is a stat file that is open. All methods may be called by any number
// of goroutines.
type File struct {
	store     *store
	heartbeat *heartbeat // nil if there is none
}

// Create publishes a new file with stats, each of which is a pointer to a struct,
// a [Labeled] or a [][change.Change]. This process owns the file, unless it is
// Shared. Readers see all of it or nothing.
//
// A file of that name is replaced if its process has ended. Otherwise the error
// is ErrInUse or an fs.ErrExist, if Options chose the name; else the file gets a
// name that is free, with -2, -3 and so on before ".mmstats".
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

// Open visits a file that exists. Stats, given as for [Create], go on from the
// values that those of the same label and type have in the file. Those that it
// lacks are added. The error is an fs.ErrNotExist where there is no file, or one
// of another process than PID, which has ended.
//
// Programs in Python own their files without a lock: such a file can only be
// updated when the program has ended, and if stats are declared in it, by the
// caller alone until Close.
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
		d.add(change.Change{Label: "sys.pid"}, &Constant[uint32]{Value: uint32(pid)})
	case (liveness.Judge{}).Ended(w, s.info).Yes:
		return s.fail("open", fmt.Errorf("%w: it is that of process %d, which has ended", fs.ErrNotExist, w.PID))
	default:
		return s.fail("update", fmt.Errorf("%w, %d", ErrInUse, w.PID))
	}
	return nil
}

// Path returns the name of the file.
func (f *File) Path() string { return f.store.path }

// Add publishes more stats, given as for [Create]: all or none of them.
func (f *File) Add(stats ...any) error {
	var d declared
	if err := d.addAll(stats); err != nil {
		return err
	}
	return f.store.apply(d.changes, d.stats)
}

// Apply carries out changes in their order: all of them or, after an error,
// none. Stats that the file lacks are made; others are updated whether this
// process declared them or not. Only if another process updates the same numbers
// meanwhile, so that a sum no longer fits its type, the changes before it stay.
func (f *File) Apply(changes []change.Change) error { return f.store.apply(changes, nil) }

// Hold says whether the lock of a file of somebody else is held from one update
// that needs it to the next. Others cannot write meanwhile.
func (f *File) Hold(hold bool) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.hold = hold
	if !hold {
		f.store.release()
	}
}

// Sync writes the file to the disk, and waits for it. Readers do not need it.
func (f *File) Sync() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return f.store.sync()
}

// Close leaves the file as it is. Updates after it are dropped.
func (f *File) Close() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return f.store.close()
}

// Done returns a channel that is closed when the file is.
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

// Err returns nil if readers see all that this process publishes. Otherwise it
// says how many updates were dropped, and why: somebody removed, replaced
// (ErrReplaced), truncated or rewrote the file, a visitor did not get the lock
// (ErrLocked), or a sample was not a finite number. It checks the file each
// time. Dropped updates of numbers are counted for a visitor and if Guarded.
func (f *File) Err() error {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if f.store.closed.Load() {
		return f.store.fail("update", fs.ErrClosed)
	}
	if dropped, err := f.store.lost(); err != nil {
		return f.store.fail("update", fmt.Errorf("%w; %d updates dropped", err, dropped))
	}
	return nil
}
