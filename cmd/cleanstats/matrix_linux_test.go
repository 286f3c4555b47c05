package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/liveness"
)

// nobody is a user that owns nothing else.
const nobody = 65534

// A fileState is what became of the writer of some files.
type fileState struct {
	name string
	writer
	killed bool // the writer was, and is gone
	want   string
}

// TestMatrix decides on 10,000 files of real processes, or 1,000 in short mode.
func TestMatrix(t *testing.T) {
	base, program := programFor(t)
	for _, place := range []struct {
		name string
		make func(*testing.T) string
	}{
		{"disk", func(t *testing.T) string { return mkdir(t, base, "disk") }},
		{"tmpfs", func(t *testing.T) string { return tmpfs(t) }},
		{"overlay", func(t *testing.T) string { return overlay(t, base) }},
	} {
		for _, by := range []string{"root", "owner"} {
			t.Run(place.name+"/"+by, func(t *testing.T) {
				if by == "root" && os.Getuid() != 0 {
					t.Skip("not root")
				}
				owner := os.Getuid()
				if owner == 0 {
					owner = nobody
				}
				dir := mkdir(t, place.make(t), by)
				if err := os.Chown(dir, owner, -1); err != nil {
					t.Fatal(err)
				}
				testMatrix(t, dir, program, by == "root", owner, place.name == "overlay")
			})
		}
	}
}

// testMatrix makes files of many writers and decides on them. With weakLease a
// lease says nothing of mappings, so that only a lock proves that a file is
// free.
func testMatrix(t *testing.T, dir, program string, asRoot bool, owner int, weakLease bool) {
	count := 60 // 29 states, 3 places, 2 users: more than 10,000
	if testing.Short() {
		count = 8
	}
	idle := func(uid int) int {
		pid, _ := writer{mode: "leave", uid: uid, dir: dir, program: program}.start(t, "idle")
		return pid
	}
	owners := idle(owner)
	started := time.Now() // it did so before, however long it took
	zombie := exec.Command("true")
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { zombie.Wait() })
	const idIsPID, exited, noWait = 1, 4, 0x01000000 // P_PID, WEXITED, WNOWAIT
	syscall.Syscall6(syscall.SYS_WAITID, idIsPID, uintptr(zombie.Process.Pid), 0, exited|noWait, 0, 0)
	states := []fileState{
		{name: "alive-lock", writer: writer{mode: "lock", keeps: true}, want: kept},
		{name: "alive-open", writer: writer{mode: "open"}, want: kept},
		{name: "alive-mapped", writer: writer{mode: "mapped"}, want: kept},
		{name: "alive-not-held", writer: writer{mode: "leave"}, want: kept},
		{name: "dead-lock", writer: writer{mode: "lock", keeps: true}, killed: true, want: removed},
		{name: "dead-open", writer: writer{mode: "open"}, killed: true, want: removed},
		{name: "zombie", writer: writer{mode: "leave", claim: zombie.Process.Pid}, want: removed},
		{name: "gave-up", writer: writer{mode: "leave", keeps: true}, want: removed},
		// A container's process 1 is another one than ours, which runs.
		{name: "container-runs", writer: writer{mode: "lock", keeps: true, ns: true, claim: 1}, want: kept},
		{name: "container-ended", writer: writer{mode: "lock", keeps: true, ns: true, claim: 1}, killed: true, want: removed},
		{name: "dead-in-future", writer: writer{mode: "open", shift: time.Hour}, killed: true, want: removed},
		{name: "forked", writer: writer{mode: "fork"}, want: kept},
		{name: "reused", writer: writer{mode: "leave", claim: owners, shift: -time.Hour}, want: removed},
		{name: "reused-keeps", writer: writer{mode: "leave", claim: owners, shift: -time.Hour, keeps: true}, want: removed},
		{name: "reused-too-soon", writer: writer{mode: "leave", claim: owners, made: started.Add(-3 * time.Second)}, want: kept},
		{name: "stepped-ahead-lock", writer: writer{mode: "lock", keeps: true, shift: -time.Hour}, want: kept},
		{name: "stepped-ahead-open", writer: writer{mode: "open", shift: -time.Hour}, want: kept},
		{name: "stepped-ahead-mapped", writer: writer{mode: "mapped", shift: -time.Hour}, want: kept},
		{name: "stepped-back-lock", writer: writer{mode: "lock", keeps: true, shift: time.Hour}, want: kept},
		{name: "stepped-back-open", writer: writer{mode: "open", shift: time.Hour}, want: kept},
		{name: "namespace-lock", writer: writer{mode: "lock", keeps: true, ns: true, claim: nobodysPID}, want: kept},
		{name: "namespace-open", writer: writer{mode: "open", ns: true, claim: nobodysPID}, want: kept},
		{name: "namespace-mapped", writer: writer{mode: "mapped", ns: true, claim: nobodysPID}, want: kept},
	}
	for i := range states {
		states[i].uid = owner
	}
	if os.Getuid() == 0 {
		start := time.Now()
		roots := idle(0)
		// Who may not ask for a lease cannot tell of a writer without lock.
		unlocked := kept
		if asRoot {
			unlocked = removed
		}
		states = append(states,
			fileState{name: "others-alive", writer: writer{mode: "lock", keeps: true, uid: 0}, want: kept},
			fileState{name: "others-alive-open", writer: writer{mode: "open", uid: 0}, want: kept},
			fileState{name: "others-dead-lock", writer: writer{mode: "lock", keeps: true, uid: 0}, killed: true, want: removed},
			fileState{name: "others-dead-open", writer: writer{mode: "open", uid: 0}, killed: true, want: unlocked},
			// Here the lock alone tells.
			fileState{name: "others-namespace-lock", writer: writer{mode: "lock", keeps: true, uid: 0, ns: true, claim: nobodysPID}, want: kept},
			fileState{name: "reused-by-other", writer: writer{mode: "leave", claim: roots, made: start.Add(-3 * time.Second), uid: owner}, want: removed})
	} else {
		t.Log("not root: no processes of other users")
	}
	want := make(map[string]string)
	for _, s := range states {
		if weakLease && !s.keeps {
			s.want = kept
		}
		s.count, s.dir, s.program = count, dir, program
		pid, kill := s.start(t, s.name+"-")
		if s.killed {
			kill()
			if liveness.Lookup(pid).Exists {
				t.Skipf("process id %d was given to another process at once", pid)
			}
		}
		for i := range count {
			want[filepath.Join(dir, fmt.Sprintf("%s-%d.mmstats", s.name, i))] = s.want
		}
	}
	got := cleanAs(t, program, owner, asRoot, dir)
	wrong := 0
	for name, decision := range want {
		_, err := os.Lstat(name)
		if got[name] == decision && (err != nil) == (decision == removed) {
			continue
		}
		if wrong++; wrong <= 10 {
			t.Errorf("cleanstats %s = %q (lstat: %v), want %q", name, got[name], err, decision)
		}
	}
	t.Logf("%d decisions, %d wrong", len(got), wrong)
	if len(got) != len(want) {
		t.Errorf("cleanstats made %d decisions, want %d", len(got), len(want))
	}
}

