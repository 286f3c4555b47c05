//go:build unix

package mapping

import (
	"encoding/binary"
	"math"
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"

	"mmstats/lib/format"
)

// A Histogram is the value of a histogram in a region. Add and AddN may be
// called by any number of goroutines and processes, at any time. The zero
// Histogram drops what it is given.
//
// A sample changes the sum, then the minimum and the maximum, then its bucket.
// A reader loads the buckets first, so the sum, the minimum and the maximum
// that it gets hold every sample that it counts. A writer that is killed
// between the two leaves one sample in the sum that no bucket counts.
type Histogram struct {
	fast atomic.Pointer[histogramWords] // nil in a guarded and in a zero Histogram
	ref
}

type histogramWords [format.HistogramWords]uint64

// Bind makes the histogram that at offset of r, whose format.HistogramSize
// bytes must be inside r, and aligned to 8. pad is that of Cell.Bind.
func (h *Histogram) Bind(r *Region, offset, pad int) {
	// Owned updates are plain, so they are atomic ones where a plain access to
	// 8 bytes is two.
	h.fast.Store((*histogramWords)(h.bind(r, offset, pad, format.HistogramSize, halved)))
}

// Add takes a sample.
func (h *Histogram) Add(v float64) {
	if words := h.fast.Load(); words != nil {
		words.add(v, v, 1)
		runtime.KeepAlive(h)
	} else {
		h.addGuarded(v, 1)
	}
}

// AddN takes a sample that counts n times.
func (h *Histogram) AddN(v float64, n uint64) {
	if words := h.fast.Load(); words != nil {
		words.add(v, v*float64(n), n)
		runtime.KeepAlive(h)
	} else {
		h.addGuarded(v, n)
	}
}

// AddOwned is Add for the one goroutine of all that ever updates the
// histogram.
func (h *Histogram) AddOwned(v float64) {
	if words := h.fast.Load(); words != nil {
		words.addOwned(v)
		runtime.KeepAlive(h)
	} else {
		h.addGuarded(v, 1)
	}
}

func (h *Histogram) addGuarded(v float64, n uint64) {
	h.update(func(words unsafe.Pointer) { (*histogramWords)(words).add(v, v*float64(n), n) })
}

// add counts v n times; sum is n times v.
func (w *histogramWords) add(v, sum float64, n uint64) {
	bucket := format.Bucket(v)
	if bucket < 0 || n == 0 {
		return
	}
	if v-v == 0 { // no infinity
		for word := &w[format.HistogramSum]; ; {
			old := atomic.LoadUint64(word)
			if atomic.CompareAndSwapUint64(word, old, math.Float64bits(math.Float64frombits(old)+sum)) {
				break
			}
		}
		if least := &w[format.HistogramMin]; v < math.Float64frombits(atomic.LoadUint64(least)) {
			replace(least, v, func(old float64) bool { return v < old })
		}
		if greatest := &w[format.HistogramMax]; v > math.Float64frombits(atomic.LoadUint64(greatest)) {
			replace(greatest, v, func(old float64) bool { return v > old })
		}
	}
	count := atomic.AddUint64(&w[format.HistogramBuckets+bucket], n)
	if count < meanEvery || count/meanEvery != (count-n)/meanEvery {
		w.refreshMean(count-n, count)
	}
}

// addOwned counts v once, for the one goroutine that updates the histogram.
func (w *histogramWords) addOwned(v float64) {
	bucket := format.Bucket(v)
	if bucket < 0 {
		return
	}
	if v-v == 0 { // no infinity
		sum := &w[format.HistogramSum]
		*sum = math.Float64bits(math.Float64frombits(*sum) + v)
		if least := &w[format.HistogramMin]; v < math.Float64frombits(*least) {
			*least = math.Float64bits(v)
		}
		if greatest := &w[format.HistogramMax]; v > math.Float64frombits(*greatest) {
			*greatest = math.Float64bits(v)
		}
	}
	count := &w[format.HistogramBuckets+bucket]
	*count++
	if *count < meanEvery || *count%meanEvery == 0 {
		w.refreshMean(*count-1, *count)
	}
}

// replace sets word to v, as long as the number there is one that v replaces.
func replace(word *uint64, v float64, replaces func(old float64) bool) {
	for {
		old := atomic.LoadUint64(word)
		if !replaces(math.Float64frombits(old)) || atomic.CompareAndSwapUint64(word, old, math.Float64bits(v)) {
			return
		}
	}
}

// meanEvery is how many samples of a bucket the mean misses at most.
const meanEvery = 1024

// refreshMean brings the mean up to date, which readers of version 1 take,
// if a bucket has grown enough from old to now: by about an eighth, or by
// meanEvery. It is not kept exact, since it needs the count, and so a pass
// over all buckets.
func (w *histogramWords) refreshMean(old, now uint64) {
	if now >= meanEvery || leading(old) != leading(now) {
		w.setMean()
	}
}

// leading returns n with all but its four leading bits 0.
func leading(n uint64) uint64 {
	rest := max(bits.Len64(n)-4, 0)
	return n >> rest << rest
}

func (w *histogramWords) setMean() {
	count := uint64(0)
	for i := format.HistogramBuckets; i < format.HistogramWords; i++ {
		count += atomic.LoadUint64(&w[i])
	}
	if count == 0 {
		return
	}
	sum := math.Float64frombits(atomic.LoadUint64(&w[format.HistogramSum]))
	atomic.StoreUint64(&w[format.HistogramMean], math.Float64bits(sum/float64(count)))
}

// SetMean brings the mean up to date that readers of version 1 take. Updates
// do so only now and then.
func (h *Histogram) SetMean() {
	h.update(func(words unsafe.Pointer) { (*histogramWords)(words).setMean() })
}

// State returns what the histogram holds. It may be called while others
// update it, and has every sample that was taken before it was called. The
// error is that of HistogramState.Decode, or why the region is gone.
func (h *Histogram) State() (state format.HistogramState, err error) {
	a := h.anchor.Load()
	if a == nil {
		return state, nil
	}
	value := make([]byte, format.HistogramSize)
	if !a.region.try(func() { (*histogramWords)(a.words).load(value) }) {
		return state, a.region.Err()
	}
	runtime.KeepAlive(a)
	return state, state.Decode(value)
}

// load copies the words to value, one by one, the buckets first: an equal copy
// of all at two moments, as of other values, is not to be had while samples
// come in.
func (w *histogramWords) load(value []byte) {
	for i := len(w) - 1; i >= 0; i-- {
		binary.NativeEndian.PutUint64(value[8*i:], atomic.LoadUint64(&w[i]))
	}
}
