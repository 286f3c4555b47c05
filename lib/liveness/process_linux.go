package liveness

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// userHZ is the unit of times in /proc. The kernel shows them in this one on
// every architecture that Go runs on, whatever its own tick is.
const userHZ = 100

// procIsOurs tells whether /proc numbers processes as kill does: a chroot or a
// container may show that of another pid namespace.
var procIsOurs = sync.OnceValue(func() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
})

// bootTime is the time of the boot by the clock of today.
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

// Lookup looks a process up in the pid namespace of the caller. One that is
// another user's exists; one that has ended, and that its parent has not waited
// for yet, does not.
func Lookup(pid int) Process {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return Process{}
	}
	p := Process{Exists: true}
	if !procIsOurs() {
		return p
	}
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return p
	}
	p.UIDs = uids(dir + "/status")
	// The second field is a name in parentheses, with anything in it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const state, threads, start = 3 - 3, 20 - 3, 22 - 3 // of those after the name
	if len(fields) <= start {
		return p
	}
	// The first thread of a process may have ended while others go on: then the
	// process looks like a zombie of more than one thread.
	others := fields[threads] != "0" && fields[threads] != "1"
	if s := fields[state]; s == "X" || s == "Z" && !others {
		return Process{}
	}
	p.Started = startTime(fields[start])
	return p
}

// startTime returns the time, to the second, that is as many ticks after boot.
func startTime(ticks string) time.Time {
	n, err := strconv.ParseInt(ticks, 10, 64)
	boot := bootTime()
	if err != nil || boot.IsZero() {
		return time.Time{}
	}
	return boot.Add(time.Duration(n) * (time.Second / userHZ))
}

// uids returns the users that a process runs as.
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
