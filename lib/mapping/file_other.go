//go:build unix && !linux

package mapping

import "golang.org/x/sys/unix"

// allocate has no portable form outside Linux: Reserve writes zeros instead.
func allocate(int, int64) error { return unix.ENOTSUP }

// CreateUnnamed makes a file for name, under a dot-name until Link.
func CreateUnnamed(name string, perm uint32) (*File, error) { return createDotName(name, perm) }

// renameNew has no portable form.
func renameNew(int, string, string) error { return unix.ENOTSUP }

func (f *File) linkUnnamed() error { return unix.ENOTSUP }
