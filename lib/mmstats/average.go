package mmstats

import (
	"encoding/binary"
	"math"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// An Average is the mean of all samples since it was made. Its state stays in the
// file, for who opens it again. A sample that is not a finite number is dropped,
// see [File.Err].
type Average struct {
	ref
}

// AverageState is what an Average holds.
type AverageState struct {
	Mean  float64
	Count uint64
	Total float64
}

// averageSize is that of mean, count and total: mmstats(5), AVERAGES.
const averageSize = 24

func (st AverageState) encode() (buf [averageSize]byte) {
	binary.NativeEndian.PutUint64(buf[0:], math.Float64bits(st.Mean))
	binary.NativeEndian.PutUint64(buf[8:], st.Count)
	binary.NativeEndian.PutUint64(buf[16:], math.Float64bits(st.Total))
	return buf
}

func decodeAverage(buf []byte) AverageState {
	return AverageState{
		Mean:  math.Float64frombits(binary.NativeEndian.Uint64(buf[0:])),
		Count: binary.NativeEndian.Uint64(buf[8:]),
		Total: math.Float64frombits(binary.NativeEndian.Uint64(buf[16:])),
	}
}

// Add adds a sample.
func (a *Average) Add(sample float64) { a.sample(sample) }

// addToAverage adds a sample, for the only writer.
func addToAverage(b *mapping.Buffers, sample float64) error {
	var buf [averageSize]byte
	return b.Update(buf[:], func() error {
		st := decodeAverage(buf[:])
		st.Count++
		st.Total += sample
		st.Mean = st.Total / float64(st.Count)
		buf = st.encode()
		return nil
	})
}

// State returns mean, count and total, all at one moment.
func (a *Average) State() AverageState {
	var buf [averageSize]byte
	if f := a.field.Load(); f != nil && f.read(buf[:]) != nil {
		return AverageState{}
	}
	return decodeAverage(buf[:])
}

// Value returns the mean, and 0 while there was no sample.
func (a *Average) Value() float64 { return a.State().Mean }

func (a *Average) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Average}, format.Value{}, nil
}

// A MovingAverage is the mean of the last samples. They stay in the file, for who
// opens it again. A sample that is not a finite number is dropped, see
// [File.Err].
type MovingAverage struct {
	// Window is how many samples the mean is of; 0 is 100. It is read when the
	// MovingAverage is declared.
	Window int

	ref
}

// Add adds a sample.
func (m *MovingAverage) Add(sample float64) { m.sample(sample) }

// Value returns the mean of the last samples, and 0 while there are none.
func (m *MovingAverage) Value() float64 {
	if f := m.field.Load(); f != nil {
		return f.ring.Mean()
	}
	return 0
}

// Last returns the last sample, and 0 while there is none.
func (m *MovingAverage) Last() float64 {
	if f := m.field.Load(); f != nil {
		return f.ring.Last()
	}
	return 0
}

// Count returns how many samples there were since it was made.
func (m *MovingAverage) Count() uint64 {
	if f := m.field.Load(); f != nil {
		return f.ring.Count()
	}
	return 0
}

func (m *MovingAverage) spec() (format.Spec, format.Value, error) {
	sp := format.Spec{Type: format.Moving, Size: m.Window}
	if sp.Size == 0 {
		sp.Size = format.DefaultWindow
	}
	return sp, format.Value{}, nil
}

// A Timer is the mean of the last durations. In the file they are in seconds.
type Timer struct {
	// Window is how many durations the mean is of; 0 is 100. It is read when
	// the Timer is declared.
	Window int

	samples MovingAverage
}

// Observe adds a duration.
func (t *Timer) Observe(d time.Duration) { t.samples.Add(d.Seconds()) }

// Time adds the duration of f, also where f panics.
func (t *Timer) Time(f func()) {
	defer t.Start().Stop()
	f()
}

// Start begins a timing. Any number may run at a time.
func (t *Timer) Start() Timing { return Timing{t, time.Now()} }

// Value returns the mean of the last durations, and 0 while there are none.
func (t *Timer) Value() time.Duration { return seconds(t.samples.Value()) }

// Last returns the last duration, and 0 while there is none.
func (t *Timer) Last() time.Duration { return seconds(t.samples.Last()) }

// Count returns how many durations there were since it was made.
func (t *Timer) Count() uint64 { return t.samples.Count() }

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }

func (t *Timer) spec() (format.Spec, format.Value, error) {
	m := MovingAverage{Window: t.Window}
	sp, v, err := m.spec()
	sp.Description.Unit = "seconds"
	return sp, v, err
}

func (t *Timer) bind(f *field) { t.samples.bind(f) }

func (t *Timer) bound() bool { return t.samples.bound() }

// A Timing is a duration that is being measured.
type Timing struct {
	to    observer
	start time.Time
}

// An observer takes durations: a Timer or a histogram.
type observer interface{ Observe(time.Duration) }

// Stop adds the time since Start to the [Timer] or histogram, and returns it.
func (t Timing) Stop() time.Duration {
	d := time.Since(t.start)
	t.to.Observe(d)
	return d
}
