package liveness

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"mmstats/lib/programtest"
)

// firstThreadEnds makes a copy of the test binary end its first thread alone,
// and go on until its standard input ends.
const firstThreadEnds = "MMSTATS_TEST_FIRST_THREAD_ENDS"

func init() {
	if os.Getenv(firstThreadEnds) == "" {
		return
	}
	runtime.LockOSThread() // to the first thread, in init
	go func() {
		fmt.Println("begun")
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

// waitForEnd waits until a process has ended, and leaves it a zombie.
func waitForEnd(t *testing.T, pid int) {
	t.Helper()
	const idIsPID, exited, noWait = 1, 4, 0x01000000 // P_PID, WEXITED, WNOWAIT
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, idIsPID, uintptr(pid), 0, exited|noWait, 0, 0)
		if errno == 0 {
			return
		}
		if errno != syscall.EINTR {
			t.Fatalf("waitid(%d): %v", pid, errno)
		}
	}
}

func TestAZombieHasEnded(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	waitForEnd(t, cmd.Process.Pid)
	if err := syscall.Kill(cmd.Process.Pid, 0); err != nil {
		t.Fatalf("the zombie is gone: %v", err)
	}
	if p := Lookup(cmd.Process.Pid); p.Exists {
		t.Errorf("Lookup(zombie) = %+v, want none", p)
	}
}

// A process goes on when its first thread ends before the others, and looks
// like a zombie then.
func TestAProcessWithoutItsFirstThreadRuns(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), firstThreadEnds+"=1")
	p := programtest.Start(t, cmd)
	if line := p.Line(); line != "begun" {
		t.Fatalf("the process wrote %q", line)
	}
	for firstThreadState(t, cmd.Process.Pid) != 'Z' {
		runtime.Gosched()
	}
	if found := Lookup(cmd.Process.Pid); !found.Exists {
		t.Errorf("Lookup(process whose first thread ended) = %+v, want a process", found)
	}
	p.Finish()
}

// firstThreadState returns the state of a process as ps shows it.
func firstThreadState(t *testing.T, pid int) byte {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var state byte
	var name string
	var id int
	if _, err := fmt.Sscanf(string(stat), "%d %s %c", &id, &name, &state); err != nil {
		t.Fatal(err)
	}
	return state
}
