//go:build unix

package mapping

import "golang.org/x/sys/unix"

// direntStep is how much is asked of a directory at a time, in bytes.
const direntStep = 32 << 10

// AppendEntries appends what the kernel says of the entries of the directory
// that f is, from where the last call left off, in the kernel's own form. Two
// looks at a directory that got the same bytes saw the same names lead to the
// same inodes.
func (f *File) AppendEntries(dst []byte) ([]byte, error) {
	for {
		if cap(dst)-len(dst) < direntStep {
			grown := make([]byte, len(dst), 2*cap(dst)+direntStep)
			copy(grown, dst)
			dst = grown
		}
		n, err := unix.ReadDirent(f.fd, dst[len(dst):cap(dst)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return dst, f.fail("read", err)
		case n <= 0:
			return dst, nil
		}
		dst = dst[:len(dst)+n]
	}
}

// EachEntry calls visit with the inode and the name of each of the entries
// that AppendEntries got, but for "." and "..". The inode is the directory's
// word: on stacked file systems it is not the one that Stat says. It is 0
// where the system does not tell.
func EachEntry(entries []byte, visit func(ino uint64, name []byte)) {
	eachDirent(entries, func(ino uint64, name []byte) {
		if s := string(name); s != "." && s != ".." {
			visit(ino, name)
		}
	})
}
