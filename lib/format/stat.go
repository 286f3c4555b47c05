package format

import (
	"encoding/binary"
	"math"
	"slices"
)

// A Stat is one stat as it was read.
type Stat struct {
	Field
	// Value is absent where Err says why.
	Value Value
	// Raw holds the bytes of the buffer that Value was decoded from, from the
	// value on, pad bytes included.
	Raw []byte
	// Err says why the value could not be read.
	Err error
}

// Samples returns the samples that are counted behind the mean of an Average,
// a Moving or a Histogram.
func (s *Stat) Samples() Samples { return DecodeSamples(s.Type(), s.Raw) }

// Histogram returns what a Histogram holds, and no samples for any other stat.
func (s *Stat) Histogram() (h HistogramState) {
	if s.Type() == Histogram && len(s.Raw) >= HistogramSize {
		h.Decode(s.Raw)
	}
	return h
}

// Recent appends the samples in the window of a Moving to dst, the oldest
// first.
func (s *Stat) Recent(dst []float64) []float64 {
	window := s.Window()
	if window == 0 || len(s.Raw) < MeanSize+8*window {
		return dst
	}
	return AppendRecent(dst, s.Raw[:MeanSize+8*window])
}

// AppendRecent appends the samples in the window of a Moving to dst, the oldest
// first. raw holds all of its bytes from the mean on.
func AppendRecent(dst []float64, raw []byte) []float64 {
	if len(raw) < MeanSize+8 {
		return dst
	}
	window := uint64(len(raw)-MeanSize) / 8
	next := binary.NativeEndian.Uint64(raw[8:])
	have := min(DecodeSamples(Moving, raw).Count, window)
	dst = slices.Grow(dst, int(have))
	for i := window - have; i < window; i++ {
		slot := (next%window + i) % window
		bits := binary.NativeEndian.Uint64(raw[MeanSize+8*int(slot):])
		dst = append(dst, math.Float64frombits(bits))
	}
	return dst
}

// Samples are the samples behind a mean.
type Samples struct {
	Count uint64
	// Total is their sum. It is 0 for a Moving, which does not have it.
	Total float64
}

// MeanSize is how many bytes an Average, and a Moving before its samples, take
// from the mean on.
const MeanSize = 24

// DecodeSamples returns the samples that raw, which starts with the mean of a
// stat of type t, counts behind it, and none for other types.
func DecodeSamples(t Type, raw []byte) Samples {
	switch {
	case len(raw) < MeanSize:
	case t == Average:
		return Samples{
			Count: binary.NativeEndian.Uint64(raw[8:]),
			Total: math.Float64frombits(binary.NativeEndian.Uint64(raw[16:])),
		}
	case t == Moving:
		return Samples{Count: binary.NativeEndian.Uint64(raw[16:])}
	case t == Histogram && len(raw) >= HistogramSize:
		var h HistogramState
		if h.Decode(raw) == nil {
			return h.Samples()
		}
	}
	return Samples{}
}
