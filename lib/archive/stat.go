package archive

import (
	"encoding/binary"
	"math"
	"slices"

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
	case layoutOf(t).words[0] == floatWord:
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
	var raw [format.HistogramSize]byte
	copy(raw[:], emptyHistogram[:])
	put := func(i int, word uint64) { binary.NativeEndian.PutUint64(raw[8*i:], word) }
	for i, word := range s.Words[:histogramRange] {
		put(format.HistogramSum+i, word)
	}
	for i, word := range s.Words[histogramRange:] {
		put(format.HistogramBuckets+i, word)
	}
	return h.Decode(raw[:])
}

// emptyHistogram is the value of a histogram without samples.
var emptyHistogram = func() (raw [format.HistogramSize]byte) {
	new(format.HistogramState).Encode(raw[:])
	return raw
}()

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

// Describe returns what the file says of the stat, and nil for nothing.
func (s *Stat) Describe() *format.Description {
	if s.Description == "" {
		return nil
	}
	d := format.ParseDescription(append([]byte(s.Description), 0))
	return &d
}

// filtered yields the stats of f as filters take them.
func (f *File) filtered(yield func(format.Stat) bool) {
	text, number := format.Signature{Code: 's'}, format.Signature{Code: 'd'}
	for i := range f.Stats {
		s := &f.Stats[i]
		field := format.Field{Label: []byte(s.Label), Signature: &number, WriteBuffer: format.Unbuffered}
		if s.Type == format.String {
			field.Signature = &text
		}
		if s.Live {
			field.WriteBuffer = 0
		}
		if !yield(format.Stat{Field: field, Value: s.Value()}) {
			return
		}
	}
}

// WriterOf returns what the constants of f say of its writer, as far as its
// stats were recorded.
func (f *File) WriterOf() (w liveness.Writer) {
	var pids []int
	for i := range f.Stats {
		s := &f.Stats[i]
		label, v := []byte(s.Label), s.Value()
		switch {
		case s.Live:
		case format.IsLabel(label, "org.golang.version"):
			w.KeepsLock = true
		case format.IsLabel(label, "sys.created"):
			if t := liveness.Created(v); t.After(w.Created) {
				w.Created = t
			}
		case format.IsLabel(label, "sys.pid"):
			pid := 0
			if isWhole := v.Class() == format.UintClass || v.Class() == format.IntClass; isWhole && v.Bits() <= liveness.MaxPID {
				pid = int(v.Bits())
			}
			pids = append(pids, pid)
		}
	}
	if pids = slices.Compact(pids); len(pids) == 1 {
		w.PID = pids[0]
	}
	return w
}
