package liveness

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	evening = noon.Add(6 * time.Hour)
)

// users returns the users of a process.
func users(ids ...uint32) func() []uint32 { return func() []uint32 { return ids } }

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
		{"started before", Process{Exists: true, Started: at(-time.Hour), UIDs: users(owner)}, noon, noon, "-process 42 runs"},
		{"started before, other user", Process{Exists: true, Started: at(-time.Second), UIDs: users(other)}, noon, noon, "-process 42 runs"},
		{"started with the file", Process{Exists: true, Started: noon, UIDs: users(other)}, noon, noon, "-process 42 runs"},
		{"started 5 s later", Process{Exists: true, Started: at(5 * time.Second), UIDs: users(owner)}, noon, noon, "-process 42 runs"},
		{"started 6 s later", Process{Exists: true, Started: at(6 * time.Second), UIDs: users(owner)}, noon, noon,
			"process 42 is another one, started 6s after"},
		{"started 1 s later, other user", Process{Exists: true, Started: at(time.Second), UIDs: users(other)}, noon, noon,
			"process 42 is another one, of user 33"},
		{"started 1 s later, users unknown", Process{Exists: true, Started: at(time.Second)}, noon, noon, "-process 42 runs"},
		{"started 1 s later, was the owner", Process{Exists: true, Started: at(time.Second), UIDs: users(other, other, owner)}, noon, noon, "-process 42 runs"},
		{"written since", Process{Exists: true, Started: at(time.Hour), UIDs: users(other)}, noon, at(time.Hour), "-process 42 runs"},
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

// openFile returns a file that is open for reading, and what describes it.
func openFile(t *testing.T, name string) (*mapping.File, mapping.Info) {
	t.Helper()
	f, err := mapping.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return f, info
}

// The pid of a file is that of some other process here, as the file comes from
// another container: the lock tells whether its writer runs.
func TestLivesInAnotherContainer(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte{format.Version}, 0o600); err != nil {
		t.Fatal(err)
	}
	f, info := openFile(t, name)
	holder, _ := openFile(t, name)
	exists := Judge{Process: func(int) Process { return Process{Exists: true} }}
	gone := Judge{Process: func(int) Process { return Process{} }}
	for _, locked := range []bool{true, false} {
		if locked {
			if err := holder.TryLock(); err != nil {
				t.Fatal(err)
			}
		} else if err := holder.Unlock(); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			name  string
			judge Judge
			w     Writer
			lives bool
		}{
			{"process, keeps lock", exists, Writer{PID: 1, KeepsLock: true}, locked},
			{"no process, keeps lock", gone, Writer{PID: 42, KeepsLock: true}, locked},
			{"process", exists, Writer{PID: 1}, true},
			{"no process", gone, Writer{PID: 42}, false},
			{"no pid", gone, Writer{}, true},
		} {
			if got := test.judge.Lives(f, test.w, info); got.Yes != test.lives {
				t.Errorf("%s, locked %v: Lives() = %v, want %v", test.name, locked, got, test.lives)
			}
		}
	}
	// To ask does not take the lock away.
	if err := holder.TryLock(); err != nil {
		t.Errorf("the lock after Lives(): %v", err)
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
		{"may not ask, and need not", Use{Lease: pathErr(syscall.EACCES)}, true, true, "nobody holds its lock"},
		{"no leases", Use{Lease: pathErr(errors.ErrUnsupported)}, false, false, "perhaps in use: its writer keeps no lock, and there are no leases"},
		{"no leases, and no need", Use{Lease: pathErr(errors.ErrUnsupported)}, true, true, "nobody"},
		{"lease fails", Use{Lease: pathErr(syscall.ENOLCK)}, false, false, "perhaps in use"},
		{"overlay", Use{Lease: pathErr(mapping.ErrWeakLease)}, false, false, "perhaps in use: its writer keeps no lock, and nothing tells"},
		{"overlay, and no need", Use{Lease: pathErr(mapping.ErrWeakLease)}, true, true, "nobody holds its lock"},
	} {
		got := test.use.Free(Writer{PID: 42, KeepsLock: test.keepsLock})
		if got.Yes != test.free || !strings.HasPrefix(got.Reason, test.reason) {
			t.Errorf("%s: Free() = %v, want %v, %q", test.name, got, test.free, test.reason)
		}
	}
}

// constant is a stat that is never updated.
func constant(label string, t format.Type, v format.Value) stat {
	return stat{format.Spec{Label: label, Type: t, Update: format.Never, Size: 8}, v}
}

type stat struct {
	format.Spec
	value format.Value
}

