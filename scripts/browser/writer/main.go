// Writer publishes stats as a web server, a worker or a backup would, for the
// browser tests and the pictures of mmash. It plays the program that it is
// called as. A line on standard input makes it behave oddly: "slow" has it
// answer late and fail, "calm" ends that, and "hang" stops all work.
package main

import (
	"bufio"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"mmstats/lib/mmstats"
)

type web struct {
	Requests mmstats.Counter `mmstats:"requests"`
	Status   struct {
		OK       mmstats.Counter `mmstats:"2XX"`
		Moved    mmstats.Counter `mmstats:"3XX"`
		Wrong    mmstats.Counter `mmstats:"4XX"`
		Failures mmstats.Counter `mmstats:"5XX"`
	} `mmstats:"status"`
	Latency  mmstats.Histogram    `mmstats:"latency" unit:"seconds" about:"From the request to the last byte of the answer"`
	InFlight mmstats.Gauge[int32] `mmstats:"in_flight"`
	Bytes    struct {
		In  mmstats.Counter `mmstats:"in" unit:"bytes"`
		Out mmstats.Counter `mmstats:"out" unit:"bytes" about:"Sent to clients, with headers"`
	} `mmstats:"bytes"`
	Cache struct {
		Hits   mmstats.Counter `mmstats:"hits"`
		Misses mmstats.Counter `mmstats:"misses"`
	} `mmstats:"cache"`
	Connections mmstats.Gauge[int32] `mmstats:"pool.connections"`
	Ready       mmstats.Bool         `mmstats:"ready"`
	LastPath    mmstats.String       `mmstats:"last_path,size=64"`
}

type worker struct {
	Done    mmstats.Counter      `mmstats:"jobs.done"`
	Failed  mmstats.Counter      `mmstats:"jobs.failed"`
	Running mmstats.Gauge[int32] `mmstats:"jobs.running"`
	Time    mmstats.Average      `mmstats:"jobs.time" unit:"seconds"`
	Depth   mmstats.Gauge[int64] `mmstats:"queue.depth"`
	Current mmstats.String       `mmstats:"jobs.current,size=32"`
}

type backup struct {
	Files    mmstats.Counter        `mmstats:"files"`
	Bytes    mmstats.Counter        `mmstats:"bytes" unit:"bytes"`
	Progress mmstats.Gauge[float64] `mmstats:"progress" unit:"percent"`
	State    mmstats.String         `mmstats:"state,size=64"`
}

// mood is what the last line on standard input said.
var mood atomic.Value

func main() {
	mood.Store("calm")
	name := filepath.Base(os.Args[0])
	programs := map[string]func(*mmstats.File) func(){"web": playWeb, "worker": playWorker, "backup": playBackup}
	play := programs[name]
	if play == nil {
		log.Fatalf("%s: call this as web, worker or backup", name)
	}
	prefix := name + "."
	if name == "backup" {
		prefix = ""
	}
	file, err := mmstats.Create(mmstats.Options{Prefix: prefix}, stats[name])
	if err != nil {
		log.Fatal(err)
	}
	step := play(file)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			mood.Store(lines.Text())
		}
		file.Remove()
		os.Exit(0)
	}()
	fmt.Println(file.Path())
	for range time.Tick(beat) {
		if mood.Load() != "hang" {
			step()
		}
	}
}

// beat is the time between two steps of a program.
const beat = 20 * time.Millisecond

var stats = map[string]any{"web": &webStats, "worker": &workerStats, "backup": &backupStats}

var (
	webStats    web
	workerStats worker
	backupStats backup
)

// about returns a number near mean.
func about(mean, spread float64) float64 {
	return max(0, mean*(1+spread*(rand.Float64()+rand.Float64()+rand.Float64()-1.5)))
}

// events returns how many of rate events a second happen in a beat.
func events(rate float64) uint64 {
	n := about(rate*beat.Seconds(), 0.5)
	whole := float64(int(n))
	if rand.Float64() < n-whole {
		whole++
	}
	return uint64(whole)
}

func playWeb(*mmstats.File) func() {
	s := &webStats
	scale := about(1, 0.1)
	s.Connections.Set(int32(about(12, 0.2)))
	s.Ready.Set(true)
	paths := []string{"/img/logo.svg?v=3", "/", "/search?q=mmap", "/api/v1/items/17"}
	drift, latency, failing := 0.0, 0.021, 0.04
	return func() {
		drift = drift*0.995 + rand.NormFloat64()*0.01
		wanted, failures := 0.021, 0.04
		if mood.Load() == "slow" {
			wanted, failures = 0.14, 14
		}
		latency += (wanted - latency) * 0.004
		failing += (failures - failing) * 0.05
		requests := events(190 * scale * (1 + drift))
		s.Requests.Add(requests)
		s.Status.OK.Add(events(180 * scale * (1 + drift)))
		s.Status.Moved.Add(events(6.4))
		s.Status.Wrong.Add(events(1.9))
		s.Status.Failures.Add(events(failing))
		for range requests {
			s.Latency.Add(about(latency, 0.3))
			s.Bytes.In.Add(uint64(about(450, 0.8)))
			s.Bytes.Out.Add(uint64(about(8600, 0.8)))
		}
		s.InFlight.Set(int32(about(190*latency, 0.4) + 0.5))
		hits := events(float64(requests) / beat.Seconds() * 0.86)
		s.Cache.Hits.Add(hits)
		s.Cache.Misses.Add(events(24))
		if rand.IntN(20) == 0 {
			s.LastPath.Set(paths[rand.IntN(len(paths))])
		}
		if rand.IntN(100) == 0 {
			s.Connections.Set(int32(about(12, 0.3)))
		}
	}
}

func playWorker(*mmstats.File) func() {
	s := &workerStats
	job, depth := 481000+rand.IntN(1000), 140.0
	return func() {
		done := events(86)
		s.Done.Add(done)
		s.Failed.Add(events(0.5))
		for range done {
			s.Time.Add(about(0.0104, 0.6))
			job++
		}
		s.Running.Set(int32(about(4, 0.3) + 0.5))
		if mood.Load() == "slow" {
			depth += 0.05
		}
		s.Depth.Set(int64(about(depth, 0.1)))
		s.Current.Set(fmt.Sprint("job ", job))
	}
}

func playBackup(*mmstats.File) func() {
	s := &backupStats
	folders := []string{"/home/ada", "/home/grace", "/srv/photos"}
	return func() {
		files := events(31)
		s.Files.Add(files)
		for range files {
			s.Bytes.Add(uint64(about(750e3, 0.9)))
		}
		progress := min(100, s.Progress.Value()+0.0009)
		s.Progress.Set(progress)
		s.State.Set("copying " + folders[int(progress)*len(folders)/101])
	}
}
