package reader

import (
	"math"

	"mmstats/lib/format"
)

// A Series is a stat by its label, in all the files that have it.
type Series struct {
	Label string
	// Type and Kind are those of the first file that has it, but a label that
	// is a text in one file and a number in another is a number.
	Type format.Type
	Kind format.Kind
	// ID is a small number. It is given to another series only after no file
	// has had this one.
	ID int
	// Files counts the files that have it.
	Files int

	load   int    // the last load of a file that has it
	before *field // during a load, of the file as it was before
}

// A SeriesSet is the series of all files of one source of samples. The zero
// set is empty and ready to use, by one goroutine.
type SeriesSet struct {
	known   map[string]*Series
	freeIDs []int
}

// Join returns the series called label, which one file more has, as a stat of
// type t and kind k.
func (ss *SeriesSet) Join(label string, t format.Type, k format.Kind) *Series {
	s := ss.known[label]
	if s == nil {
		if ss.known == nil {
			ss.known = make(map[string]*Series)
		}
		s = &Series{Label: label, Type: t, Kind: k, ID: len(ss.known)}
		if n := len(ss.freeIDs); n > 0 {
			s.ID, ss.freeIDs = ss.freeIDs[n-1], ss.freeIDs[:n-1]
		}
		ss.known[label] = s
	}
	if s.Type == format.String && t != format.String {
		s.Type, s.Kind = t, k
	}
	s.Files++
	return s
}

// Leave is told that one file fewer has s.
func (ss *SeriesSet) Leave(s *Series) {
	if s.Files--; s.Files == 0 {
		delete(ss.known, s.Label)
		ss.freeIDs = append(ss.freeIDs, s.ID)
	}
}

// A Sample is one stat of one file at one poll.
type Sample struct {
	File   *File
	Series *Series
	// Type and Kind are those of the stat in this file, which need not be those
	// of Series.
	Type format.Type
	Kind format.Kind
	// Live reports whether the value may change after the file is published.
	Live bool
	// Description is what the file says of the stat, and nil for nothing. It is
	// the same at each poll until the file is written anew.
	Description *format.Description
	// Gone says that the file is not there any more. It has no other sample.
	Gone bool
	// Value is absent where the file is gone, and where Err says why. A text
	// is good until the visit is over, and cut after MaxText bytes.
	Value format.Value
	// Delta is how much a number changed since the last poll. It is absent at
	// the first poll of a file, and where Reset or Err is set. That of a file
	// that is gone is what it still counted up to its end.
	Delta format.Value
	// Samples are those behind the mean of an average, since it was made. Of a
	// moving average they have no total.
	Samples format.Samples
	// Interval are the samples since the last poll. There are none where Delta
	// is absent.
	Interval format.Samples
	// Histogram is what a histogram holds, and HistogramInterval what it took
	// since the last poll. They are nil for other stats and where Value or Delta
	// are absent, and good until the next poll.
	Histogram, HistogramInterval *format.HistogramState
	// Reset says that a counter, or the samples of an average or a histogram,
	// went back: its writer started again.
	Reset bool
	// Err is [mapping.ErrBusy] for a value that changed too fast to be read, and
	// [format.ErrHistogramFull] for one that is no number.
	Err error
	// Raw holds the bytes of the value, and of what our writers have behind
	// the mean of an average: see [format.AppendRecent] for the samples in the
	// window of a moving average, which are polled where Poller.Window says so.
	// It is good until the visit is over.
	Raw []byte
}

// Leave takes from the sample of a file that is gone what only a file that is
// there has.
func (s *Sample) Leave() {
	s.Value, s.Samples, s.Histogram, s.Raw, s.Reset = format.Value{}, format.Samples{}, nil, nil, false
}

// A Track makes samples of the values that one stat of one file has at one
// poll after the other. It is made with Series and Kind.
type Track struct {
	Series *Series
	Kind   format.Kind // of the stat in this file

	// The last value, as its bits: a value with a pointer would cost a write
	// barrier at each sample.
	last    uint64
	class   format.Class
	samples format.Samples
	// histogram is nil for other stats.
	histogram *histogramTrack
	// earlier says that the last value came from an earlier writer: use it to
	// detect a reset, never for a delta.
	earlier  bool
	reported bool
}

// A histogramTrack is the last state of a histogram, and what came after it.
type histogramTrack struct{ last, interval format.HistogramState }

// Continue goes on from the last value of t, which had the same label. Where
// another writer made the new values, they only tell whether a counter went
// back.
func (k *Track) Continue(t *Track, anotherWriter bool) {
	k.last, k.class, k.samples, k.reported = t.last, t.class, t.samples, t.reported
	k.histogram = t.histogram
	k.earlier = t.earlier || anotherWriter
}

// NewWriter says that the next value comes from another writer.
func (k *Track) NewWriter() { k.earlier = true }

// Next sets what s says of a stat that has the value v now, with n samples
// behind it.
func (k *Track) Next(s *Sample, v format.Value, n format.Samples) {
	s.Series, s.Value, s.Samples = k.Series, v, n
	if v.Class() == format.TextClass {
		return
	}
	last, class, samples, earlier := k.last, k.class, k.samples, k.earlier
	k.last, k.class, k.samples, k.earlier = v.Bits(), v.Class(), n, false
	switch {
	case class != v.Class():
	case k.Kind == format.KindCounter && v.Bits() < last, n.Count < samples.Count:
		s.Reset = true
	case !earlier:
		s.Delta = difference(v, last)
		s.Interval = format.Samples{Count: n.Count - samples.Count, Total: n.Total - samples.Total}
	}
}

// NextHistogram is Next for a histogram that holds h now, which it copies.
func (k *Track) NextHistogram(s *Sample, h *format.HistogramState) {
	k.Next(s, h.Value(), h.Samples())
	if k.histogram == nil {
		k.histogram = new(histogramTrack)
	}
	t := k.histogram
	if s.Delta.Class() != 0 {
		t.interval = *h
		if s.HistogramInterval = &t.interval; !t.interval.Sub(&t.last) {
			s.HistogramInterval, s.Delta, s.Interval = nil, format.Value{}, format.Samples{}
			s.Reset = true
		}
	}
	t.last = *h
	s.Histogram = &t.last
}

// Fail sets what s says of a stat that could not be read for a reason. It
// reports whether that is the first time.
func (k *Track) Fail(s *Sample, err error) (first bool) {
	s.Series, s.Err = k.Series, err
	k.class = 0
	first, k.reported = !k.reported, true
	return first
}

// difference returns v less the number of the same class that last holds the
// bits of, exactly where the result is whole and 64 bits hold it.
func difference(v format.Value, last uint64) format.Value {
	switch v.Class() {
	case format.IntClass:
		x, y := v.Int(), int64(last)
		if d := x - y; (d < 0) == (x < y) {
			return format.IntValue(d)
		}
		return format.FloatValue(float64(x) - float64(y))
	case format.FloatClass:
		return format.FloatValue(v.Float() - math.Float64frombits(last))
	}
	x := v.Uint()
	if x >= last {
		return format.UintValue(x - last)
	}
	if d := int64(x - last); d < 0 {
		return format.IntValue(d)
	}
	return format.FloatValue(float64(x) - float64(last))
}
