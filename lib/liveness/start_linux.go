package liveness

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"time"
)

// userHZ is the unit of times in /proc. The kernel shows them in this one on
// every architecture that Go runs on, whatever its own tick is.
const userHZ = 100

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

// startTime returns when a process started, to the second.
func startTime(pid int) (time.Time, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	boot := bootTime()
	if err != nil || boot.IsZero() {
		return time.Time{}, false
	}
	// The second field is a name in parentheses, with anything in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const startField = 22 - 3 // of those after the name, which is the second
	if len(fields) <= startField {
		return time.Time{}, false
	}
	ticks, err := strconv.ParseInt(string(fields[startField]), 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return boot.Add(time.Duration(ticks) * (time.Second / userHZ)), true
}
