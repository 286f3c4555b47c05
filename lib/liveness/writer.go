package liveness

import (
	"bytes"
	"errors"
	"fmt"
	"math"
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
	// KeepsLock says that such a writer holds the lock of the file for as
	// long as it may write: programs that use lib/mmstats do.
	KeepsLock bool
}

// ErrNoWriter says that a file names no writer.
var ErrNoWriter = errors.New("names no writer: there is no sys.pid")

// IsIdentity reports whether label is one of those that say whose the file is.
func IsIdentity(label []byte) bool {
	return bytes.HasSuffix(label, []byte("sys.pid")) || bytes.HasSuffix(label, []byte("sys.created"))
}

// WriterOf returns the writer that the stats of a file name. The error says
// why there is none, or none that could be.
func WriterOf(stats []reader.Stat) (Writer, error) {
	var w Writer
	for i := range stats {
		st := &stats[i]
		switch {
		case bytes.HasSuffix(st.Label, []byte("sys.pid")):
			pid, err := parsePID(st)
			if err != nil {
				return Writer{}, err
			}
			if w.PID != 0 && w.PID != pid {
				return Writer{}, fmt.Errorf("sys.pid is both %d and %d", w.PID, pid)
			}
			w.PID = pid
		case bytes.HasSuffix(st.Label, []byte("sys.created")):
			// Of several, the last in time makes the fewest processes younger
			// than the file.
			if t := created(st.Value); t.After(w.Created) {
				w.Created = t
			}
		case bytes.HasSuffix(st.Label, []byte("org.golang.version")):
			w.KeepsLock = true
		}
	}
	if w.PID == 0 {
		return Writer{}, ErrNoWriter
	}
	return w, nil
}

func parsePID(st *reader.Stat) (int, error) {
	var pid int64
	switch v := st.Value; v.Class() {
	case 0:
		return 0, errors.New("sys.pid cannot be read")
	case format.IntClass:
		pid = v.Int()
	case format.UintClass:
		pid = int64(min(v.Uint(), math.MaxInt64))
	default:
		return 0, errors.New("sys.pid is not a whole number")
	}
	if pid < 1 || pid > MaxPID {
		return 0, fmt.Errorf("sys.pid is not from 1 to %d", MaxPID)
	}
	return int(pid), nil
}

// created returns the time that a value in seconds means, if it can be one.
func created(v format.Value) time.Time {
	const last = math.MaxInt32 * 4.0 // well into the 23rd century
	switch v.Class() {
	case format.IntClass, format.UintClass, format.FloatClass:
		if s := v.Float(); s > 0 && s < last {
			return time.UnixMicro(int64(s * 1e6))
		}
	}
	return time.Time{}
}
