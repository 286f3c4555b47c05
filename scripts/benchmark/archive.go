package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"mmstats/lib/archive"
)

func archiveRows() []row {
	return []row{
		atMost("archive/size", "recstats, a day of 200 files x 20 stats, a sample", "bytes", 1, func(b *bench) (cost, error) {
			d, err := b.recordedDay()
			return func() (float64, error) { return d.size, nil }, err
		}),
		atMost("archive/record", "the same, CPU of a record beside the poll", "ms", 0.5, func(b *bench) (cost, error) {
			d, err := b.recordedDay()
			return func() (float64, error) { return d.record, nil }, err
		}),
		atMost("archive/at", "the same, a second of it, the slowest of 20", "ms", 50, func(b *bench) (cost, error) {
			d, err := b.recordedDay()
			return func() (float64, error) { return d.slowest(d.find) }, err
		}),
		atMost("archive/slurpstats", "the same, slurpstats -r --at, the slowest of 20", "ms", 50, func(b *bench) (cost, error) {
			d, err := b.recordedDay()
			return func() (float64, error) {
				return d.slowest(func(t time.Time) error {
					out, err := exec.Command(b.command("slurpstats"), "-r", d.dir, "--at", t.Format(time.RFC3339Nano)).Output()
					if lines := bytes.Count(out, []byte("\n")); err == nil && lines < 20*len(d.sim.programs) {
						err = fmt.Errorf("%d stats at %v", lines, t)
					}
					return err
				})
			}, err
		}),
	}
}

// A day is an archive of a simulated day, and what it took to record it.
type day struct {
	dir    string
	sim    *simulation
	size   float64 // of a sample, in bytes
	record float64 // of a record, in milliseconds of processor
}

const dayTicks = 86_400

// recordedDay records a day when it is first asked for.
func (b *bench) recordedDay() (*day, error) {
	if b.day != nil {
		return b.day, nil
	}
	d := &day{dir: b.path("day"), sim: newSimulation(200)}
	w, err := archive.NewWriter(d.dir, archive.Options{Interval: time.Second, MaxSize: 1 << 30})
	if err != nil {
		return nil, err
	}
	var spent time.Duration
	for range dayTicks {
		files, m := d.sim.step(), d.sim.moment()
		before := ownCPU()
		if err := w.Record(m, files); err != nil {
			return nil, err
		}
		spent += ownCPU() - before
	}
	d.size = float64(w.Written()) / float64(20*len(d.sim.programs)*dayTicks)
	d.record = milliseconds(spent) / dayTicks
	b.day = d
	return d, w.Close()
}

// ownCPU returns the processor time that this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// slowest has times of the day shown, and returns what the slowest one took in
// milliseconds.
func (d *day) slowest(show func(t time.Time) error) (worst float64, err error) {
	for range 20 {
		t := d.sim.start.Add(time.Duration(1+d.sim.rand.IntN(dayTicks))*time.Second + 500*time.Millisecond)
		start := time.Now()
		if err := show(t); err != nil {
			return 0, err
		}
		worst = max(worst, milliseconds(time.Since(start)))
	}
	return worst, nil
}

// find finds the record of a time.
func (d *day) find(t time.Time) error {
	a, err := archive.Open(d.dir)
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := a.At(t)
	if err != nil {
		return err
	}
	if off := t.Sub(r.Time); off < 0 || off > time.Second {
		return fmt.Errorf("the record of %v is of %v", t, r.Time)
	}
	return nil
}
