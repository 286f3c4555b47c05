package liveness

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/reader"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	evening = noon.Add(6 * time.Hour)
)

func TestEnded(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	const owner, other = 1000, 33
	for _, test := range []struct {
		name    string
		process Process
		created time.Time
		written time.Time
		want    string // the start of the reason, with - for one that runs
	}{
		{"no process", Process{}, noon, noon, "process 42 has ended"},
		{"no process, no times", Process{}, time.Time{}, time.Time{}, "process 42 has ended"},
		{"start unknown", Process{Exists: true}, noon, noon, "-process 42 runs"},
		{"started before", Process{Exists: true, Started: at(-time.Hour), UIDs: []uint32{owner}}, noon, noon, "-process 42 runs"},
		{"started before, other user", Process{Exists: true, Started: at(-time.Second), UIDs: []uint32{other}}, noon, noon, "-process 42 runs"},
		{"started with the file", Process{Exists: true, Started: noon, UIDs: []uint32{other}}, noon, noon, "-process 42 runs"},
		{"started 5 s later", Process{Exists: true, Started: at(5 * time.Second), UIDs: []uint32{owner}}, noon, noon, "-process 42 runs"},
		{"started 6 s later", Process{Exists: true, Started: at(6 * time.Second), UIDs: []uint32{owner}}, noon, noon,
			"process 42 is another one, started 6s after"},
		{"started 1 s later, other user", Process{Exists: true, Started: at(time.Second), UIDs: []uint32{other}}, noon, noon,
			"process 42 is another one, of user 33"},
		{"started 1 s later, users unknown", Process{Exists: true, Started: at(time.Second)}, noon, noon, "-process 42 runs"},
		{"started 1 s later, was the owner", Process{Exists: true, Started: at(time.Second), UIDs: []uint32{other, other, owner}}, noon, noon, "-process 42 runs"},
		{"written since", Process{Exists: true, Started: at(time.Hour), UIDs: []uint32{other}}, noon, at(time.Hour), "-process 42 runs"},
		{"created after it was written", Process{Exists: true, Started: at(time.Hour)}, at(time.Hour), noon, "-process 42 runs"},
		{"no created", Process{Exists: true, Started: at(time.Hour)}, time.Time{}, noon, "process 42 is another one, started 1h0m0s after"},
		{"clock was set back", Process{Exists: true, Started: at(time.Minute)}, at(time.Hour), at(time.Hour), "-process 42 runs"},
		{"started in the future", Process{Exists: true, Started: at(7 * time.Hour)}, noon, noon, "-process 42 runs"},
	} {
		j := Judge{
			Process: func(pid int) Process {
				if pid != 42 {
					t.Errorf("%s: looked process %d up, want 42", test.name, pid)
				}
				return test.process
			},
			Now: func() time.Time { return evening },
		}
		want, runs := strings.CutPrefix(test.want, "-")
		got := j.Ended(Writer{PID: 42, Created: test.created}, mapping.Info{UID: owner, ModTime: test.written})
		if got.Yes == runs || !strings.HasPrefix(got.Reason, want) {
			t.Errorf("%s: Ended() = %v, want %v, %q", test.name, got, !runs, want)
		}
	}
}

func TestFree(t *testing.T) {
	pathErr := func(err error) error { return &fs.PathError{Op: "lease", Path: "file", Err: err} }
	for _, test := range []struct {
		name      string
		use       Use
		keepsLock bool
		free      bool
		reason    string
	}{
		{"lock and lease", Use{}, false, true, "nobody"},
		{"locked", Use{Lock: pathErr(mapping.ErrLocked)}, true, false, "locked by a running process"},
		{"no locks here", Use{Lock: pathErr(syscall.EBADF)}, true, false, "its lock cannot be had: bad file descriptor"},
		{"leased", Use{LeasedBy: 7}, true, false, "leased by process 7"},
		{"open for writing", Use{Lease: pathErr(mapping.ErrInUse)}, true, false, "open for writing"},
		{"may not ask", Use{Lease: pathErr(syscall.EACCES)}, false, false, "perhaps in use: its writer keeps no lock, and only its owner"},
		{"may not ask, and need not", Use{Lease: pathErr(syscall.EACCES)}, true, true, "nobody"},
		{"no leases", Use{Lease: pathErr(errors.ErrUnsupported)}, false, false, "perhaps in use: its writer keeps no lock, and there are no leases"},
		{"no leases, and no need", Use{Lease: pathErr(errors.ErrUnsupported)}, true, true, "nobody"},
		{"lease fails", Use{Lease: pathErr(syscall.ENOLCK)}, false, false, "perhaps in use"},
		{"overlay, not mapped", Use{Lease: pathErr(mapping.ErrWeakLease)}, false, true, "nobody"},
		{"overlay, mapped", Use{Lease: pathErr(mapping.ErrWeakLease), MappedBy: 7}, true, false, "mapped for writing by process 7"},
	} {
		got := test.use.Free(Writer{PID: 42, KeepsLock: test.keepsLock})
		if got.Yes != test.free || !strings.HasPrefix(got.Reason, test.reason) {
			t.Errorf("%s: Free() = %v, want %v, %q", test.name, got, test.free, test.reason)
		}
	}
}

