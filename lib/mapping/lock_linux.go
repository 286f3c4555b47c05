package mapping

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// LockHolder returns a process that holds the lock of the file, or 0 where none
// is seen: processes of other pid namespaces are not.
func (f *File) LockHolder() int { return f.holder("FLOCK") }

// LeaseHolder returns a process that holds a lease on the file, like
// LockHolder.
func (f *File) LeaseHolder() int { return f.holder("LEASE") }

// holder returns the process that /proc/locks shows beside f, for locks of that
// kind. Some file systems, such as overlayfs and btrfs, show another device
// there than fstat does. So the inode number counts where no line has both.
func (f *File) holder(kind string) int {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return 0
	}
	device := [2]uint64{uint64(unix.Major(uint64(st.Dev))), uint64(unix.Minor(uint64(st.Dev)))}
	inode := []byte(":" + strconv.FormatUint(st.Ino, 10) + " ")
	locks, _ := os.ReadFile("/proc/locks")
	likely := 0
	for line := range bytes.Lines(locks) {
		if !bytes.Contains(line, inode) {
			continue
		}
		// number, kind, "ADVISORY" or the state of a lease, "READ" or "WRITE",
		// process, major:minor:inode, start, end. In the line of a waiter an
		// arrow stands before the kind.
		words := bytes.Fields(line)
		if len(words) < 6 || string(words[1]) != kind {
			continue
		}
		id := bytes.Split(words[5], []byte(":"))
		pid, err := strconv.Atoi(string(words[4]))
		if err != nil || pid <= 0 || len(id) != 3 {
			continue
		}
		major, _ := strconv.ParseUint(string(id[0]), 16, 32)
		minor, _ := strconv.ParseUint(string(id[1]), 16, 32)
		if device == [2]uint64{major, minor} {
			return pid
		}
		likely = pid
	}
	return likely
}

// command returns the name of what a process runs, as ps shows it.
func command(pid int) string {
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return string(bytes.TrimSuffix(name, []byte("\n")))
}
