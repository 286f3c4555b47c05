package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
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
func (rec *recording) damage(a *archive.Archive) (list []archive.Damage) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, d := range a.Damage() {
		if d.Torn {
			continue
		}
		list = append(list, d)
		if text := d.String(); !rec.logged[text] && len(rec.logged) < maxLogged {
			rec.logged[text] = true
			rec.log(rec.path + ": " + text)
		}
	}
	return list
}

// A refusal is why a request is not answered, with the status that says so.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

var (
	errPrivate = &refusal{http.StatusForbidden, "not everybody on this machine may read the archive; mmash --private shows it, as does a unix socket"}
	errLive    = &refusal{http.StatusBadRequest, "at, from and to are times of an archive, which mmash -r ARCHIVE shows"}
	errOrder   = &refusal{http.StatusBadRequest, "from is later than to"}
	errTooMany = &refusal{http.StatusBadRequest, "there are too many stats then for a range: choose some by label"}
	errBusy    = &refusal{http.StatusServiceUnavailable, "too many others read the archive"}
	errMetrics = &refusal{http.StatusNotFound, "an archive is the past: Prometheus is to scrape a mmash without -r"}
)

// refuse answers with the reason why a request is not answered.
func (s *server) refuse(w *response, r *http.Request, err error) {
	var refused *refusal
	var outside *archive.OutsideError
	var noTime *archive.TimeError
	switch {
	case err == errBusy:
		s.busy(w, r, err.Error())
	case errors.As(err, &refused):
		s.fail(w, r, refused.status, refused.reason)
	case errors.As(err, &noTime):
		s.fail(w, r, http.StatusBadRequest, err.Error())
	case errors.As(err, &outside):
		s.fail(w, r, http.StatusNotFound, outsideText(outside))
	case errors.Is(err, archive.ErrEmpty), errors.Is(err, archive.ErrEarlier), errors.Is(err, fs.ErrNotExist):
		s.fail(w, r, http.StatusNotFound, cli.Reason(err))
	default:
		s.fail(w, r, http.StatusInternalServerError, cli.Reason(err))
	}
}

// outsideText says what err does, with times for machines and people of any zone.
func outsideText(err *archive.OutsideError) string {
	text := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	return "nothing was recorded at " + text(err.Time) + ": the archive is from " + text(err.First) + " to " + text(err.Last)
}

// enter lets a request read the archive as soon as l has room. It reports why
// it may not; else leave is to be called.
func (s *server) enter(r *http.Request, l *limit) error {
	if public := r.Context().Value(fromUnix{}) == nil && !s.private; public && !s.recording.everybodyReads() {
		return errPrivate
	}
	if !l.enter(r.Context()) {
		return errBusy
	}
	return nil
}

// ask calls f with what is known now, or in an archive with the last record at
// or before the time that the client names. Of that, only stats that wanted
// reports are known. It returns whether it called f: if not, the client was told
// why.
func (s *server) ask(w *response, r *http.Request, wanted func(label string) bool, f func(*model, *view)) bool {
	query := r.URL.Query()
	if s.recording == nil {
		if query.Has("at") {
			s.refuse(w, r, errLive)
			return false
		}
		v := s.viewOf(r)
		s.model.fresh(func() { f(s.model, v) })
		return true
	}
	err := s.enter(r, s.recording.moments)
	if err == nil {
		defer s.recording.moments.leave()
		var m *model
		if m, err = s.recording.moment(r.Context(), query.Get("at"), wanted); err == nil {
			f(m, m.views[0])
			return true
		}
	}
	s.refuse(w, r, err)
	return false
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
