// Package liveness tells whether the process that wrote a stat file still
// runs, and whether anybody may still write to it.
//
// Two questions, since no single one is enough. The process table says whether
// the writer that a file names has ended, but it is blind to other pid
// namespaces and to children that inherited a mapping. The kernel says whether
// a file is in use, but only to some, and asking may hold up a writer for a
// moment. So whoever only reads asks Judge.Ended, and whoever removes asks Use
// as well.
package liveness

import (
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

// A Verdict is what came of a question, and why.
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
