package archive

import (
	"io"
	"iter"
	"math"
	"slices"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/reader"
)

// A Player polls the records of an archive as a [reader.Poller] polls files: to
// the visitor, both are the same. One goroutine at a time may use it. The
// exported fields are set before the first poll.
type Player struct {
	// Want reports whether a label is polled; without it all are.
	Want func(label string) bool
	// Filters leave out files.
	Filters reader.Filters
	// Paths say which files are polled; without them all are.
	Paths *Paths
	// Step is the time from one poll to the next: what the records between
	// counted is added up. 0 is a poll for each record. It may be changed
	// between two polls.
	Step time.Duration
	// Sparse makes a poll read less: a count is the difference between both
	// ends of the Step, so what a writer counted until it started again is
	// lost. Where the Step is long, only keys are read, and then the records
	// between the last key and End.
	Sparse bool
	// End is the time after which no record is polled. The zero time is none.
	End time.Time

	archive *Archive
	pending *Record // of Seek
	noKeys  bool    // there is no other key up to End
	record  *Record // the last one
	err     error
	files   []*played
	byFile  map[*File]*played
	byPath  map[string]*played
	left    []*played // gone since the last poll
	series  reader.SeriesSet
	records int

	since   time.Duration // of the last poll
	elapsed time.Duration

	sample    reader.Sample
	histogram format.HistogramState
}

// A played is a file of the archive, as it is polled.
type played struct {
	reader.File
	source *File
	fields []playedField
	record int // the last one that has it
	// included says that it meets the filters, and settled that it always does,
	// or never.
	included, settled bool
}

// A playedField is a stat of a file.
type playedField struct {
	reader.Track
	index       int // in the stats of the source
	description *format.Description
	sums        sums
}

// NewPlayer returns a player of the records that a.Next returns.
func NewPlayer(a *Archive) *Player {
	return &Player{archive: a, byFile: make(map[*File]*played), byPath: make(map[string]*played)}
}

// Seek makes the last record at or before t the next one. The errors are those
// of [Archive.At].
func (p *Player) Seek(t time.Time) error {
	var err error
	p.pending, err = p.archive.At(t)
	return err
}

// Err returns why the last poll found no record, and nil where the archive has
// no more.
func (p *Player) Err() error {
	if p.err == io.EOF {
		return nil
	}
	return p.err
}

// Upcoming returns the time of the next record, and whether there is one. Where
// the archive is being written, there may be one later.
func (p *Player) Upcoming() (t time.Time, ok bool) {
	if p.pending == nil {
		p.pending, p.err = p.following()
	}
	if p.pending == nil {
		return t, false
	}
	return p.pending.Time, true
}

// Elapsed returns the time between the last two polls, by a clock that never
// goes back. It is 0 where there are no deltas: at the first poll, and behind
// a gap.
func (p *Player) Elapsed() time.Duration { return p.elapsed }

// Interval returns the time between two records, as it was meant, and 0 before
// the first poll.
func (p *Player) Interval() time.Duration {
	if p.record == nil {
		return 0
	}
	return p.record.Interval
}

// Files yields the files of the last poll, in the order of the recorder.
func (p *Player) Files() iter.Seq[*reader.File] {
	return func(yield func(*reader.File) bool) {
		for _, f := range p.files {
			if !yield(&f.File) {
				return
			}
		}
	}
}

// Poll goes on to the next record, or by Step, calls visit with each sample,
// and returns the time of the record. It returns the zero time where there is
// no other record: see [Player.Err]. The sample is good until visit returns.
func (p *Player) Poll(visit func(*reader.Sample)) time.Time {
	baseline := p.record == nil
	for first := true; ; first = false {
		if p.err = p.next(); p.err != nil {
			if first || p.err != io.EOF {
				return time.Time{}
			}
			p.visitAll(visit, p.Sparse) // the archive ends within the step
			break
		}
		baseline = baseline || p.record.Baseline
		// Ticks come sooner or later by a part of the interval.
		if baseline || p.record.Since-p.since >= p.Step-p.record.Interval/2 {
			p.visitAll(visit, true)
			break
		}
		if !p.Sparse {
			p.addUp()
		}
	}
	p.elapsed = p.record.Since - p.since
	if baseline {
		p.elapsed = 0
	}
	p.since = p.record.Since
	return p.record.Time
}

// next makes p.files those of the next record.
func (p *Player) next() (err error) {
	r := p.pending
	if p.pending = nil; r == nil {
		if r, err = p.following(); err != nil {
			return err
		}
	}
	if r.Baseline {
		p.forget()
	}
	p.record = r
	p.records++
	before := p.files
	p.files = make([]*played, 0, len(r.Files))
	for _, f := range r.Files {
		p.apply(f)
	}
	for _, f := range before {
		if f.record != p.records {
			p.leave(f)
		}
	}
	clear(p.byPath)
	for _, f := range p.files {
		p.byPath[f.Path] = f
	}
	return nil
}

// following returns the record that is polled after the last one.
func (p *Player) following() (*Record, error) {
	p.archive.end = math.MaxInt64
	if !p.End.IsZero() {
		p.archive.end = p.End.UnixMicro()
	}
	if p.Sparse && !p.noKeys && p.record != nil && p.Step >= p.record.Interval*keyEvery/4 {
		r, err := p.archive.nextKey(p.record.Time.Add(p.Step - p.record.Interval/2))
		if err != io.EOF {
			return r, err
		}
		p.noKeys = true
	}
	return p.archive.Next()
}

