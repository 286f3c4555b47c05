//go:build unix && !linux

package mapping

import "golang.org/x/sys/unix"

// eachDirent calls visit with each entry of a buffer that the kernel filled,
// with an inode of 0: unknown.
func eachDirent(entries []byte, visit func(ino uint64, name []byte)) {
	for len(entries) > 0 {
		consumed, count, names := unix.ParseDirent(entries, 1, nil)
		if consumed <= 0 || count < 0 {
			return
		}
		for _, name := range names {
			visit(0, []byte(name))
		}
		entries = entries[consumed:]
	}
}
