//go:build unix

package mapping

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// createDotName creates a file under a temporary name that starts with a dot, so
// that no *.mmstats glob finds it. It is for systems that cannot create a file
// without a name. If the process is killed before Link, the file stays.
func createDotName(name string, perm uint32) (*File, error) {
	dir, base := filepath.Split(name)
	base = base[:min(len(base), 200)] // a name has 255 bytes at most
	for {
		dot := dir + "." + base + "." + strconv.Itoa(os.Getpid()) + "." + strconv.FormatUint(rand.Uint64(), 36)
		f, err := Open(dot, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, perm)
		if err == nil {
			f.name, f.dotName = name, dot
			return f, nil
		}
		if pathErr := err.(*fs.PathError); pathErr.Err != syscall.EEXIST {
			return nil, &fs.PathError{Op: "create", Path: name, Err: pathErr.Err}
		}
	}
}

// SetName changes the name that Link gives to the file. It must be in the same
// directory.
func (f *File) SetName(name string) { f.name = name }

// Link gives a file that CreateUnnamed created its name. The error is an
// fs.ErrExist if anything has that name; then Link may be called again.
func (f *File) Link() error {
	if f.dotName == "" {
		return f.fail("create", f.linkUnnamed())
	}
	if err := unix.Link(f.dotName, f.name); err != nil {
		return f.fail("create", err)
	}
	f.Discard()
	return nil
}

// Discard removes the temporary name of a file that was not linked, if it has
// one. It is called instead of Link.
func (f *File) Discard() {
	if f.dotName != "" {
		os.Remove(f.dotName)
		f.dotName = ""
	}
}
