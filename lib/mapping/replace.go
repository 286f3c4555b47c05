//go:build unix

package mapping

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Replace gives a file that CreateUnnamed made the name it was made for, in
// the place of whatever has it now. At any time the name leads to the one or
// the other. The caller sees to it that nobody else does the same.
func (f *File) Replace() error {
	from := f.dotName
	if from == "" {
		// Only a name can be renamed. It is a fixed one, so that what a kill
		// leaves behind is used up by the next who comes.
		dir, base := filepath.Split(f.name)
		from = dir + "." + base + ".new"
		unnamed := &File{fd: f.fd, name: from}
		err := unnamed.linkUnnamed()
		if err == unix.EEXIST {
			os.Remove(from)
			err = unnamed.linkUnnamed()
		}
		if err != nil {
			return f.fail("replace", err)
		}
	}
	if err := unix.Rename(from, f.name); err != nil {
		os.Remove(from)
		return f.fail("replace", err)
	}
	f.dotName = ""
	return nil
}
