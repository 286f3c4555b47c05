package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mmstats/lib/archive"
)

const (
	// maxMoments is how many requests for one record are answered at a time.
	maxMoments = 2
	// maxRanges is how many ranges are read at a time, and maxAnswers how many
	// are read or sent.
	maxRanges  = 2
	maxAnswers = 16
	// maxLogged bounds how much damage is remembered, so that each part is
	// logged once.
	maxLogged = 1000
)

// A recording is an archive that is shown instead of files.
type recording struct {
	path    string        // absolute
	history time.Duration // of a range that does not say where it starts
	log     func(text string)

	moments, ranges, answers *limit

	mu     sync.Mutex
	logged map[string]bool
}

// newRecording returns the recording at path, or why there is none. Log is told
// of its damage.
func newRecording(path string, history time.Duration, log func(text string)) (*recording, error) {
	a, err := archive.Open(path)
	if err != nil {
		return nil, err
	}
	a.Close()
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return &recording{
		path: path, history: history, log: log,
		moments: newLimit(maxMoments), ranges: newLimit(maxRanges), answers: newLimit(maxAnswers),
		logged: make(map[string]bool),
	}, nil
}

// everybodyReads reports whether any user may read all segments. An archive
// does not say who may read the files that it holds.
func (rec *recording) everybodyReads() bool {
	entries, err := os.ReadDir(rec.path)
	if err != nil { // one segment, or nothing that can be read
		return everybodyReads(rec.path)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), archive.Ext) && !everybodyReads(filepath.Join(rec.path, e.Name())) {
			return false
		}
	}
	return everybodyReads(rec.path)
}

// damage returns the parts of a that could not be read, and logs those that are
// new. What a recorder was writing when it was killed was never recorded.
func (rec *recording) damage(a *archive.Archive) []archive.Damage {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	lost := a.Lost()
	for _, d := range lost {
		if text := d.String(); !rec.logged[text] && len(rec.logged) < maxLogged {
			rec.logged[text] = true
			rec.log(rec.path + ": " + text)
		}
	}
	return lost
}

// enter lets a request read the archive as soon as l has room. It reports why
// it may not; else leave is to be called.
func (s *server) enter(r *http.Request, l *limit) error {
	if s.isPublic(r) && !s.recording.everybodyReads() {
		return errPrivate
	}
	if !l.enter(r.Context()) {
		return errBusy
	}
	return nil
}

// ask answers with the JSON that f makes of what is known now, or in an archive
// of the last record at or before the time that the client names. Of that, only
// stats that wanted reports are known.
func (s *server) ask(w *response, r *http.Request, wanted func(label string) bool, f func(*model, *view) []byte) error {
	var body []byte
	var err error
	query := r.URL.Query()
	switch {
	case s.recording != nil:
		body, err = s.askRecording(r, query.Get("at"), wanted, f)
	case query.Has("at"):
		err = errLive
	default:
		v := s.viewOf(r)
		s.model.fresh(func() { body = f(s.model, v) })
	}
	if err != nil {
		return err
	}
	s.send(w, r, http.StatusOK, jsonType, append(body, '\n'))
	return nil
}

// askRecording is ask for one of few requests, up to where its answer is sent.
func (s *server) askRecording(r *http.Request, at string, wanted func(label string) bool, f func(*model, *view) []byte) ([]byte, error) {
	if err := s.enter(r, s.recording.moments); err != nil {
		return nil, err
	}
	defer s.recording.moments.leave()
	m, err := s.recording.moment(r.Context(), at, wanted)
	if err != nil {
		return nil, err
	}
	return f(m, m.views[0]), nil
}

// moment returns the model of the last record at or before a time, or of the
// last one where text is empty.
func (rec *recording) moment(ctx context.Context, text string, wanted func(label string) bool) (*model, error) {
	a, err := archive.Open(rec.path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	_, at, err := a.Bounds()
	if err == nil && text != "" {
		at, err = a.Time(text)
	}
	if err != nil {
		return nil, err
	}
	p := archive.NewPlayer(a)
	if err := p.Seek(at); err != nil {
		return nil, err
	}
	rp := newReplay(p, at, at, 0)
	if err := rp.begin(wanted); err != nil {
		return nil, err
	}
	rec.damage(a)
	return rp.model, ctx.Err()
}
