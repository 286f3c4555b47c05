package liveness

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"mmstats/lib/mapping"
)

// userHZ is how many ticks a second has in /proc. It is the same on every
// architecture that Go runs on, whatever the tick of the kernel.
const userHZ = 100

// procIsOurs reports whether the process ids in /proc are those that kill takes.
// In a chroot or a container /proc may be that of another pid namespace.
var procIsOurs = sync.OnceValue(func() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
})

// bootTime returns the time of the boot, by the present clock.
var bootTime = sync.OnceValue(func() time.Time {
	stat, _ := os.ReadFile("/proc/stat")
	_, after, _ := bytes.Cut(stat, []byte("\nbtime "))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	seconds, err := strconv.ParseInt(string(line), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
})

// Lookup looks up a process in the pid namespace of the caller. A zombie does not
// exist: it has ended, and only waits for its parent to ask for its status.
func Lookup(pid int) Process {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return Process{}
	}
	p := Process{Exists: true}
	if !procIsOurs() {
		return p
	}
	dir := "/proc/" + strconv.Itoa(pid)
	p.UIDs = func() []uint32 { return uids(dir + "/status") }
	var buf [1024]byte // the start time stands in the first 600 bytes
	stat := read(dir+"/stat", buf[:])
	// The second field is a name in parentheses, which may contain anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const state, threads, start = 0, 20 - 3, 22 - 3 // the name is field 2, the state 3
	if len(fields) <= start {
		return p
	}
	// If the first thread of a process ends while others run, the process is
	// shown as a zombie too, but with more than one thread.
	others := fields[threads] != "0" && fields[threads] != "1"
	if s := fields[state]; s == "X" || s == "Z" && !others {
		return Process{}
	}
	p.Started = startTime(fields[start])
	return p
}

// read returns the start of a file, as far as buf holds it. It is quicker than
// [os.ReadFile].
func read(name string, buf []byte) []byte {
	f, err := mapping.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	n, _ := f.ReadAt(buf, 0)
	return buf[:n]
}

// startTime returns the time that is so many ticks after the boot, to the second.
func startTime(ticks string) time.Time {
	n, err := strconv.ParseInt(ticks, 10, 64)
	boot := bootTime()
	if err != nil || boot.IsZero() {
		return time.Time{}
	}
	return boot.Add(time.Duration(n) * (time.Second / userHZ))
}

// uids returns the user ids of a process, from its status file.
func uids(name string) (uids []uint32) {
	status, _ := os.ReadFile(name)
	_, after, _ := bytes.Cut(status, []byte("\nUid:"))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	for _, field := range bytes.Fields(line) {
		uid, err := strconv.ParseUint(string(field), 10, 32)
		if err != nil {
			return nil
		}
		uids = append(uids, uint32(uid))
	}
	return uids
}
