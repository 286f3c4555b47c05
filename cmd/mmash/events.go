package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// maxStreams is how many streams there are at the same time.
	maxStreams = 1000
	// maxFileSeries is how many series of single files a stream has that did
	// not ask for labels.
	maxFileSeries = 5000
	// defaultPoints is how many points of history a stream has that does not
	// say.
	defaultPoints = 120
)

// A stream is one client of /events. What it was told last is in it: the next
// event has the difference, so nothing is queued for a client that is slow.
type stream struct {
	choice
	model  *model
	view   *view
	byFile bool
	points int

	version uint64 // of the model, at the last event
	tick    uint64 // of the last event, and 0 before the first
	series  []*series
	known   map[int]bool // ids of series
	told    map[int]bool // ids of files
	limited bool
	private int
	buf     []byte // the events at hand
}

// newStream returns the stream that a client asks for.
func newStream(query url.Values) (*stream, error) {
	st := &stream{points: defaultPoints}
	var err error
	if st.choice, err = parseChoice(query); err != nil {
		return nil, err
	}
	if glob := query.Get("file"); glob != "" {
		if st.files, err = parseGlob(glob); err != nil {
			return nil, err
		}
	}
	switch by := query.Get("by"); by {
	case "", "command":
	case "file":
		st.byFile = true
	default:
		return nil, fmt.Errorf("by is command or file, not %q", by)
	}
	if n := query.Get("history"); n != "" {
		if st.points, err = strconv.Atoi(n); err != nil || st.points < 0 || st.points > maxSlots {
			return nil, errors.New("history is how many points, from 0 to 3600")
		}
	}
	return st, nil
}

// events answers with a stream of events, until the client goes.
func (s *server) events(w *response, r *http.Request) error {
	query := r.URL.Query()
	st, err := newStream(query)
	if err != nil {
		return badRequest(err)
	}
	if s.recording != nil {
		return s.replay(w, r, st)
	}
	if query.Has("at") || query.Has("from") || query.Has("to") {
		return errLive
	}
	st.model, st.view = s.model, s.viewOf(r)
	defer s.streams.Add(-1)
	if s.streams.Add(1) > maxStreams {
		return errStreams
	}
	if st.files != nil {
		if st.view = s.model.viewOfFiles(st.view, st.files); st.view == nil {
			return errFileViews
		}
		defer s.model.release(st.view)
	}
	startEvents(w)
	if r.Method == http.MethodHead {
		return nil
	}
	for {
		next := st.update()
		if _, err := w.Write(st.buf); err != nil {
			return nil
		}
		if cap(st.buf) > chunk {
			st.buf = nil // of the history: the others are short
		}
		if w.control.Flush() != nil {
			return nil
		}
		select {
		case <-next:
		case <-r.Context().Done():
			return nil
		case <-s.done.Done():
			return nil
		}
	}
}

// startEvents starts an answer that is events.
func startEvents(w *response) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
}

// update fills st.buf with what the client does not know yet. The channel that
// it returns is closed when there is more.
func (st *stream) update() <-chan struct{} {
	m := st.model
	m.mu.Lock()
	defer m.mu.Unlock()
	st.buf = st.buf[:0]
	first := st.tick == 0
	if first {
		st.buf = append(st.buf, "retry: 2000\n\n"...)
	}
	if m.tick == 0 {
		return m.next // the first look is under way
	}
	var added map[int]bool
	if first || st.version != m.version {
		added = st.tellSeries(first)
	}
	if first {
		st.tellHistory()
	}
	st.version = m.version
	st.tellTick(added)
	return m.next
}

// choose finds the series that the client is to have.
func (st *stream) choose() {
	m := st.model
	st.series = st.series[:0]
	for _, g := range st.view.list {
		if len(g.members) > 0 && st.wants(g.label) {
			st.series = append(st.series, g)
		}
	}
	groups := len(st.series)
	st.limited = false
	if !st.byFile {
		return
	}
	for f := range m.shown(st.view) {
		for _, s := range f.stats {
			if st.wants(s.label) {
				st.series = append(st.series, s)
			}
		}
	}
	if len(st.series)-groups > maxFileSeries && len(st.labels) == 0 {
		st.series, st.limited = st.series[:groups], true
	}
}

