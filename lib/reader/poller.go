package reader

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"time"
	"unique"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
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
}

// A Sample is what a look at one stat of one file got.
type Sample struct {
	// Value is absent where the file is gone, and where Err says why. A text
	// is good until the visit is over, and cut after maxText bytes.
	Value format.Value
	// Delta is how much a number changed since the look before. It is absent
	// at the first look at a file, and where Reset or Err is set. That of a
	// file that is gone is what it still counted up to its end.
	Delta format.Value
	// Reset says that a counter went back: its writer started again.
	Reset bool
	// Err is mapping.ErrBusy for a value that changed at every look.
	Err error
}

// maxText is how much of a text is looked at, in bytes.
const maxText = 4096

// A Poller looks at the same stats of the same files again and again. What
// cannot change is not looked at again: files stay mapped, and fields stay
// where they were found. Each look finds the files that are new, gone,
// replaced, grown, truncated or written anew.
//
// It is used by one goroutine at a time. The fields are set before the first
// Poll.
type Poller struct {
	// Watch says which files there are.
	Watch *statfile.Watch
	// Want reports whether a label is looked at; without it all are.
	Want func(label string) bool
	// Filters leave out files.
	Filters Filters
	// MaxSize is how far into a file is read, in bytes; 0 is DefaultMaxSize.
	MaxSize int
	// Report is told what goes wrong, each thing once: an *fs.PathError.
	Report func(error)

	reader   Reader
	polls    int
	files    []*polled // in the order of Watch
	leaving  []*polled // for one look more
	byPath   map[string]*polled
	byInode  map[inode]*polled
	series   map[string]*Series
	freeIDs  []int
	decoders map[string]*format.Signature
	raw      []byte
	outcomes []mapping.Outcome
	current  Sample
}

type inode struct{ dev, ino uint64 }

// A polled is one file.
type polled struct {
	statfile.Entry
	inode  inode // of what was opened
	size   int64 // in bytes, when it was opened
	view   *mapping.View
	end    int  // of its fields, where a label size shows that there are more
	full   bool // the file ends before there is room for that
	places []mapping.Place
	fields []field // one for each of places
	room   int     // sum of the places' Lens

	seen, placed int  // the poll that saw it last, and that put it in order
	twin         bool // another name leads to the same file
	err          error
	failures     int // looks in a row that failed
	said         bool
	retry        int // the poll that tries again, or 0
}

// A field is one stat of one file.
type field struct {
	series *Series
	sig    *format.Signature // of the wanted bytes alone
	kind   format.Kind
	last   format.Value
	// former says that last is from another writer: it tells whether a counter
	// went back, and nothing else.
	former bool
	said   bool
}

// Close lets go of all files.
func (p *Poller) Close() {
	for _, f := range p.files {
		p.unmap(f)
	}
	p.files, p.byPath, p.byInode = nil, nil, nil
}

// Files returns how many files are looked at.
func (p *Poller) Files() (n int) {
	for _, f := range p.files {
		if len(f.fields) > 0 {
			n++
		}
	}
	return n
}

// Failing returns how many files and arguments cannot be read, or not to their
// end, and why the first of them cannot.
func (p *Poller) Failing() (n int, first error) {
	note := func(err error) {
		if err != nil {
			n++
			first = cmp.Or(first, err)
		}
	}
	for _, e := range p.Watch.Entries() {
		note(e.Err)
	}
	for _, f := range p.files {
		note(f.err)
	}
	return n, first
}

