// Webserver is an HTTP server that publishes its requests, their latency and the
// Go runtime, in three lines.
//
//	webserver [ADDR]
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mmstats/lib/mmstats"
	"mmstats/lib/mmstats/gostats"
	"mmstats/lib/mmstats/httpstats"
)

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
	var stats httpstats.Stats
	file, err := mmstats.Create(mmstats.Options{Prefix: "web.", Heartbeat: time.Second}, &stats)
	if err != nil {
		return err
	}
	defer file.Remove()
	if err := gostats.Publish(file); err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	mux.HandleFunc("/work", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Duration(10+rand.IntN(90)) * time.Millisecond)
		fmt.Fprintln(w, "done")
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "broken", http.StatusInternalServerError)
	})
	server := &http.Server{Handler: stats.Handler(mux), ReadHeaderTimeout: 5 * time.Second}

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s, publishing in %s", listener.Addr(), file.Path())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	answered := make(chan error)
	go func() {
		<-ctx.Done()
		answered <- server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-answered
}
