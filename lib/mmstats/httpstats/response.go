package httpstats

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// A response notes the status and the size of an answer. It has the optional
// methods of a ResponseWriter that handlers ask for, since a handler that finds
// them missing buffers, copies or fails.
type response struct {
	http.ResponseWriter
	status int // 0 until it is known
	bytes  int64
}

// begin notes the status of the answer, unless it is known or only announces
// another one.
func (r *response) begin(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
}

func (r *response) WriteHeader(status int) {
	r.begin(status)
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(p []byte) (int, error) {
	r.begin(http.StatusOK)
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom lets the system copy files to the connection.
func (r *response) ReadFrom(src io.Reader) (int64, error) {
	r.begin(http.StatusOK)
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}

// Flush is the method of http.Flusher.
func (r *response) Flush() { r.FlushError() }

// FlushError is what http.ResponseController calls.
func (r *response) FlushError() error {
	r.begin(http.StatusOK)
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Hijack is the method of http.Hijacker.
func (r *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.begin(http.StatusSwitchingProtocols)
	}
	return conn, buffers, err
}

// Unwrap gives http.ResponseController the rest of the methods.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