// file returns the bytes of a file as lib/mmstats lays them out.
func file(t *testing.T, stats ...stat) []byte {
	t.Helper()
	data := []byte{format.Version}
	for _, st := range stats {
		start := len(data)
		var err error
		if data, err = format.AppendField(data, st.Spec); err != nil {
			t.Fatal(err)
		}
		fd, err := format.FieldAt(data, start)
		if err == nil {
			err = fd.Signature.Encode(data[fd.ReadOffset(fd.WriteBuffer):][:fd.Signature.Size], st.value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return append(data, 0, 0)
}

func TestWriterOf(t *testing.T) {
	pid := func(n uint64) stat { return constant("app.sys.pid", format.Uint64, format.UintValue(n)) }
	signed := func(n int64) stat { return constant("sys.pid", format.Int64, format.IntValue(n)) }
	live := func(label string, t format.Type, v format.Value) stat {
		return stat{format.Spec{Label: label, Type: t, Update: format.Shared, Size: 8}, v}
	}
	for _, test := range []struct {
		name  string
		stats []stat
		want  string // of the error, or the pid
	}{
		{"none", nil, "names no writer: there is no sys.pid"},
		{"signed", []stat{signed(42)}, "42"},
		{"unsigned", []stat{pid(42)}, "42"},
		{"largest", []stat{pid(MaxPID)}, "4194304"},
		{"too large", []stat{pid(MaxPID + 1)}, "sys.pid is not from 1 to 4194304"},
		{"zero", []stat{pid(0)}, "sys.pid is not from 1 to 4194304"},
		{"negative", []stat{signed(-1)}, "sys.pid is not from 1 to 4194304"},
		{"2^63", []stat{pid(1 << 63)}, "sys.pid is not from 1 to 4194304"},
		{"2^64 - 42", []stat{pid(math.MaxUint64 - 41)}, "sys.pid is not from 1 to 4194304"},
		{"float", []stat{constant("sys.pid", format.Float64, format.FloatValue(42))}, "sys.pid is not a whole number"},
		{"text", []stat{constant("sys.pid", format.String, format.TextValue([]byte("42")))}, "sys.pid is not a whole number"},
		{"truth", []stat{constant("sys.pid", format.Bool, format.BoolValue(true))}, "sys.pid is not a whole number"},
		{"same twice", []stat{pid(42), signed(42)}, "42"},
		{"conflict", []stat{signed(42), pid(43)}, "sys.pid is both 42 and 43"},
		{"a bad one after a good one", []stat{signed(42), pid(0)}, "sys.pid is not from 1 to 4194304"},
		// What a user may have called a stat of his.
		{"another label that ends so", []stat{constant("filesys.pid", format.Uint32, format.UintValue(99999))}, "names no writer: there is no sys.pid"},
		{"a stat that is updated", []stat{live("sys.pid", format.Uint32, format.UintValue(99999))}, "names no writer: there is no sys.pid"},
		{"a counter beside the writer", []stat{live("jobs.sys.pid", format.Counter, format.UintValue(9)), signed(42)}, "42"},
	} {
		w, err := WriterOf(file(t, test.stats...))
		got := fmt.Sprint(w.PID)
		if err != nil {
			got = err.Error()
		}
		if got != test.want || err != nil && w.PID != 0 {
			t.Errorf("%s: WriterOf() = %v, %s, want %s", test.name, w, got, test.want)
		}
		if !w.Aligned || w.KeepsLock {
			t.Errorf("%s: WriterOf() = %+v, want a file that is aligned, and of a writer that keeps no lock", test.name, w)
		}
	}
	if w, err := WriterOf(file(t, signed(42))[:20]); err == nil || w.PID != 0 || w.Aligned {
		t.Errorf("WriterOf(damaged) = %+v, %v, want no writer", w, err)
	}
}

func TestWriterOfKeepsLock(t *testing.T) {
	text := format.TextValue([]byte("go1.26"))
	for _, test := range []struct {
		label  string
		update format.Update
		want   bool
	}{
		{"org.golang.version", format.Never, true},
		{"web.org.golang.version", format.Never, true},
		{"my-org.golang.version", format.Never, false},
		{"org.golang.version", format.Shared, false},
	} {
		version := stat{format.Spec{Label: test.label, Type: format.String, Update: test.update, Size: 8}, text}
		w, err := WriterOf(file(t, constant("sys.pid", format.Uint32, format.UintValue(42)), version))
		if err != nil || w.KeepsLock != test.want {
			t.Errorf("WriterOf(%s, update %v) = %+v, %v, want KeepsLock %v", test.label, test.update, w, err, test.want)
		}
	}
}

func TestWriterOfCreated(t *testing.T) {
	for _, test := range []struct {
		types  format.Type
		values []format.Value
		want   time.Time
	}{
		{0, nil, time.Time{}},
		{format.Float64, []format.Value{format.FloatValue(1.5)}, time.UnixMilli(1500)},
		{format.Uint64, []format.Value{format.UintValue(7)}, time.Unix(7, 0)},
		{format.Float64, []format.Value{format.FloatValue(9), format.FloatValue(7)}, time.Unix(9, 0)},
		{format.Float64, []format.Value{format.FloatValue(math.NaN())}, time.Time{}},
		{format.Float64, []format.Value{format.FloatValue(math.Inf(1))}, time.Time{}},
		{format.Float64, []format.Value{format.FloatValue(1e300)}, time.Time{}},
		{format.Float64, []format.Value{format.FloatValue(-1)}, time.Time{}},
		{format.String, []format.Value{format.TextValue([]byte("7"))}, time.Time{}},
	} {
		stats := []stat{constant("sys.pid", format.Int64, format.IntValue(42)),
			constant("filesys.created", format.Float64, format.FloatValue(99))}
		for _, v := range test.values {
			stats = append(stats, constant("sys.created", test.types, v))
		}
		w, err := WriterOf(file(t, stats...))
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
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := Lookup(cmd.Process.Pid)
	if p.UIDs != nil {
		if uids := p.UIDs(); len(uids) > 0 && uids[0] != uint32(os.Getuid()) {
			t.Errorf("the users of a child are %v, want %d", uids, os.Getuid())
		}
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !p.Exists {
		t.Errorf("Lookup(child) = %+v, want a process", p)
	}
	if late := p.Started.Sub(before); !p.Started.IsZero() && (late > time.Second || late < -3*time.Second) {
		t.Errorf("Lookup(child) = %+v, want a start near %v", p, before)
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

// All files of one process get one answer, also if it ends meanwhile.
func TestCachedLooksUpOnce(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, lookup := cmd.Process.Pid, Cached()
	before := lookup(pid).Exists
	cmd.Process.Kill()
	cmd.Wait()
	if after := lookup(pid).Exists; !before || !after {
		t.Errorf("the process exists: %v, and after its end: %v, want the same answer", before, after)
	}
	if Cached()(pid).Exists {
		t.Error("the next command takes the process for a running one")
	}
}