// TestNestedCleanstatsKeepsMappedFiles cleans from inside a container, where the
// writers outside it are not seen. On overlayfs no lease tells of a mapping whose
// descriptor was closed either.
func TestNestedCleanstatsKeepsMappedFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
	base, program := programFor(t)
	dir := overlay(t, base)
	writer{mode: "mapped", dir: dir, program: program, count: 1}.start(t, "mapped-")
	cmd := exec.Command(program, dir)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no pid namespace can be made here: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "mapped-0.mmstats")); err != nil || !strings.HasPrefix(string(out), "kept\t") {
		t.Errorf("cleanstats of a file that a process outside maps: %q (lstat: %v), want it kept", out, err)
	}
}

// cleanAs runs the command over dir, and returns what it decided.
func cleanAs(t *testing.T, program string, owner int, asRoot bool, dir string) map[string]string {
	t.Helper()
	cmd := exec.Command(program, dir)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	if !asRoot && os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(owner), Gid: uint32(owner)}}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Errorf("cleanstats: %v, stderr %q", err, &stderr)
	}
	got := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(line, "\t")
		if len(fields) != 4 {
			t.Fatalf("cleanstats writes %q, want 4 columns", line)
		}
		got[fields[1]] = fields[0]
	}
	return got
}

func mkdir(t *testing.T, parent, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, name+"-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func tmpfs(t *testing.T) string {
	t.Helper()
	const magic = 0x01021994
	var st syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &st); err != nil || st.Type != magic {
		t.Skipf("no tmpfs at /dev/shm: %v", err)
	}
	return mkdir(t, "/dev/shm", "mmstats-test")
}

func overlay(t *testing.T, base string) string {
	t.Helper()
	dir := mkdir(t, base, "overlay")
	var options []string
	for _, part := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, part), 0o755); err != nil {
			t.Fatal(err)
		}
		options = append(options, part+"dir="+filepath.Join(dir, part))
	}
	merged := filepath.Join(dir, "merged")
	if err := syscall.Mount("overlay", merged, "overlay", 0, strings.Join(options[:3], ",")); err != nil {
		t.Skipf("no overlayfs can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(merged, 0); err != nil {
			t.Error(err)
		}
	})
	return merged
}
