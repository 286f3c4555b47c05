package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/reader"
)

// sums returns the counters of a file, and how many other stats it has.
func sums(t *testing.T, name string) (counts map[string]uint64, others int) {
	t.Helper()
	stats, err := reader.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	counts = make(map[string]uint64)
	for i := range stats {
		switch label := string(stats[i].Label); {
		case strings.HasPrefix(label, "test.count."):
			counts[label] += stats[i].Value.Uint()
		case label == "test.wait":
			h := stats[i].Histogram()
			counts[label] += h.Count
			if got := h.AtMost(0.5); got != h.Count || h.Sum != 0.5*float64(h.Count) || stats[i].Description().Unit != "seconds" {
				t.Errorf("%s: %d of %d samples are 0.5, with the sum %v %s", label, got, h.Count, h.Sum, stats[i].Description().Unit)
			}
		default:
			others++
		}
	}
	return counts, others
}

// TestKilledWhileFolding kills the command at 300 random points, or 60 in short
// mode, of which one or more are between the totals and the removal. However
// often it is killed, each file counts once.
func TestKilledWhileFolding(t *testing.T) {
	kills := 300
	if testing.Short() {
		kills = 60
	}
	_, program := programFor(t)
	dir := t.TempDir()
	totals := filepath.Join(dir, "totals.mmstats")
	made := time.Now().Add(-time.Hour)
	want := make(map[string]uint64)
	next := 0
	fold := func(kill time.Duration) (killed bool) {
		cmd := exec.Command(program, "--fold", totals, dir)
		// Under -race a program sleeps for a second before it exits.
		cmd.Env = append(os.Environ(), asCommand+"=1", "GORACE=atexit_sleep_ms=0")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kill >= 0 {
			time.Sleep(kill)
			cmd.Process.Signal(syscall.SIGKILL)
		}
		state, err := cmd.Process.Wait()
		if err != nil {
			t.Fatal(err)
		}
		status := state.Sys().(syscall.WaitStatus)
		if !status.Signaled() && status.ExitStatus() != cli.OK {
			t.Fatalf("cleanstats --fold ends with %v", state)
		}
		return status.Signaled()
	}
	add := func() {
		for i := range 6 {
			a, b := rand.Uint64N(1000), rand.Uint64N(1000)
			keepsLock := i%2 == 0 // else the file is set aside first
			writeStats(t, filepath.Join(dir, fmt.Sprintf("%d.mmstats", next)), nobodysPID, made.Add(time.Duration(next)*time.Millisecond), keepsLock, a, b)
			want["test.count.0"] += a
			want["test.count.1"] += b
			want["test.wait"] += a
			next++
		}
	}
	// How long a run takes differs from machine to machine, and with what else
	// goes on there. So the time in which the kill comes follows the runs: it
	// gets shorter with each run that ended before it.
	window := 5 * time.Millisecond
	killed, halfway := 0, 0
	for killed < kills || halfway == 0 {
		add()
		if fold(time.Duration(rand.Int64N(int64(window)))) {
			killed++
			window += window / 16
		} else {
			window -= window / 4
		}
		if _, err := os.Stat(totals); err == nil {
			if _, records := sums(t, totals); records > 0 {
				halfway++
			}
		}
	}
	fold(-1)
	got, records := sums(t, totals)
	for label, n := range want {
		if got[label] != n {
			t.Errorf("%s of the totals = %d, want %d", label, got[label], n)
		}
	}
	if records != 0 {
		t.Errorf("the totals still name %d files that are gone", records)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("%d files are left, want the totals alone", len(left))
	}
	if litter, _ := filepath.Glob(filepath.Join(dir, ".*.mmstats*")); len(litter) > 1 {
		t.Errorf("the kills left %v", litter)
	}
	t.Logf("%d files, %d kills left work half done", next, halfway)
}

// TestFoldsOnceTogether runs many commands over the same files and totals.
func TestFoldsOnceTogether(t *testing.T) {
	_, program := programFor(t)
	dir := t.TempDir()
	totals := filepath.Join(dir, "totals.mmstats")
	const files, runs = 200, 6
	for i := range files {
		writeStats(t, filepath.Join(dir, fmt.Sprintf("%d.mmstats", i)), nobodysPID, time.Now(), i%2 == 0, 1)
	}
	var cmds []*exec.Cmd
	for range runs {
		cmd := exec.Command(program, "--fold", totals, dir)
		cmd.Env = append(os.Environ(), asCommand+"=1")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != cli.TempFail {
			t.Errorf("cleanstats --fold: %v", err)
		}
	}
	if status, _, stderr := command("--fold", totals, dir); status != cli.OK {
		t.Errorf("cleanstats --fold = %d, %q, want 0", status, stderr)
	}
	if got, records := sums(t, totals); got["test.count.0"] != files || records != 0 {
		t.Errorf("the totals = %v and %d records, want %d and none", got, records, files)
	}
}

