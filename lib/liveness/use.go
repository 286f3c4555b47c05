package liveness

import (
	"errors"
	"fmt"
	"io/fs"

	"mmstats/lib/mapping"
)

// Use is what the kernel tells of who uses a file.
type Use struct {
	// Lock is nil where the lock was free, and is held by the asker now.
	Lock error
	// Lease is nil where nobody can write to the file any more: see
	// [mapping.File.AskLease].
	Lease error
	// LeasedBy is a process that is seen to hold a lease on the file, or 0. A
	// second read lease is granted beside one.
	LeasedBy int
}

// Ask asks who uses f. The lock, where free, is f's afterwards, so that no
// writer adopts the file meanwhile. Where f holds the lock already, it keeps
// it.
func Ask(f *mapping.File) Use {
	u := Use{Lock: f.TryLock()}
	if u.Lock != nil {
		return u
	}
	if u.LeasedBy = f.LeaseHolder(); u.LeasedBy == 0 {
		u.Lease = f.AskLease()
	}
	return u
}

// Dead reports whether w, the writer of the file f, which info is of, has ended
// and nobody can write to the file any more. It takes proof, so that the file
// may be removed. Then f holds the lock. The Use is what Ask found, or nil where
// nothing had to be asked.
//
// Of a writer that keeps a lock the lock tells, whatever the process table says
// of its process id: that may be another process's in this pid namespace.
func (j Judge) Dead(f *mapping.File, w Writer, info mapping.Info) (Verdict, *Use) {
	ended := j.Ended(w, info)
	if !ended.Yes && !w.KeepsLock {
		return Verdict{false, ended.Reason}, nil
	}
	use := Ask(f)
	free := use.Free(w)
	switch {
	case !free.Yes && ended.Yes:
		free.Reason = ended.Reason + ", but the file is " + free.Reason
	case ended.Yes:
		free.Reason = ended.Reason
	case errors.Is(use.Lock, mapping.ErrLocked):
		free.Reason = ended.Reason
	case free.Yes:
		free.Reason = fmt.Sprintf("process %d does not hold its lock, as its writer would", w.PID)
	}
	return free, &use
}

// String tells what was found, for people.
func (u Use) String() string {
	if u.Lock != nil {
		return "lock: " + reason(u.Lock)
	}
	lease := "granted"
	switch {
	case u.LeasedBy != 0:
		lease = "another's"
	case u.Lease != nil:
		lease = reason(u.Lease)
	}
	return "lock: free, lease: " + lease
}

// Free reports whether nobody can write to the file of w any more. It takes
// proof: a lease, or the lock that w would hold. A weak lease is none.
func (u Use) Free(w Writer) Verdict {
	no := func(reason string) Verdict { return Verdict{false, reason} }
	unproved := func(reason string) Verdict {
		return no("perhaps in use: its writer keeps no lock, and " + reason)
	}
	switch {
	case errors.Is(u.Lock, mapping.ErrLocked):
		return no("locked by a running process")
	case u.Lock != nil:
		return no("its lock cannot be had: " + reason(u.Lock))
	case u.LeasedBy != 0:
		return no(fmt.Sprintf("leased by process %d", u.LeasedBy))
	case errors.Is(u.Lease, mapping.ErrInUse):
		return no(mapping.ErrInUse.Error())
	case u.Lease == nil:
		return Verdict{true, "nobody has it open for writing"}
	case w.KeepsLock:
		return Verdict{true, "nobody holds its lock"}
	case errors.Is(u.Lease, mapping.ErrWeakLease):
		return unproved("nothing tells here whether it is mapped")
	case errors.Is(u.Lease, fs.ErrPermission):
		return unproved("only its owner or CAP_LEASE may ask for a lease")
	case errors.Is(u.Lease, errors.ErrUnsupported):
		return unproved("there are no leases here")
	}
	return unproved("no lease can be had: " + reason(u.Lease))
}

// reason returns what is wrong, without the file that it is about.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
