package main

import (
	"math"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/format"
	"mmstats/lib/reader"
)

const (
	// maxRangePoints is how many points of a series a range has.
	maxRangePoints = 600
	// maxReplayPoints bounds the points of all series of a range together:
	// where there are many series, each has fewer points.
	maxReplayPoints = 16 << 20
	// maxReplaySeries bounds the series of a range, and with them its memory.
	maxReplaySeries = 200_000
	// maxLength and maxInterval bound what an archive may say of times.
	maxLength   = 100 * 366 * 24 * time.Hour
	minInterval = time.Millisecond
	maxInterval = 366 * 24 * time.Hour
)

// A replay is a model that plays the records of a range.
type replay struct {
	*model
	player   *archive.Player
	from, to time.Time
	points   int // at most, of a series
}

func newReplay(p *archive.Player, from, to time.Time, points int) *replay {
	m := emptyModel(0, 0)
	m.source, m.recorded = p, true
	m.views = append(m.views, newView(false))
	return &replay{model: m, player: p, from: from, to: to, points: points}
}

// begin polls the first record, which says how many points there can be. Only
// stats that wanted reports are polled, unless it is nil.
func (rp *replay) begin(wanted func(label string) bool) error {
	rp.player.Want = wanted
	if !rp.lookAll() {
		if err := rp.player.Err(); err != nil {
			return err
		}
		return archive.ErrEmpty
	}
	points := min(rp.points, maxRangePoints, maxReplayPoints/max(1, rp.lastID))
	if rp.points > 0 && rp.lastID > maxReplaySeries {
		return errTooMany
	}
	interval := min(max(rp.player.Interval(), minInterval), maxInterval)
	if rp.delay = interval; points > 0 {
		length := min(rp.to.Sub(rp.from), maxLength)
		// Whole intervals, so that as many records come in each step.
		whole := time.Duration(math.Ceil(float64(length) / float64(points) / float64(interval)))
		rp.delay = interval * max(1, whole)
		rp.slots = int((length+rp.delay-1)/rp.delay) + 1 // the first record has one of its own
		rp.history = rp.delay * time.Duration(rp.slots)
	}
	rp.coarse = rp.delay > interval
	rp.player.Sparse, rp.player.End = true, rp.to
	rp.finishLook()
	return nil
}

// advance makes the slot that of the last record, and the step the time to the
// end of the next slot. The last slot ends where the range does, so that what
// is judged is a whole one.
func (rp *replay) advance(goesOn bool) {
	last := max(0, rp.slots-1)
	left := rp.to.Sub(rp.looked)
	behind := int(min(math.Round(float64(left)/float64(rp.delay)), float64(last))) // slots
	// The clock may have been set back: points go on behind those that are
	// there.
	slot := max(rp.slot, last-behind)
	rp.skipped = 0
	if goesOn {
		rp.skipped = min(max(0, slot-rp.slot-1), last)
	}
	rp.slot = slot
	rp.player.Step = min(left-time.Duration(behind-1)*rp.delay, 2*rp.delay)
}

// next polls the records of the next step, and reports whether there were any.
func (rp *replay) next() bool {
	if !rp.lookAll() {
		return false
	}
	rp.finishLook()
	return true
}

// finishLook makes a tick of the records that were polled.
func (rp *replay) finishLook() {
	for _, f := range rp.order {
		rp.checkFile(f)
	}
	elapsed := rp.player.Elapsed()
	rp.leaveLost()
	rp.advance(elapsed > 0)
	rp.endTick(elapsed)
}

// leaveLost takes their values from files that were not seen to go, behind a gap
// or between two keys: nothing of them counts with what came after them.
func (rp *replay) leaveLost() {
	for _, f := range rp.order {
		if !f.gone || f.look == rp.look {
			continue
		}
		for _, s := range f.stats {
			s.value, s.samples, s.state = format.Value{}, format.Samples{}, nil
		}
	}
}

// makeRows makes the rows of the last tick.
func (rp *replay) makeRows() {
	for _, f := range rp.order {
		for _, s := range f.stats {
			s.row = s.appendRow(nil)
		}
	}
	for _, g := range rp.views[0].list {
		g.row = g.appendRow(nil)
	}
}

// part returns how much of the range is read, from 0 to 1.
func (rp *replay) part() float64 {
	all := rp.to.Sub(rp.from)
	return min(1, max(0, float64(rp.looked.Sub(rp.from))/float64(max(1, all))))
}

// resumed returns the file that src goes on from where the archive has a gap:
// behind it, all files are new to the player.
func (m *model) resumed(src *reader.File) *file {
	if !m.recorded {
		return nil
	}
	if m.known == nil {
		m.known = make(map[fileKey]*file, len(m.order))
		for _, f := range m.order {
			m.known[keyOf(f.src)] = f
		}
	}
	f := m.known[keyOf(src)]
	if f == nil || f.look == m.look {
		return nil
	}
	delete(m.files, f.src)
	f.src, m.files[src] = src, f
	return f
}

// A fileKey tells a file of an archive from the others.
type fileKey struct {
	path  string
	inode uint64
	pid   int
}

func keyOf(f *reader.File) fileKey { return fileKey{f.Path, f.Info.Ino, f.Writer.PID} }
