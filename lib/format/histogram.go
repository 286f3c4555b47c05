package format

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// The value of a histogram, in words of 8 bytes: mmstats(5), HISTOGRAMS.
//
//	word       type    item
//	0          float   mean, for readers that know no histograms
//	1          float   sum of the samples
//	2          float   least sample, +Inf while there is none
//	3          float   greatest sample, -Inf while there is none
//	4          uint    histogramLayout
//	5          uint    samples at or under 2^-27, zero and negative ones too
//	6+i        uint    i = 0..495: samples in (2^((i-216)/8), 2^((i-215)/8)]
//	502        uint    samples over 2^35
//
// There is no count: it is the sum of the buckets, so that the two never
// disagree. Infinities are counted in the first and the last bucket, and are
// in no sum, minimum or maximum. NaN is not a sample.
const (
	HistogramMean = iota
	HistogramSum
	HistogramMin
	HistogramMax
	HistogramLayout
	HistogramBuckets
)

const (
	// HistogramWords is the size of a histogram in words of 8 bytes.
	HistogramWords = HistogramBuckets + NumBuckets
	// HistogramSize is the size of a histogram in bytes.
	HistogramSize = 8 * HistogramWords
	// NumBuckets is the number of buckets of a histogram. They are numbered
	// from 0 in the order of their samples.
	NumBuckets = 1 + innerBuckets + 1

	// The inner buckets divide each factor of 2 from 2^lowExponent to
	// 2^highExponent into perOctave equal factors.
	perOctave    = 8
	lowExponent  = -27
	highExponent = 35
	innerBuckets = perOctave * (highExponent - lowExponent)
	lastBucket   = NumBuckets - 1

	// histogramLayout tells this layout from any other: byte 0 is the schema
	// of Prometheus (8 buckets an octave), bytes 2 and 3 are lowExponent.
	histogramLayout = 0xffe5_0003
	// histogramSignature is the type signature without blanks and pad bytes.
	histogramSignature = "4d499Q"
)

// octaveBounds are 2^(k/8), rounded to the nearest float.
var octaveBounds = [perOctave]float64{
	1, 1.0905077326652577, 1.189207115002721, 1.2968395546510096,
	1.4142135623730951, 1.5422108254079407, 1.681792830507429, 1.8340080864093424,
}

// UpperBound returns the greatest sample of a bucket, and -Inf for -1.
func UpperBound(bucket int) float64 {
	switch bucket {
	case -1:
		return math.Inf(-1)
	case lastBucket:
		return math.Inf(1)
	}
	return math.Ldexp(octaveBounds[bucket%perOctave], bucket/perOctave+lowExponent)
}

// lowerBound returns what the samples of a bucket are greater than.
func lowerBound(bucket int) float64 { return UpperBound(bucket - 1) }

// A mantissaCell is a sixteenth of the mantissas of an octave. At most one
// boundary of buckets lies in it.
type mantissaCell struct {
	bucket uint64 // that its least mantissa is in, in the octave
	last   uint64 // greatest mantissa that is in that bucket
}

var mantissaCells = func() (cells [16]mantissaCell) {
	const mantissa = 1<<52 - 1
	for i := range cells {
		cells[i].last = mantissa
		for k := perOctave - 1; k > 0; k-- {
			// Bucket looks mantissas up that are less by 1 than those of the
			// samples, because the upper bound belongs to the bucket.
			last := math.Float64bits(octaveBounds[k])&mantissa - 1
			switch at := int(last >> 48); {
			case at == i:
				cells[i].last = last
			case at < i:
				cells[i].bucket = max(cells[i].bucket, uint64(k))
			}
		}
	}
	return cells
}()

// Bucket returns the number of the bucket that counts v, and -1 for NaN.
func Bucket(v float64) int {
	b := math.Float64bits(v) - 1
	m := b & (1<<52 - 1)
	cell := &mantissaCells[m>>48]
	// The shift is 1 where m is past the boundary in the cell, else 0.
	i := b>>52*perOctave + cell.bucket + (cell.last-m)>>63 - (1023+lowExponent)*perOctave
	if i < innerBuckets {
		return int(i) + 1
	}
	return outerBucket(v)
}

// outerBucket is Bucket for what is in no inner bucket.
func outerBucket(v float64) int {
	switch {
	case v <= 1:
		return 0
	case v > 1:
		return lastBucket
	}
	return -1
}

// A HistogramState is what a histogram holds at one moment, or has taken in an
// interval. The zero value holds no samples.
type HistogramState struct {
	Count uint64
	// Sum is that of all samples but infinities.
	Sum float64
	// Min and Max are the least and the greatest sample but infinities, and
	// NaN where none is known. They say nothing while Count is 0.
	Min, Max float64

	buckets [NumBuckets]uint64
}

