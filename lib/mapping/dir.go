//go:build unix

package mapping

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A Dir is an open directory. Names are looked up in this directory even if its
// path leads to another one later. One goroutine at a time may use it.
type Dir struct {
	fd   int
	name string
}

// ErrLinkedDir says that OpenDir was given a symbolic link.
var ErrLinkedDir = errors.New("is a symbolic link; to go through it, add /. to it")

// OpenDir opens the directory called name, which may end in a slash. It does not
// follow a symbolic link at the end of name: whoever created the link would
// choose the directory.
func OpenDir(name string) (*Dir, error) {
	if trimmed := strings.TrimRight(name, "/"); trimmed != "" {
		name = trimmed
	}
	f, err := Open(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		// The error of O_NOFOLLOW differs between systems.
		if i, lerr := Lstat(name); lerr == nil && i.Mode == fs.ModeSymlink {
			err = &fs.PathError{Op: "open", Path: name, Err: ErrLinkedDir}
		}
		return nil, err
	}
	return &Dir{f.fd, name}, nil
}

// Close closes the directory. Files that were opened in it stay open.
func (d *Dir) Close() error { return d.fail("close", "", unix.Close(d.fd)) }

func (d *Dir) fail(op, base string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: d.path(base), Err: err}
}

func (d *Dir) path(base string) string {
	switch {
	case base == "":
		return d.name
	case d.name == ".":
		return base
	case strings.HasSuffix(d.name, "/"):
		return d.name + base
	}
	return d.name + "/" + base
}

// Open opens the file called base in the directory. The flags are those of the
// function [Open]. It never follows a symbolic link.
func (d *Dir) Open(base string, flags int) (*File, error) {
	return openAt(d.fd, base, d.path(base), flags|unix.O_NOFOLLOW, 0)
}

// Lstat describes the file called base. It does not follow a symbolic link.
func (d *Dir) Lstat(base string) (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Info{}, d.fail("stat", base, err)
	}
	return info(&st), nil
}

// mayChange returns nil if this process may add and remove names in a directory, as
// far as its permissions say.
func mayChange(dir int) error { return unix.Faccessat(dir, ".", unix.W_OK|unix.X_OK, 0) }

// MayChange returns nil if this process may add files to f, which is a directory, as
// far as the permissions say.
func (f *File) MayChange() error { return f.fail("access", mayChange(f.fd)) }

// Removable returns nil if this process may remove the file called base, which i
// describes, as far as the permissions say.
func (d *Dir) Removable(base string, i Info) error {
	err := mayChange(d.fd)
	var st unix.Stat_t
	if err == nil {
		err = unix.Fstat(d.fd, &st)
	}
	uid := uint32(os.Geteuid())
	if err == nil && st.Mode&unix.S_ISVTX != 0 && uid != 0 && uid != i.UID && uid != st.Uid {
		err = unix.EPERM
	}
	return d.fail("remove", base, err)
}

// Rename renames the file called from. The error is an fs.ErrExist if a file
// called to exists, and another one where the system or the file system cannot
// check and rename in one step. After an error nothing has changed.
func (d *Dir) Rename(from, to string) error {
	return d.fail("rename", from, renameNew(d.fd, from, to))
}

// Remove removes the file called base, which must not be a directory.
func (d *Dir) Remove(base string) error { return d.fail("remove", base, unix.Unlinkat(d.fd, base, 0)) }

// Sync writes the entries of the directory to the disk, and returns when that is
// done.
func (d *Dir) Sync() error { return d.fail("sync", "", unix.Fsync(d.fd)) }
