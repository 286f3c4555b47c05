package liveness

import (
	"errors"
	"fmt"
	"io/fs"

	"mmstats/lib/mapping"
)

// Use says what the kernel knows of the use of a file.
type Use struct {
	// Lock is nil if the lock was free; then the asker holds it.
	Lock error
	// Lease is nil if no process can write to the file: see
	// [mapping.File.AskLease].
	Lease error
	// LeasedBy is a process that holds a lease on the file, or 0. A read lease
	// of another process does not keep ours from being granted.
	LeasedBy int
}

// Ask asks who uses f. If the lock is free, f holds it afterwards, so that no
// writer adopts the file meanwhile. f may hold the lock already.
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

// Dead reports whether w, the writer of f, has ended and no process can write to
// the file any more, so that the file may be removed. It takes proof; in doubt
// the answer is no. After a yes f holds the lock of the file. info describes f,
// which is open for reading only. The Use is what [Ask] returned, or nil if it
// was not asked.
//
// If w keeps the lock of the file, the lock tells, and not the process table: in
// another pid namespace the process id may be that of another process.
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

// String returns what was found, for people.
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

// Free reports whether no process can write to the file of w any more. Proof is a
// lease, or the lock if w would hold it. A weak lease is none.
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

// reason returns the message of err without the name of the file.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
