package format

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// TestHistogramLayout holds the layout against the numbers of the manual.
func TestHistogramLayout(t *testing.T) {
	s, err := ParseSignature(histogramSignature)
	if err != nil || s.Size != HistogramSize || HistogramSize != 4024 {
		t.Errorf("ParseSignature(%q).Size = %d, %v, want %d", histogramSignature, s.Size, err, 4024)
	}
	value := make([]byte, HistogramSize)
	new(HistogramState).Encode(value)
	if !IsHistogram(value) {
		t.Error("IsHistogram of an empty histogram = false")
	}
	if nativeBigEndian {
		slices.Reverse(value[32:40])
	}
	if got, want := [8]byte(value[32:40]), [8]byte{3, 0, 0xe5, 0xff}; got != want {
		t.Errorf("layout bytes = %x, want %x", got, want)
	}
	for _, b := range []struct {
		offset int
		upper  float64
	}{{40, 1.0 / (1 << 27)}, {48 + 8*215, 1}, {48 + 8*216, math.Exp2(0.125)}, {48 + 8*495, 1 << 35}, {4016, math.Inf(1)}} {
		if got := UpperBound(b.offset/8 - HistogramBuckets); got != b.upper {
			t.Errorf("upper bound of the bucket at %d = %v, want %v", b.offset, got, b.upper)
		}
	}
}

// searchBucket is Bucket by a binary search.
func searchBucket(v float64) int {
	if math.IsNaN(v) {
		return -1
	}
	return sort.Search(lastBucket, func(i int) bool { return UpperBound(i) >= v })
}

func TestBucket(t *testing.T) {
	check := func(v float64) {
		if got, want := Bucket(v), searchBucket(v); got != want {
			t.Errorf("Bucket(%v) = %d, want %d", v, got, want)
		}
	}
	for i := range lastBucket {
		bound := UpperBound(i)
		check(bound)
		check(math.Nextafter(bound, 0))
		check(math.Nextafter(bound, math.Inf(1)))
	}
	for _, v := range []float64{
		0, math.Copysign(0, -1), 1, -1, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 1e-310,
		math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(math.NaN(), -1),
	} {
		check(v)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		check(math.Float64frombits(random.Uint64()))
		check(math.Exp2(70*random.Float64() - 30))
	}
}

// add puts samples into h, as a writer does.
func (h *HistogramState) add(samples ...float64) {
	value := make([]byte, HistogramSize)
	h.Encode(value)
	float := func(i int) float64 { return math.Float64frombits(word(value, i)) }
	put := func(i int, v uint64) { binary.NativeEndian.PutUint64(value[8*i:], v) }
	for _, v := range samples {
		bucket := Bucket(v)
		if bucket < 0 {
			continue
		}
		put(HistogramBuckets+bucket, word(value, HistogramBuckets+bucket)+1)
		if !math.IsInf(v, 0) {
			put(HistogramSum, math.Float64bits(float(HistogramSum)+v))
			put(HistogramMin, math.Float64bits(min(float(HistogramMin), v)))
			put(HistogramMax, math.Float64bits(max(float(HistogramMax), v)))
		}
	}
	if err := h.Decode(value); err != nil {
		panic(err)
	}
}

// exactQuantile returns the quantile of samples.
func exactQuantile(sorted []float64, q float64) float64 {
	rank := int(math.Ceil(q*float64(len(sorted)) - 1e-9))
	return sorted[max(rank, 1)-1]
}

// maxError is the greatest error of a quantile, as a share of it.
const maxError = 0.0434

var distributions = map[string]func(r *rand.Rand) float64{
	"uniform":     func(r *rand.Rand) float64 { return r.Float64() },
	"exponential": func(r *rand.Rand) float64 { return 0.02 * r.ExpFloat64() },
	"lognormal":   func(r *rand.Rand) float64 { return 0.005 * math.Exp(r.NormFloat64()) },
	"normal":      func(r *rand.Rand) float64 { return 500 + 20*r.NormFloat64() },
	"pareto":      func(r *rand.Rand) float64 { return math.Pow(1-r.Float64(), -1/1.2) },
	"sizes":       func(r *rand.Rand) float64 { return math.Trunc(math.Exp2(30 * r.Float64())) },
	"two humps": func(r *rand.Rand) float64 {
		if r.IntN(20) == 0 {
			return 1.5 + 0.2*r.NormFloat64()
		}
		return 0.0004 * (1 + 0.1*r.NormFloat64())
	},
}

