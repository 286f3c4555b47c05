package mapping

import (
	"errors"

	"golang.org/x/sys/unix"
)

// AskLease returns nil if no process can write to the file, whatever its pid
// namespace. It asks for a read lease, which the kernel grants only while no
// process has the file open for writing. A writable mapping counts as an open
// file on ext4 and tmpfs; on overlayfs it belongs to the file in the layer below,
// and the lease does not see it.
//
// f must be open for reading only. The owner of the file and processes with
// CAP_LEASE may ask.
//
// The lease is given back at once: as long as it is held, no process can open the
// file for writing. Opening the file in that moment sends SIGIO to this process,
// which the Go runtime ignores.
func (f *File) AskLease() error {
	err := f.lease(unix.F_RDLCK)
	switch {
	case err == unix.EAGAIN:
		return f.fail("lease", ErrInUse)
	case err == unix.EINVAL:
		return f.fail("lease", errors.ErrUnsupported)
	case err != nil:
		return f.fail("lease", err)
	}
	if err := f.lease(unix.F_UNLCK); err != nil {
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

func (f *File) lease(kind int) error {
	return retry(func() error {
		_, err := unix.FcntlInt(uintptr(f.fd), unix.F_SETLEASE, kind)
		return err
	})
}
