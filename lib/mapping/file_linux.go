package mapping

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

func allocate(fd int, size int64) error {
	return retry(func() error { return unix.Fallocate(fd, 0, 0, size) })
}

// Datasync is [File.Sync], but for times that nobody needs to read the data.
func (f *File) Datasync() error {
	return f.fail("sync", retry(func() error { return unix.Fdatasync(f.fd) }))
}

// CreateUnnamed creates a file without a name, on the file system of name. Link
// gives it that name. If the process is killed before, nothing is left of it.
func CreateUnnamed(name string, perm uint32) (*File, error) {
	f, err := Open(filepath.Dir(name), unix.O_TMPFILE|unix.O_RDWR, perm)
	if err == nil {
		if unix.Access(f.procName(), unix.F_OK) == nil {
			f.name = name
			return f, nil
		}
		f.Close() // no /proc to link it from
		return createDotName(name, perm)
	}
	// Without support for O_TMPFILE file systems answer EOPNOTSUPP. Kernels
	// without it see an attempt to write to a directory: EISDIR.
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		return createDotName(name, perm)
	}
	return nil, &fs.PathError{Op: "create", Path: name, Err: errors.Unwrap(err)}
}

// renameNew renames a file in the directory dir, unless to exists.
func renameNew(dir int, from, to string) error {
	return unix.Renameat2(dir, from, dir, to, unix.RENAME_NOREPLACE)
}

func (f *File) procName() string { return "/proc/self/fd/" + strconv.Itoa(f.fd) }

// linkUnnamed gives a file without a name the name of f.
func (f *File) linkUnnamed() error {
	return unix.Linkat(unix.AT_FDCWD, f.procName(), unix.AT_FDCWD, f.name, unix.AT_SYMLINK_FOLLOW)
}
