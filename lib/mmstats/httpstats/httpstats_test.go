package httpstats_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mmstats/lib/mmstats"
	"mmstats/lib/mmstats/httpstats"
	"mmstats/lib/reader"
)

// serve returns the address of a server with stats, and their file.
func serve(t *testing.T, stats *httpstats.Stats, handler http.HandlerFunc) (url, path string) {
	t.Helper()
	file, err := mmstats.Create(mmstats.Options{Dir: t.TempDir(), Prefix: "web.", NoDefaults: true}, stats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	server := httptest.NewUnstartedServer(stats.Handler(handler))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of what goes wrong on purpose
	server.Config.SetKeepAlivesEnabled(false)           // the client would try again
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, file.Path()
}

// get requests a path, and returns the status and the body, or "" where the
// server broke off.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// wantStats compares the numbers in a file that are not 0.
func wantStats(t *testing.T, path string, want map[string]float64) {
	t.Helper()
	stats, err := reader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) != 9 {
		t.Errorf("%d stats, want 9", len(stats))
	}
	for i := range stats {
		st := &stats[i]
		label, value := strings.TrimPrefix(string(st.Label), "web."), st.Value.Float()
		if label == "latency" {
			h := st.Histogram()
			if value = float64(h.Count); h.Min < 0 || h.Max > 60 {
				t.Errorf("latencies from %v to %v s", h.Min, h.Max)
			}
		}
		if value != want[label] {
			t.Errorf("%s = %v, want %v", label, value, want[label])
		}
		if st.Description().About == "" {
			t.Errorf("nothing says what %s is", label)
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("x", 100_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	var stats httpstats.Stats
	var inFlight atomic.Int64
	url, path := serve(t, &stats, func(w http.ResponseWriter, r *http.Request) {
		inFlight.Store(stats.InFlight.Value())
		switch r.URL.Path {
		case "/early":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		case "/moved":
			http.Redirect(w, r, "/", http.StatusNotModified)
		case "/missing":
			http.NotFound(w, r)
		case "/broken":
			http.Error(w, "broken", http.StatusBadGateway)
		case "/panic":
			panic(http.ErrAbortHandler)
		case "/panic-late":
			fmt.Fprint(w, "12345")
			panic(http.ErrAbortHandler)
		case "/file":
			http.ServeFile(w, r, file)
		case "/text":
			io.WriteString(w, "1234567")
		case "/stream":
			w.(http.Flusher).Flush()
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("Flush() = %v", err)
			}
			w.WriteHeader(http.StatusTeapot) // too late
		}
	})
	for _, test := range []struct {
		path   string
		status int
		size   int
	}{
		{"/", 200, 0}, {"/early", 201, 0}, {"/moved", 304, 0}, {"/missing", 404, 19}, {"/broken", 502, 7},
		{"/panic", 0, 0}, {"/file", 200, 100_000}, {"/text", 200, 7}, {"/stream", 200, 0}, {"/panic-late", 0, 0},
	} {
		if status, body := get(t, url+test.path); test.status != 0 && (status != test.status || len(body) != test.size) {
			t.Errorf("GET %s = %d, %d bytes, want %d, %d bytes", test.path, status, len(body), test.status, test.size)
		}
		if got := inFlight.Load(); got != 1 {
			t.Errorf("GET %s: %d requests in flight during it, want 1", test.path, got)
		}
		waitForNone(t, &stats)
	}
	wantStats(t, path, map[string]float64{
		"requests": 10, "status.2XX": 5, "status.3XX": 1, "status.4XX": 1, "status.5XX": 3,
		"latency": 10, "bytes": 19 + 7 + 100_000 + 7 + 5,
	})
}

// A connection that a handler takes over, as for a web socket, lasts as long as
// it likes, and is no latency of the server.
func TestHijackedConnection(t *testing.T) {
	var stats httpstats.Stats
	url, path := serve(t, &stats, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 299 mine\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		conn.Close()
	})
	if status, body := get(t, url); status != 299 || body != "hi" {
		t.Errorf("GET = %d, %q, want what the handler wrote itself", status, body)
	}
	waitForNone(t, &stats)
	wantStats(t, path, map[string]float64{"requests": 1, "status.1XX": 1})
}

// waitForNone waits until no request is in flight: a client may have its answer
// before that.
func waitForNone(t *testing.T, stats *httpstats.Stats) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); stats.InFlight.Value() != 0; time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatal("a request stays in flight")
		}
	}
}

func BenchmarkHandler(b *testing.B) {
	var stats httpstats.Stats
	file, err := mmstats.Create(mmstats.Options{Dir: b.TempDir()}, &stats)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	handler := stats.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, r)
	}
}