// Poll looks at every file once, calls visit with each sample, and returns
// when it looked.
func (p *Poller) Poll(visit func(*Series, *Sample)) time.Time {
	if p.polls++; p.polls == 1 {
		p.byPath = make(map[string]*polled)
		p.byInode = make(map[inode]*polled)
		p.series = make(map[string]*Series)
		p.decoders = make(map[string]*format.Signature)
		p.reader.MaxSize = p.MaxSize
	}
	if p.Watch.Look() {
		p.reconcile()
	}
	for _, f := range p.files {
		if f.retry != 0 && f.retry <= p.polls {
			p.load(f, f.fields, true)
		}
	}
	now := time.Now()
	for _, f := range p.leaving {
		p.sample(f, visit, true)
		p.unmap(f)
	}
	p.leaving = p.leaving[:0]
	for _, f := range p.files {
		p.sample(f, visit, false)
	}
	return now
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
			// What is not there later has come and gone.
			if p.polls == 1 {
				p.report(e.Err)
			}
			continue
		}
		if f := p.place(e); f.placed != p.polls {
			f.placed = p.polls
			p.files = append(p.files, f)
		}
	}
	for _, f := range before {
		if f.placed != p.polls {
			p.leave(f)
		}
	}
}

// place returns the file that an entry stands for.
func (p *Poller) place(e *statfile.Entry) *polled {
	f := p.byPath[e.Path]
	if f != nil && f.Dev == e.Dev && f.Ino == e.Ino && !f.twin {
		return f
	}
	next := &polled{Entry: *e, seen: p.polls}
	var fields []field
	if f != nil {
		fields = f.fields
	}
	same := p.load(next, fields, false)
	if same == nil {
		p.byPath[e.Path] = next
		return next
	}
	// The file is known already.
	switch {
	case same == f:
		f.Entry = *e
		return f
	case same.seen == p.polls:
		next.twin = true
		p.byPath[e.Path] = next
		return next
	}
	// It was renamed.
	delete(p.byPath, same.Path)
	same.Entry, same.seen = *e, p.polls
	p.byPath[e.Path] = same
	return same
}

// leave lets go of a file that is not there any more, after one look more.
func (p *Poller) leave(f *polled) {
	if p.byPath[f.Path] == f {
		delete(p.byPath, f.Path)
	}
	if p.byInode[f.inode] == f {
		delete(p.byInode, f.inode)
	}
	p.leaving = append(p.leaving, f)
}

// load opens f and finds its fields. Those of old that are there again keep
// their samples where kept says so; otherwise they tell which counters went
// back. Where another of p.files is the same file, it is returned and f is
// left alone.
func (p *Poller) load(f *polled, old []field, kept bool) (same *polled) {
	opened, info, err := statfile.Open(f.Path, !f.Found)
	if err != nil {
		p.unmap(f)
		p.fail(f, err)
		return nil
	}
	defer opened.Close()
	id := inode{info.Dev, info.Ino}
	if same = p.byInode[id]; same != nil && same != f {
		return same
	}
	if f.inode != id && p.byInode[f.inode] == f {
		delete(p.byInode, f.inode)
	}
	kept = kept && f.inode == id
	stats, err := p.reader.Read(opened, info)
	if err != nil && len(stats) == 0 {
		p.unmap(f)
		p.fail(f, err)
		return nil
	}
	mapErr := p.mapFile(f, opened, info, stats, err == nil)
	if mapErr != nil {
		p.unmap(f)
		p.fail(f, mapErr)
		return nil
	}
	f.inode, f.size = id, info.Size
	p.byInode[id] = f
	f.retry = 0
	before := f.fields
	settled := p.keep(f, stats, old, kept)
	p.release(before)
	p.fail(f, err)
	switch {
	case err != nil:
	case settled:
		f.failures = 0
	default:
		p.retryLater(f)
	}
	return nil
}

// mapFile maps the file up to the end of its stats, and where whole says that
// it has no others, up to where more would show.
func (p *Poller) mapFile(f *polled, opened *mapping.File, info mapping.Info, stats []Stat, whole bool) error {
	end := 1
	if len(stats) > 0 {
		end = stats[len(stats)-1].End()
	}
	size := end
	f.end, f.full = 0, false
	switch {
	case !whole: // a retry will tell
	case int64(end)+2 > info.Size:
		f.full = true
	default:
		f.end, size = end, end+2
	}
	view, err := mapping.MapView(opened, size)
	if err != nil {
		return err
	}
	if f.view != nil {
		f.view.Close()
	}
	f.view = view
	return nil
}

