package gostats

import (
	"os"
	"runtime"
	"syscall"

	"mmstats/lib/mmstats"
)

// A process has the stats of the process as a whole.
type process struct {
	user, system         mmstats.FloatCounter // seconds
	lastUser, lastSystem float64
	files                mmstats.Gauge[uint64]
}

func (s *sampler) addProcess() {
	p := &s.process
	s.add("cpu.user", "seconds", "CPU time of the process", &p.user)
	s.add("cpu.system", "seconds", "CPU time of the system for the process", &p.system)
	if _, ok := openFiles(); ok {
		s.add("files", "", "Open file descriptors", &p.files)
	}
}

func (p *process) sample() {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		user, system := seconds(usage.Utime), seconds(usage.Stime)
		p.user.Add(user - p.lastUser)
		p.system.Add(system - p.lastSystem)
		p.lastUser, p.lastSystem = user, system
	}
	if n, ok := openFiles(); ok {
		p.files.Set(n)
	}
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// openFiles counts the file descriptors of the process, where the system tells
// them all.
func openFiles() (n uint64, ok bool) {
	dir := map[string]string{"linux": "/proc/self/fd", "darwin": "/dev/fd"}[runtime.GOOS]
	// Linux 6.2 and later tells the number without a list.
	if info, err := os.Stat(dir); err == nil && runtime.GOOS == "linux" && info.Size() > 0 {
		return uint64(info.Size()), true
	}
	f, err := os.Open(dir)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return uint64(max(len(names)-1, 0)), err == nil // f is none of theirs
}
