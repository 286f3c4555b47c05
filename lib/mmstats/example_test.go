package mmstats_test

import (
	"fmt"
	"log"
	"os"
	"time"

	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
)

// A program declares its stats in a struct, publishes them, and updates them
// from any goroutine.
func ExampleCreate() {
	var stats struct {
		Requests mmstats.Counter      `mmstats:"requests"`
		InFlight mmstats.Gauge[int32] `mmstats:"in_flight"`
		Last     mmstats.String       `mmstats:"last_path,size=64"`
		Limit    mmstats.Constant[uint32]
	}
	stats.Limit.Value = 100
	file, err := mmstats.Create(mmstats.Options{Dir: os.TempDir(), Prefix: "web."}, &stats)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()

	stats.Requests.Inc()
	stats.InFlight.Add(1)
	stats.Last.Set("/index.html")

	fmt.Println(stats.Requests.Value(), stats.InFlight.Value(), stats.Last.Value())
	// Output: 1 1 /index.html
}

// Labels that are known only while the program runs are added then.
func ExampleFile_Add() {
	file, err := mmstats.Create(mmstats.Options{Dir: os.TempDir(), NoDefaults: true})
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()

	hits := make(map[string]*mmstats.Counter)
	for _, host := range []string{"a.example", "b.example", "a.example"} {
		if hits[host] == nil {
			hits[host] = new(mmstats.Counter)
			if err := file.Add(mmstats.Labeled{Label: "hits." + host, Stat: hits[host]}); err != nil {
				log.Fatal(err)
			}
		}
		hits[host].Inc()
	}
	fmt.Println(hits["a.example"].Value(), hits["b.example"].Value())
	// Output: 2 1
}

// A Timer takes the duration of a function, or of a part of one.
func ExampleTimer() {
	var queries mmstats.Timer
	file, err := mmstats.Create(mmstats.Options{Dir: os.TempDir()}, mmstats.Labeled{Label: "queries", Stat: &queries})
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()

	queries.Time(func() { time.Sleep(time.Millisecond) })
	timing := queries.Start()
	time.Sleep(time.Millisecond)
	timing.Stop()

	fmt.Println(queries.Value() >= time.Millisecond)
	// Output: true
}

// Counters and averages go on where the last run of a program left them.
func ExampleOpen() {
	type runStats struct {
		Runs    mmstats.Counter
		Seconds mmstats.Average
	}
	var first runStats
	file, err := mmstats.Create(mmstats.Options{Dir: os.TempDir(), Name: "nightly.{PID}.mmstats", Shared: true}, &first)
	if err != nil {
		log.Fatal(err)
	}
	first.Runs.Inc()
	first.Seconds.Add(4)
	file.Close()

	var second runStats
	file, err = mmstats.Open(file.Path(), mmstats.Options{}, &second)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()
	second.Runs.Inc()
	second.Seconds.Add(6)

	fmt.Println(second.Runs.Value(), second.Seconds.Value())
	// Output: 2 5
}

// Any program reads any file, by the same steps as slurpstats.
func Example_read() {
	jobs := new(mmstats.Counter)
	file, err := mmstats.Create(mmstats.Options{Dir: os.TempDir(), NoDefaults: true}, mmstats.Labeled{Label: "jobs", Stat: jobs})
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()
	jobs.Add(7)

	stats, err := reader.ReadFile(file.Path())
	if err != nil {
		log.Fatal(err)
	}
	for _, st := range stats {
		fmt.Printf("%s %v %s\n", st.Label, st.Type(), st.Value.AppendText(nil))
	}
	// Output: jobs counter 7
}

// A Histogram tells how long most requests take, and how long the slowest. What
// came between two moments is the difference of two states.
func ExampleHistogram() {
	var stats struct {
		Latency mmstats.Histogram `mmstats:"latency" unit:"seconds" about:"Time to answer"`
	}
	file, err := mmstats.Create(mmstats.Options{Dir: os.TempDir()}, &stats)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Remove()

	stats.Latency.Observe(90 * time.Millisecond)
	before := stats.Latency.State()
	for range 99 {
		stats.Latency.Observe(2 * time.Millisecond)
	}
	stats.Latency.Observe(1500 * time.Millisecond)

	all := stats.Latency.State()
	fmt.Printf("%d samples, the greatest %v\n", all.Count, all.Max)
	since := all
	since.Sub(&before)
	fmt.Printf("%d since then, 99 %% of them at most %.3f\n", since.Count, since.Quantile(0.99))
	// Output:
	// 101 samples, the greatest 1.5
	// 100 since then, 99 % of them at most 0.002
}
