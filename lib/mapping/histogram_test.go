//go:build unix

package mapping

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"mmstats/lib/format"
	"mmstats/lib/programtest"
)

// newHistogram returns an empty histogram at offset of r.
func newHistogram(r *Region, offset int, guarded bool) *Histogram {
	h := HistogramAt(r, offset, guarded)
	new(format.HistogramState).Encode(bytesOf(r, offset, format.HistogramSize))
	return h
}

// bytesOf returns bytes of a region.
func bytesOf(r *Region, offset, size int) []byte {
	return unsafe.Slice((*byte)(r.at(offset, size, 1)), size)
}

// updates are the ways to add n samples, which are all the same.
var updates = map[string]func(h *Histogram, v float64, n int){
	"Add": func(h *Histogram, v float64, n int) {
		for range n {
			h.Add(v)
		}
	},
	"AddN": func(h *Histogram, v float64, n int) { h.AddN(v, uint64(n)) },
	"AddOwned": func(h *Histogram, v float64, n int) {
		for range n {
			h.AddOwned(v)
		}
	},
}

// TestHistogram adds the same samples in all ways, to a histogram between words
// that it must not touch.
func TestHistogram(t *testing.T) {
	samples := []float64{0.25, 8, 8, 8, 0, 1 << 40, -2, math.Inf(1), math.NaN(), 3.5, 3.5, math.Inf(-1)}
	for name, update := range updates {
		for _, guarded := range []bool{false, true} {
			r := Heap(16 + format.HistogramSize)
			bytesOf(r, 7, 1)[0], bytesOf(r, 8+format.HistogramSize, 1)[0] = 0xa5, 0xa5
			h := newHistogram(r, 8, guarded)
			for i := 0; i < len(samples); {
				n := 1
				for i+n < len(samples) && samples[i+n] == samples[i] {
					n++
				}
				update(h, samples[i], n)
				i += n
			}
			h.AddN(1, 0)
			got, err := h.State()
			if err != nil || got.Count != 11 || got.Sum != 0.25+24+1<<40-2+7 || got.Min != -2 || got.Max != 1<<40 {
				t.Errorf("%s, guarded %v: %d samples, sum %v, %v to %v, %v", name, guarded, got.Count, got.Sum, got.Min, got.Max, err)
			}
			if got, want := got.Quantile(0.5), 3.5; math.Abs(got-want) > 0.05*want {
				t.Errorf("%s, guarded %v: Quantile(0.5) = %v, want %v", name, guarded, got, want)
			}
			for i, b := range r.mem.heap {
				if inside := i >= 8 && i < 8+format.HistogramSize; !inside && b != 0 && b != 0xa5 {
					t.Errorf("%s, guarded %v: byte %d = %#x, was not to be touched", name, guarded, i, b)
				}
			}
		}
	}
	var zero Histogram
	zero.Add(1)
	zero.AddN(1, 2)
	zero.SetMean()
	if state, err := zero.State(); err != nil || state.Count != 0 {
		t.Errorf("State() of a zero Histogram = %d samples, %v", state.Count, err)
	}
}

// TestParallelSamples has goroutines add to one histogram while others read
// it: no state counts a sample that its sum, minimum and maximum lack.
func TestParallelSamples(t *testing.T) {
	const writers, times = 8, 2000
	for _, guarded := range []bool{false, true} {
		h := newHistogram(Heap(format.HistogramSize), 0, guarded)
		var adding, reading sync.WaitGroup
		done := make(chan struct{})
		reading.Go(func() {
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				s, err := h.State()
				if err != nil || float64(s.Count) > s.Sum || s.Count > 0 && (s.Min < 1 || s.Max > writers || s.Quantile(0) < s.Min || s.Quantile(1) > s.Max) {
					t.Errorf("guarded %v: %d samples, sum %v, %v to %v, counted %v to %v, %v", guarded, s.Count, s.Sum, s.Min, s.Max, s.Quantile(0), s.Quantile(1), err)
					return
				}
			}
		})
		for i := range writers {
			adding.Go(func() {
				for range times {
					h.Add(float64(1 + i))
				}
			})
		}
		adding.Wait()
		close(done)
		reading.Wait()
		s, err := h.State()
		if want := float64(times * writers * (writers + 1) / 2); err != nil || s.Count != writers*times || s.Sum != want || s.Min != 1 || s.Max != writers {
			t.Errorf("guarded %v: %d samples, sum %v, %v to %v, %v, want %d, %v, 1 to %d", guarded, s.Count, s.Sum, s.Min, s.Max, err, writers*times, want, writers)
		}
	}
}

