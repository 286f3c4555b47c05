package liveness

import (
	"bytes"
	"os"
	"strconv"
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
// another user's, or ended and not yet waited for, exists.
func Lookup(pid int) Process {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return Process{}
	}
	p := Process{Exists: true}
	if procIsOurs() {
		dir := "/proc/" + strconv.Itoa(pid)
		p.Started, p.UIDs = startTime(dir+"/stat"), uids(dir+"/status")
	}
	return p
}

// startTime returns when a process started, to the second.
func startTime(name string) time.Time {
	stat, err := os.ReadFile(name)
	boot := bootTime()
	if err != nil || boot.IsZero() {
		return time.Time{}
	}
	// The second field is a name in parentheses, with anything in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const startField = 22 - 3 // of those after the name, which is the second
	if len(fields) <= startField {
		return time.Time{}
	}
	ticks, err := strconv.ParseInt(string(fields[startField]), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return boot.Add(time.Duration(ticks) * (time.Second / userHZ))
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

// mappings are the files that processes map for writing, of those processes
// that can be looked at.
var mappings struct {
	sync.Mutex
	at  time.Time
	pid map[uint64]int // by inode
}

// mappingsAge is how long a look at all processes is good for.
const mappingsAge = time.Second

// mappedBy returns a process that maps the inode for writing, or 0. It does
// not look at devices: overlayfs shows sometimes its own and sometimes that of
// the layer below.
func mappedBy(ino uint64) int {
	mappings.Lock()
	defer mappings.Unlock()
	if time.Since(mappings.at) > mappingsAge {
		mappings.pid = scanMappings()
		mappings.at = time.Now()
	}
	return mappings.pid[ino]
}

func scanMappings() map[uint64]int {
	found := make(map[uint64]int)
	dir, err := os.Open("/proc")
	if err != nil {
		return found
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		maps, _ := os.ReadFile("/proc/" + name + "/maps") // it may have ended
		for line := range bytes.Lines(maps) {
			// address, permissions such as "rw-s", offset, device, inode, name
			f := bytes.Fields(line)
			if len(f) < 5 || len(f[1]) < 4 || f[1][1] != 'w' || f[1][3] != 's' {
				continue
			}
			if ino, err := strconv.ParseUint(string(f[4]), 10, 64); err == nil && ino != 0 {
				found[ino] = pid
			}
		}
	}
	return found
}
