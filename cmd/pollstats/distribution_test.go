package main

import (
	"math"
	"testing"

	"mmstats/lib/format"
)

// histogramOf returns a histogram of samples.
func histogramOf(t *testing.T, samples ...float64) *format.HistogramState {
	t.Helper()
	h := publishHistogram(t, t.TempDir()+"/h.mmstats")
	for _, s := range samples {
		h.Add(s)
	}
	state, err := h.State()
	if err != nil {
		t.Fatal(err)
	}
	return &state
}

func TestBars(t *testing.T) {
	inf := math.Inf(1)
	range1000 := make([]float64, 1000)
	for i := range range1000 {
		range1000[i] = float64(i + 1)
	}
	for _, test := range []struct {
		name    string
		samples []float64
		most    int
		want    []bar
	}{
		{"none", nil, 5, nil},
		{"no room", []float64{1}, 0, nil},
		{"one sample", []float64{1}, 5, []bar{{0.9170040432046712, 1, 1}}},
		{"a gap", []float64{1, 2, 2}, 4, []bar{{0.7071067811865476, 1, 1}, {1, 1.4142135623730951, 0}, {1.4142135623730951, 2, 2}}},
		{"octaves", range1000, 12, []bar{{0.5, 1, 1}, {1, 2, 1}, {2, 4, 2}, {4, 8, 4}, {8, 16, 8}, {16, 32, 16}, {32, 64, 32}, {64, 128, 64}, {128, 256, 128}, {256, 512, 256}, {512, 1000, 488}}},
		{"one bar for all", []float64{0, 1, 1e12}, 1, []bar{{-inf, 1e12, 3}}},
		{"outside", []float64{-1, 1, 1e12}, 3, []bar{{-inf, 1.0 / (1 << 27), 1}, {1.0 / (1 << 27), 1 << 35, 1}, {1 << 35, 1e12, 1}}},
		{"infinite", []float64{1, inf}, 3, []bar{{1.0 / (1 << 27), 32, 1}, {32, 1 << 35, 0}, {1 << 35, inf, 1}}},
	} {
		got := bars(histogramOf(t, test.samples...), test.most)
		same := len(got) == len(test.want)
		for i := range min(len(got), len(test.want)) {
			same = same && got[i] == test.want[i]
		}
		if !same {
			t.Errorf("%s: the bars are %v, want %v", test.name, got, test.want)
		}
	}
}

// However few bars there are, no sample is lost, and each is in its bar.
func TestBarsHaveAllSamples(t *testing.T) {
	h := histogramOf(t, 0, 1e-9, 0.25, 3, 3.5, 700, 1e6, 1e10, 1e11)
	for most := 1; most < 400; most++ {
		list := bars(h, most)
		count := uint64(0)
		for i, b := range list {
			count += b.count
			if !(b.lower < b.upper) || i > 0 && b.lower != list[i-1].upper {
				t.Fatalf("%d bars at most: %v", most, list)
			}
		}
		if count != h.Count || len(list) > most {
			t.Fatalf("%d bars at most: %d bars of %d samples", most, len(list), count)
		}
	}
}
