package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
)

const (
	// maxRangePoints is how many points of a series a range has.
	maxRangePoints = 600
	// maxReplayPoints bounds the points of all series of a range together:
	// where there are many series, each has fewer points.
	maxReplayPoints = 16 << 20
	// maxReplaySeries bounds the series of a range, and with them its memory.
	maxReplaySeries = 200_000
	// progressEvery is how often a client is told how far a range is read.
	progressEvery = 200 * time.Millisecond
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
	m.source, m.recorded, m.rowless = p, true, true
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
	interval := rp.player.Interval()
	if rp.delay = interval; points > 0 {
		// Whole intervals, so that as many records come in each step.
		whole := time.Duration(math.Ceil(float64(rp.to.Sub(rp.from)) / float64(points) / float64(interval)))
		rp.delay = interval * max(1, whole)
		rp.slots = int((rp.to.Sub(rp.from)+rp.delay-1)/rp.delay) + 1 // the first record has one of its own
		rp.history = rp.delay * time.Duration(rp.slots)
	}
	rp.coarse = rp.delay > interval
	rp.player.Sparse, rp.player.End = true, rp.to
	rp.advance(false)
	for _, f := range rp.order {
		rp.checkFile(f)
	}
	rp.endTick(0)
	return nil
}

// advance makes the slot that of the last record, and the step the time to the
// end of the next slot. The last slot ends where the range does, so that what
// is judged is a whole one.
func (rp *replay) advance(goesOn bool) {
	last := max(0, rp.slots-1)
	left := rp.to.Sub(rp.looked)
	behind := int(math.Round(float64(left) / float64(rp.delay))) // slots
	// The clock may have been set back: points go on behind those that are
	// there.
	slot := max(rp.slot, last-behind)
	rp.skipped = 0
	if goesOn {
		rp.skipped = min(max(0, slot-rp.slot-1), last)
	}
	rp.slot = slot
	rp.player.Step = left - time.Duration(behind-1)*rp.delay
}

// next polls the records of the next step, and reports whether there were any.
func (rp *replay) next() bool {
	if !rp.lookAll() {
		return false
	}
	for _, f := range rp.order {
		rp.checkFile(f)
	}
	elapsed := rp.player.Elapsed()
	rp.leaveLost()
	rp.advance(elapsed > 0)
	rp.endTick(elapsed)
	return true
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

// replay answers with the events of a range of the archive.
func (s *server) replay(w *response, r *http.Request, st *stream) {
	err := s.enter(r, s.recording.ranges)
	if err == nil {
		defer s.recording.ranges.leave()
		err = s.play(w, r, st)
	}
	if err != nil {
		s.refuse(w, r, err)
	}
}

// play is replay without the limit. It returns an error as long as nothing was
// answered.
func (s *server) play(w *response, r *http.Request, st *stream) error {
	a, err := archive.Open(s.recording.path)
	if err != nil {
		return err
	}
	defer a.Close()
	first, last, err := a.Bounds()
	if err != nil {
		return err
	}
	from, to, err := s.recording.span(r.URL.Query(), first, last)
	if err != nil {
		return err
	}
	p := archive.NewPlayer(a)
	if err := p.Seek(from); err != nil && !errors.Is(err, archive.ErrEarlier) {
		return err
	}
	rp := newReplay(p, from, to, st.points)
	rp.views[0].files = st.files
	if err := rp.begin(st.wants); err != nil {
		return err
	}
	s.eventHeader(w)
	if r.Method == http.MethodHead {
		return nil
	}
	st.model, st.view, st.points = rp.model, rp.views[0], rp.slots
	if s.readRange(w, r, rp) {
		s.tellRange(w, st, rp, a, first, last)
	}
	return nil
}

// readRange reads the range to its end, and tells the client how far it is. It
// reports whether the client still waits for it.
func (s *server) readRange(w *response, r *http.Request, rp *replay) bool {
	told := time.Now()
	for rp.next() {
		if r.Context().Err() != nil || s.done.Err() != nil {
			return false
		}
		if rp.lastID > maxReplaySeries {
			return sendFailure(w, errTooMany.Error())
		}
		if time.Since(told) < progressEvery {
			continue
		}
		told = time.Now()
		if _, err := fmt.Fprintf(w, "event: progress\ndata: {\"part\":%.3f}\n\n", rp.part()); err != nil || w.control.Flush() != nil {
			return false
		}
	}
	if err := rp.player.Err(); err != nil {
		return sendFailure(w, cli.Reason(err))
	}
	return true
}

// sendFailure sends the event that a range cannot be read to its end. It
// returns false.
func sendFailure(w *response, reason string) bool {
	data, _ := escape.AppendJSON([]byte("event: failed\ndata: {\"error\":"), []byte(reason))
	w.Write(append(data, "}\n\n"...))
	return false
}

// tellRange sends what is known at the end of a range.
func (s *server) tellRange(w *response, st *stream, rp *replay, a *archive.Archive, first, last time.Time) {
	damage := s.recording.damage(a)
	data := []byte("event: archive\ndata: {\"first\":")
	for i, t := range []time.Time{first, last, rp.from, rp.to} {
		data = append(data, []string{"", `,"last":`, `,"from":`, `,"to":`}[i]...)
		data = appendTime(data, t)
	}
	data = fmt.Appendf(data, `,"damaged":%d,"damage":`, len(damage))
	text := ""
	if len(damage) > 0 {
		text = damage[0].String()
	}
	data, _ = escape.AppendJSON(data, []byte(text))
	rp.makeRows()
	st.update()
	if _, err := w.Write(append(data, "}\n\n"...)); err != nil {
		return
	}
	if _, err := w.Write(st.buf); err != nil {
		return
	}
	w.Write([]byte("event: end\ndata: {}\n\n"))
}

// span returns the range that a client names, as far as the archive has it.
func (rec *recording) span(query url.Values, first, last time.Time) (from, to time.Time, err error) {
	if to = last; query.Get("to") != "" {
		if to, err = archive.ParseTime(query.Get("to"), last); err != nil {
			return from, to, err
		}
	}
	if from = to.Add(-rec.history); query.Get("from") != "" {
		if from, err = archive.ParseTime(query.Get("from"), last); err != nil {
			return from, to, err
		}
	}
	switch {
	case from.After(to):
		return from, to, errOrder
	case to.Before(first.Truncate(time.Second)):
		return from, to, &archive.OutsideError{Time: to, First: first, Last: last}
	case from.After(last.Add(time.Second)):
		return from, to, &archive.OutsideError{Time: from, First: first, Last: last}
	}
	clamp := func(t time.Time) time.Time {
		switch {
		case t.Before(first):
			return first
		case t.After(last):
			return last
		}
		return t
	}
	return clamp(from), clamp(to), nil
}