// TestMeanLags follows the mean that readers of version 1 take. It misses at
// most an eighth of the samples of a bucket, or 1,023 where it has more than
// that.
func TestMeanLags(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	samples := 4000 // more than meanEvery in each of the buckets
	if testing.Short() {
		samples = 1500
	}
	for name, update := range updates {
		r := Heap(format.HistogramSize)
		h := newHistogram(r, 0, false)
		words := (*histogramWords)(h.anchor.Load().words)
		then := *words
		for range samples {
			n := 1
			if strings.HasPrefix(name, "AddN") && random.IntN(100) == 0 {
				n = random.IntN(50)
			}
			update(h, float64(1+random.IntN(3)), n)
			state, _ := h.State()
			if math.Float64frombits(words[format.HistogramMean]) == state.Mean() {
				then = *words
				continue
			}
			for i := format.HistogramBuckets; i < format.HistogramWords; i++ {
				limit := uint64(meanEvery - 1)
				if words[i] < meanEvery {
					limit = words[i] / 8
				}
				if missed := words[i] - then[i]; missed > limit {
					t.Fatalf("%s: the mean misses %d of the %d samples of a bucket", name, missed, words[i])
				}
			}
		}
		h.SetMean()
		state, _ := h.State()
		if got := math.Float64frombits(words[format.HistogramMean]); got != state.Mean() {
			t.Errorf("%s: the mean is %v after SetMean, want %v", name, got, state.Mean())
		}
	}
}

func TestHistogramTruncated(t *testing.T) {
	for name, update := range updates {
		r, f := mapFile(t, PageSize())
		h := newHistogram(r, 0, true)
		update(h, 1, 1)
		if err := r.Err(); err != nil {
			t.Errorf("%s: before: %v", name, err)
		}
		unix.Ftruncate(f.fd, 0)
		const times = 3
		for range times {
			update(h, 1, 1)
		}
		h.SetMean()
		var fault *FaultError
		if err := r.Err(); !errors.As(err, &fault) || fault.Offset >= r.Size() {
			t.Errorf("%s: Err() = %v, want a FaultError inside the region", name, err)
		}
		if got := r.Dropped(); got != times+1 {
			t.Errorf("%s: Dropped() = %d, want %d", name, got, times+1)
		}
		if state, err := h.State(); err == nil {
			t.Errorf("%s: State() of a histogram that is gone = %d samples, no error", name, state.Count)
		}
	}
}

// addSamples is "add-samples FILE VALUE TIMES": it adds to the histogram that
// FILE starts with, in four goroutines, and without an end where TIMES is 0.
func addSamples() {
	f, err := Open(os.Args[1], unix.O_RDWR, 0)
	programtest.Fatal(err)
	r, err := Map(f, PageSize())
	programtest.Fatal(err)
	value, err := strconv.ParseFloat(os.Args[2], 64)
	programtest.Fatal(err)
	times, err := strconv.Atoi(os.Args[3])
	programtest.Fatal(err)
	h := HistogramAt(r, 0, false)
	if times == 0 {
		h.Add(value)
		fmt.Println("ready")
	}
	var adding sync.WaitGroup
	for range goroutines {
		adding.Go(func() {
			for i := 0; times == 0 || i < times; i++ {
				h.Add(value)
			}
		})
	}
	adding.Wait()
}

// goroutines is how many add-samples has.
const goroutines = 4

// TestSamplesOfProcesses has a hundred processes add to one histogram.
func TestSamplesOfProcesses(t *testing.T) {
	const processes, times = 100, 250
	path := filepath.Join(t.TempDir(), "x")
	h := fileHistogram(t, path)
	var running sync.WaitGroup
	sum := 0.0
	for i := range processes {
		value := float64(i+1) / 8
		sum += goroutines * times * value
		running.Go(func() {
			cmd := exec.Command("add-samples", path, fmt.Sprint(value), fmt.Sprint(times))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("add-samples: %v: %s", err, out)
			}
		})
	}
	running.Wait()
	s, err := h.State()
	if err != nil || s.Count != processes*times*goroutines || s.Sum != sum || s.Min != 0.125 || s.Max != 12.5 {
		t.Errorf("%d samples, sum %v, %v to %v, %v, want %d, %v, 0.125 to 12.5", s.Count, s.Sum, s.Min, s.Max, err, processes*times*goroutines, sum)
	}
}

// TestKilledInHistogram kills processes while they add: each loses at most one
// sample a goroutine, and none of them is counted twice.
func TestKilledInHistogram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	h := fileHistogram(t, path)
	const kills = 10
	for range kills {
		cmd := programtest.StartReady(t, "add-samples", path, "1", "0")
		cmd.Process.Kill()
		cmd.Wait()
	}
	s, err := h.State()
	if lost := s.Sum - float64(s.Count); err != nil || s.Count == 0 || lost < 0 || lost > kills*goroutines {
		t.Errorf("%d samples, sum %v, %v: want at most %d less than the sum", s.Count, s.Sum, err, kills*goroutines)
	}
}

// fileHistogram returns an empty histogram at the start of a new file.
func fileHistogram(t *testing.T, path string) *Histogram {
	t.Helper()
	f, err := Open(path, unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Reserve(int64(PageSize())); err != nil {
		t.Fatal(err)
	}
	r, err := Map(f, PageSize())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return newHistogram(r, 0, false)
}
