package reader

import (
	"errors"
	"io/fs"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

type inode struct{ dev, ino uint64 }

func inodeOf(info mapping.Info) inode { return inode{info.Dev, info.Ino} }

// A polled is one file, with what the poller needs of it.
type polled struct {
	File
	entry    statfile.Entry
	view     *mapping.View // nil between polls where too many files are mapped
	size     int           // of the map, in bytes; 0 if the file cannot be read
	end      int           // where the fields end, and a label size shows that there are more
	full     bool          // the file ends before there is room for a label size
	fields   []field
	requests []mapping.Request // for each of fields
	room     int               // sum of the requests' Lens

	seen     int  // the last poll that saw the name
	listed   int  // the last poll that added it to Poller.files
	second   bool // the file is known under another name
	failures int  // polls in a row that could not read it
	reported bool // what was wrong with it
	retry    int  // the poll that tries again, or 0
}

// A field is one stat of one file.
type field struct {
	Track
	sig  *format.Signature
	typ  format.Type
	live bool
	// description is nil where there is none.
	description *format.Description
}

// reconcile makes p.files what Watch says.
func (p *Poller) reconcile() {
	entries := p.Watch.Entries()
	for i := range entries {
		if f := p.byPath[entries[i].Path]; f != nil && entries[i].Err == nil {
			f.seen = p.polls
		}
	}
	before := p.files
	p.files = make([]*polled, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		if e.Err != nil {
			// What is missing later has come and gone.
			if p.polls == 1 {
				p.report(e.Err)
			}
			continue
		}
		if f := p.fileOf(e); f.listed != p.polls {
			f.listed = p.polls
			p.files = append(p.files, f)
		}
	}
	for _, f := range before {
		if f.listed != p.polls {
			p.leave(f)
		}
	}
}

// fileOf returns the file that an entry stands for.
func (p *Poller) fileOf(e *statfile.Entry) *polled {
	f := p.byPath[e.Path]
	if f != nil && f.entry.Dev == e.Dev && f.entry.Ino == e.Ino && !f.second {
		return f
	}
	next := &polled{File: File{Path: e.Path, poller: p}, entry: *e, seen: p.polls}
	var fields []field
	if f != nil {
		fields = f.fields
	}
	same := p.load(next, fields, false)
	switch {
	case same == nil:
		p.byPath[e.Path] = next
		return next
	case same == f:
		f.entry = *e
		return f
	case same.seen == p.polls:
		next.second = true
		p.byPath[e.Path] = next
		return next
	}
	// It was renamed.
	delete(p.byPath, same.Path)
	same.Path, same.entry, same.seen = e.Path, *e, p.polls
	p.byPath[e.Path] = same
	return same
}

// leave has f polled once more, since it is not there any more.
func (p *Poller) leave(f *polled) {
	if p.byPath[f.Path] == f {
		delete(p.byPath, f.Path)
	}
	p.unlist(f)
	p.leaving = append(p.leaving, f)
}

// load opens f and finds its fields. Those of old with the same labels go on:
// with their deltas where goOn says so, otherwise to tell which counters went
// back. Where another of p.files is the same file, it is returned and f is
// left alone.
func (p *Poller) load(f *polled, old []field, goOn bool) (same *polled) {
	opened, info, err := statfile.Open(f.Path, !f.entry.Found)
	if err != nil {
		p.lose(f, err)
		return nil
	}
	defer opened.Close()
	if same = p.byInode[inodeOf(info)]; same != nil && same != f {
		return same
	}
	err = p.reader.Read(opened, info)
	if err != nil && p.reader.Len() == 0 {
		p.lose(f, err)
		return nil
	}
	p.measure(f, info, err == nil)
	p.unmap(f)
	if p.maps < p.maxMaps {
		if mapErr := p.mapFile(f, opened); mapErr != nil {
			p.lose(f, mapErr)
			return nil
		}
	}
	goOn = goOn && f.Info.SameFile(info)
	p.identify(f, info)
	before := f.fields
	settled := p.choose(f, old, goOn)
	p.release(before)
	f.retry = 0
	p.fail(f, err)
	switch {
	case p.reader.loader.Limited:
		f.retry = 0 // no change of the file brings more
		p.tell(f)
	case err == nil && settled:
		f.failures = 0
	case err == nil:
		p.retryLater(f)
	}
	p.reader.release()
	return nil
}

// identify notes what info, and the stats that were read, say of f.
func (p *Poller) identify(f *polled, info mapping.Info) {
	p.unlist(f)
	f.Info, f.Stats = info, p.reader.Len()
	f.Writer, _ = liveness.WriterOf(p.reader.Data())
	f.judged, f.ended = 0, false
	p.byInode[inodeOf(info)] = f
}

// unlist removes f from what is known by inode.
func (p *Poller) unlist(f *polled) {
	if id := inodeOf(f.Info); p.byInode[id] == f {
		delete(p.byInode, id)
	}
}

// measure sets how much of f is mapped: up to the end of its stats, and where
// whole says that it has no others, up to where more would show.
func (p *Poller) measure(f *polled, info mapping.Info, whole bool) {
	end := p.reader.end()
	f.size, f.end, f.full = end, 0, false
	switch {
	case !whole: // a retry will tell
	case int64(end)+2 > info.Size:
		f.full = true
	default:
		f.end, f.size = end, end+2
	}
}

// mapFile maps f, which is opened.
func (p *Poller) mapFile(f *polled, opened *mapping.File) error {
	view, err := mapping.MapView(opened, f.size)
	if err != nil {
		return err
	}
	f.view = view
	p.maps++
	return nil
}

// mapAgain maps a file that is not mapped between polls. It reports whether
// that could be done.
func (p *Poller) mapAgain(f *polled) bool {
	opened, info, err := statfile.Open(f.Path, !f.entry.Found)
	if err != nil {
		return false
	}
	defer opened.Close()
	return info.SameFile(f.Info) && p.mapFile(f, opened) == nil
}

// unmap gives the map of f back.
func (p *Poller) unmap(f *polled) {
	if f.view != nil {
		f.view.Close()
		f.view = nil
		p.maps--
	}
}

// choose makes the wanted stats of those that were read the fields of f. It
// reports whether the filters would say the same of f at any time.
func (p *Poller) choose(f *polled, old []field, goOn bool) (settled bool) {
	f.fields, f.requests, f.room, f.Polled = nil, nil, 0, 0
	include, settled := p.Filters.Match(p.reader.Stats(), f.Writer)
	if !include {
		return settled
	}
	for i := range old {
		old[i].Series.before = &old[i]
	}
	p.loads++
	for st := range p.reader.Stats() {
		var label string
		if s := p.series.known[string(st.Label)]; s == nil {
			label = string(st.Label)
		} else if label = s.Label; s.load == p.loads {
			continue // of a label that is there twice, the first one counts
		}
		if p.Want != nil && !p.Want(label) {
			continue
		}
		if p.MaxStats > 0 && len(f.fields) == p.MaxStats {
			break
		}
		fd := p.addField(f, &st, label)
		if fd.Series.load = p.loads; fd.Series.before != nil {
			fd.Continue(&fd.Series.before.Track, !goOn)
		}
	}
	for i := range old {
		old[i].Series.before = nil
	}
	f.Polled = len(f.fields)
	if f.room > len(p.raw) {
		p.raw = make([]byte, f.room)
	}
	if len(f.requests) > len(p.outcomes) {
		p.outcomes = make([]mapping.Outcome, len(f.requests))
	}
	return true
}

// addField makes st a field of f.
func (p *Poller) addField(f *polled, st *format.Stat, label string) *field {
	t, sig := st.Type(), st.Signature
	fd := field{sig: sig, typ: t, live: st.Live()}
	if d := st.Description(); d != (format.Description{}) {
		fd.description = &d
	}
	fd.Kind = st.Kind()
	fd.Series = p.series.Join(label, t, fd.Kind)
	size := p.polledSize(sig, t)
	if t == format.Moving && p.Window != nil && p.Window(label) {
		size += 8 * st.Window()
	}
	words := (t == format.Moving || t == format.Histogram) && (st.ValueOffset+sig.ValueOffset)%8 == 0
	f.fields = append(f.fields, fd)
	f.requests = append(f.requests, mapping.Request{
		Offset: st.Offset, Label: fd.Series.Label, Signature: sig.Text,
		Size: sig.Size, Skip: sig.ValueOffset, Len: size,
		Buffered: st.Buffered(),
		Words:    words || size == sig.ValueSize && st.InWord(),
	})
	f.room += size
	return &f.fields[len(f.fields)-1]
}

// polledSize returns how many bytes of a stat of type t are polled, from the
// value on: all of the value, and what our writers have behind a mean, but not
// the samples in the window of a moving average.
func (p *Poller) polledSize(sig *format.Signature, t format.Type) int {
	switch t {
	case format.String:
		return min(sig.ValueSize, p.MaxText)
	case format.Average, format.Moving:
		return format.MeanSize
	case format.Histogram:
		return format.HistogramSize
	}
	return sig.ValueSize
}

// release gives up fields, and the series that no file has any more.
func (p *Poller) release(fields []field) {
	for i := range fields {
		p.series.Leave(fields[i].Series)
	}
}

// forget makes f a file of which nothing is known.
func (p *Poller) forget(f *polled) {
	p.unmap(f)
	p.release(f.fields)
	p.unlist(f)
	f.fields, f.requests, f.size, f.end, f.full = nil, nil, 0, 0, false
	f.Info, f.Writer, f.Stats, f.Polled = mapping.Info{}, liveness.Writer{}, 0, 0
}

// lose is told that f cannot be read.
func (p *Poller) lose(f *polled, err error) {
	p.forget(f)
	p.fail(f, err)
}

// maxWait is how many polls a file that failed is left alone at most.
const maxWait = 16

// fail notes that f cannot be read, or not to its end, and reports it. A file
// that was found, or that changed, may still be in the making at the first
// poll, or may be gone again: it has a second one.
func (p *Poller) fail(f *polled, err error) {
	if f.Err = err; err == nil {
		return
	}
	p.retryLater(f)
	passing := f.entry.Found || p.polls > 1
	if passing && (errors.Is(err, fs.ErrNotExist) || f.failures == 1) {
		return
	}
	p.tell(f)
}

// tell reports f.Err, unless an error of f was reported before.
func (p *Poller) tell(f *polled) {
	if !f.reported {
		f.reported = true
		p.report(f.Err)
	}
}

// retryLater has f loaded again, after ever more polls.
func (p *Poller) retryLater(f *polled) {
	f.retry = p.polls + min(1<<min(f.failures, 10), maxWait)
	f.failures++
}
