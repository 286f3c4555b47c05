//go:build unix

package mapping

import "errors"

// Errors of AskLease, besides fs.ErrPermission and errors.ErrUnsupported. All are
// inside an *fs.PathError.
var (
	// ErrInUse says that a process has the file open for writing, or a
	// writable shared mapping of it.
	ErrInUse = errors.New("open for writing in a running process")
	// ErrWeakLease says that no process has the file open for writing, but that
	// one may still map it whose descriptor was closed.
	ErrWeakLease = errors.New("not open for writing, and perhaps mapped")
)
