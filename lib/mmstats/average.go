package mmstats

import (
	"encoding/binary"
	"math"
	"sync"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// An Average is the mean of all samples since the file was made. Mean, count
// and total change together, and stay in the file: who opens it goes on from
// there. Its methods may be called by any number of goroutines. The zero
// Average drops what it is given until it is declared in a file.
type Average struct {
	mu      sync.Mutex
	buffers mapping.Buffers
	file    *File
}

// AverageState is what an Average has taken so far.
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

// Add takes a sample.
func (a *Average) Add(sample float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.file.update(func() { addToAverage(a.buffers, sample) })
}

// addToAverage takes a sample, for the only writer. It reports what
// Buffers.Update does.
func addToAverage(b mapping.Buffers, sample float64) (done bool) {
	var buf [averageSize]byte
	return b.Update(buf[:], func() {
		st := decodeAverage(buf[:])
		st.Count++
		st.Total += sample
		st.Mean = st.Total / float64(st.Count)
		buf = st.encode()
	})
}

// State returns mean, count and total, which belong together.
func (a *Average) State() AverageState {
	a.mu.Lock()
	defer a.mu.Unlock()
	var buf [averageSize]byte
	if a.file != nil && a.buffers.Read(buf[:]) != nil {
		return AverageState{}
	}
	return decodeAverage(buf[:])
}

// Value returns the mean, and 0 while there was no sample.
func (a *Average) Value() float64 { return a.State().Mean }

func (a *Average) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Average}, format.Value{}, nil
}

func (a *Average) bind(b binding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.buffers = mapping.BuffersAt(b.region, b.field.IndexOffset(), b.field.Signature.Size)
	a.file = b.file
}

// DefaultWindow is how many samples a moving average keeps that says no other
// number.
const DefaultWindow = 100

// A MovingAverage is the mean of the last samples. They stay in the file: who
// opens it goes on from there. Its methods may be called by any number of
// goroutines. The zero MovingAverage drops what it is given until it is
// declared in a file.
type MovingAverage struct {
	// Window is how many samples are kept; 0 is DefaultWindow. It is read when
	// the MovingAverage is declared.
	Window int

	mu   sync.Mutex
	ring mapping.Ring
	file *File
}

// Add takes a sample.
func (m *MovingAverage) Add(sample float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.file.update(func() { m.ring.Add(sample) })
}

// Value returns the mean of the samples that are kept, and 0 while there are
// none.
func (m *MovingAverage) Value() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return 0
	}
	return m.ring.Mean()
}

// Last returns the last sample, and 0 while there is none.
func (m *MovingAverage) Last() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return 0
	}
	return m.ring.Last()
}

// Count returns how many samples were taken since the file was made.
func (m *MovingAverage) Count() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return 0
	}
	return m.ring.Count()
}

func (m *MovingAverage) spec() (format.Spec, format.Value, error) {
	sp := format.Spec{Type: format.Moving, Size: m.Window}
	if sp.Size == 0 {
		sp.Size = DefaultWindow
	}
	return sp, format.Value{}, nil
}

func (m *MovingAverage) bind(b binding) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ring = mapping.RingAt(b.region, b.field.ValueOffset, b.field.Window())
	m.file = b.file
}

// A Timer is a MovingAverage of durations, in seconds.
type Timer struct {
	MovingAverage
}

// Observe takes a duration.
func (t *Timer) Observe(d time.Duration) { t.Add(d.Seconds()) }

// Time takes the duration of f, also where f panics.
func (t *Timer) Time(f func()) {
	defer t.Start().Stop()
	f()
}

// Start begins a timing. Any number may run at a time.
func (t *Timer) Start() Timing { return Timing{t, time.Now()} }

// A Timing is a duration that is being taken.
type Timing struct {
	timer *Timer
	start time.Time
}

// Elapsed returns the time since Start.
func (t Timing) Elapsed() time.Duration { return time.Since(t.start) }

// Stop gives the time since Start to the timer, and returns it.
func (t Timing) Stop() time.Duration {
	d := t.Elapsed()
	t.timer.Observe(d)
	return d
}
