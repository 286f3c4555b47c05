package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/performancecopilot/speed/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/telemetry/counter"

	"mmstats/lib/mmstats"
)

// A loop does one update n times. The updates are written out in each, so that
// they are inlined as in the programs of users.
type loop func(n int)

// window is how long a loop is timed at once: so short that most windows fall
// between two interruptions.
const window = 300 * time.Microsecond

// timed returns the nanoseconds of one update.
func timed(l loop) cost {
	n := 0
	return func() (float64, error) {
		for n == 0 || n < 1<<28 && spent(l, n) < window {
			n = max(64, n*2)
		}
		return float64(spent(l, n).Nanoseconds()) / float64(n), nil
	}
}

func spent(l loop, n int) time.Duration {
	start := time.Now()
	l(n)
	return time.Since(start)
}

// updateStats are stats of every kind.
type updateStats struct {
	Counter mmstats.Counter
	Local   mmstats.LocalCounter
	Gauge   mmstats.Gauge[int64]
	Bool    mmstats.Bool
	Text    mmstats.String `mmstats:",size=64"`
	Average mmstats.Average
	Moving  mmstats.MovingAverage
	Timer   mmstats.Timer
}

// publish publishes the stats of s in a file that stays until the end.
func publish(b *bench, name string, o mmstats.Options, s any) error {
	o.Path = b.path(name + ".mmstats")
	os.Remove(o.Path)
	_, err := mmstats.Create(o, s)
	return err
}

// mapped returns published stats.
func mapped(b *bench, guarded bool) (*updateStats, error) {
	s := new(updateStats)
	return s, publish(b, fmt.Sprintf("updates-%p", s), mmstats.Options{Guarded: guarded}, s)
}

var word uint64

func atomicAdd(n int) {
	for range n {
		atomic.AddUint64(&word, 1)
	}
}

func atomicStore(n int) {
	for i := range n {
		atomic.StoreUint64(&word, uint64(i))
	}
}

func (s *updateStats) inc(n int) {
	for range n {
		s.Counter.Inc()
	}
}

func (s *updateStats) incLocal(n int) {
	for range n {
		s.Local.Inc()
	}
}

func (s *updateStats) setGauge(n int) {
	for i := range n {
		s.Gauge.Set(int64(i))
	}
}

func (s *updateStats) setText(n int) {
	for range n {
		s.Text.Set("sixteen bytes...")
	}
}

func (s *updateStats) addAverage(n int) {
	for range n {
		s.Average.Add(1.5)
	}
}

func (s *updateStats) setBool(n int) {
	for i := range n {
		s.Bool.Set(i&1 == 0)
	}
}

func (s *updateStats) addMoving(n int) {
	for range n {
		s.Moving.Add(1.5)
	}
}

func (s *updateStats) time(n int) {
	for range n {
		s.Timer.Start().Stop()
	}
}

// loops are all kinds of update.
func (s *updateStats) loops() map[string]loop {
	return map[string]loop{
		"Counter.Inc": s.inc, "LocalCounter.Inc": s.incLocal, "Gauge.Set": s.setGauge, "Bool.Set": s.setBool,
		"String.Set": s.setText, "Average.Add": s.addAverage, "MovingAverage.Add": s.addMoving, "Timer.Start and Stop": s.time,
	}
}

// bare returns what a base is that needs nothing.
func bare(l loop) func(*bench) (loop, error) { return func(*bench) (loop, error) { return l, nil } }

