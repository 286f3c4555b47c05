package mapping

import (
	"bytes"
	"encoding/binary"
)

// eachDirent calls visit with each entry of a buffer that getdents64 filled:
//
//	offset  size  item
//	0       8     inode
//	8       8     offset of the next entry in the directory
//	16      2     size of the entry
//	18      1     type
//	19            name, ended by NUL
func eachDirent(entries []byte, visit func(ino uint64, name []byte)) {
	const nameOffset = 19
	for len(entries) > nameOffset {
		size := int(binary.NativeEndian.Uint16(entries[16:]))
		if size <= nameOffset || size > len(entries) {
			return
		}
		name := entries[nameOffset:size]
		if end := bytes.IndexByte(name, 0); end >= 0 {
			name = name[:end]
		}
		visit(binary.NativeEndian.Uint64(entries), name)
		entries = entries[size:]
	}
}
