// Package httpstats publishes what an HTTP server does: requests by class of
// their status, those in flight, and how long they take.
//
//	var web httpstats.Stats
//	file, err := mmstats.Create(mmstats.Options{Prefix: "web."}, &web)
//	...
//	err = http.ListenAndServe(":8080", web.Handler(mux))
//
// It is apart from package mmstats because net/http makes a program start
// 1.5 ms later, and 6 MB larger.
package httpstats

import (
	"net/http"
	"time"

	"mmstats/lib/mmstats"
)

// Stats are the stats of a server, or of some of its handlers. They are
// declared in a file as any struct of stats.
type Stats struct {
	Requests mmstats.Counter      `mmstats:"requests" about:"Requests that were answered"`
	Status1  mmstats.Counter      `mmstats:"status.1XX" about:"Requests that changed to another protocol"`
	Status2  mmstats.Counter      `mmstats:"status.2XX" about:"Requests that went well"`
	Status3  mmstats.Counter      `mmstats:"status.3XX" about:"Requests that were sent elsewhere, or need no new answer"`
	Status4  mmstats.Counter      `mmstats:"status.4XX" about:"Requests that were wrong"`
	Status5  mmstats.Counter      `mmstats:"status.5XX" about:"Requests at which the server failed"`
	InFlight mmstats.Gauge[int64] `mmstats:"in_flight" about:"Requests that are being answered"`
	Latency  mmstats.Histogram    `mmstats:"latency" unit:"seconds" about:"Time from the request to the end of the answer"`
	Bytes    mmstats.Counter      `mmstats:"bytes" unit:"bytes" about:"Bodies of answers"`
}

// Handler returns a handler that counts the requests that next serves. A
// request whose handler panics counts as one at which the server failed. One
// whose connection the handler takes over changes to another protocol, and has
// no latency.
func (s *Stats) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.InFlight.Add(1)
		start := time.Now()
		answer := &response{ResponseWriter: w}
		served := false
		defer func() {
			if !served {
				answer.status = http.StatusInternalServerError
			}
			s.count(answer, time.Since(start))
		}()
		next.ServeHTTP(answer, r)
		served = true
	})
}

// count counts a request that was answered.
func (s *Stats) count(answer *response, took time.Duration) {
	answer.begin(http.StatusOK)
	if answer.status != http.StatusSwitchingProtocols {
		s.Latency.Observe(took)
	}
	s.Bytes.Add(uint64(answer.bytes))
	s.Requests.Inc()
	s.class(answer.status).Inc()
	s.InFlight.Add(-1)
}

// class returns the counter of the requests with a status.
func (s *Stats) class(status int) *mmstats.Counter {
	switch status / 100 {
	case 1:
		return &s.Status1
	case 2:
		return &s.Status2
	case 3:
		return &s.Status3
	case 4:
		return &s.Status4
	}
	return &s.Status5
}
