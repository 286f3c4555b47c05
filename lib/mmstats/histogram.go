package mmstats

import (
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// A Histogram counts samples in buckets, from which readers estimate
// percentiles: of latencies, or of sizes. It suits seconds, bytes and counts
// alike: a percentile of samples from 7.5e-9 to 3.4e10 is off by at most 4.4 %.
// Count, sum, least and greatest sample are exact. In the file it takes 4 KB.
// NaN is dropped, and infinities are in no sum.
//
// Other processes may add samples to the same histogram.
type Histogram struct {
	buckets mapping.Histogram
}

// A HistogramState is what a histogram holds at one moment. Its Sub of an
// earlier moment is what came between the two.
type HistogramState = format.HistogramState

// Add adds a sample.
func (h *Histogram) Add(sample float64) { h.buckets.Add(sample) }

// AddN adds a sample n times.
func (h *Histogram) AddN(sample float64, n uint64) { h.buckets.AddN(sample, n) }

// Observe adds a duration in seconds. Readers take the samples for seconds only
// where the histogram has the unit "seconds".
func (h *Histogram) Observe(d time.Duration) { h.buckets.Add(d.Seconds()) }

// Time adds the duration of f as [Histogram.Observe] does, also where f panics.
func (h *Histogram) Time(f func()) {
	defer h.Start().Stop()
	f()
}

// Start begins a timing, which ends as a sample in seconds. Any number may run
// at a time.
func (h *Histogram) Start() Timing { return Timing{h, time.Now()} }

// State returns what the histogram holds. There are no samples where it is in
// no file, or the file is gone.
func (h *Histogram) State() HistogramState {
	state, _ := h.buckets.State()
	return state
}

func (h *Histogram) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Histogram}, format.Value{}, nil
}

func (h *Histogram) bind(f *field) { f.bindHistogram(&h.buckets) }

func (h *Histogram) bound() bool { return h.buckets.Bound() }

// A LocalHistogram is a [Histogram] that one goroutine updates, and no one else
// in this process or another: an update takes a third of the time. Any number
// of goroutines may call State.
type LocalHistogram struct {
	buckets mapping.Histogram
}

// Add adds a sample.
func (h *LocalHistogram) Add(sample float64) { h.buckets.AddOwned(sample) }

// AddN adds a sample n times.
func (h *LocalHistogram) AddN(sample float64, n uint64) { h.buckets.AddNOwned(sample, n) }

// Observe adds a duration in seconds, see [Histogram.Observe].
func (h *LocalHistogram) Observe(d time.Duration) { h.buckets.AddOwned(d.Seconds()) }

// Time adds the duration of f, also where f panics.
func (h *LocalHistogram) Time(f func()) {
	defer h.Start().Stop()
	f()
}

// Start begins a timing. The goroutine that owns the histogram stops it.
func (h *LocalHistogram) Start() Timing { return Timing{h, time.Now()} }

// State returns what the histogram holds, see [Histogram.State].
func (h *LocalHistogram) State() HistogramState {
	state, _ := h.buckets.State()
	return state
}

func (h *LocalHistogram) spec() (format.Spec, format.Value, error) {
	return format.Spec{Type: format.Histogram, Update: format.Owned}, format.Value{}, nil
}

func (h *LocalHistogram) bind(f *field) { f.bindHistogram(&h.buckets) }

func (h *LocalHistogram) bound() bool { return h.buckets.Bound() }

// bindHistogram binds a histogram to the field. When the file is closed, the
// mean is made that of all samples, for readers that know no histograms.
func (f *field) bindHistogram(h *mapping.Histogram) {
	h.Bind(f.region, f.value(), f.pad())
	f.store.histograms = append(f.store.histograms, h)
}
