//go:build unix && !linux

package mapping

import "errors"

// AskLease asks whether any process may still write to the file. Only Linux
// tells.
func (f *File) AskLease() error { return f.fail("lease", errors.ErrUnsupported) }
