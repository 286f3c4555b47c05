package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
)

// progressEvery is how often a client is told how far a range is read.
const progressEvery = 200 * time.Millisecond

// replay answers with the events of a range of the archive.
func (s *server) replay(w *response, r *http.Request, st *stream) error {
	if err := s.enter(r, s.recording.answers); err != nil {
		return err
	}
	defer s.recording.answers.leave()
	return s.play(w, r, st)
}

// play is replay for one of few requests. A client that reads the answer slowly
// keeps no other waiting.
func (s *server) play(w *response, r *http.Request, st *stream) error {
	ranges := s.recording.ranges
	if !ranges.enter(r.Context()) {
		return errBusy
	}
	leave := sync.OnceFunc(ranges.leave)
	defer leave()
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
	startEvents(w)
	if r.Method == http.MethodHead {
		return nil
	}
	st.model, st.view, st.points = rp.model, rp.views[0], rp.slots
	if !s.readRange(w, r, rp) {
		return nil
	}
	answer := rp.appendArchive(nil, first, last, s.recording.damage(a))
	rp.makeRows()
	st.update()
	answer = append(append(answer, st.buf...), "event: end\ndata: {}\n\n"...)
	*st = stream{} // what was read may go while the answer is sent
	leave()
	w.Write(answer)
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
	fmt.Fprintf(w, "event: failed\ndata: {\"error\":%s}\n\n", quoted(reason))
	return false
}

// appendArchive appends the event archive.
func (rp *replay) appendArchive(dst []byte, first, last time.Time, damage []archive.Damage) []byte {
	text := ""
	if len(damage) > 0 {
		text = damage[0].String()
	}
	return fmt.Appendf(dst, "event: archive\ndata: {\"first\":%s,\"last\":%s,\"from\":%s,\"to\":%s,\"damaged\":%d,\"damage\":%s}\n\n",
		appendTime(nil, first), appendTime(nil, last), appendTime(nil, rp.from), appendTime(nil, rp.to), len(damage), quoted(text))
}

// span returns the range that a client names, as far as the archive has it.
func (rec *recording) span(query url.Values, first, last time.Time) (from, to time.Time, err error) {
	if text := cmp.Or(query.Get("to"), query.Get("at")); text == "" {
		to = last
	} else if to, err = archive.ParseTime(text, last); err != nil {
		return from, to, err
	}
	if from = to.Add(-rec.history); query.Get("from") != "" {
		if from, err = archive.ParseTime(query.Get("from"), last); err != nil {
			return from, to, err
		}
	}
	end := last.Add(time.Second)
	switch {
	case from.After(to):
		return from, to, errOrder
	case to.Before(first.Truncate(time.Second)), to.After(end) && query.Get("from") == "":
		return from, to, &archive.OutsideError{Time: to, First: first, Last: last}
	case from.After(end):
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