func TestQuantileWithinBounds(t *testing.T) {
	for name, draw := range distributions {
		random := rand.New(rand.NewPCG(3, 4))
		samples := make([]float64, 100_000)
		for i := range samples {
			samples[i] = draw(random)
		}
		var h HistogramState
		h.add(samples...)
		slices.Sort(samples)
		for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
			got, want := h.Quantile(q), exactQuantile(samples, q)
			if e := math.Abs(got-want) / want; e > maxError {
				t.Errorf("%s: Quantile(%v) = %v, want %v: off by %.2f %%", name, q, got, want, 100*e)
			}
		}
		if got := [2]float64{h.Quantile(0), h.Quantile(1)}; got != [2]float64{samples[0], samples[len(samples)-1]} {
			t.Errorf("%s: quantiles of 0 and 1 = %v, want the least and the greatest sample", name, got)
		}
	}
}

// TestQuantileOfWholeNumbers has samples that a bucket does not tell apart
// from fractions, but the sum, the minimum and the maximum do.
func TestQuantileOfWholeNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var samples []float64
	for range 10_000 {
		samples = append(samples, float64(random.IntN(12)))
	}
	var h HistogramState
	h.add(samples...)
	slices.Sort(samples)
	for p := range 101 {
		q := float64(p) / 100
		if got, want := h.Quantile(q), exactQuantile(samples, q); got != want {
			t.Errorf("Quantile(%v) = %v, want %v", q, got, want)
		}
	}
	h = HistogramState{}
	h.add(1000, 2003, 3001, 2003, 2003)
	if got := h.Quantile(0.5); got != math.Trunc(got) {
		t.Errorf("Quantile(0.5) = %v, want a whole number", got)
	}
	h.add(0.5)
	if got := h.Quantile(0.5); got == math.Trunc(got) {
		t.Errorf("Quantile(0.5) with a fraction among the samples = %v, want one that is not rounded", got)
	}
}

func TestQuantileOfFewSamples(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		samples []float64
		q, want float64
	}{
		{nil, 0.5, math.NaN()},
		{[]float64{0.0021}, 0.5, 0.0021},
		{[]float64{0.0021}, math.NaN(), math.NaN()},
		{[]float64{math.NaN(), 7}, 0.9, 7},
		{[]float64{0, 0, 0, 1}, 0.75, 0},
		{[]float64{0, 0, 0, 1}, 0.76, 1},
		{[]float64{-5, -5, -5}, 0.5, -5},
		{[]float64{1e12}, 0.5, 1e12},
		{[]float64{1, 2, inf}, 0.5, 2},
		{[]float64{1, 2, inf}, 1, inf},
		{[]float64{-inf, 1, 2}, 0, -inf},
		{[]float64{inf}, 0.5, inf},
		{slices.Repeat([]float64{0.3}, 99), 0.5, 0.3},
		// The rank of 0.07 of 100 is 7, though 0.07*100 is more than that.
		{append(slices.Repeat([]float64{1}, 7), slices.Repeat([]float64{2}, 93)...), 0.07, 1},
	} {
		var h HistogramState
		h.add(test.samples...)
		if got := h.Quantile(test.q); got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
			t.Errorf("%v: Quantile(%v) = %v, want %v", test.samples, test.q, got, test.want)
		}
	}
}

// TestIntervalOverFiles merges what three files took in the same second.
func TestIntervalOverFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var merged HistogramState
	var samples []float64
	for file := range 3 {
		var before HistogramState
		old := make([]float64, 20_000)
		for i := range old {
			old[i] = random.ExpFloat64()
		}
		before.add(old...)
		after := before
		for range 5000 {
			samples = append(samples, math.Exp(random.NormFloat64()+float64(file)))
		}
		after.add(samples[len(samples)-5000:]...)
		if !after.Sub(&before) {
			t.Fatalf("file %d: Sub() = false", file)
		}
		if after.Count != 5000 {
			t.Errorf("file %d: %d samples in the interval, want 5000", file, after.Count)
		}
		if err := merged.Merge(&after); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(samples)
	sum := 0.0
	for _, v := range samples {
		sum += v
	}
	for q, got := range map[float64]float64{0: merged.Min, 0.5: merged.Quantile(0.5), 0.99: merged.Quantile(0.99), 1: merged.Max} {
		want := exactQuantile(samples, q)
		if e := math.Abs(got-want) / want; e > maxError {
			t.Errorf("q = %v: %v, want %v: off by %.2f %%", q, got, want, 100*e)
		}
	}
	if mean := sum / 15_000; math.Abs(merged.Mean()-mean) > 1e-9*mean {
		t.Errorf("Mean() = %v, want %v", merged.Mean(), mean)
	}
}

