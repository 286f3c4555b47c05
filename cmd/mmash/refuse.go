package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
)

// A refusal is why a request is not answered, with the status that says so.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

var (
	errNoPage    = &refusal{http.StatusNotFound, "no such page"}
	errPrivate   = &refusal{http.StatusForbidden, "not everybody on this machine may read the archive; mmash --private shows it, as does a unix socket"}
	errLive      = &refusal{http.StatusBadRequest, "at, from and to are times of an archive, which mmash -r ARCHIVE shows"}
	errOrder     = &refusal{http.StatusBadRequest, "from is later than to"}
	errTooMany   = &refusal{http.StatusBadRequest, "there are too many stats then for a range: choose some by label"}
	errBusy      = &refusal{http.StatusServiceUnavailable, "too many others read the archive"}
	errStreams   = &refusal{http.StatusServiceUnavailable, "there are 1000 streams already"}
	errFileViews = &refusal{http.StatusServiceUnavailable, "there are 50 choices of files already"}
	errMetrics   = &refusal{http.StatusNotFound, "an archive is the past: Prometheus is to scrape a mmash without -r"}
)

// badRequest returns the refusal of a request that err is about.
func badRequest(err error) error { return &refusal{http.StatusBadRequest, err.Error()} }

// refuse answers with the reason why a request is not answered otherwise.
func (s *server) refuse(w *response, r *http.Request, err error) {
	refused := refusalOf(err)
	if refused.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	s.send(w, r, refused.status, jsonType, fmt.Appendf(nil, "{\"error\":%s}\n", quoted(refused.reason)))
}

func refusalOf(err error) *refusal {
	var refused *refusal
	var outside *archive.OutsideError
	var noTime *archive.TimeError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &noTime):
		return &refusal{http.StatusBadRequest, err.Error()}
	case errors.As(err, &outside):
		return &refusal{http.StatusNotFound, outsideText(outside)}
	case errors.Is(err, archive.ErrEmpty), errors.Is(err, archive.ErrEarlier), errors.Is(err, fs.ErrNotExist):
		return &refusal{http.StatusNotFound, cli.Reason(err)}
	}
	return &refusal{http.StatusInternalServerError, cli.Reason(err)}
}

// outsideText says what err does, with times for machines and people of any zone.
func outsideText(err *archive.OutsideError) string {
	text := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	return "nothing was recorded at " + text(err.Time) + ": the archive is from " + text(err.First) + " to " + text(err.Last)
}
