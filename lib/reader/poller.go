package reader

import (
	"fmt"
	"io/fs"
	"iter"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// DefaultMaxText is how much of a text is polled, in bytes.
const DefaultMaxText = 4096

// A Poller reads the same stats of the same files again and again. What cannot
// change is not read again: files stay mapped, and fields stay where they were
// found. Each poll finds the files that are new, gone, replaced, grown,
// truncated or written anew.
//
// It is used by one goroutine at a time. The exported fields are set before
// the first poll.
type Poller struct {
	// Watch says which files there are.
	Watch *statfile.Watch
	// Want reports whether a label is polled; without it all are.
	Want func(label string) bool
	// Filters leave out files.
	Filters Filters
	// MaxSize is how many bytes of a file are read; 0 is
	// [statfile.DefaultMaxSize].
	MaxSize int
	// MaxStats is how many stats of one file are polled; 0 is all. It bounds
	// what a hostile file can make the poller remember.
	MaxStats int
	// MaxText is how much of a text is polled, in bytes; 0 is DefaultMaxText.
	MaxText int
	// LastValues leaves the last values in the samples of files that are gone.
	LastValues bool
	// Window reports whether the samples in the window of the moving average
	// with a label are polled, too; without it none are.
	Window func(label string) bool
	// Judge tells which writers have ended.
	Judge liveness.Judge
	// JudgeAfter is how long [File.Ended] does not ask again; 0 is until the
	// next poll.
	JudgeAfter time.Duration
	// Report is told what goes wrong, each thing once: an *fs.PathError.
	Report func(error)

	reader   Reader
	polls    int
	now      time.Time // of the last poll
	elapsed  time.Duration
	loads    int       // of files
	files    []*polled // in the order of Watch
	leaving  []*polled // polled once more
	byPath   map[string]*polled
	byInode  map[inode]*polled
	series   SeriesSet
	maps     int // of files, at the moment
	maxMaps  int // that stay from poll to poll
	raw      []byte
	outcomes []mapping.Outcome
	sample   Sample
	// histogram is that of the sample.
	histogram format.HistogramState
}

// A File is a stat file that a [Poller] knows. The fields are good until the
// next poll.
type File struct {
	Path string
	// Err says why the file cannot be read, or not to its end. Where it cannot
	// be opened, nothing else is known of it.
	Err error
	// Info is what the file system said when the file was opened.
	Info mapping.Info
	// Writer is the process that the file names as its writer. Its PID is 0
	// where the file names none.
	Writer liveness.Writer
	// Stats counts the stats of the file, and Polled those that are polled.
	Stats, Polled int

	poller   *Poller
	judged   int       // the poll that asked whether the writer has ended, or 0
	judgedAt time.Time // when that was
	ended    bool
}

// Ended reports whether the writer of the file has ended, as [liveness.Judge]
// has it: in doubt it has not. It asks at most once a poll, and not before
// [Poller.JudgeAfter] has passed.
func (f *File) Ended() bool {
	p := f.poller
	if p == nil || f.ended || f.judged == p.polls || f.judged != 0 && p.now.Sub(f.judgedAt) < p.JudgeAfter {
		return f.ended
	}
	f.judged, f.judgedAt = p.polls, p.now
	// A writer that holds the lock of its file is judged by that, if the name
	// still leads to the file.
	var opened *mapping.File
	if f.Writer.KeepsLock {
		o, info, err := statfile.Open(f.Path, true)
		if err == nil {
			defer o.Close()
			if info.SameFile(f.Info) {
				opened = o
			}
		}
	}
	f.ended = !f.poller.Judge.Lives(opened, f.Writer, f.Info).Yes
	return f.ended
}

// SetEnded sets what Ended reports, of a file that no Poller knows.
func (f *File) SetEnded(ended bool) { f.ended = ended }

// Close releases all files.
func (p *Poller) Close() {
	for _, f := range p.files {
		p.forget(f)
	}
	p.files, p.byPath, p.byInode = nil, nil, nil
}

// Files yields what the last poll knew: first the arguments that cannot be
// read, and then the files, in the order of Watch.
func (p *Poller) Files() iter.Seq[*File] {
	return func(yield func(*File) bool) {
		for _, e := range p.Watch.Entries() {
			if e.Err != nil && !yield(&File{Path: e.Path, Err: e.Err, poller: p}) {
				return
			}
		}
		for _, f := range p.files {
			if !f.second && !yield(&f.File) {
				return
			}
		}
	}
}

// Poll reads every file once, calls visit with each sample, and returns when
// it did. The sample is good until visit returns.
func (p *Poller) Poll(visit func(*Sample)) time.Time {
	if p.polls++; p.polls == 1 {
		p.byPath = make(map[string]*polled)
		p.byInode = make(map[inode]*polled)
		p.reader.MaxSize = p.MaxSize
		if p.MaxText == 0 {
			p.MaxText = DefaultMaxText
		}
		if p.maxMaps == 0 {
			p.maxMaps = mapping.MaxMaps() / 2 // the rest of the process needs some, too
		}
	}
	if p.Watch.Refresh() {
		p.reconcile()
	}
	for _, f := range p.files {
		if f.retry != 0 && f.retry <= p.polls {
			p.load(f, f.fields, true)
		}
	}
	now := time.Now()
	if !p.now.IsZero() {
		p.elapsed = now.Sub(p.now)
	}
	p.now = now
	for _, f := range p.leaving {
		p.poll(f, visit, true)
		p.forget(f)
	}
	p.leaving = p.leaving[:0]
	for _, f := range p.files {
		p.poll(f, visit, false)
	}
	return now
}

// Elapsed returns the time between the last two polls, and 0 before the second.
func (p *Poller) Elapsed() time.Duration { return p.elapsed }

// poll reads the fields of f and calls visit with their samples. Gone says that
// f has no name any more.
func (p *Poller) poll(f *polled, visit func(*Sample), gone bool) {
	if f.size == 0 {
		return
	}
	more, moved := p.read(f)
	if !more && f.full {
		info, err := mapping.Stat(f.Path)
		more = err == nil && info.Size > f.Info.Size
	}
	if (more || moved) && !gone {
		// If it was written anew, no delta is one of the same writer.
		p.load(f, f.fields, !moved)
		if f.size == 0 {
			return
		}
		if _, moved = p.read(f); moved {
			p.retryLater(f)
		}
	}
	if moved {
		for i := range f.fields {
			f.fields[i].NewWriter()
		}
		return
	}
	raw, s := p.raw, &p.sample
	for i := range f.fields {
		fd := &f.fields[i]
		*s = Sample{File: &f.File, Type: fd.typ, Kind: fd.Kind, Live: fd.live, Description: fd.description, Raw: raw[:f.requests[i].Len:f.requests[i].Len]}
		raw = raw[len(s.Raw):]
		if err := p.next(fd, s, p.outcomes[i]); err != nil && fd.Fail(s, err) {
			p.report(&fs.PathError{Op: "read", Path: f.Path, Err: fmt.Errorf("%s: %w", fd.Series.Label, err)})
		}
		if s.Gone = gone; gone && !p.LastValues {
			s.Leave()
		}
		visit(s)
	}
}

// next sets the value of s, and what follows from it, of the stat fd.
func (p *Poller) next(fd *field, s *Sample, outcome mapping.Outcome) error {
	switch {
	case outcome == mapping.Busy:
		s.Raw = nil
		return mapping.ErrBusy
	case fd.typ == format.Histogram:
		if err := p.histogram.Decode(s.Raw); err != nil {
			return err
		}
		fd.NextHistogram(s, &p.histogram)
	default:
		fd.Next(s, fd.sig.DecodeValue(s.Raw), format.DecodeSamples(fd.typ, s.Raw))
	}
	return nil
}

// read gets the bytes of all fields of f. It reports whether f has more fields
// by now, and whether they have moved. If too many files are mapped, f is mapped
// for this read alone, which fails when its name is gone: what it counted after
// the poll before is lost.
func (p *Poller) read(f *polled) (more, moved bool) {
	if f.view == nil && !p.mapAgain(f) {
		return false, true
	}
	more, err := f.view.Read(f.requests, p.raw, p.outcomes, f.end)
	if p.maps > p.maxMaps {
		p.unmap(f)
	}
	if err != nil {
		return false, true
	}
	for i := range f.requests {
		if p.outcomes[i] == mapping.Moved {
			return more, true
		}
	}
	return more, false
}

func (p *Poller) report(err error) {
	if p.Report != nil {
		p.Report(err)
	}
}