func TestInterval(t *testing.T) {
	var h, earlier HistogramState
	earlier.add(1, 3, 100)
	h.add(1, 3, 100, 3, 5, 5)
	again := earlier
	if !h.Sub(&earlier) || h.Count != 3 || h.Sum != 13 || h.Min != 3 || h.Max != 5 || h.Quantile(0.5) != 5 {
		t.Errorf("interval of 3 5 5 = %d samples, sum %v, %v to %v, median %v", h.Count, h.Sum, h.Min, h.Max, h.Quantile(0.5))
	}
	if !again.Sub(&earlier) || again.Count != 0 || again.Sum != 0 || !math.IsNaN(again.Mean()) || !math.IsNaN(again.Quantile(0.5)) {
		t.Errorf("interval without a sample = %d samples, sum %v, mean %v, median %v", again.Count, again.Sum, again.Mean(), again.Quantile(0.5))
	}
	h = earlier
	h.add(0.5, 1000)
	if !h.Sub(&earlier) || h.Min != 0.5 || h.Max != 1000 {
		t.Errorf("interval of 0.5 and 1000 = %v to %v, which are the least and the greatest of all", h.Min, h.Max)
	}
	h = earlier
	if !h.Sub(new(HistogramState)) || h != earlier {
		t.Error("Sub of an empty state changes something")
	}
	for name, samples := range map[string][]float64{
		"no samples": {}, "fewer": {1, 3}, "others": {1, 3, 3, 3}, "a greater minimum": {3, 3, 100, 100},
		"a lesser maximum": {1, 3, 99}, "a lesser sum": {1, 2.9, 100},
	} {
		var h HistogramState
		h.add(samples...)
		was := h
		if h.Sub(&earlier) || h != was {
			t.Errorf("%s: Sub() of a histogram that was started anew = true, or it changed", name)
		}
	}
}

func TestMerge(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct{ a, b []float64 }{
		{nil, nil}, {nil, []float64{1, 2}}, {[]float64{1, 2}, nil}, {[]float64{1, 5}, []float64{3, 0, 700}},
		{[]float64{inf}, []float64{2}}, {[]float64{2}, []float64{inf}}, {[]float64{-3}, []float64{1e11}},
	} {
		var a, b, both HistogramState
		a.add(test.a...)
		b.add(test.b...)
		both.add(append(slices.Clone(test.a), test.b...)...)
		if err := a.Merge(&b); err != nil || a != both {
			t.Errorf("Merge() of %v and %v = %v, %d samples, sum %v, %v to %v", test.a, test.b, err, a.Count, a.Sum, a.Min, a.Max)
		}
	}
}

func TestEncodeHistogram(t *testing.T) {
	for _, samples := range [][]float64{nil, {0.25, 3, 1e20, -4}, {math.Inf(1)}} {
		var h, back HistogramState
		h.add(samples...)
		value := make([]byte, HistogramSize)
		h.Encode(value)
		if err := back.Decode(value); err != nil {
			t.Error(err)
		}
		if math.IsNaN(h.Min) && math.IsNaN(back.Max) {
			h.Min, h.Max, back.Min, back.Max = 0, 0, 0, 0
		}
		if back != h {
			t.Errorf("%v: read back as %d samples, sum %v, %v to %v", samples, back.Count, back.Sum, back.Min, back.Max)
		}
		mean := 0.0
		if len(samples) > 0 {
			mean = h.Mean()
		}
		if got := math.Float64frombits(word(value, HistogramMean)); got != mean {
			t.Errorf("%v: mean %v, want %v", samples, got, mean)
		}
	}
}

func TestBuckets(t *testing.T) {
	var h HistogramState
	h.add(0, 1, 1, 1.5, 2, 3, 1e11)
	var bounds, counts []float64
	h.Buckets(func(upper float64, n uint64) bool {
		bounds, counts = append(bounds, upper), append(counts, float64(n))
		return true
	})
	wantBounds := []float64{1.0 / (1 << 27), 1, 1.5422108254079407, 2, 2 * 1.5422108254079407, math.Inf(1)}
	if !slices.Equal(bounds, wantBounds) || !slices.Equal(counts, []float64{1, 2, 1, 1, 1, 1}) {
		t.Errorf("Buckets() = %v, %v, want bounds %v", bounds, counts, wantBounds)
	}
	h.Buckets(func(float64, uint64) bool { return false })
	for bound, want := range map[float64]uint64{1.0 / (1 << 27): 1, 0.5: 1, 1: 3, 2: 5, 4: 6, 1 << 35: 6, math.Inf(1): 7} {
		if got := h.AtMost(bound); got != want {
			t.Errorf("AtMost(%v) = %d, want %d", bound, got, want)
		}
	}
}