func updateRows() []row {
	// against compares an update with what base returns.
	against := func(name, what string, reach float64, of string, guarded bool, subject func(*updateStats, int), base func(*bench) (loop, error)) row {
		return ratio(name, what, "ns", reach, of, func(b *bench) (cost, cost, error) {
			s, err := mapped(b, guarded)
			if err != nil {
				return nil, nil, err
			}
			other, err := base(b)
			return timed(func(n int) { subject(s, n) }), timed(other), err
		})
	}
	within := func(name, what string, subject func(*updateStats, int)) row {
		return atMost(name, what, "ns", 60, func(b *bench) (cost, error) {
			s, err := mapped(b, false)
			return timed(func(n int) { subject(s, n) }), err
		})
	}
	return []row{
		against("update/counter", "Counter.Inc", 1.1, "atomic.AddUint64", false, (*updateStats).inc, bare(atomicAdd)),
		against("update/counter-client_golang", "Counter.Inc", 1, "prometheus client_golang's", false, (*updateStats).inc, prometheusCounter),
		against("update/counter-telemetry", "Counter.Inc", 1.0/15, "x/telemetry's, mapped", false, (*updateStats).inc, telemetryCounter),
		against("update/counter-speed", "Counter.Inc", 1.0/15, "performancecopilot/speed's, mapped", false, (*updateStats).inc, speedCounter),
		against("update/local", "LocalCounter.Inc", 0.25, "atomic.AddUint64", false, (*updateStats).incLocal, bare(atomicAdd)),
		against("update/gauge", "Gauge.Set", 0.25, "atomic.StoreUint64", false, (*updateStats).setGauge, bare(atomicStore)),
		against("update/guarded", "Counter.Inc, Guarded", 1.7, "atomic.AddUint64", true, (*updateStats).inc, bare(atomicAdd)),
		within("update/string", "String.Set of 16 bytes", (*updateStats).setText),
		within("update/average", "Average.Add", (*updateStats).addAverage),
		atMost("update/allocations", "allocations of any update", "allocations", 0, allocations),
		atMost("update/system-calls", "share of system time while updating", "%", 5, systemShare),
	}
}

// allocations counts what one update of each kind allocates.
func allocations(b *bench) (cost, error) {
	plain, err := mapped(b, false)
	if err != nil {
		return nil, err
	}
	guarded, err := mapped(b, true)
	return func() (most float64, err error) {
		for _, s := range []*updateStats{plain, guarded} {
			for name, l := range s.loops() {
				n := testing.AllocsPerRun(1000, func() { l(1) })
				if most = max(most, n); n > 0 {
					fmt.Fprintf(os.Stderr, "%s: %v allocations\n", name, n)
				}
			}
		}
		return most, nil
	}, err
}

// systemShare returns how much of the time of its thread, in percent, the
// kernel spends while a kind of update is done: the most of all kinds. A system
// call each would be a third and more.
func systemShare(b *bench) (cost, error) {
	s, err := mapped(b, false)
	return func() (most float64, err error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for _, l := range s.loops() {
			user, system, err := threadTimes(func() {
				for end := time.Now().Add(150 * time.Millisecond); time.Now().Before(end); {
					l(10_000)
				}
			})
			if err != nil {
				return 0, err
			}
			most = max(most, 100*system/(user+system))
		}
		return most, nil
	}, err
}

// threadTimes returns the seconds that this thread spends in do.
func threadTimes(do func()) (user, system float64, err error) {
	const thread = 1 // RUSAGE_THREAD
	var before, after syscall.Rusage
	if err := syscall.Getrusage(thread, &before); err != nil {
		return 0, 0, err
	}
	do()
	err = syscall.Getrusage(thread, &after)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	user, system = seconds(after.Utime)-seconds(before.Utime), seconds(after.Stime)-seconds(before.Stime)
	if err == nil && user+system == 0 {
		err = errors.New("the times of a thread are not known here")
	}
	return user, system, err
}

func prometheusCounter(*bench) (loop, error) {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "bench_total"})
	return func(n int) {
		for range n {
			c.Inc()
		}
	}, nil
}

func telemetryCounter(b *bench) (loop, error) {
	counter.OpenDir(filepath.Join(b.work, "telemetry"))
	c := counter.New("mmstats/bench")
	return func(n int) {
		for range n {
			c.Inc()
		}
	}, nil
}

// speedCounter returns updates of a counter that is mapped to a file below
// PCP_DIR.
func speedCounter(*bench) (loop, error) {
	client, err := speed.NewPCPClient("mmstats-bench")
	if err != nil {
		return nil, err
	}
	c, err := speed.NewPCPCounter(0, "bench.count")
	if err != nil {
		return nil, err
	}
	if err := client.Register(c); err != nil {
		return nil, err
	}
	return func(n int) {
		for range n {
			c.Up()
		}
	}, client.Start()
}