// Errors of Decode and Merge.
var (
	ErrNotHistogram  = errors.New("not the layout of a histogram")
	ErrHistogramFull = errors.New("the buckets of a histogram hold more than 2^64-1 samples")
)

// IsHistogram reports whether value, the HistogramSize bytes of a value whose
// signature is that of a histogram, is laid out as one.
func IsHistogram(value []byte) bool { return word(value, HistogramLayout) == histogramLayout }

func word(value []byte, i int) uint64 { return binary.NativeEndian.Uint64(value[8*i:]) }

// Decode sets h to what value says, the HistogramSize bytes of a histogram.
// They may have been read while others update them: a sample whose update was
// under way is in Sum, Min and Max, and in no bucket.
func (h *HistogramState) Decode(value []byte) error {
	if !IsHistogram(value) {
		return ErrNotHistogram
	}
	h.Count = 0
	var carry uint64
	for i := range h.buckets {
		h.buckets[i] = word(value, HistogramBuckets+i)
		var c uint64
		h.Count, c = bits.Add64(h.Count, h.buckets[i], 0)
		carry += c
	}
	if carry != 0 {
		*h = HistogramState{}
		return ErrHistogramFull
	}
	h.Sum = math.Float64frombits(word(value, HistogramSum))
	h.setRange(math.Float64frombits(word(value, HistogramMin)), math.Float64frombits(word(value, HistogramMax)))
	return nil
}

// setRange sets Min and Max, unless they cannot be those of samples.
func (h *HistogramState) setRange(least, greatest float64) {
	switch {
	case h.Count == 0:
		h.Min, h.Max = 0, 0
	case least <= greatest && !math.IsInf(least, 0) && !math.IsInf(greatest, 0):
		h.Min, h.Max = least, greatest
	default:
		h.Min, h.Max = math.NaN(), math.NaN()
	}
}

// Encode writes h to value, which must hold HistogramSize bytes.
func (h *HistogramState) Encode(value []byte) {
	put := func(i int, v uint64) { binary.NativeEndian.PutUint64(value[8*i:], v) }
	mean, least, greatest := 0.0, math.Inf(1), math.Inf(-1)
	if h.Count > 0 {
		mean = h.Mean()
		if h.Min <= h.Max {
			least, greatest = h.Min, h.Max
		}
	}
	put(HistogramMean, math.Float64bits(mean))
	put(HistogramSum, math.Float64bits(h.Sum))
	put(HistogramMin, math.Float64bits(least))
	put(HistogramMax, math.Float64bits(greatest))
	put(HistogramLayout, histogramLayout)
	for i, n := range h.buckets {
		put(HistogramBuckets+i, n)
	}
}

// Mean returns the mean of the samples, and NaN where there are none.
func (h *HistogramState) Mean() float64 {
	if h.Count == 0 {
		return math.NaN()
	}
	return h.Sum / float64(h.Count)
}

// Value returns the mean as the value of the stat, 0 where there are no
// samples.
func (h *HistogramState) Value() Value {
	if h.Count == 0 {
		return FloatValue(0)
	}
	return FloatValue(h.Mean())
}

// Samples returns the number of the samples and their sum.
func (h *HistogramState) Samples() Samples { return Samples{Count: h.Count, Total: h.Sum} }

// Quantile returns the sample that a share of q of all, 0 to 1, are at or
// under (the nearest rank), or NaN where there are none. It is off by at most
// 4.33 % for samples from 2^-27 to 2^35. Where all are whole numbers it is
// whole, and exact up to 11.
func (h *HistogramState) Quantile(q float64) float64 {
	if h.Count == 0 || math.IsNaN(q) {
		return math.NaN()
	}
	rank := nearestRank(q, h.Count)
	below := uint64(0)
	for i, n := range h.buckets {
		if n >= rank-below {
			return h.estimate(i, rank, h.whole())
		}
		below += n
	}
	panic("format: the count of a histogram is not that of its buckets")
}

// nearestRank returns which of count samples, from 1 on, is the quantile of q.
func nearestRank(q float64, count uint64) uint64 {
	n := float64(count)
	// What float arithmetic adds to a whole number must not make it the next.
	switch r := math.Ceil(q * n * (1 - 1.0/(1<<50))); {
	case r >= n:
		return count
	case r > 1:
		return uint64(r)
	}
	return 1
}

// whole reports whether the samples can all be whole numbers.
func (h *HistogramState) whole() bool { return isWhole(h.Sum) && isWhole(h.Min) && isWhole(h.Max) }

