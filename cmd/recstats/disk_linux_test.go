package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() { programs["small-disk"] = smallDisk }

// smallDisk is "small-disk DIR": it records on a disk of its own, mounted at
// DIR, that others fill.
func smallDisk() {
	fatal := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	dir := os.Args[1]
	fatal(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"))
	cmd := exec.Command("recstats", "-d", "10ms", filepath.Join(dir, "archive"), dir)
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
	stderr, err := cmd.StderrPipe()
	fatal(err)
	fatal(cmd.Start())
	for countTicks(cmd.Args[3]) < 5 {
	}
	hog := filepath.Join(dir, "hog")
	said := bufio.NewScanner(stderr)
	told := make(chan string)
	go func() {
		for said.Scan() {
			told <- said.Text()
		}
		close(told)
	}()
	line := ""
	for line == "" {
		f, err := os.OpenFile(hog, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		fatal(err)
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		f.Close()
		select {
		case line = <-told:
		default:
		}
	}
	fmt.Println(line)
	fatal(os.Remove(hog))
	fmt.Println(<-told)
	before := countTicks(cmd.Args[3])
	for countTicks(cmd.Args[3]) < before+5 {
	}
	cmd.Process.Signal(os.Interrupt)
	for line := range told {
		fmt.Println(line)
	}
	fmt.Println(cmd.Wait())
}

// A recorder on a full disk says so, and goes on when there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", dir).Run(); err != nil {
		t.Skipf("no tmpfs can be mounted here: %v", err)
	}
	out, err := exec.Command("unshare", "-rm", "small-disk", dir).CombinedOutput()
	lines := strings.Split(string(out), "\n")
	if err != nil || len(lines) != 4 || lines[2] != "<nil>" ||
		!strings.HasPrefix(lines[0], "recstats: "+dir+"/archive: nothing is recorded until this is over: ") ||
		!strings.HasSuffix(lines[0], "no space left on device") ||
		!strings.HasPrefix(lines[1], "recstats: "+dir+"/archive: it is recorded again, ") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// A directory that nothing can ever be recorded in is refused at once.
func TestDirectoryNotWritable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run it as another user")
	}
	dir := t.TempDir()
	// By this name, since the directory of the test binary is closed to others.
	cmd := exec.Command("/proc/self/exe", "/", t.TempDir())
	cmd.Args[0], cmd.Env = "recstats", append(os.Environ(), "MMSTATS_PATH="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	timer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	out, _ := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != 2 || string(out) != "recstats: /: permission denied\n" {
		t.Errorf("recstats /: %q, status %d, want status 2", out, status)
	}
}
