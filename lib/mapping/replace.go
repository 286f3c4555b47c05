//go:build unix

package mapping

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Replace gives a file that CreateUnnamed created its name, and takes the name
// from the file that has it. Whoever opens the name gets the one or the other.
// The caller makes sure that no two processes replace the same file at once.
func (f *File) Replace() error {
	from := f.dotName
	if from == "" {
		// Only a file with a name can be renamed. The temporary name is always
		// the same, so that a killed process leaves at most one file.
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