// keep makes the wanted ones of stats the fields of f. It reports whether the
// filters would say the same of f at any time.
func (p *Poller) keep(f *polled, stats []Stat, old []field, kept bool) (settled bool) {
	f.fields, f.places, f.room = nil, nil, 0
	include, settled := p.Filters.match(stats)
	if !include {
		return settled
	}
	former := make(map[*Series]*field, len(old))
	for i := range old {
		former[old[i].series] = &old[i]
	}
	taken := make(map[*Series]bool)
	for i := range stats {
		st := &stats[i]
		if label := string(st.Label); p.Want == nil || p.Want(label) {
			p.keepField(f, st, label, former, kept, taken)
		}
	}
	if f.room > len(p.raw) {
		p.raw = make([]byte, f.room)
	}
	if len(f.places) > len(p.outcomes) {
		p.outcomes = make([]mapping.Outcome, len(f.places))
	}
	return true
}

// keepField makes st a field of f. Of a label that stands twice in one file,
// the first one counts.
func (p *Poller) keepField(f *polled, st *Stat, label string, former map[*Series]*field, kept bool, taken map[*Series]bool) {
	s := p.series[label]
	if s != nil && taken[s] {
		return
	}
	if s == nil {
		s = p.newSeries(label, st)
	}
	s.Files++
	taken[s] = true
	if s.Type == format.String && st.Type() != format.String {
		s.Type, s.Kind = st.Type(), st.Kind()
	}
	fd := field{series: s, sig: p.decoder(st.Signature), kind: st.Kind()}
	if before := former[s]; before != nil {
		fd.last, fd.former, fd.said = before.last, before.former || !kept, before.said
	}
	f.fields = append(f.fields, fd)
	f.places = append(f.places, mapping.Place{
		Head: head(&st.Field), Offset: st.Offset,
		Size: st.Signature.Size, Skip: st.Signature.ValueOffset, Len: fd.sig.ValueSize,
		Buffered: st.Buffered(), Word: st.InWord(),
	})
	f.room += fd.sig.ValueSize
}

// head returns what a field starts with, up to its write buffer. Equal ones
// share their memory, since files repeat them.
func head(f *format.Field) string {
	b := make([]byte, 0, f.IndexOffset()-f.Offset)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(f.Label)))
	b = append(b, f.Label...)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(f.Signature.Text)))
	b = append(b, f.Signature.Text...)
	return unique.Make(string(b)).Value()
}

// maxDecoders bounds a cache, because signatures come from files that anyone
// may have written.
const maxDecoders = 1024

// decoder returns a signature that decodes the wanted bytes of a buffer alone.
func (p *Poller) decoder(s *format.Signature) *format.Signature {
	if d := p.decoders[s.Text]; d != nil {
		return d
	}
	d := *s
	d.ValueOffset = 0
	if s.Code == 's' || s.Code == 'p' {
		d.ValueSize = min(s.ValueSize, maxText)
	}
	if len(p.decoders) >= maxDecoders {
		clear(p.decoders)
	}
	p.decoders[s.Text] = &d
	return &d
}

func (p *Poller) newSeries(label string, st *Stat) *Series {
	s := &Series{Label: label, Type: st.Type(), Kind: st.Kind(), ID: len(p.series)}
	if n := len(p.freeIDs); n > 0 {
		s.ID, p.freeIDs = p.freeIDs[n-1], p.freeIDs[:n-1]
	}
	p.series[label] = s
	return s
}

// release gives up fields, and the series that no file has any more.
func (p *Poller) release(fields []field) {
	for i := range fields {
		s := fields[i].series
		if s.Files--; s.Files == 0 {
			delete(p.series, s.Label)
			p.freeIDs = append(p.freeIDs, s.ID)
		}
	}
}

// unmap makes f a file of which nothing is known.
func (p *Poller) unmap(f *polled) {
	if f.view != nil {
		f.view.Close()
		f.view = nil
	}
	p.release(f.fields)
	f.fields, f.places, f.end, f.full = nil, nil, 0, false
	if p.byInode[f.inode] == f {
		delete(p.byInode, f.inode)
	}
	f.inode = inode{}
}

