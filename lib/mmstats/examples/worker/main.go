// Worker is a program that publishes what it does: four goroutines that work
// on made-up jobs until they are interrupted.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"mmstats/lib/mmstats"
)

var stats struct {
	Done    mmstats.Counter      `mmstats:"jobs.done"`
	Failed  mmstats.Counter      `mmstats:"jobs.failed"`
	Running mmstats.Gauge[int32] `mmstats:"jobs.running"`
	Time    mmstats.Timer        `mmstats:"jobs.time,window=50"`
	Current mmstats.String       `mmstats:"jobs.current,size=32"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("worker: ")
	file, err := mmstats.Create(mmstats.Options{Prefix: "worker."}, &stats)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for n := 1; ctx.Err() == nil; n++ {
				work(n)
			}
		})
	}
	workers.Wait()
}

// work does one job.
func work(n int) {
	stats.Running.Add(1)
	defer stats.Running.Add(-1)
	stats.Current.Set(fmt.Sprintf("job %d", n))
	stats.Time.Time(func() { time.Sleep(time.Duration(1+rand.IntN(20)) * time.Millisecond) })
	if rand.IntN(10) == 0 {
		stats.Failed.Inc()
	} else {
		stats.Done.Inc()
	}
}
