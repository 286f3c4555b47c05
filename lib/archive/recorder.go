package archive

import (
	"encoding/binary"
	"math"
	"slices"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// A Recorder makes the files of a record of the samples of a poll: its Visit is
// for a [reader.Poller] with LastValues. The zero Recorder is ready to use, by
// one goroutine.
type Recorder struct {
	known   map[*reader.File]*recorded
	visited []*recorded // in this poll
	files   []*File
	poll    int
}

// A recorded is a file as it is recorded.
type recorded struct {
	*File
	source *reader.File
	fields []recordedField // of Stats
	next   int             // that the next sample is of
	poll   int             // that had it last
}

// A recordedField is what the samples of a stat have in common.
type recordedField struct {
	series      *reader.Series
	description *format.Description
}

// Visit takes a sample. Those of a file come one after the other.
func (r *Recorder) Visit(s *reader.Sample) {
	n := len(r.visited)
	if n == 0 || r.visited[n-1].source != s.File {
		r.visited = append(r.visited, r.file(s.File))
		n++
	}
	r.visited[n-1].take(s)
}

// file returns the file that samples follow of.
func (r *Recorder) file(source *reader.File) *recorded {
	f := r.known[source]
	if f == nil {
		if r.known == nil {
			r.known = make(map[*reader.File]*recorded)
		}
		f = &recorded{File: new(File), source: source}
		r.known[source] = f
	}
	f.next, f.poll = 0, r.poll
	return f
}

// Files ends a poll, and returns its files for [Writer.Record]. They are good
// until the next poll.
func (r *Recorder) Files() []*File {
	// Those that are gone are visited first. They come last here, since those
	// that are new stand behind one that stays.
	first := slices.IndexFunc(r.visited, func(f *recorded) bool { return !f.Gone })
	if first < 0 {
		first = len(r.visited)
	}
	r.files = r.files[:0]
	for i := range r.visited {
		f := r.visited[(first+i)%len(r.visited)]
		f.end()
		r.files = append(r.files, f.File)
	}
	for source, f := range r.known {
		if f.Gone || f.poll != r.poll {
			delete(r.known, source)
		}
	}
	r.visited = r.visited[:0]
	r.poll++
	return r.files
}

// take takes the next sample of the file.
func (f *recorded) take(s *reader.Sample) {
	i := f.next
	f.next++
	if i < len(f.Stats) && !f.same(i, s) {
		f.renew(i)
	}
	if i == len(f.Stats) {
		f.add(s)
	} else if writtenAnew(&f.Stats[i], s) {
		f.renew(len(f.Stats))
	}
	set(&f.Stats[i], s)
	f.Gone = s.Gone
}

// end is called when all samples of a poll were taken.
func (f *recorded) end() {
	if f.next < len(f.Stats) {
		f.renew(f.next)
	}
	f.Path, f.Inode = f.source.Path, f.source.Info.Ino
	switch {
	case f.Gone:
	case f.source.Ended():
		f.Writer = WriterEnded
	case f.source.Writer.PID != 0:
		f.Writer = WriterRuns
	default:
		f.Writer = WriterUnknown
	}
}

// same reports whether s is a sample of the stat i.
func (f *recorded) same(i int, s *reader.Sample) bool {
	st, field := &f.Stats[i], &f.fields[i]
	if field.series != s.Series && st.Label != s.Series.Label || st.Type != s.Type || st.Kind != s.Kind || st.Live != s.Live {
		return false
	}
	if field.description != s.Description && st.Description != descriptionOf(s) {
		return false
	}
	*field = recordedField{s.Series, s.Description}
	return true
}

func descriptionOf(s *reader.Sample) string {
	if s.Description == nil {
		return ""
	}
	return s.Description.Text()
}

// renew makes f another file with the first n stats: nothing leads from what
// they were before to what they are now.
func (f *recorded) renew(n int) {
	f.File = &File{Writer: f.Writer, Stats: slices.Clone(f.Stats[:n])}
	for i := range f.Stats {
		st := &f.Stats[i]
		st.Words, st.Text = slices.Clone(st.Words), slices.Clone(st.Text)
	}
	f.fields = f.fields[:n]
}

// writtenAnew reports whether the file was written anew since st was sampled:
// then a number has neither a delta nor a reset.
func writtenAnew(st *Stat, s *reader.Sample) bool {
	isNumber := s.Value.Class() != 0 && s.Value.Class() != format.TextClass
	return isNumber && !st.Unread && s.Delta.Class() == 0 && !s.Reset
}

func (f *recorded) add(s *reader.Sample) {
	f.Stats = append(f.Stats, Stat{
		Label: s.Series.Label, Type: s.Type, Kind: s.Kind, Live: s.Live,
		Description: descriptionOf(s), Words: make([]uint64, WordsOf(s.Type)),
	})
	f.fields = append(f.fields, recordedField{s.Series, s.Description})
}

// set sets the value of st.
func set(st *Stat, s *reader.Sample) {
	if st.Unread = s.Value.Class() == 0; st.Unread {
		return
	}
	switch w := st.Words; s.Type {
	case format.String:
		st.Text = append(st.Text[:0], s.Value.Text()...)
	case format.Histogram:
		for i := range histogramRange {
			w[i] = binary.NativeEndian.Uint64(s.Raw[8*(format.HistogramSum+i):])
		}
		for i := range w[histogramRange:] {
			w[histogramRange+i] = binary.NativeEndian.Uint64(s.Raw[8*(format.HistogramBuckets+i):])
		}
	case format.Average:
		w[0], w[1], w[2] = s.Value.Bits(), s.Samples.Count, math.Float64bits(s.Samples.Total)
	case format.Moving:
		w[0], w[1] = s.Value.Bits(), s.Samples.Count
	default:
		w[0] = s.Value.Bits()
	}
}
