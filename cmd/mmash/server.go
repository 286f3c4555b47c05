package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mmstats/lib/escape"
)

const (
	defaultWriteWait = 10 * time.Second
	// chunk is the most of an answer that is written at once, in bytes.
	chunk = 64 << 10
	// gzipFrom is the least size of an answer that is worth compressing.
	gzipFrom = 4 << 10
	maxQuery = 2 << 10
)

// policy lets a page load nothing but what this server has, and lets no text
// become markup or script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// A server answers requests.
type server struct {
	model *model // of the files, or nil
	// recording is what is shown instead of files, or nil.
	recording *recording
	hosts     hosts
	private   bool // TCP clients see private files as well
	pages     *pages
	log       io.Writer // of the access log, or nil
	logging   sync.Mutex
	done      context.Context // ends the streams
	// writeWait is how long a client may take to accept a part of an answer.
	writeWait time.Duration

	streams  atomic.Int64
	answered [600]atomic.Uint64 // requests by status
}

// fromUnix is the key of a context that says the client came by a unix socket.
type fromUnix struct{}

func isFromUnix(r *http.Request) bool { return r.Context().Value(fromUnix{}) != nil }

// isPublic reports whether the client of a request may see only what everybody
// may read.
func (s *server) isPublic(r *http.Request) bool { return !s.private && !isFromUnix(r) }

// viewOf returns what the client of a request may see.
func (s *server) viewOf(r *http.Request) *view {
	public := s.isPublic(r)
	for _, v := range s.model.views {
		if v.public == public {
			return v
		}
	}
	return s.model.views[0]
}

// A response counts what is sent, and has a deadline before each write.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	wait    time.Duration
	status  int
	bytes   int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (n int, err error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	for len(p) > 0 && err == nil {
		w.control.SetWriteDeadline(time.Now().Add(w.wait))
		var k int
		k, err = w.ResponseWriter.Write(p[:min(len(p), chunk)])
		n, p = n+k, p[k:]
	}
	w.bytes += int64(n)
	return n, err
}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ServeHTTP answers a request.
func (s *server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	began := time.Now()
	w := &response{ResponseWriter: rw, control: http.NewResponseController(rw), wait: s.writeWait}
	w.control.SetWriteDeadline(began.Add(w.wait)) // one may be left from the last request
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	defer func() {
		s.answered[w.status%len(s.answered)].Add(1)
		s.logRequest(w, r, began)
	}()
	if err := s.route(w, r); err != nil {
		s.refuse(w, r, err)
	}
}

// route answers a request. After an error nothing was answered yet.
func (s *server) route(w *response, r *http.Request) error {
	switch reason := s.hosts.refused(r); {
	case reason != "":
		return &refusal{http.StatusForbidden, reason}
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		return &refusal{http.StatusMethodNotAllowed, "the method " + r.Method + " is not allowed"}
	case len(r.URL.RawQuery) > maxQuery:
		return &refusal{http.StatusRequestURITooLong, "the query is longer than 2048 bytes"}
	}
	path := r.URL.Path
	switch path {
	case "/":
		s.page(w, r, "index.html")
	case "/graph/":
		s.page(w, r, "graph.html")
	case "/stats", "/files", "/graph":
		s.redirect(w, r, path[1:]+"/")
	case "/stats/":
		return s.labels(w, r)
	case "/metrics":
		return s.metrics(w, r)
	case "/events":
		return s.events(w, r)
	case "/favicon.ico":
		return s.static(w, r, "icon.svg")
	default:
		if name, ok := strings.CutPrefix(path, "/static/"); ok {
			return s.static(w, r, name)
		}
		if prefix, ok := strings.CutPrefix(path, "/stats/"); ok {
			return s.stats(w, r, prefix)
		}
		if glob, ok := strings.CutPrefix(path, "/files/"); ok {
			return s.files(w, r, glob)
		}
		return errNoPage
	}
	return nil
}

// redirect sends the client to a place relative to where it is, so that it
// stays behind the proxy that it came by.
func (s *server) redirect(w *response, r *http.Request, location string) {
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusPermanentRedirect)
}

// send answers with a body, which is compressed where that pays.
func (s *server) send(w *response, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	if len(body) >= gzipFrom {
		if h.Get("Vary") == "" {
			h.Set("Vary", "Accept-Encoding")
		}
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			body = compressed(body)
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// acceptsGzip reports whether a client says that it takes gzip.
func acceptsGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, parameter, _ := strings.Cut(part, ";")
		if coding = strings.TrimSpace(coding); strings.EqualFold(coding, "gzip") || coding == "*" {
			q, found := strings.CutPrefix(strings.ReplaceAll(parameter, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !found || err != nil || weight > 0
		}
	}
	return false
}

var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// compress writes to dst what write writes, compressed.
func compress(dst io.Writer, write func(io.Writer)) {
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(dst)
	write(z)
	z.Close()
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	compress(&b, func(w io.Writer) { w.Write(body) })
	return b.Bytes()
}

// cached answers with a page or a file of one, which the client may have
// already.
func (s *server) cached(w *response, r *http.Request, contentType string, file static) {
	tag := `"` + file.hash + `"`
	w.Header().Set("ETag", tag)
	for seen := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if seen = strings.TrimPrefix(strings.TrimSpace(seen), "W/"); seen == tag || seen == "*" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	s.send(w, r, http.StatusOK, contentType, file.body)
}

// logRequest writes a line of the access log.
func (s *server) logRequest(w *response, r *http.Request, began time.Time) {
	if s.log == nil {
		return
	}
	remote := r.RemoteAddr
	if isFromUnix(r) {
		remote = "unix"
	}
	line := began.UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z")
	for _, column := range []string{remote, r.Method, r.URL.RequestURI()} {
		line = escape.AppendText(append(line, '\t'), []byte(column))
	}
	line = fmt.Appendf(line, "\t%d\t%d\t%d\n", w.status, w.bytes, time.Since(began).Milliseconds())
	s.logging.Lock()
	defer s.logging.Unlock()
	s.log.Write(line)
}

// quiet drops what package net/http says of clients that go away or send
// nonsense.
var quiet = log.New(io.Discard, "", 0)
