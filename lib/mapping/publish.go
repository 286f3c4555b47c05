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

// createDotName makes a file that no *.mmstats glob finds, for systems that
// cannot make one without a name. A kill before Link leaves it behind.
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

// SetName changes the name that a file was made for, before Link, to another one
// in the same directory.
func (f *File) SetName(name string) { f.name = name }

// Link gives a file that CreateUnnamed made the name it was made for. The
// error is an fs.ErrExist where the name is taken, by whatever it may be; then
// Link may be called again.
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

// Discard removes what CreateUnnamed may have left under a name of its own.
// It is called when Link is given up.
func (f *File) Discard() {
	if f.dotName != "" {
		os.Remove(f.dotName)
		f.dotName = ""
	}
}
