package mapping

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mmstats/lib/programtest"
)

const (
	leaseHolderMode = "MMSTATS_TEST_LEASE_HOLDER"
	leaseHolderFile = "MMSTATS_TEST_LEASE_FILE"
)

// A test binary that is told to holds a file until its standard input ends.
func init() {
	mode, name := os.Getenv(leaseHolderMode), os.Getenv(leaseHolderFile)
	if mode == "" {
		return
	}
	if mode == "ask" {
		f, err := Open(name, unix.O_RDONLY, 0)
		if err == nil {
			err = f.AskLease()
		}
		if errors.Is(err, fs.ErrPermission) {
			os.Exit(3)
		}
		os.Exit(4)
	}
	flags, prot := unix.O_RDWR, unix.PROT_READ|unix.PROT_WRITE
	if mode == "open to read" || mode == "map to read" {
		flags, prot = unix.O_RDONLY, unix.PROT_READ
	}
	fd, err := unix.Open(name, flags, 0)
	if err == nil && (mode == "map" || mode == "map to read") {
		if _, err = unix.MmapPtr(fd, 0, nil, 4096, prot, unix.MAP_SHARED); err == nil {
			err = unix.Close(fd)
		}
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("held\n")
	programtest.UntilTold()
	os.Exit(0)
}

// holdFile starts a process that holds name, and returns how to end it.
func holdFile(t *testing.T, mode, name string) (end func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), leaseHolderMode+"="+mode, leaseHolderFile+"="+name)
	p := programtest.Start(t, cmd)
	if line := p.Line(); line != "held" {
		t.Fatalf("%s: holder says %q", mode, line)
	}
	return p.Finish
}

func ask(t *testing.T, name string) error {
	t.Helper()
	f, err := Open(name, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return f.AskLease()
}

func blankFile(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, make([]byte, 4096), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(name) })
	return name
}

// mountOverlay returns a directory on overlayfs.
func mountOverlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	options := ""
	for _, part := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, part), 0o755); err != nil {
			t.Fatal(err)
		}
		if part != "merged" {
			options += part + "dir=" + filepath.Join(dir, part) + ","
		}
	}
	merged := filepath.Join(dir, "merged")
	if err := unix.Mount("overlay", merged, "overlay", 0, options[:len(options)-1]); err != nil {
		t.Skipf("no overlayfs can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(merged, 0); err != nil {
			t.Error(err)
		}
	})
	return merged
}

func testLeases(t *testing.T, dir string, mapped, free error) {
	name := blankFile(t, dir)
	for _, test := range []struct {
		mode string
		want error
	}{
		{"open", ErrInUse},
		{"map", mapped},
		{"open to read", free},
		{"map to read", free},
	} {
		end := holdFile(t, test.mode, name)
		if err := ask(t, name); !errors.Is(err, test.want) {
			t.Errorf("AskLease(%s) = %v, want %v", test.mode, err, test.want)
		}
		end()
		if err := ask(t, name); !errors.Is(err, free) {
			t.Errorf("AskLease(after %s) = %v, want %v", test.mode, err, free)
		}
	}
}

func TestAskLease(t *testing.T) {
	t.Run("disk", func(t *testing.T) {
		dir := t.TempDir()
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil || st.Type == unix.OVERLAYFS_SUPER_MAGIC {
			t.Skipf("temporary files are on overlayfs: %v", err)
		}
		testLeases(t, dir, ErrInUse, nil)
	})
	t.Run("tmpfs", func(t *testing.T) {
		var st unix.Statfs_t
		if err := unix.Statfs("/dev/shm", &st); err != nil || st.Type != unix.TMPFS_MAGIC {
			t.Skipf("no tmpfs at /dev/shm: %v", err)
		}
		dir, err := os.MkdirTemp("/dev/shm", "mmstats-test-")
		if err != nil {
			t.Skipf("no directory on tmpfs: %v", err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		testLeases(t, dir, ErrInUse, nil)
	})
	// The lease does not see the mapping, and says so.
	t.Run("overlay", func(t *testing.T) { testLeases(t, mountOverlay(t), ErrWeakLease, ErrWeakLease) })
}

func TestAskLeaseOfAnother(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can ask as two users")
	}
	// The other user has to reach the test binary and the file.
	dir := t.TempDir()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), leaseHolderMode+"=ask", leaseHolderFile+"="+blankFile(t, dir))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != 3 {
		t.Errorf("AskLease() of another user's file ends with %d, want 3, for fs.ErrPermission", got)
	}
}

// Who opens the file while the lease is held makes the kernel send SIGIO.
func TestBreakingTheLeaseHarmsNobody(t *testing.T) {
	name := blankFile(t, t.TempDir())
	f, err := Open(name, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.lease(unix.F_RDLCK); err != nil {
		t.Fatal(err)
	}
	sent := make(chan os.Signal, 1)
	signal.Notify(sent, unix.SIGIO)
	if _, err := Open(name, unix.O_RDWR|unix.O_NONBLOCK, 0); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("Open(under a lease) = %v, want %v", err, unix.EAGAIN)
	}
	select {
	case <-sent:
	case <-time.After(time.Minute):
		t.Error("no SIGIO after a lease was broken")
	}
	// And with nobody listening.
	signal.Stop(sent)
	if err := f.lease(unix.F_UNLCK); err != nil {
		t.Fatal(err)
	}
	if err := f.lease(unix.F_RDLCK); err != nil {
		t.Fatal(err)
	}
	Open(name, unix.O_RDWR|unix.O_NONBLOCK, 0)
	if err := f.AskLease(); !errors.Is(err, ErrInUse) && err != nil {
		t.Errorf("AskLease(while it is broken) = %v, want %v or nothing", err, ErrInUse)
	}
	if w, err := Open(name, unix.O_RDWR, 0); err != nil {
		t.Errorf("Open(after AskLease) = %v, want no error", err)
	} else {
		w.Close()
	}
}
