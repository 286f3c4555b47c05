package mapping

import (
	"errors"

	"golang.org/x/sys/unix"
)

// AskLease asks the kernel whether any process, of whatever pid namespace, may
// still write to the file, and returns nil where none may. The file must be
// open for reading alone. Its owner and holders of CAP_LEASE may ask.
//
// A read lease is granted while nobody has the file open for writing, and a
// mapping counts as an open file: tried on ext4 and tmpfs. On overlayfs it
// belongs to the file of the layer below, which the lease does not look at.
//
// The lease is given back at once, so that it holds up nobody who opens the
// file. The SIGIO that tells of such a one does nothing to a Go program.
func (f *File) AskLease() error {
	_, err := f.lease(unix.F_RDLCK)
	switch {
	case err == unix.EAGAIN:
		return f.fail("lease", ErrInUse)
	case err == unix.EINVAL:
		return f.fail("lease", errors.ErrUnsupported)
	case err != nil:
		return f.fail("lease", err)
	}
	if _, err := f.lease(unix.F_UNLCK); err != nil {
		return f.fail("lease", err)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(f.fd, &st); err != nil {
		return f.fail("lease", err)
	}
	if st.Type == unix.OVERLAYFS_SUPER_MAGIC {
		return f.fail("lease", ErrWeakLease)
	}
	return nil
}

func (f *File) lease(kind int) (int, error) {
	for {
		n, err := unix.FcntlInt(uintptr(f.fd), unix.F_SETLEASE, kind)
		if err != unix.EINTR {
			return n, err
		}
	}
}
