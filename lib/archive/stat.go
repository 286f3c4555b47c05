package archive

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"sync"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
)

// Value returns the value of s, the mean of an average or a histogram, and the
// zero Value where it could not be read.
func (s *Stat) Value() format.Value {
	switch {
	case s.Unread:
		return format.Value{}
	case s.Type == format.String:
		return format.TextValue(s.Text)
	case s.Type == format.Histogram:
		return format.FloatValue(histogramMean(s.Words))
	}
	return format.NumberValue(classOf(s.Type), s.Words[0])
}

// classOf returns the class of the values of a type of numbers.
func classOf(t format.Type) format.Class {
	switch {
	case t == format.Bool:
		return format.BoolClass
	case t >= format.Int8 && t <= format.Int64:
		return format.IntClass
	case wordsByType[t][0] == floatWord:
		return format.FloatClass
	}
	return format.UintClass
}

// Samples returns the samples behind the mean of an average or a moving
// average, and none for other stats.
func (s *Stat) Samples() format.Samples {
	switch {
	case s.Unread:
	case s.Type == format.Average:
		return format.Samples{Count: s.Words[1], Total: math.Float64frombits(s.Words[2])}
	case s.Type == format.Moving:
		return format.Samples{Count: s.Words[1]}
	}
	return format.Samples{}
}

// Histogram sets h to what a histogram holds. The error says why that cannot
// be had.
func (s *Stat) Histogram(h *format.HistogramState) error {
	if s.Unread {
		return mapping.ErrBusy
	}
	return h.Decode(s.histogram())
}

// histogram returns the bytes of a histogram.
func (s *Stat) histogram() []byte {
	raw := slices.Clone(emptyHistogram())
	put := func(i int, word uint64) { binary.NativeEndian.PutUint64(raw[8*i:], word) }
	for i, word := range s.Words[:histogramRange] {
		put(format.HistogramSum+i, word)
	}
	for i, word := range s.Words[histogramRange:] {
		put(format.HistogramBuckets+i, word)
	}
	return raw
}

// emptyHistogram is the value of a histogram without samples.
var emptyHistogram = sync.OnceValue(func() []byte {
	raw := make([]byte, format.HistogramSize)
	new(format.HistogramState).Encode(raw)
	return raw
})

// histogramMean returns the mean that the words of a histogram say, and 0 while
// it has no sample.
func histogramMean(words []uint64) float64 {
	var count uint64
	for _, n := range words[histogramRange:] {
		count += n
	}
	if count == 0 {
		return 0
	}
	return math.Float64frombits(words[0]) / float64(count)
}

// histogramRange is how many words of a histogram stand before its buckets.
const histogramRange = 3

// describe returns what the file says of the stat, and nil for nothing.
func (s *Stat) describe() *format.Description {
	if s.Description == "" {
		return nil
	}
	d := format.ParseDescription(append([]byte(s.Description), 0))
	return &d
}

// All yields the stats of f as a reader of the file has them. Their signatures
// and offsets are not known, nor are the samples in the window of a moving
// average.
func (f *File) All() iter.Seq[format.Stat] {
	return func(yield func(format.Stat) bool) {
		for i := range f.Stats {
			if !yield(f.Stats[i].read()) {
				return
			}
		}
	}
}

// read returns s as a reader of the file has it.
func (s *Stat) read() format.Stat {
	st := format.Stat{Field: format.RecordedField(s.Label, s.Type, s.Live, s.Description), Value: s.Value()}
	switch {
	case s.Unread:
		st.Err = mapping.ErrBusy
	case s.Type == format.Histogram:
		st.Raw = s.histogram()
		if st.Err = new(format.HistogramState).Decode(st.Raw); st.Err != nil {
			st.Value = format.Value{}
		}
	case len(s.Type.Parts()) > 0:
		st.Raw = make([]byte, format.MeanSize)
		words := s.Words
		if s.Type == format.Moving { // what is between them says which sample is next
			words = []uint64{words[0], 0, words[1]}
		}
		for i, word := range words {
			binary.NativeEndian.PutUint64(st.Raw[8*i:], word)
		}
	}
	return st
}

// WriterOf returns what the constants of f say of its writer, as far as its
// stats were recorded.
func (f *File) WriterOf() liveness.Writer {
	w, _ := liveness.WriterOfStats(f.All())
	return w
}