func stat(label string, v format.Value) reader.Stat {
	return reader.Stat{Field: format.Field{Label: []byte(label)}, Value: v}
}

func TestWriterOf(t *testing.T) {
	pid := func(v format.Value) []reader.Stat { return []reader.Stat{stat("app.sys.pid", v)} }
	for _, test := range []struct {
		name  string
		stats []reader.Stat
		want  string // of the error, or the pid
	}{
		{"none", nil, "names no writer: there is no sys.pid"},
		{"signed", pid(format.IntValue(42)), "42"},
		{"unsigned", pid(format.UintValue(42)), "42"},
		{"largest", pid(format.UintValue(MaxPID)), "4194304"},
		{"too large", pid(format.UintValue(MaxPID + 1)), "sys.pid is not from 1 to 4194304"},
		{"zero", pid(format.IntValue(0)), "sys.pid is not from 1 to 4194304"},
		{"negative", pid(format.IntValue(-1)), "sys.pid is not from 1 to 4194304"},
		{"2^63", pid(format.UintValue(1 << 63)), "sys.pid is not from 1 to 4194304"},
		{"2^64 - 42", pid(format.UintValue(math.MaxUint64 - 41)), "sys.pid is not from 1 to 4194304"},
		{"float", pid(format.FloatValue(42)), "sys.pid is not a whole number"},
		{"text", pid(format.TextValue([]byte("42"))), "sys.pid is not a whole number"},
		{"truth", pid(format.BoolValue(true)), "sys.pid is not a whole number"},
		{"unread", pid(format.Value{}), "sys.pid cannot be read"},
		{"same twice", append(pid(format.IntValue(42)), stat("sys.pid", format.UintValue(42))), "42"},
		{"conflict", append(pid(format.IntValue(42)), stat("sys.pid", format.UintValue(43))), "sys.pid is both 42 and 43"},
	} {
		w, err := WriterOf(test.stats)
		got := fmt.Sprint(w.PID)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: WriterOf() = %s, want %s", test.name, got, test.want)
		}
	}
}

func TestWriterOfCreated(t *testing.T) {
	for _, test := range []struct {
		values []format.Value
		want   time.Time
	}{
		{nil, time.Time{}},
		{[]format.Value{format.FloatValue(1.5)}, time.UnixMilli(1500)},
		{[]format.Value{format.UintValue(7)}, time.Unix(7, 0)},
		{[]format.Value{format.FloatValue(9), format.FloatValue(7)}, time.Unix(9, 0)},
		{[]format.Value{format.FloatValue(math.NaN())}, time.Time{}},
		{[]format.Value{format.FloatValue(math.Inf(1))}, time.Time{}},
		{[]format.Value{format.FloatValue(1e300)}, time.Time{}},
		{[]format.Value{format.FloatValue(-1)}, time.Time{}},
		{[]format.Value{format.TextValue([]byte("7"))}, time.Time{}},
	} {
		stats := []reader.Stat{stat("sys.pid", format.IntValue(42))}
		for _, v := range test.values {
			stats = append(stats, stat("sys.created", v))
		}
		w, err := WriterOf(stats)
		if err != nil || !w.Created.Equal(test.want) {
			t.Errorf("WriterOf(created %v) = %v, %v, want %v", test.values, w.Created, err, test.want)
		}
	}
}

func TestLookup(t *testing.T) {
	if p := Lookup(os.Getpid()); !p.Exists {
		t.Errorf("Lookup(own pid) = %+v, want a process", p)
	}
	if p := Lookup(MaxPID); p.Exists { // ids are below it
		t.Errorf("Lookup(%d) = %+v, want none", MaxPID, p)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	before := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// It ends, and until it is waited for its id is nobody else's.
	p := Lookup(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !p.Exists {
		t.Errorf("Lookup(child) = %+v, want a process", p)
	}
	if late := p.Started.Sub(before); !p.Started.IsZero() && (late > time.Second || late < -3*time.Second) {
		t.Errorf("Lookup(child) = %+v, want a start near %v", p, before)
	}
	if len(p.UIDs) > 0 && p.UIDs[0] != uint32(os.Getuid()) {
		t.Errorf("Lookup(child) = %+v, want user %d", p, os.Getuid())
	}
	if p := Lookup(cmd.Process.Pid); p.Exists {
		t.Errorf("Lookup(ended child) = %+v, want none", p)
	}
}

// A process id that was given to another process since.
func ExampleJudge_Ended() {
	boot := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	j := Judge{
		Process: func(int) Process { return Process{Exists: true, Started: boot.Add(2 * time.Hour)} },
		Now:     func() time.Time { return boot.Add(3 * time.Hour) },
	}
	v := j.Ended(Writer{PID: 1234, Created: boot}, mapping.Info{ModTime: boot.Add(time.Hour)})
	fmt.Println(v.Yes, v.Reason)
	// Output: true process 1234 is another one, started 1h0m0s after the file was written
}
