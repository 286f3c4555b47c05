// Package liveness tells whether the process that writes a stat file still
// runs, and whether anybody may still write to the file. It is the one judge
// of that: for programs that publish, for readers and for cleaning.
//
// There are three sources, and each has a limit:
//
//   - The process table says whether the process that the file names has ended.
//     It does not show other pid namespaces, nor children that inherited a
//     mapping of the file.
//   - The lock says whether the writer runs, if it is one that holds the lock.
//     Programs that use lib/mmstats do.
//   - A lease says whether any process can write to the file. Only the owner of
//     the file and root may ask, and no process can open the file for writing
//     at that moment.
//
// Readers ask [Judge.Lives], which disturbs nobody. Programs that update or
// replace a file ask [Judge.Owned], which is no in doubt. Programs that remove
// files ask [Judge.Dead], which takes proof.
package liveness

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"mmstats/lib/mapping"
)

// A Process is what the process table says of a process id.
type Process struct {
	Exists bool
	// Started is when it started, by the present clock, or the zero time if
	// that is not known.
	Started time.Time
	// UIDs returns the real, effective and saved user ids of the process, or nil
	// if they are not known. It may be nil itself. To learn them takes longer than
	// all else, and is seldom needed.
	UIDs func() []uint32
}

// A Judge tells whether a writer has ended. The zero Judge asks the system.
type Judge struct {
	// Process looks up a process. If it is nil, [Lookup] is used.
	Process func(pid int) Process
	// Now returns the time. If it is nil, time.Now is used.
	Now func() time.Time
}

// Cached returns a function for [Judge.Process] that looks each process up once.
// It is for a command that reads many files at one time, of which several may
// have one writer. It is used by one goroutine.
func Cached() func(pid int) Process {
	known := make(map[int]Process)
	return func(pid int) Process {
		p, ok := known[pid]
		if !ok {
			p = Lookup(pid)
			known[pid] = p
		}
		return p
	}
}

// startSlack is how long after its file was written a process may have started
// and still count as the writer, since clocks are stepped and start times are
// rounded.
const startSlack = 5 * time.Second

// A Verdict is the answer to a question, and the reason for it.
type Verdict struct {
	Yes    bool
	Reason string
}

// Ended reports whether w, the writer of a file that info describes, has ended by
// the process table: its process id is free, or that of a process which started
// too late to have written the file. In doubt it has not ended. w must have a
// PID.
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
	// If it starts in the future, the clock or the start time is wrong.
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
	case later > 0 && p.UIDs != nil:
		if uids := p.UIDs(); len(uids) > 0 && !slices.Contains(uids, info.UID) {
			return Verdict{true, fmt.Sprintf("process %d is another one, of user %d, started after the file was written",
				w.PID, uids[0])}
		}
	}
	return runs
}

// Lives reports whether w, the writer of f, still runs. If w keeps the lock of the
// file, the lock tells, in any pid namespace; otherwise [Judge.Ended] does. In
// doubt it lives. info describes f. f must not hold the lock itself; it may be
// nil, and then Ended tells.
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

// Owned reports whether a running process owns the file f, so that no other may
// remove it, replace it, or change more than numbers in it. In doubt it is not
// owned. w is the writer that the file names, if any, and info describes f.
//
// The caller holds the lock of f, which is open for reading only. The caller must
// not have the file open for writing by another descriptor, because the lease
// would show that. A process owns a file if
//
//   - it holds the lock: it does not, since the caller does;
//   - the file names it in sys.pid, and it can have written the file;
//   - it has the file open for writing, and the file is not Aligned: the writer
//     of such a file keeps no lock, and may be a child of the one in sys.pid.
//
// A visitor that updates an Aligned file under its lock need not ask, since all
// writers of such a file use the lock. Visitors of any other file must open it
// for writing after they have its lock, and close it before they give up the
// lock. Otherwise the next visitor takes them for the owner.
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
