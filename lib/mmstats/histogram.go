package mmstats

import (
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// A Histogram counts samples in buckets, from which readers estimate percentiles
// that are off by at most 4.4 %, for samples from 7.5e-9 to 3.4e10: seconds,
// bytes and counts alike. Count, sum, least and greatest sample are exact. It
// takes 4 KB of the file. NaN is dropped, and infinities are in no sum. Other
// processes may add samples to the same histogram.
type Histogram struct {
	buckets mapping.Histogram
}

// Add adds a sample.
func (h *Histogram) Add(sample float64) { h.buckets.Add(sample) }

// AddN adds a sample n times.
func (h *Histogram) AddN(sample float64, n uint64) { h.buckets.AddN(sample, n) }

// Observe adds a duration in seconds: the histogram should have that unit.
func (h *Histogram) Observe(d time.Duration) { h.buckets.Add(d.Seconds()) }

// Time adds the duration of f in seconds, also where f panics.
func (h *Histogram) Time(f func()) {
	defer h.Start().Stop()
	f()
}

// Start begins a timing. For all of a function: defer h.Start().Stop().
func (h *Histogram) Start() Timing { return Timing{h, time.Now()} }

// State returns what the histogram holds. Its Sub of an earlier state is what
// came between the two.
func (h *Histogram) State() format.HistogramState {
	state, _ := h.buckets.State()
	return state
}

func (h *Histogram) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Histogram}, format.Value{}, nil
}

// bind binds the histogram. When the file is closed, the mean is made that of all
// samples, for readers that know no histograms.
func (h *Histogram) bind(f *field) {
	h.buckets.Bind(f.region, f.value(), f.pad())
	f.store.histograms = append(f.store.histograms, &h.buckets)
}

func (h *Histogram) bound() bool { return h.buckets.Bound() }

// A LocalHistogram is a [Histogram] that one goroutine updates, and no one else
// in this process or another: Add and Observe take a third of the time. The
// other methods are those of Histogram.
type LocalHistogram struct {
	Histogram
}

// Add adds a sample.
func (h *LocalHistogram) Add(sample float64) { h.buckets.AddOwned(sample) }

// Observe adds a duration in seconds: the histogram should have that unit.
func (h *LocalHistogram) Observe(d time.Duration) { h.buckets.AddOwned(d.Seconds()) }

func (h *LocalHistogram) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Histogram, Update: format.Owned}, format.Value{}, nil
}
