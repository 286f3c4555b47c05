// Webserver is an HTTP server that publishes its requests, errors, requests in
// flight and latency, by a few lines of middleware.
//
//	webserver [ADDR]
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mmstats/lib/mmstats"
)

var stats struct {
	Requests mmstats.Counter      `mmstats:"requests"`
	Errors   mmstats.Counter      `mmstats:"errors"`
	InFlight mmstats.Gauge[int32] `mmstats:"in_flight"`
	Latency  mmstats.Timer        `mmstats:"latency"`
}

// counted publishes what h does.
func counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stats.Requests.Inc()
		stats.InFlight.Add(1)
		defer stats.InFlight.Add(-1)
		defer stats.Latency.Start().Stop()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(recorder, r)
		if recorder.status >= 500 {
			stats.Errors.Inc()
		}
	})
}

// A statusRecorder remembers the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("webserver: ")
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

func serve() error {
	addr := "127.0.0.1:8080"
	if len(os.Args) > 1 {
		addr = os.Args[1]
	}
	file, err := mmstats.Create(mmstats.Options{Prefix: "web."}, &stats)
	if err != nil {
		return err
	}
	defer file.Remove()

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "broken", http.StatusInternalServerError)
	})
	server := &http.Server{Handler: counted(mux), ReadHeaderTimeout: 5 * time.Second}

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s, publishing in %s", listener.Addr(), file.Path())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
