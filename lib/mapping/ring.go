//go:build unix

package mapping

import (
	"math"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// A Ring is the value of a moving average: mmstats(5), MOVING AVERAGES.
//
//	offset     size  item
//	0          8     mean of the samples in the slots, float
//	8          8     the slot of the next sample, unsigned
//	16         8     how many samples there were so far, unsigned
//	24         8*N   slots, float
//
// One writer at a time may use it, and any number of readers.
type Ring struct {
	region *Region
	offset int
	window int
}

// RingAt returns the ring of window slots whose mean is at offset.
func RingAt(r *Region, offset, window int) Ring {
	r.at(offset, 24+8*window, 8)
	return Ring{r, offset, window}
}

func (g Ring) word(i int) *uint64 { return (*uint64)(unsafe.Add(g.region.mem.base, g.offset+8*i)) }

// Add adds a sample. It reports whether it did: not if the file was truncated. A
// writer that is killed in here loses at most this sample, since it is stored
// first, then next slot and count, and last the mean, which is what readers read.
func (g Ring) Add(sample float64) bool {
	return g.region.guard(func() {
		next := atomic.LoadUint64(g.word(1)) % uint64(g.window)
		count := atomic.LoadUint64(g.word(2)) + 1
		slots := unsafe.Slice((*float64)(unsafe.Pointer(g.word(3))), g.window)
		slots[next] = sample
		atomic.StoreUint64(g.word(1), (next+1)%uint64(g.window))
		atomic.StoreUint64(g.word(2), count)
		atomic.StoreUint64(g.word(0), math.Float64bits(mean(slots[:min(count, uint64(g.window))])))
		runtime.KeepAlive(g.region)
	})
}

// mean has four sums, since each addition to one sum waits for the one before it.
func mean(samples []float64) float64 {
	var a, b, c, d float64
	rest := samples
	for ; len(rest) >= 4; rest = rest[4:] {
		a, b, c, d = a+rest[0], b+rest[1], c+rest[2], d+rest[3]
	}
	for _, s := range rest {
		a += s
	}
	return ((a + b) + (c + d)) / float64(len(samples))
}

// Mean returns the mean of the samples in the ring, and 0 while there is none.
func (g Ring) Mean() (mean float64) {
	g.region.try(func() { mean = math.Float64frombits(atomic.LoadUint64(g.word(0))) })
	return mean
}
