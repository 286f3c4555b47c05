//go:build unix && !linux

package mapping

import "golang.org/x/sys/unix"

// allocate has no portable form outside Linux: Reserve writes zeros instead.
func allocate(int, int64) error { return unix.ENOTSUP }

// Datasync is [File.Sync].
func (f *File) Datasync() error { return f.Sync() }

// CreateUnnamed creates a file that Link gives its name. Until then it has a
// temporary name in the same directory.
func CreateUnnamed(name string, perm uint32) (*File, error) { return createDotName(name, perm) }

// renameNew has no portable form: a rename replaces the file called to.
func renameNew(int, string, string) error { return unix.ENOTSUP }

func (f *File) linkUnnamed() error { return unix.ENOTSUP }
