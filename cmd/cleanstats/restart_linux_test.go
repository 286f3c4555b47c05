package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// restarterMode makes a copy of the test binary be a program that starts again
// and again.
const restarterMode = "MMSTATS_TEST_RESTARTER"

func init() {
	if os.Getenv(restarterMode) != "" {
		restart()
	}
}

// restart is "FILE COUNT": it does what as many runs of a program in Python do
// with their file, one after the other. Each truncates the file of the run
// before, writes its own stats, and ends. It prints how many runs lost their
// file while they used it.
func restart() {
	name := os.Args[1]
	count, _ := strconv.Atoi(os.Args[2])
	created, lost := time.Now().Add(-time.Hour), 0
	for i := range count {
		fd, err := syscall.Open(name, syscall.O_RDWR|syscall.O_CREAT|syscall.O_TRUNC, 0o644)
		if err == nil {
			_, err = syscall.Pwrite(fd, statFile(nobodysPID, created.Add(time.Duration(i)*time.Millisecond), false, 1), 0)
		}
		var st syscall.Stat_t
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
		if err == nil {
			err = syscall.Fstat(fd, &st)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if st.Nlink == 0 {
			lost++
		}
		syscall.Close(fd)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
	}
	fmt.Println(lost)
	os.Exit(0)
}

// TestProgramThatStartsAgainKeepsItsFile cleans while a program starts again in
// place, which may be at any moment after its file was found dead.
func TestProgramThatStartsAgainKeepsItsFile(t *testing.T) {
	restarts := 500
	if testing.Short() {
		restarts = 150
	}
	for _, fold := range []bool{false, true} {
		t.Run(fmt.Sprintf("fold=%v", fold), func(t *testing.T) {
			dir := t.TempDir()
			totals := filepath.Join(t.TempDir(), "totals")
			cmd := exec.Command(os.Args[0], filepath.Join(dir, "app-1-1.mmstats"), strconv.Itoa(restarts))
			cmd.Env = append(os.Environ(), restarterMode+"=1")
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, os.Stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- cmd.Wait() }()
			args := []string{dir}
			if fold {
				args = append(args, "--fold", totals)
			}
			removals := 0
			clean := func() {
				_, stdout, _ := command(args...)
				removals += strings.Count(stdout, "removed\t")
			}
			var err error
			for running := true; running; clean() {
				select {
				case err = <-ended:
					running = false
				default:
				}
			}
			clean()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(out.String()); got != "0" {
				t.Errorf("%s of %d runs lost their file while they used it", got, restarts)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("files of ended runs are left: %v", left)
			}
			if fold {
				// A run may also be counted, and its file be kept for the next one.
				got, records := sums(t, totals)
				if n := got["test.count.0"]; n < uint64(removals) || n > uint64(restarts) || records != 0 {
					t.Errorf("the totals = %v and %d records, want at least the %d files that were removed, and at most %d", got, records, removals, restarts)
				}
			}
			t.Logf("%d files were removed", removals)
		})
	}
}