// tellSeries writes the event series. It returns the ids of the series that the
// client had not before.
func (st *stream) tellSeries(first bool) (added map[int]bool) {
	m := st.model
	st.choose()
	private := m.privateFiles(st.view)
	files, series := []byte{'['}, []byte{'['}
	there := make(map[int]bool, len(m.order))
	for f := range m.shown(st.view) {
		there[f.id] = true
		if !st.told[f.id] || f.attrs > st.version {
			files = f.appendJSON(comma(files))
		}
	}
	chosen := make(map[int]bool, len(st.series))
	added = make(map[int]bool)
	for _, s := range st.series {
		chosen[s.id] = true
		if !st.known[s.id] {
			added[s.id] = true
		}
		if !st.known[s.id] || s.attrs > st.version {
			series = s.appendJSON(comma(series))
		}
	}
	gone := missing(st.known, chosen)
	goneFiles := missing(st.told, there)
	if !first && len(files) == 1 && len(series) == 1 && len(gone) == 0 && len(goneFiles) == 0 && private == st.private {
		return nil
	}
	st.known, st.told, st.private = chosen, there, private
	st.buf = fmt.Appendf(st.buf, "event: series\ndata: {\"delay\":%g,\"history\":%g,\"step\":%g,\"first\":%t,\"files\":%s],\"series\":%s],\"gone\":%s,\"goneFiles\":%s,\"limited\":%t,\"private\":%d}\n\n",
		m.delay.Seconds(), m.history.Seconds(), m.step(m.spanOf(st.points)), first, files, series, appendIDs(nil, gone), appendIDs(nil, goneFiles), st.limited, private)
	return added
}

// missing returns the ids of before that are not in now.
func missing(before, now map[int]bool) (ids []int) {
	for id := range before {
		if !now[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

func appendIDs(dst []byte, ids []int) []byte {
	dst = append(dst, '[')
	for _, id := range ids {
		dst = strconv.AppendInt(comma(dst), int64(id), 10)
	}
	return append(dst, ']')
}

func (f *file) appendJSON(dst []byte) []byte {
	problem := []byte("null")
	if f.err != "" {
		problem = quoted(f.err)
	}
	return fmt.Appendf(dst, `{"id":%d,"name":%s,%s,"error":%s,"ended":%s,"stats":%d}`,
		f.id, quoted(f.name), f.writer(), problem, timeOrNull(f.ended), len(f.stats))
}

func (s *series) appendJSON(dst []byte) []byte {
	file := "null"
	if s.file != nil {
		file = strconv.Itoa(s.file.id)
	}
	return fmt.Appendf(dst, `{"id":%d,"label":%s,"command":%s,"file":%s,"kind":%q,"type":%q,"unit":%s,"about":%s,"fold":%q}`,
		s.id, quoted(s.label), quoted(s.command), file, kindNames[s.kind], s.typ, quoted(s.unit), quoted(s.about), s.foldName())
}

// tellHistory writes the event history.
func (st *stream) tellHistory() {
	m := st.model
	sp := m.spanOf(st.points)
	// A point stands for the time from half a slot before its first tick on.
	slot := m.delay * time.Duration(m.perSlot)
	from := m.tickTime.Add(-time.Duration(m.slot-sp.from)*slot - slot/2)
	body := appendTime(append(st.buf, "event: history\ndata: {\"from\":"...), from)
	body = fmt.Appendf(body, `,"step":%g,"points":{`, m.step(sp))
	for _, s := range st.series {
		start := len(body)
		body = append(strconv.AppendInt(append(comma(body), '"'), int64(s.id), 10), `":`...)
		var some bool
		if body, some = m.appendHistory(body, s, sp); !some {
			body = body[:start]
		}
	}
	st.buf = append(body, "}}\n\n"...)
}

// tellTick writes the event tick, with the rows that changed since the last one
// of this client, and those of the series that were added.
func (st *stream) tellTick(added map[int]bool) {
	m := st.model
	st.buf = fmt.Appendf(st.buf, "event: tick\nid: %d\ndata: {\"tick\":%d,\"time\":%s,\"rows\":[", m.tick, m.tick, appendTime(nil, m.tickTime))
	var reset []int
	for _, s := range st.series {
		if (s.changed > st.tick || added[s.id]) && len(s.row) > 0 {
			st.buf = append(comma(st.buf), s.row...)
		}
		if s.resetTick > st.tick && st.tick > 0 {
			reset = append(reset, s.id)
		}
	}
	st.buf = appendIDs(append(st.buf, "],\"reset\":"...), reset)
	st.buf = append(st.buf, "}\n\n"...)
	st.tick = m.tick
}
