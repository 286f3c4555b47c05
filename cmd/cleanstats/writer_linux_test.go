package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A writer is a process that made stat files and holds them in some way, until
// its standard input ends.
type writer struct {
	mode    string        // see hold
	uid     int           // that it runs as
	claim   int           // the pid in its files, and 0 for its own
	made    time.Time     // what its files say; else now
	shift   time.Duration // of that: as if the clock was stepped since
	ns      bool          // it runs in a pid namespace of its own
	count   int           // files
	keeps   bool          // its files say that their writer keeps a lock
	dir     string
	program string
}

// start starts the writer. Its files are called as name says, and a number.
func (w writer) start(t *testing.T, name string) (pid int, kill func()) {
	t.Helper()
	if w.made.IsZero() {
		w.made = time.Now()
	}
	cmd := exec.Command(w.program, w.mode, filepath.Join(w.dir, name), strconv.Itoa(w.count),
		strconv.Itoa(w.claim), strconv.FormatInt(w.made.Add(w.shift).UnixMicro(), 10), strconv.FormatBool(w.keeps))
	cmd.Env = append(os.Environ(), writerMode+"=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if w.uid != os.Getuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(w.uid), Gid: uint32(w.uid)}
	}
	if w.ns {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
		if os.Getuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: w.uid, HostID: w.uid, Size: 1}}
		}
	}
	// Pipes of our own: Wait closes those of exec, which a child may share.
	input, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	output, ready, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	cmd.Stdin, cmd.Stdout = input, ready
	err = cmd.Start()
	input.Close()
	ready.Close()
	if err != nil {
		end.Close()
		if w.ns {
			t.Skipf("no pid namespace can be made here: %v", err)
		}
		t.Fatal(err)
	}
	kill = func() { end.Close(); cmd.Process.Kill(); cmd.Wait() }
	t.Cleanup(kill)
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "ready\n" {
		t.Fatalf("writer %s says %q, %v", name, line, err)
	}
	if w.mode == "fork" {
		cmd.Wait() // the child lives on
	}
	return cmd.Process.Pid, kill
}

// writerMode makes a copy of the test binary be a writer.
const writerMode = "MMSTATS_TEST_WRITER"

func init() {
	if os.Getenv(writerMode) != "" {
		os.Exit(runWriter())
	}
}

// runWriter is what a writer runs.
func runWriter() int {
	mode, prefix := os.Args[1], os.Args[2]
	count, _ := strconv.Atoi(os.Args[3])
	pid, _ := strconv.Atoi(os.Args[4])
	micros, _ := strconv.ParseInt(os.Args[5], 10, 64)
	if pid == 0 {
		pid = os.Getpid()
	}
	made := time.UnixMicro(micros)
	for i := range count {
		name := prefix + strconv.Itoa(i) + ".mmstats"
		err := os.WriteFile(name, statFile(pid, made, os.Args[6] == "true", 1), 0o644)
		if err == nil {
			err = hold(name, mode)
		}
		if err == nil {
			err = os.Chtimes(name, made, made)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if mode == "fork" {
		if child, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0); errno != 0 {
			fmt.Fprintln(os.Stderr, errno)
			return 1
		} else if child == 0 {
			// There is no Go in here any more, only this thread.
			// Its input ends and never has a byte, so none needs a place.
			syscall.RawSyscall(syscall.SYS_READ, 0, 0, 1)
			syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	fmt.Println("ready")
	if mode != "fork" {
		io.Copy(io.Discard, os.Stdin)
	}
	return 0
}

// hold maps a file for writing as programs do: "lock" keeps it open with its
// lock, "open" keeps it open, and "mapped" and "fork" have nothing but the
// mapping. "leave" does not even have that.
func hold(name, mode string) error {
	if mode == "leave" {
		return nil
	}
	fd, err := syscall.Open(name, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if mode == "lock" {
		if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
			return err
		}
	}
	if _, err := syscall.Mmap(fd, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED); err != nil {
		return err
	}
	if mode == "mapped" || mode == "fork" {
		return syscall.Close(fd)
	}
	return nil
}

// programFor returns a copy of the test binary, in a directory that every user
// can reach.
func programFor(t *testing.T) (dir, program string) {
	t.Helper()
	dir = t.TempDir()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	program = filepath.Join(dir, "program")
	file, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(file, self); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, program
}
