package mmstats

import (
	"encoding/binary"
	"math"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// An Average is the mean of all samples since it was made, also by earlier runs
// that used the file. A sample that is not a finite number is dropped.
type Average struct {
	ref
}

// averageSize is that of mean, count and total: mmstats(5), AVERAGES.
const averageSize = 24

// Add adds a sample.
func (a *Average) Add(sample float64) { a.sample(sample) }

// addToAverage adds a sample, for the only writer.
func addToAverage(b *mapping.Buffers, sample float64) error {
	var buf [averageSize]byte
	return b.Update(buf[:], func() error {
		count := binary.NativeEndian.Uint64(buf[8:]) + 1
		total := math.Float64frombits(binary.NativeEndian.Uint64(buf[16:])) + sample
		binary.NativeEndian.PutUint64(buf[0:], math.Float64bits(total/float64(count)))
		binary.NativeEndian.PutUint64(buf[8:], count)
		binary.NativeEndian.PutUint64(buf[16:], math.Float64bits(total))
		return nil
	})
}

// Value returns the mean, and 0 while there was no sample.
func (a *Average) Value() float64 {
	var buf [averageSize]byte
	if f := a.field.Load(); f == nil || f.read(buf[:]) != nil {
		return 0
	}
	return math.Float64frombits(binary.NativeEndian.Uint64(buf[:]))
}

func (a *Average) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Average}, format.Value{}, nil
}

// A MovingAverage is the mean of the last 100 samples, or as many as its tag
// says, also of those that earlier runs left in the file. A sample that is not a
// finite number is dropped.
type MovingAverage struct {
	ref
}

// Add adds a sample.
func (m *MovingAverage) Add(sample float64) { m.sample(sample) }

// Value returns the mean, and 0 while there was no sample.
func (m *MovingAverage) Value() float64 {
	if f := m.field.Load(); f != nil {
		return f.ring.Mean()
	}
	return 0
}

func (m *MovingAverage) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Moving, Size: format.DefaultWindow}, format.Value{}, nil
}

// A Timer is a [MovingAverage] of durations, which are seconds in the file.
type Timer struct {
	samples MovingAverage
}

// Observe adds a duration.
func (t *Timer) Observe(d time.Duration) { t.samples.Add(d.Seconds()) }

// Time adds the duration of f, also where f panics.
func (t *Timer) Time(f func()) {
	defer t.Start().Stop()
	f()
}

// Start begins a timing.
func (t *Timer) Start() Timing { return Timing{t, time.Now()} }

// Value returns the mean, and 0 while there was no duration.
func (t *Timer) Value() time.Duration {
	return time.Duration(math.Round(t.samples.Value() * float64(time.Second)))
}

func (t *Timer) spec() (format.Spec, format.Value, error) {
	sp, v, err := t.samples.spec()
	sp.Description.Unit = "seconds"
	return sp, v, err
}

func (t *Timer) bind(f *field) { t.samples.bind(f) }

func (t *Timer) bound() bool { return t.samples.bound() }

// A Timing is a duration that is being measured. Any number may run at a time.
type Timing struct {
	to    interface{ Observe(time.Duration) }
	start time.Time
}

// Stop adds the time since Start to the [Timer] or [Histogram], and returns it.
func (t Timing) Stop() time.Duration {
	d := time.Since(t.start)
	t.to.Observe(d)
	return d
}
