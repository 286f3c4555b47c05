//go:build unix

package mapping

import "errors"

// What AskLease returns, inside an *fs.PathError, besides fs.ErrPermission and
// errors.ErrUnsupported.
var (
	// ErrInUse says that a process has the file open for writing, or a
	// writable shared mapping of it.
	ErrInUse = errors.New("open for writing in a running process")
	// ErrWeakLease says that no process has the file open for writing, and
	// that nothing is known of mappings whose descriptor was closed.
	ErrWeakLease = errors.New("not open for writing, and perhaps mapped")
)
