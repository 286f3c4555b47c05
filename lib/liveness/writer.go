package liveness

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"

	"mmstats/lib/format"
)

// MaxPID is the largest process id that a file may name: Linux's PID_MAX_LIMIT.
const MaxPID = 1 << 22

// A Writer is what a file says of the process that writes it.
type Writer struct {
	// PID is the process that the file names in sys.pid, or 0.
	PID int
	// Created is the time in sys.created, or the zero time.
	Created time.Time
	// Heartbeat is the time in sys.heartbeat when the file was read, and Every
	// how often the writer renews it, or zero where the file has none.
	Heartbeat time.Time
	Every     time.Duration
	// KeepsLock says that the writer holds the lock of the file for as long as
	// it may write. Programs that use lib/mmstats do; org.golang.version tells
	// them.
	KeepsLock bool
	// Aligned says that every field ends on an 8-byte boundary, as in the files
	// of lib/mmstats and mmstats-write. All writers of such a file take its
	// lock for any update of more than one word. Writers in Python do not.
	Aligned bool
}

// ErrNoWriter says that a file names no writer.
var ErrNoWriter = errors.New("names no writer: there is no sys.pid")

// WriterOf returns the writer of a file. data holds the file, at least up to the
// end of its fields. If PID is 0, the error says why; the rest of the Writer is
// good nevertheless.
//
// The writer is told by the constants sys.pid, sys.created and
// org.golang.version, with or without a prefix that ends in a dot. A stat that
// can be updated is one of the user's, whatever its label.
func WriterOf(data []byte) (Writer, error) {
	w := Writer{Aligned: true}
	var bad error
	s, err := format.Scan(data, true, new(format.Signatures))
	for err == nil {
		var fd format.Field
		if fd, err = s.Next(); err != nil {
			break
		}
		w.Aligned = w.Aligned && fd.End()%8 == 0
		ferr := w.add(&fd, func() format.Value {
			return fd.Signature.Decode(data[fd.ValueOffset:][:fd.Signature.Size])
		})
		bad = cmp.Or(bad, ferr)
	}
	if err != io.EOF { // damage: nothing is known of the rest
		w.Aligned = false
		bad = cmp.Or(bad, err)
	}
	return w, w.check(bad)
}

// WriterOfStats is [WriterOf] for a file of which the stats are known, and not
// where they are in it: Aligned is false.
func WriterOfStats(stats iter.Seq[format.Stat]) (w Writer, err error) {
	for st := range stats {
		bad := w.add(&st.Field, func() format.Value { return st.Value })
		err = cmp.Or(err, bad)
	}
	return w, w.check(err)
}

// check returns err, which says what is wrong with the stats of the writer, or
// that there is none.
func (w *Writer) check(err error) error {
	if w.PID == 0 {
		err = cmp.Or(err, ErrNoWriter)
	}
	if err != nil {
		w.PID = 0
	}
	return err
}

// add adds what a field says to w.
func (w *Writer) add(fd *format.Field, value func() format.Value) error {
	if fd.Live() {
		if !fd.Buffered() && format.IsLabel(fd.Label, "sys.heartbeat") {
			w.beat(value(), fd.Description().Every)
		}
		return nil
	}
	switch {
	case format.IsLabel(fd.Label, "sys.pid"):
		pid, err := parsePID(value())
		if err != nil {
			return err
		}
		if w.PID != 0 && w.PID != pid {
			return fmt.Errorf("sys.pid is both %d and %d", w.PID, pid)
		}
		w.PID = pid
	case format.IsLabel(fd.Label, "sys.created"):
		// The latest of several: then the fewest processes are too young to
		// be the writer.
		if t := created(value()); t.After(w.Created) {
			w.Created = t
		}
	case format.IsLabel(fd.Label, "org.golang.version"):
		w.KeepsLock = true
	}
	return nil
}

// maxEvery is the longest time between two heartbeats that counts as one, in
// seconds.
const maxEvery = 30 * 365 * 86400

// beat takes a heartbeat that is renewed each so many seconds. Of several, the
// earliest counts: one part of the program hangs.
func (w *Writer) beat(v format.Value, every float64) {
	at := created(v)
	if every <= 0 || every > maxEvery || w.Every != 0 && at.After(w.Heartbeat) {
		return
	}
	w.Heartbeat, w.Every = at, time.Duration(every*float64(time.Second))
}

// Stale reports whether the writer has a heartbeat, and did not renew it for
// three times as long as it says, and at least 3 s. A time of the future is not
// stale, because clocks differ.
func (w Writer) Stale(now time.Time) bool {
	return w.Every > 0 && now.Sub(w.Heartbeat) > max(3*w.Every, 3*time.Second)
}

// MayChange reports whether a stat of the file of w may change after it was
// published: live says what its layout says. A text of the Python original
// that may change is laid out as its constants are, so that there only the
// version of Python is taken for one.
func (w Writer) MayChange(label []byte, kind format.Kind, live bool) bool {
	return live || kind == format.KindString && !w.KeepsLock && !format.IsLabel(label, "org.python.version")
}

func parsePID(v format.Value) (int, error) {
	var pid int64
	switch v.Class() {
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

// created returns the time that is v seconds after 1970, or the zero time if v is
// not a plausible one.
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