// apply takes a file of the record.
func (p *Player) apply(f *File) {
	known := p.byFile[f]
	switch {
	case known == nil:
		known = &played{source: f}
		p.byFile[f] = known
		var before []playedField
		if last := p.byPath[f.Path]; last != nil {
			before = last.fields
		}
		p.choose(known, before, true)
	case f.Path != known.Path || len(f.Stats) != known.Stats || !known.settled && p.match(known) != known.included:
		p.choose(known, known.fields, false)
	}
	known.record = p.records
	known.SetEnded(f.Writer == WriterEnded)
	if f.Gone {
		p.leave(known)
	} else {
		p.files = append(p.files, known)
	}
}

// leave makes f one of the files that are gone.
func (p *Player) leave(f *played) {
	delete(p.byFile, f.source)
	p.left = append(p.left, f)
}

// forget drops all files: nothing leads from them to the next record.
func (p *Player) forget() {
	for _, f := range slices.Concat(p.files, p.left) {
		p.release(f.fields)
	}
	p.files, p.left = nil, nil
	clear(p.byFile)
	clear(p.byPath)
}

// match reports whether a file meets the filters.
func (p *Player) match(f *played) (match bool) {
	if p.Paths != nil {
		if match, _ := p.Paths.Match(f.source.Path); !match {
			f.settled = true
			return false
		}
	}
	match, f.settled = p.Filters.Match(f.source.All(), f.Writer)
	return match
}

// choose makes the wanted stats of a file its fields. Those of before with the
// same labels go on: with their deltas, unless they are of another writer.
func (p *Player) choose(f *played, before []playedField, anotherWriter bool) {
	last := make(map[*reader.Series]*playedField, len(before))
	for i := range before {
		last[before[i].Series] = &before[i]
	}
	old := f.fields
	f.fields = nil
	f.identify()
	if f.included = p.match(f); f.included {
		for i := range f.source.Stats {
			st := &f.source.Stats[i]
			if p.Want != nil && !p.Want(st.Label) {
				continue
			}
			fd := playedField{index: i, description: st.describe()}
			fd.Series, fd.Kind = p.series.Join(st.Label, st.Type, st.Kind), st.Kind
			if last := last[fd.Series]; last != nil {
				fd.Continue(&last.Track, anotherWriter)
				if !anotherWriter {
					fd.sums = last.sums
				}
			}
			f.fields = append(f.fields, fd)
		}
	}
	f.Polled = len(f.fields)
	p.release(old)
}

// release gives up fields, and the series that no file has any more.
func (p *Player) release(fields []playedField) {
	for i := range fields {
		p.series.Leave(fields[i].Series)
	}
}

// identify sets what the source says of the file.
func (f *played) identify() {
	f.Path, f.Info.Ino, f.Stats = f.source.Path, f.source.Inode, len(f.source.Stats)
	f.Writer = f.source.WriterOf()
}

// addUp adds what the record counted to the sums of the step.
func (p *Player) addUp() {
	for _, files := range [...][]*played{p.left, p.files} {
		for _, f := range files {
			if f.record != p.records {
				continue
			}
			for i := range f.fields {
				f.fields[i].sums.add(p.sampleOf(f, &f.fields[i], true))
			}
		}
	}
}

// visitAll visits all samples. Those of the last record are in the sums
// already, unless it is to be counted.
func (p *Player) visitAll(visit func(*reader.Sample), count bool) {
	for _, f := range p.left {
		for i := range f.fields {
			fd := &f.fields[i]
			present := count && (f.record == p.records || p.Sparse && f.source.Gone)
			if !present && fd.sums.ticks == 0 {
				continue // it was lost, not gone
			}
			reset := fd.sums.reset // before it was gone
			s := p.total(f, fd, present)
			s.Gone = true
			s.Leave()
			s.Reset = reset
			visit(s)
		}
		p.release(f.fields)
	}
	p.left = p.left[:0]
	for _, f := range p.files {
		for i := range f.fields {
			visit(p.total(f, &f.fields[i], count))
		}
	}
}

// total returns the sample of a field for the whole step.
func (p *Player) total(f *played, fd *playedField, count bool) *reader.Sample {
	s := p.sampleOf(f, fd, count)
	if fd.sums.ticks > 0 {
		if count {
			fd.sums.add(s)
		}
		fd.sums.set(s)
		fd.sums = sums{}
	}
	return s
}

// sampleOf returns what the record says of a field, which is counted once.
func (p *Player) sampleOf(f *played, fd *playedField, count bool) *reader.Sample {
	st, s := &f.source.Stats[fd.index], &p.sample
	*s = reader.Sample{File: &f.File, Series: fd.Series, Type: st.Type, Kind: st.Kind, Live: st.Live, Description: fd.description}
	var err error
	switch {
	case st.Unread:
		err = mapping.ErrBusy
	case st.Type == format.Histogram:
		err = st.Histogram(&p.histogram)
	}
	switch {
	case err != nil && count:
		fd.Fail(s, err)
	case err != nil:
		s.Err = err
	case st.Type == format.Histogram && count:
		fd.NextHistogram(s, &p.histogram)
	case st.Type == format.Histogram:
		state := p.histogram // which the next stat will use
		s.Value, s.Samples, s.Histogram = state.Value(), state.Samples(), &state
	case count:
		fd.Next(s, st.Value(), st.Samples())
	default:
		s.Value, s.Samples = st.Value(), st.Samples()
	}
	return s
}
