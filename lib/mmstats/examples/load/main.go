// Load sends requests to an HTTP server, eight at a time, and writes once a
// second how long they took, as it measured that by itself.
//
//	load URL SECONDS
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

const atOnce = 8

// A recorder keeps the durations of the requests of one second.
type recorder struct {
	mu    sync.Mutex
	times []time.Duration
}

func (r *recorder) add(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = append(r.times, d)
}

// take returns the durations since the last call, sorted.
func (r *recorder) take() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	times := r.times
	r.times = nil
	slices.Sort(times)
	return times
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: load URL SECONDS")
	}
	seconds, err := strconv.Atoi(os.Args[2])
	if err != nil || seconds < 1 {
		log.Fatalf("SECONDS is a whole number from 1, not %q", os.Args[2])
	}
	var r recorder
	for range atOnce {
		go func() {
			for {
				if err := request(&r, os.Args[1]); err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	ticks := time.Tick(time.Second)
	for range seconds {
		<-ticks
		if times := r.take(); len(times) > 0 {
			fmt.Printf("%s  %d requests  p50 %s  p99 %s\n", time.Now().Format(time.TimeOnly), len(times),
				milliseconds(quantile(times, 0.5)), milliseconds(quantile(times, 0.99)))
		}
	}
}

// request measures one request, to the end of its answer.
func request(r *recorder, url string) error {
	start := time.Now()
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	r.add(time.Since(start))
	return err
}

// quantile returns the q-quantile of sorted times by nearest rank.
func quantile(times []time.Duration, q float64) time.Duration {
	return times[min(int(q*float64(len(times))), len(times)-1)]
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
}
