// Package liveness tells whether the process that wrote a stat file still
// runs.
package liveness

import (
	"bytes"
	"math"
	"syscall"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// MaxPID is the largest process id that is believed: Linux's PID_MAX_LIMIT.
const MaxPID = 1 << 22

// A Writer is the process that a file names as its writer.
type Writer struct {
	PID int
	// Created is when the file says that it was made, or the zero time.
	Created time.Time
}

// WriterOf returns the writer that the stats of a file name, and false where
// they name none, or one that cannot be.
func WriterOf(stats []reader.Stat) (Writer, bool) {
	var w Writer
	for i := range stats {
		st := &stats[i]
		switch {
		case bytes.HasSuffix(st.Label, []byte("sys.pid")):
			pid := st.Value.Float()
			whole := st.Value.Class() == format.IntClass || st.Value.Class() == format.UintClass
			if !whole || pid < 1 || pid > MaxPID || w.PID != 0 && w.PID != int(pid) {
				return Writer{}, false
			}
			w.PID = int(pid)
		case bytes.HasSuffix(st.Label, []byte("sys.created")):
			if s := st.Value.Float(); st.Value.Class() == format.FloatClass && s > 0 && s < math.MaxInt32*4.0 {
				w.Created = time.UnixMicro(int64(s * 1e6))
			}
		}
	}
	return w, w.PID != 0
}

// startSlack is how much later than its file a process may have started and
// still be the writer: clocks are stepped, and start times are rounded.
const startSlack = 5 * time.Second

// Alive reports whether w runs. A process with its id that started after the
// file was made is another one.
func (w Writer) Alive() bool {
	if err := syscall.Kill(w.PID, 0); err == syscall.ESRCH {
		return false
	}
	if started, ok := startTime(w.PID); ok && !w.Created.IsZero() {
		return !started.After(w.Created.Add(startSlack))
	}
	return true
}
