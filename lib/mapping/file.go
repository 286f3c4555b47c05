//go:build unix

package mapping

import (
	"io"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// A File is an open file descriptor. Unlike an os.File it is not registered with
// the runtime's poller: that takes several system calls, which a command that
// runs for a millisecond notices. One goroutine at a time may use it.
type File struct {
	fd      int
	name    string
	dotName string // its temporary name until Link, or ""
}

// Info describes a file, as fstat does.
type Info struct {
	Dev, Ino uint64 // identify the file
	Size     int64  // bytes
	Nlink    uint64
	UID      uint32
	Mode     fs.FileMode // type bits only
	Perm     fs.FileMode // permission bits only
	ModTime  time.Time
}

// Regular reports whether the file is a regular one.
func (i Info) Regular() bool { return i.Mode.IsRegular() }

// SameFile reports whether i and j describe the same file.
func (i Info) SameFile(j Info) bool { return i.Dev == j.Dev && i.Ino == j.Ino }

// Open opens the file called name with flags, which are unix.O_ ones;
// O_CLOEXEC is added. The error is an *fs.PathError, as it is from every
// method of File.
func Open(name string, flags int, perm uint32) (*File, error) {
	return openAt(unix.AT_FDCWD, name, name, flags, perm)
}

// openAt opens path, which is relative to the directory descriptor dir. The File
// and its errors are called name.
func openAt(dir int, path, name string, flags int, perm uint32) (*File, error) {
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Openat(dir, path, flags|unix.O_CLOEXEC, perm)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &File{fd: fd, name: name}, nil
}

// retry makes a system call until no signal interrupts it.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// Name returns the name that f was opened by.
func (f *File) Name() string { return f.name }

func (f *File) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// Close closes the descriptor, and so gives up its lock.
func (f *File) Close() error {
	fd := f.fd
	f.fd = -1
	return f.fail("close", unix.Close(fd))
}

// ReadAt is io.ReaderAt's.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	n, err := transfer(unix.Pread, f.fd, p, offset)
	if err != io.EOF {
		err = f.fail("read", err)
	}
	return n, err
}

// WriteAt is io.WriterAt's.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	n, err := transfer(unix.Pwrite, f.fd, p, offset)
	return n, f.fail("write", err)
}

// transfer reads or writes all of p, unless the file ends.
func transfer(call func(fd int, p []byte, offset int64) (int, error), fd int, p []byte, offset int64) (done int, err error) {
	for {
		n, err := call(fd, p[done:], offset+int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return done, err
		case n == 0 && done < len(p):
			return done, io.EOF
		}
		if done += n; done == len(p) {
			return done, nil
		}
	}
}

// Stat describes the open file.
func (f *File) Stat() (Info, error) {
	var st unix.Stat_t
	err := unix.Fstat(f.fd, &st)
	return info(&st), f.fail("stat", err)
}

// Stat describes the file called name.
func Stat(name string) (Info, error) { return statName(name, unix.Stat) }

// Lstat describes the file called name. It does not follow a symbolic link.
func Lstat(name string) (Info, error) { return statName(name, unix.Lstat) }

func statName(name string, stat func(string, *unix.Stat_t) error) (Info, error) {
	var st unix.Stat_t
	if err := stat(name, &st); err != nil {
		return Info{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info(&st), nil
}

func info(st *unix.Stat_t) Info {
	i := Info{
		Dev: uint64(st.Dev), Ino: uint64(st.Ino), Size: st.Size,
		Nlink: uint64(st.Nlink), UID: st.Uid,
		Perm:    fs.FileMode(st.Mode) & fs.ModePerm,
		ModTime: time.Unix(st.Mtim.Unix()),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		i.Mode = fs.ModeDir
	case unix.S_IFLNK:
		i.Mode = fs.ModeSymlink
	case unix.S_IFIFO:
		i.Mode = fs.ModeNamedPipe
	case unix.S_IFSOCK:
		i.Mode = fs.ModeSocket
	case unix.S_IFCHR:
		i.Mode = fs.ModeDevice | fs.ModeCharDevice
	default:
		i.Mode = fs.ModeDevice
	}
	return i
}

// Reserve makes the file at least size bytes long, and allocates disk blocks for
// all of it. New bytes are zero. Without the blocks a full disk would end the
// program at an update of the mapping; with them it is an error here.
func (f *File) Reserve(size int64) error {
	i, err := f.Stat()
	if err != nil {
		return err
	}
	err = allocate(f.fd, size)
	if err != unix.ENOTSUP && err != unix.EOPNOTSUPP && err != unix.ENOSYS {
		return f.fail("reserve space", err)
	}
	// The file system cannot allocate: write zeros. The bytes that exist have
	// their blocks.
	zeros := make([]byte, min(64<<10, max(0, size-i.Size)))
	for at := i.Size; at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// Sync writes the file to the disk, and returns when that is done.
func (f *File) Sync() error { return f.fail("sync", unix.Fsync(f.fd)) }

// Truncate makes the file size bytes long.
func (f *File) Truncate(size int64) error {
	return f.fail("truncate", retry(func() error { return unix.Ftruncate(f.fd, size) }))
}

// Free returns how many bytes this process may still write to the file system
// that the file is on.
func (f *File) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(f.fd, &st); err != nil {
		return 0, f.fail("stat", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
