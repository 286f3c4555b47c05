//go:build unix

package mapping

import (
	"io"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// A File is an open descriptor. Unlike an os.File it never enters the
// runtime's poller, which would cost a command of a millisecond several
// system calls. One goroutine at a time may use it.
type File struct {
	fd      int
	name    string
	dotName string // where it has one until it is linked
}

// Info is what the file system says of a file.
type Info struct {
	Dev, Ino uint64 // identity
	Size     int64  // bytes
	Nlink    uint64
	UID      uint32
	Mode     fs.FileMode // type bits only
	Perm     fs.FileMode // permission bits only
	ModTime  time.Time
}

// Regular reports whether the file is a regular one.
func (i Info) Regular() bool { return i.Mode.IsRegular() }

// SameFile reports whether both are of one file.
func (i Info) SameFile(j Info) bool { return i.Dev == j.Dev && i.Ino == j.Ino }

// Open opens the file called name with flags, which are unix.O_ ones;
// O_CLOEXEC is added. The error is an *fs.PathError, as it is from every
// method of File.
func Open(name string, flags int, perm uint32) (*File, error) {
	return openAt(unix.AT_FDCWD, name, name, flags, perm)
}

// openAt opens what path leads to from dir, as the File called name.
func openAt(dir int, path, name string, flags int, perm uint32) (*File, error) {
	for {
		fd, err := unix.Openat(dir, path, flags|unix.O_CLOEXEC, perm)
		if err == nil {
			return &File{fd: fd, name: name}, nil
		}
		if err != unix.EINTR {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
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
	for done := 0; ; {
		n, err := unix.Pread(f.fd, p[done:], offset+int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return done, f.fail("read", err)
		case n == 0 && done < len(p):
			return done, io.EOF
		}
		if done += n; done == len(p) {
			return done, nil
		}
	}
}

// WriteAt is io.WriterAt's.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	for done := 0; ; {
		n, err := unix.Pwrite(f.fd, p[done:], offset+int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return done, f.fail("write", err)
		}
		if done += n; done == len(p) {
			return done, nil
		}
	}
}

// Stat tells about the open file.
func (f *File) Stat() (Info, error) {
	var st unix.Stat_t
	err := unix.Fstat(f.fd, &st)
	return info(&st), f.fail("stat", err)
}

// Stat tells about the file that name leads to.
func Stat(name string) (Info, error) { return statName(name, unix.Stat) }

// Lstat tells about the file that name leads to, without following a symbolic
// link.
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

// Reserve makes the file at least size bytes long, zeros at its end, with
// blocks on the disk for all of them: so that a full disk is an error here,
// and never a fault at an update.
func (f *File) Reserve(size int64) error {
	i, err := f.Stat()
	if err != nil {
		return err
	}
	err = allocate(f.fd, size)
	if err != unix.ENOTSUP && err != unix.EOPNOTSUPP && err != unix.ENOSYS {
		return f.fail("reserve space", err)
	}
	// The file system cannot reserve: write what is new. What is there was
	// reserved by whoever wrote it.
	zeros := make([]byte, min(64<<10, max(0, size-i.Size)))
	for at := i.Size; at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// Sync writes the file's data to the disk, and waits for it.
func (f *File) Sync() error { return f.fail("sync", unix.Fsync(f.fd)) }