// maxWait is how many looks a file that failed is left alone at most.
const maxWait = 16

// fail notes that f cannot be read, or not to its end, and reports it. A file
// that was found, or that changed, may still be in the making at the first
// look, or may be gone again: it has a second one.
func (p *Poller) fail(f *polled, err error) {
	if f.err = err; err == nil {
		return
	}
	p.retryLater(f)
	passing := f.Found || p.polls > 1
	if passing && (errors.Is(err, fs.ErrNotExist) || f.failures == 1) {
		return
	}
	if !f.said {
		f.said = true
		p.report(err)
	}
}

// retryLater has f loaded again, after ever more looks.
func (p *Poller) retryLater(f *polled) {
	f.retry = p.polls + min(1<<min(f.failures, 10), maxWait)
	f.failures++
}

func (p *Poller) report(err error) {
	if p.Report != nil {
		p.Report(err)
	}
}

// sample looks at the fields of f.
func (p *Poller) sample(f *polled, visit func(*Series, *Sample), gone bool) {
	if f.view == nil {
		return
	}
	more, moved := p.read(f)
	if !more && f.full {
		info, err := mapping.Stat(f.Path)
		more = err == nil && info.Size > f.size
	}
	if (more || moved) && !gone {
		// Where it was written anew, no sample can go on.
		p.load(f, f.fields, !moved)
		if f.view == nil {
			return
		}
		if _, moved = p.read(f); moved {
			p.retryLater(f)
		}
	}
	if moved {
		for i := range f.fields {
			f.fields[i].former = true
		}
		return
	}
	raw, s := p.raw, &p.current
	for i := range f.fields {
		fd := &f.fields[i]
		*s = Sample{}
		if p.outcomes[i] == mapping.Busy {
			s.Err = mapping.ErrBusy
			fd.last = format.Value{}
			p.busy(f, fd)
		} else {
			fd.take(s, fd.sig.Decode(raw))
		}
		if gone {
			s.Value, s.Reset = format.Value{}, false
		}
		visit(fd.series, s)
		raw = raw[f.places[i].Len:]
	}
}

// read gets the bytes of all fields of f, and tells whether there are more
// fields by now, and whether they are not where they were.
func (p *Poller) read(f *polled) (more, moved bool) {
	more, err := f.view.Read(f.places, p.raw, p.outcomes, f.end)
	if err != nil {
		return false, true
	}
	for i := range f.places {
		if p.outcomes[i] == mapping.Moved {
			return more, true
		}
	}
	return more, false
}

func (p *Poller) busy(f *polled, fd *field) {
	if !fd.said {
		fd.said = true
		p.report(&fs.PathError{Op: "read", Path: f.Path, Err: fmt.Errorf("%s: %w", fd.series.Label, mapping.ErrBusy)})
	}
}

// take makes v, the value of now, a sample.
func (fd *field) take(s *Sample, v format.Value) {
	s.Value = v
	if v.Class() == format.TextClass {
		return
	}
	last := fd.last
	fd.last = v
	if last.Class() != v.Class() {
		fd.former = false
		return
	}
	if fd.kind == format.KindCounter && v.Uint() < last.Uint() {
		s.Reset = true
	} else if !fd.former {
		s.Delta = difference(v, last)
	}
	fd.former = false
}

// difference returns v - w, exactly where it is whole and 64 bits hold it.
func difference(v, w format.Value) format.Value {
	switch v.Class() {
	case format.IntClass:
		if d := v.Int() - w.Int(); (d < 0) == (v.Int() < w.Int()) {
			return format.IntValue(d)
		}
	case format.UintClass, format.BoolClass:
		x, y := v.Uint(), w.Uint()
		if x >= y {
			return format.UintValue(x - y)
		}
		if d := int64(x - y); d < 0 {
			return format.IntValue(d)
		}
	}
	return format.FloatValue(v.Float() - w.Float())
}
