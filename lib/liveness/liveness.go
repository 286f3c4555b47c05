// Package liveness tells whether the process that writes a stat file still
// runs, and whether anybody may still write to the file. It is the one judge
// of that: for programs that publish, for readers and for cleaning.
//
// No single source is enough. The process table says whether the writer that a
// file names has ended, but it is blind to other pid namespaces and to children
// that inherited a mapping. The lock of a file says whether its writer runs,
// if that is one which keeps a lock. A lease says whether the file is in use,
// but only some may ask, and asking may hold up a writer for a moment. So
// readers ask [Judge.Lives], whoever wants to update or replace a file
// [Judge.Owned], and whoever removes files for good asks for proof by [Ask].
package liveness

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"mmstats/lib/mapping"
)

// A Process is what a process table tells of a process id.
type Process struct {
	Exists bool
	// Started is when it started by the clock of today, or the zero time
	// where that is not known.
	Started time.Time
	// UIDs are the users that it runs as: the real, the effective, the saved
	// one. There are none where that is not known.
	UIDs []uint32
}

// A Judge tells whether a writer has ended. The zero Judge asks the system.
type Judge struct {
	// Process looks a process up, and is Lookup where nil.
	Process func(pid int) Process
	// Now is the clock, and is time.Now where nil.
	Now func() time.Time
}

// startSlack is how much later than its file a process may have started and
// still be the writer: clocks are stepped, and start times are rounded.
const startSlack = 5 * time.Second

// A Verdict is the answer to a question, and the reason for it.
type Verdict struct {
	Yes    bool
	Reason string
}

// Ended reports whether w, the writer of a file that info is of, has ended: its
// process id leads to no process, or to one that cannot have made the file.
// In doubt it has not.
func (j Judge) Ended(w Writer, info mapping.Info) Verdict {
	lookup, now := j.Process, j.Now
	if lookup == nil {
		lookup = Lookup
	}
	if now == nil {
		now = time.Now
	}
	p := lookup(w.PID)
	runs := Verdict{false, fmt.Sprintf("process %d runs", w.PID)}
	if !p.Exists {
		return Verdict{true, fmt.Sprintf("process %d has ended", w.PID)}
	}
	// A start in the future shows that the clock or the start is wrong.
	if p.Started.IsZero() || p.Started.After(now().Add(startSlack)) {
		return runs
	}
	made := w.Created
	if info.ModTime.After(made) {
		made = info.ModTime
	}
	later := p.Started.Sub(made)
	switch {
	case later > startSlack:
		return Verdict{true, fmt.Sprintf("process %d is another one, started %s after the file was written",
			w.PID, later.Round(time.Second))}
	case later > 0 && len(p.UIDs) > 0 && !slices.Contains(p.UIDs, info.UID):
		return Verdict{true, fmt.Sprintf("process %d is another one, of user %d, started after the file was written",
			w.PID, p.UIDs[0])}
	}
	return runs
}

// Lives reports whether w, the writer of the file f, which info is of, still
// runs: for one that keeps a lock that is whether the lock is held, in whatever
// pid namespace, and else what Ended says. In doubt it lives. It changes nothing,
// and f, which must not hold the lock itself, may be nil: then only Ended
// tells.
func (j Judge) Lives(f *mapping.File, w Writer, info mapping.Info) Verdict {
	if w.KeepsLock && f != nil {
		if locked, err := f.Locked(); err == nil && locked {
			return Verdict{true, "locked by a running process"}
		} else if err == nil {
			return Verdict{false, "its lock is free"}
		}
	}
	if w.PID == 0 {
		return Verdict{true, ErrNoWriter.Error()}
	}
	ended := j.Ended(w, info)
	return Verdict{!ended.Yes, ended.Reason}
}

// Owned reports whether a running process owns the file f of w, which info is
// of, so that nobody else may remove or replace it. In doubt it is not owned.
//
// The caller holds the lock of f, which is open for reading alone, and has the
// file open for writing by no other descriptor: else it would see itself. A
// process owns a file
//
//   - if it keeps the lock, which here it does not;
//   - if the file names it as its writer and it can have made it;
//   - if it has the file open or mapped for writing, as far as a lease tells.
//     This is asked of files that are not Aligned alone, as their writers keep
//     no lock and may not be named.
//
// Who updates a file that is Aligned under its lock need not ask. Of any other
// file, every update must be made between a lock and its release, and so must
// the descriptor for writing be opened and closed: otherwise the next who asks
// takes the visitor for the owner.
func (j Judge) Owned(f *mapping.File, w Writer, info mapping.Info) Verdict {
	if w.KeepsLock {
		return Verdict{false, "its lock was free"}
	}
	reason := ErrNoWriter.Error()
	if w.PID != 0 {
		ended := j.Ended(w, info)
		if !ended.Yes {
			return Verdict{true, ended.Reason}
		}
		reason = ended.Reason
	}
	if !w.Aligned && errors.Is(f.AskLease(), mapping.ErrInUse) {
		return Verdict{true, mapping.ErrInUse.Error()}
	}
	return Verdict{false, reason}
}
