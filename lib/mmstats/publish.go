package mmstats

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// files counts those that this process created.
var files atomic.Int64

// nextTID returns what stands for a thread id: goroutines have none of their
// own. It is the process id for the first file, and unique in the process for
// each one after it.
func nextTID() int { return os.Getpid() + int(files.Add(1)) - 1 }

// defaults returns the constants that every file begins with.
func (o Options) defaults(tid int) (d declared) {
	if o.NoDefaults {
		return d
	}
	add := func(label string, c Stat) { d.add(change.Change{Label: label}, c) }
	switch {
	case !o.Shared:
		add("sys.pid", &Constant[uint32]{Value: uint32(os.Getpid())})
		add("sys.tid", &Constant[int64]{Value: int64(tid)})
	case o.PID != 0:
		add("sys.pid", &Constant[uint32]{Value: uint32(o.PID)})
	}
	add("sys.uid", &Constant[uint64]{Value: uint64(os.Getuid())})
	add("sys.gid", &Constant[uint64]{Value: uint64(os.Getgid())})
	add("sys.created", &Constant[float64]{Value: unixtime()})
	if !o.Shared {
		add("org.golang.version", &Constant[string]{Value: runtime.Version()})
	}
	return d
}

// path returns where Create puts the file.
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
	if filepath.IsAbs(name) && o.Dir == "" {
		return name, err
	}
	return filepath.Join(dir, name), err
}

// maxLinks is how often link tries to give a file a name.
const maxLinks = 1000

// link gives the file its name, and replaces a file whose writer has ended.
// Where another file has the name and keeps it, such as that of a process with
// the same id in another container, it is an error if the caller chose the
// name. Else the file gets the next free name: for want of stats no program may
// fail to start.
func (s *store) link(o Options) error {
	chosen := o.Path != "" || o.Name != ""
	wait := time.Duration(0)
	if chosen {
		wait = staleWait
	}
	base, next := strings.TrimSuffix(s.path, statfile.Suffix), 2
	suffix := s.path[len(base):]
	for try := 1; ; try++ {
		err := s.file.Link()
		if !errors.Is(err, fs.ErrExist) || o.Shared && o.PID == 0 || try == maxLinks {
			return err
		}
		if err = s.removeStale(wait); err == nil {
			continue
		}
		if chosen {
			return err
		}
		s.path = fmt.Sprintf("%s-%d%s", base, next, suffix)
		s.file.SetName(s.path)
		next++
	}
}

// staleWait is how long Create waits for the lock of a file that has its name.
// A writer that runs keeps it; cleanstats holds it but briefly.
const staleWait = 100 * time.Millisecond

// removeStale removes the file that has our name if its writer has ended. It
// waits for the lock of that file for at most wait. It returns nil when the name
// is free.
func (s *store) removeStale(wait time.Duration) error {
	old, info, err := statfile.Open(s.path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer old.Close()
	if info.UID != uint32(os.Geteuid()) {
		return s.fail("create", fmt.Errorf("%w, and belongs to another user", fs.ErrExist))
	}
	var l statfile.Loader
	if err := l.Load(old, info); err != nil {
		return err
	}
	if errors.Is(old.Lock(wait), mapping.ErrLocked) {
		return s.fail("create", ErrInUse)
	}
	w, err := liveness.WriterOf(l.Data)
	if err != nil {
		return s.fail("create", fmt.Errorf("%w, and belongs to no process that could have ended", fs.ErrExist))
	}
	if w.PID == os.Getpid() {
		w.PID = 0 // an earlier process with our id, or this one before
	}
	if (liveness.Judge{}).Owned(old, w, info).Yes {
		return s.fail("create", ErrInUse)
	}
	named, err := mapping.Lstat(s.path)
	if err == nil && named.SameFile(info) {
		err = os.Remove(s.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