// TestHostileHistogram decodes words that no writer of ours leaves.
func TestHostileHistogram(t *testing.T) {
	nan, inf := math.Float64bits(math.NaN()), math.Float64bits(math.Inf(1))
	first, last := HistogramBuckets, HistogramWords-1
	one := HistogramBuckets + Bucket(1.0)
	for _, test := range []struct {
		name  string
		words map[int]uint64
		err   error
		count uint64
		p50   float64 // NaN is any
	}{
		{"another layout", map[int]uint64{HistogramLayout: 0xffe50002, one: 1}, ErrNotHistogram, 0, 0},
		{"the rest of the layout", map[int]uint64{HistogramLayout: 1<<63 | histogramLayout}, ErrNotHistogram, 0, 0},
		{"one full bucket", map[int]uint64{one: math.MaxUint64}, nil, math.MaxUint64, math.NaN()},
		{"two full buckets", map[int]uint64{one: math.MaxUint64, last: math.MaxUint64}, ErrHistogramFull, 0, 0},
		{"one sample too many", map[int]uint64{one: math.MaxUint64, first: 1}, ErrHistogramFull, 0, 0},
		{"a sum that is no number", map[int]uint64{HistogramSum: nan, HistogramMin: math.Float64bits(1), HistogramMax: math.Float64bits(1), one: 3}, nil, 3, 1},
		{"no range", map[int]uint64{HistogramMin: nan, HistogramMax: nan, one: 3}, nil, 3, math.NaN()},
		{"a range upside down", map[int]uint64{HistogramMin: math.Float64bits(9), HistogramMax: math.Float64bits(3), one: 3}, nil, 3, math.NaN()},
		{"a range elsewhere", map[int]uint64{HistogramMin: math.Float64bits(1e-9), HistogramMax: math.Float64bits(2e-9), one: 3}, nil, 3, math.NaN()},
		{"an endless range", map[int]uint64{HistogramMin: inf | 1<<63, HistogramMax: inf, one: 3}, nil, 3, math.NaN()},
	} {
		value := make([]byte, HistogramSize)
		new(HistogramState).Encode(value)
		for i, v := range test.words {
			binary.NativeEndian.PutUint64(value[8*i:], v)
		}
		var h HistogramState
		if err := h.Decode(value); !errors.Is(err, test.err) {
			t.Errorf("%s: Decode() = %v, want %v", test.name, err, test.err)
		}
		if h.Count != test.count {
			t.Errorf("%s: Count = %d, want %d", test.name, h.Count, test.count)
		}
		if h.Count == 0 {
			continue
		}
		got := h.Quantile(0.5)
		// Whatever the other words say, a quantile lies in its bucket.
		if lower, upper := lowerBound(Bucket(1.0)), UpperBound(Bucket(1.0)); got <= lower || got > upper {
			t.Errorf("%s: Quantile(0.5) = %v, which is not in (%v, %v]", test.name, got, lower, upper)
		}
		if !math.IsNaN(test.p50) && got != test.p50 {
			t.Errorf("%s: Quantile(0.5) = %v, want %v", test.name, got, test.p50)
		}
		full := HistogramState{Count: math.MaxUint64}
		if err := h.Merge(&full); !errors.Is(err, ErrHistogramFull) {
			t.Errorf("%s: Merge() with 2^64-1 samples = %v, want %v", test.name, err, ErrHistogramFull)
		}
	}
}

// FuzzHistogram has any bytes in the place of a histogram.
func FuzzHistogram(f *testing.F) {
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"), uint16(5))
	f.Fuzz(func(t *testing.T, words []byte, at uint16) {
		value := make([]byte, HistogramSize)
		new(HistogramState).Encode(value)
		copy(value[int(at)%HistogramSize:], words)
		earlier := HistogramState{}
		earlier.add(1, 2, 3)
		var h HistogramState
		if h.Decode(value) != nil {
			return
		}
		for _, q := range []float64{0, 0.5, 0.999, 1} {
			if got := h.Quantile(q); h.Count > 0 && (math.IsNaN(got) || h.buckets[Bucket(got)] == 0) {
				t.Errorf("Quantile(%v) = %v, which is in a bucket without samples", q, got)
			}
		}
		h.Encode(value)
		var back HistogramState
		if err := back.Decode(value); err != nil || back.Count != h.Count {
			t.Errorf("read back: %v, %d samples, want %d", err, back.Count, h.Count)
		}
		h.Sub(&earlier)
		h.Merge(&earlier)
	})
}