func TestLockedTotals(t *testing.T) {
	dir := t.TempDir()
	totals, dead := filepath.Join(dir, "totals"), filepath.Join(dir, "dead")
	writeStats(t, dead, nobodysPID, time.Now(), true, 1)
	if status, _, stderr := command("--fold", totals, dead); status != cli.OK {
		t.Fatalf("cleanstats --fold = %d, %q, want 0", status, stderr)
	}
	f, err := os.Open(totals)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	writeStats(t, dead, nobodysPID, time.Now(), true, 1)
	status, stdout, stderr := command("--fold", totals, dead)
	if status != cli.TempFail || !strings.HasPrefix(stdout, "skipped\t") || !strings.HasPrefix(stderr, fmt.Sprintf("cleanstats: %s: locked by another process, %d (", totals, os.Getpid())) {
		t.Errorf("cleanstats --fold, locked = %d, %q, %q, want %d", status, stdout, stderr, cli.TempFail)
	}
	if _, err := os.Stat(dead); err != nil {
		t.Errorf("the file that was not folded: %v", err)
	}
}

// A file that was counted, and could not be removed, is not counted again.
func TestFoldRemembersWhatStays(t *testing.T) {
	dir := t.TempDir()
	name, totals := filepath.Join(dir, "dead"), filepath.Join(dir, "totals")
	writeStats(t, name, nobodysPID, time.Now(), true, 5)
	tot, err := openTotals(totals)
	if err != nil {
		t.Fatal(err)
	}
	look := func() *candidate {
		c := &cleaner{options: options{}, counts: map[string]int{}}
		c.Fold = "totals"
		if err := c.enter(dir + "/"); err != nil {
			t.Fatal(err)
		}
		n := &candidate{base: "dead"}
		n.file = name
		if err := c.examine(n); err != nil {
			t.Fatal(err)
		}
		n.f.Close()
		return n
	}
	for range 2 { // as if killed before the file was removed
		if _, err := tot.fold([]*candidate{look()}); err != nil {
			t.Fatal(err)
		}
	}
	if got, records := sums(t, totals); got["test.count.0"] != 5 || records != 1 {
		t.Errorf("the totals = %v and %d records, want 5 and 1", got, records)
	}
	// Another file in its place counts, whatever its inode.
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	writeStats(t, name, nobodysPID, time.Now().Add(time.Hour), true, 7)
	if _, err := tot.fold([]*candidate{look()}); err != nil {
		t.Fatal(err)
	}
	if got, _ := sums(t, totals); got["test.count.0"] != 12 {
		t.Errorf("the totals = %v, want 12", got)
	}
}

func TestLeaseOfTheOwner(t *testing.T) {
	for _, test := range []struct {
		kind, flags int
		want        string
	}{
		{syscall.F_WRLCK, os.O_RDWR, "in use: a process holds a lease on it"},
		{syscall.F_RDLCK, os.O_RDONLY, fmt.Sprintf("process %d has ended, but the file is leased by process %d", nobodysPID, os.Getpid())},
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, "a.mmstats")
		writeStats(t, name, nobodysPID, time.Now(), true)
		writeStats(t, filepath.Join(dir, "b.mmstats"), nobodysPID, time.Now(), true)
		f, err := os.OpenFile(name, test.flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_SETLEASE, uintptr(test.kind)); errno != 0 {
			t.Fatal(errno)
		}
		status, stdout, stderr := command(dir)
		first, second, _ := strings.Cut(stdout, "\n")
		if status != cli.OK || !strings.HasPrefix(first, "kept\t"+name) || !strings.HasSuffix(first, "\t"+test.want) || !strings.HasPrefix(second, "removed\t") {
			t.Errorf("cleanstats = %d, %q, %q, want one kept for %q and one removed", status, stdout, stderr, test.want)
		}
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			t.Errorf("the leased file is gone")
		}
	}
}
