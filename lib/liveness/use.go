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
	// mapping.File.AskLease.
	Lease error
	// LeasedBy is a process that is seen to hold a lease on the file, or 0. A
	// second read lease is granted beside one.
	LeasedBy int
	// MappedBy is a process that is seen to have a writable mapping of it, or
	// 0. It is looked for where the lease says too little.
	MappedBy int
}

// Ask asks who uses f, which info is of. The lock, where free, is f's
// afterwards, so that no writer adopts the file meanwhile.
func Ask(f *mapping.File, info mapping.Info) Use {
	u := Use{Lock: f.TryLock()}
	if u.Lock != nil {
		return u
	}
	if u.LeasedBy = f.LeaseHolder(); u.LeasedBy != 0 {
		return u
	}
	u.Lease = f.AskLease()
	if errors.Is(u.Lease, mapping.ErrWeakLease) {
		u.MappedBy = mappedBy(info.Ino)
	}
	return u
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
// proof: a lease, or the lock that w would hold.
func (u Use) Free(w Writer) Verdict {
	no := func(reason string) Verdict { return Verdict{false, reason} }
	weak := errors.Is(u.Lease, mapping.ErrWeakLease)
	switch {
	case errors.Is(u.Lock, mapping.ErrLocked):
		return no("locked by a running process")
	case u.Lock != nil:
		return no("its lock cannot be had: " + reason(u.Lock))
	case u.LeasedBy != 0:
		return no(fmt.Sprintf("leased by process %d", u.LeasedBy))
	case errors.Is(u.Lease, mapping.ErrInUse):
		return no(mapping.ErrInUse.Error())
	case weak && u.MappedBy != 0:
		return no(fmt.Sprintf("mapped for writing by process %d", u.MappedBy))
	case u.Lease == nil, weak, w.KeepsLock:
		return Verdict{true, "nobody has it open for writing"}
	case errors.Is(u.Lease, fs.ErrPermission):
		return no("perhaps in use: its writer keeps no lock, and only its owner or CAP_LEASE may ask for a lease")
	case errors.Is(u.Lease, errors.ErrUnsupported):
		return no("perhaps in use: its writer keeps no lock, and there are no leases here")
	}
	return no("perhaps in use: its writer keeps no lock, and no lease can be had: " + reason(u.Lease))
}

// reason returns what is wrong, without the file that it is about.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