func isWhole(f float64) bool { return f == math.Trunc(f) && math.Abs(f) <= 1<<53 }

// estimate returns the sample of a rank, which is in the bucket. Min and Max
// tell where in the bucket samples can be, unless they leave none there: then
// they are damaged or of another moment.
func (h *HistogramState) estimate(bucket int, rank uint64, whole bool) float64 {
	a, b := lowerBound(bucket), UpperBound(bucket)
	hasMin := a < h.Min && h.Min <= b
	hasMax := a < h.Max && h.Max <= b
	switch {
	case hasMin && rank == 1:
		return h.Min
	case hasMax && rank == h.Count:
		return h.Max
	}
	least, greatest := math.Nextafter(a, b), b
	if hasMin {
		least = h.Min
	}
	if hasMax {
		greatest = h.Max
	}
	switch {
	case bucket == 0 && !hasMin:
		return a // infinities alone
	case bucket == 0:
		// Zero, for the most part. Negative samples are not told apart.
		return max(min(0, greatest), least)
	case bucket == lastBucket && !hasMax:
		return b // infinities alone
	case bucket == lastBucket:
		b = greatest
	}
	// The error is the same share of the estimate at both ends.
	estimate := 2 * a * (b / (a + b))
	if whole {
		if n := nearestWhole(estimate, a, b); n != 0 {
			estimate = n
		}
	}
	return max(min(estimate, greatest), least)
}

// nearestWhole returns the whole number in (a, b] that is nearest to v, and 0
// where there is none.
func nearestWhole(v, a, b float64) float64 {
	n := math.Round(v)
	if n > b {
		n--
	}
	if n <= a {
		n++
	}
	if n > b {
		return 0
	}
	return n
}

// Merge adds the samples of o to h. It fails with ErrHistogramFull, and leaves
// h as it is, where they are too many to count.
func (h *HistogramState) Merge(o *HistogramState) error {
	count, carry := bits.Add64(h.Count, o.Count, 0)
	if carry != 0 {
		return ErrHistogramFull
	}
	switch {
	case o.Count == 0:
	case h.Count == 0 || math.IsNaN(h.Min):
		h.Min, h.Max = o.Min, o.Max
	case !math.IsNaN(o.Min):
		h.Min, h.Max = min(h.Min, o.Min), max(h.Max, o.Max)
	}
	h.Count = count
	h.Sum += o.Sum
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
	return nil
}

// Sub leaves in h what was taken since earlier, a state of the same histogram.
// Min and Max are exact where they became another, else estimates from the
// buckets. It reports false, and leaves h as it is, where the histogram has
// started anew.
func (h *HistogramState) Sub(earlier *HistogramState) (ok bool) {
	if !h.continues(earlier) {
		return false
	}
	whole := h.whole() && (earlier.Count == 0 || earlier.whole())
	low, high := -1, -1
	for i, n := range earlier.buckets {
		if h.buckets[i] -= n; h.buckets[i] != 0 {
			high = i
			if low < 0 {
				low = i
			}
		}
	}
	h.Count -= earlier.Count
	h.Sum -= earlier.Sum
	least, greatest := h.Min, h.Max
	if low >= 0 && earlier.Count > 0 && !math.IsNaN(earlier.Min) {
		// No rank: the sample need not be the first or the last of all.
		if least == earlier.Min {
			least = h.estimate(low, 0, whole)
		}
		if greatest == earlier.Max {
			greatest = h.estimate(high, 0, whole)
		}
	}
	h.setRange(least, greatest)
	return true
}

// continues reports whether h can be a later state of the same histogram.
func (h *HistogramState) continues(earlier *HistogramState) bool {
	if earlier.Count == 0 {
		return true
	}
	if h.Min > earlier.Min || h.Max < earlier.Max || h.Min >= 0 && h.Sum < earlier.Sum {
		return false
	}
	for i, n := range earlier.buckets {
		if h.buckets[i] < n {
			return false
		}
	}
	return true
}

// Buckets calls yield with the upper bound and the count of each bucket that
// holds samples, in their order, until it returns false. It is an iterator.
func (h *HistogramState) Buckets(yield func(upper float64, n uint64) bool) {
	for i, n := range h.buckets {
		if n != 0 && !yield(UpperBound(i), n) {
			return
		}
	}
}

// AtMost returns how many samples are at or under bound, which is a power of 2
// from 2^-27 to 2^35. Any other counts as the upper bound of its bucket.
func (h *HistogramState) AtMost(bound float64) (n uint64) {
	for _, samples := range h.buckets[:Bucket(bound)+1] {
		n += samples
	}
	return n
}
