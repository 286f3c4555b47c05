package statfile

import (
	"errors"
	"io/fs"
	"syscall"
	"time"

	"mmstats/lib/mapping"
)

// Errors of Open, inside an *fs.PathError.
var (
	ErrDirectory  = errors.New("is a directory")
	ErrNotRegular = errors.New("not a regular file")
)

// missingDirectory is [fs.ErrNotExist] of a directory.
type missingDirectory struct{}

func (missingDirectory) Error() string        { return "no such directory" }
func (missingDirectory) Is(target error) bool { return target == fs.ErrNotExist }

// DirectoryError returns the error of opening a directory. It says "no such
// directory" where the directory does not exist, and is [fs.ErrNotExist].
func DirectoryError(err error) error {
	var pathErr *fs.PathError
	if errors.Is(err, fs.ErrNotExist) && errors.As(err, &pathErr) {
		return &fs.PathError{Op: pathErr.Op, Path: pathErr.Path, Err: missingDirectory{}}
	}
	return err
}

// Open opens a stat file for reading. It never blocks, as a FIFO would, and
// takes regular files alone. With follow, name may be a symbolic link: names
// that a user typed may, and names that a glob found may not, since anybody
// can put a link into a shared directory.
func Open(name string, follow bool) (*mapping.File, mapping.Info, error) {
	return open(name, syscall.O_RDONLY, follow)
}

// OpenUpdate is Open for updates. It follows no link: what it leads to may be
// a file of somebody else.
//
// Whoever asks whether the file is in use, such as cleanstats, holds a lease on
// it for a moment, and the file cannot be opened for writing then. OpenUpdate
// waits for that.
func OpenUpdate(name string) (*mapping.File, mapping.Info, error) {
	const first, longest = 50 * time.Microsecond, 100 * time.Millisecond
	for pause := first; ; pause *= 2 {
		f, i, err := open(name, syscall.O_RDWR, false)
		if !errors.Is(err, syscall.EWOULDBLOCK) || pause > longest {
			return f, i, err
		}
		time.Sleep(pause)
	}
}

func open(name string, access int, follow bool) (*mapping.File, mapping.Info, error) {
	flags := access | syscall.O_NONBLOCK | syscall.O_NOCTTY
	if !follow {
		flags |= syscall.O_NOFOLLOW
	}
	f, err := mapping.Open(name, flags, 0)
	if err != nil {
		// Linux says "too many levels of symbolic links" of the one link that
		// O_NOFOLLOW refused, and FreeBSD EMLINK.
		if i, lerr := mapping.Lstat(name); !follow && lerr == nil && i.Mode == fs.ModeSymlink {
			err = &fs.PathError{Op: "open", Path: name, Err: errors.New("is a symbolic link")}
		}
		return nil, mapping.Info{}, err
	}
	i, err := f.Stat()
	if err == nil && !i.Regular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
		if i.Mode.IsDir() {
			err = &fs.PathError{Op: "open", Path: name, Err: ErrDirectory}
		}
	}
	if err != nil {
		f.Close()
		return nil, mapping.Info{}, err
	}
	return f, i, nil
}
