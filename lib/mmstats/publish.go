package mmstats

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// files counts those that this process created.
var files atomic.Int64

// nextTID returns what stands for a thread id: goroutines have none of their
// own. It is the process id for the first file, and unique in the process for
// each one after it.
func nextTID() int {
	pid := os.Getpid()
	n := int(files.Add(1))
	if n == 1 {
		return pid
	}
	return pid + n - 1
}

// defaults returns the constants that every file begins with.
func (o Options) defaults(tid int) []declaration {
	if o.NoDefaults {
		return nil
	}
	var d []declaration
	add := func(label string, c Stat) { d = append(d, declaration{label: o.Prefix + label, stat: c}) }
	switch {
	case !o.Shared:
		add("sys.pid", &Constant[uint32]{Value: uint32(os.Getpid())})
		add("sys.tid", &Constant[int64]{Value: int64(tid)})
	case o.PID != 0:
		add("sys.pid", &Constant[uint32]{Value: uint32(o.PID)})
	}
	add("sys.uid", &Constant[uint64]{Value: uint64(os.Getuid())})
	add("sys.gid", &Constant[uint64]{Value: uint64(os.Getgid())})
	add("sys.created", &Constant[float64]{Value: float64(time.Now().UnixMicro()) / 1e6})
	if !o.Shared {
		add("org.golang.version", &Constant[string]{Value: runtime.Version()})
	}
	return d
}

// appendField appends the field that d declares to content, the file so far.
func (f *File) appendField(content []byte, d declaration) ([]byte, error) {
	if f.labels[d.label] {
		return content, fmt.Errorf("%q: %w", d.label, ErrDuplicate)
	}
	spec, value, err := d.field()
	if err != nil {
		return content, fmt.Errorf("%q: %w", d.label, err)
	}
	start := len(content)
	content, err = format.AppendField(content, spec)
	if err != nil {
		return content, fmt.Errorf("%q: %w", d.label, err)
	}
	if len(content) > statfile.DefaultMaxSize-endSize {
		return content, tooLarge(d.label)
	}
	f.labels[d.label] = true
	if value.Class() == 0 {
		return content, nil
	}
	fd, err := format.FieldAt(content, start)
	if err == nil {
		at := fd.ReadOffset(fd.WriteBuffer)
		err = fd.Signature.Encode(content[at:at+fd.Signature.Size], fit(fd.Signature, value))
	}
	if err != nil {
		err = fmt.Errorf("%q: initial value: %w", d.label, err)
	}
	return content, err
}

// tooLarge says that a stat has no room in a file.
func tooLarge(label string) error {
	return fmt.Errorf("%q: the file would grow past %d bytes, the most that is read", label, statfile.DefaultMaxSize)
}

// publish makes a file of content and gives it its name.
func (f *File) publish(content []byte) error {
	mf, err := mapping.CreateUnnamed(f.path, 0o644)
	if err != nil {
		return err
	}
	if err := f.fill(mf, content); err != nil {
		mf.Discard()
		mf.Close()
		return err
	}
	if err = f.link(mf); err == nil {
		f.f = mf
		err = f.reload()
	}
	if err != nil {
		mf.Discard()
		mf.Close()
		return err
	}
	if !f.owner {
		return mf.Unlock()
	}
	return nil
}

// maxLinks is how often link tries to give a file a name.
const maxLinks = 1000

// link gives the file its name, in the place of a file whose writer has ended.
// Where another file has the name and keeps it, such as that of a process with
// the same id in another container, it is an error if the caller chose the
// name. Else the file gets the next free name: for want of stats no program may
// fail to start.
func (f *File) link(mf *mapping.File) error {
	chosen := f.options.Path != "" || f.options.Name != ""
	wait := time.Duration(0)
	if chosen {
		wait = staleWait
	}
	base, next := strings.TrimSuffix(f.path, statfile.Suffix), 2
	suffix := f.path[len(base):]
	for try := 1; ; try++ {
		err := mf.Link()
		if !errors.Is(err, fs.ErrExist) || f.options.Shared || try == maxLinks {
			return err
		}
		if err = f.removeStale(wait); err == nil {
			continue
		}
		if chosen {
			return err
		}
		f.path = fmt.Sprintf("%s-%d%s", base, next, suffix)
		mf.SetName(f.path)
		next++
	}
}

// fill writes content to a file that nobody sees yet.
func (f *File) fill(mf *mapping.File, content []byte) error {
	if err := mf.TryLock(); err != nil {
		return err
	}
	if err := mf.Reserve(int64(mapping.RoundUp(len(content) + endSize))); err != nil {
		return err
	}
	if _, err := mf.WriteAt(content[1:], 1); err != nil {
		return err
	}
	_, err := mf.WriteAt(content[:1], 0)
	return err
}

// staleWait is how long Create waits for the lock of a file that has its name.
// A writer that runs keeps it; cleanstats holds it but briefly.
const staleWait = 100 * time.Millisecond

// removeStale removes the file that has our name if its writer has ended. It
// waits for the lock of that file for at most wait. It returns nil when the name
// is free.
func (f *File) removeStale(wait time.Duration) error {
	old, info, err := statfile.Open(f.path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer old.Close()
	if info.UID != uint32(os.Geteuid()) {
		return f.fail("create", fmt.Errorf("%w, and belongs to another user", fs.ErrExist))
	}
	var l statfile.Loader
	if err := l.Load(old, info); err != nil {
		return err
	}
	if errors.Is(old.Lock(wait), mapping.ErrLocked) {
		return f.fail("create", ErrInUse)
	}
	w, err := liveness.WriterOf(l.Data)
	if err != nil {
		return f.fail("create", fmt.Errorf("%w, and belongs to no process that could have ended", fs.ErrExist))
	}
	if w.PID == os.Getpid() {
		w.PID = 0 // an earlier process with our id, or this one before
	}
	if (liveness.Judge{}).Owned(old, w, info).Yes {
		return f.fail("create", ErrInUse)
	}
	named, err := mapping.Lstat(f.path)
	if err == nil && named.SameFile(info) {
		err = os.Remove(f.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
