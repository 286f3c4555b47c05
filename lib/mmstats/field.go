package mmstats

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// A field is a stat of an open file: where it is in memory, and how it is
// updated. There is one for each label of a file, so that all ways to update a
// stat are one.
type field struct {
	store  *store
	region *mapping.Region
	at     format.Field // its label may be nil
	typ    format.Type
	sig    format.Signature // of the value without the pad bytes before it
	header string           // all that never changes before the write buffer
	about  format.Description

	way  way
	word mapping.Word
	both mapping.Buffers
	ring mapping.Ring
	hist *mapping.Histogram
	mu   sync.Mutex // of updates that only one goroutine may make, in a file of our own

	declared bool // a stat of this process is bound to it

	// Of the batch that is being applied:
	batch uint64       // its number
	known bool         // whether after is known
	after format.Value // the value that the changes so far will leave
	spec  format.Spec  // of a field that is to be made
	stat  Stat         // that is to be bound to it, or nil
}

// way is how a field is updated, which its layout alone tells.
type way uint8

const (
	notAtAll  way = iota
	inWord        // in one step, at any time
	buffered      // by the only writer
	average       // the same
	moving        // the same
	histogram     // by samples, at any time
)

// attach makes f the field of its region that fd describes.
func (f *field) attach(fd *format.Field) {
	f.at, f.typ, f.sig, f.about = fd.Layout(), fd.Type(), *fd.Signature, fd.Description()
	skip := f.pad()
	f.sig.ValueOffset, f.sig.Size = 0, f.sig.Size-skip
	aligned := f.sig.TrailingBlank && f.value()%8 == 0
	if fd.Buffered() {
		f.both = mapping.BuffersAt(f.region, fd.IndexOffset(), skip+f.sig.Size).Part(skip, f.sig.Size)
	}
	switch {
	case f.typ == format.Average:
		f.way = average
	case f.typ == format.Histogram && aligned:
		f.way, f.hist = histogram, new(mapping.Histogram)
		f.hist.Bind(f.region, f.value(), f.pad())
		f.store.histograms = append(f.store.histograms, f.hist)
	case f.typ == format.Moving && aligned:
		f.way, f.ring = moving, mapping.RingAt(f.region, f.value(), fd.Window())
	case fd.Buffered():
		f.way = buffered
	case aligned && f.sig.Size == 8:
		f.way, f.word = inWord, mapping.WordAt(f.region, f.value())
	}
}

// value is where the value starts in the file, or the first of two.
func (f *field) value() int { return f.at.ValueOffset + f.pad() }

// pad is how many pad bytes, which describe it, are before the value.
func (f *field) pad() int { return f.at.Signature.ValueOffset }

// refusal returns why the field cannot be updated by a change, or nil.
func (f *field) refusal() error {
	const refused = "cannot be updated by another process: "
	switch s := f.at.Signature; {
	case f.way != notAtAll:
		return nil
	case s.LeadingBlank:
		return errors.New(refused + "one goroutine of its program owns it")
	case f.at.Buffered() || s.TrailingBlank:
		return errors.New(refused + "it is not aligned")
	case f.at.Live(): // as Python's writers lay it out
		return errors.New(refused + "only its own program changes it")
	case f.typ == format.String:
		return errors.New(refused + "it is a constant, or only its own program changes it")
	}
	return errors.New(refused + "it is a constant")
}

// exclusive reports whether only one writer at a time may update the field.
func (f *field) exclusive() bool { return f.way == buffered || f.way == average || f.way == moving }

// updatedAs returns an error where the field is not updated as a stat of spec
// is. The size of texts and windows may differ: that of the file counts.
func (f *field) updatedAs(spec format.Spec) error {
	if f.typ != spec.Type {
		return fmt.Errorf("has another type: %v, not %v", f.typ, spec.Type)
	}
	want, err := spec.Signature()
	if err != nil {
		return err
	}
	s := f.at.Signature
	same := updateOf(s) == spec.Update && s.Code == want.Code && s.BigEndian == want.BigEndian
	if spec.Update != format.Never {
		same = same && f.value()%8 == 0 && f.sig.Size%8 == 0
	}
	if !same {
		return fmt.Errorf("has another type: it is updated in another way (signature %q)", s.Text)
	}
	return f.means(spec)
}

// means returns an error where the field does not mean what a stat of spec
// does. It may have another text for people, and no unit: programs change.
func (f *field) means(spec format.Spec) error {
	d := spec.Description
	if kind := f.at.Kind(); kind != spec.Kind() {
		return fmt.Errorf("is a %v, not a %v", kind, spec.Kind())
	}
	if d.Unit != "" && f.about.Unit != "" && d.Unit != f.about.Unit {
		return fmt.Errorf("has the unit %q, not %q", f.about.Unit, d.Unit)
	}
	return nil
}

// describedAs returns an error where a description says something that that of
// the field does not.
func (f *field) describedAs(d *format.Description) error {
	switch {
	case d.Unit != "" && d.Unit != f.about.Unit:
		return fmt.Errorf("has the unit %q, not %q", f.about.Unit, d.Unit)
	case d.Kind != 0 && d.Kind != f.at.Kind():
		return fmt.Errorf("is a %v, not a %v", f.at.Kind(), d.Kind)
	case d.About != "" && d.About != f.about.About:
		return fmt.Errorf("is described as %q already", f.about.About)
	case d.Every != 0 && d.Every != f.about.Every:
		return fmt.Errorf("is a heartbeat every %v seconds, not %v", f.about.Every, d.Every)
	}
	return nil
}

// updateOf returns how a signature says that the field is updated.
func updateOf(s *format.Signature) format.Update {
	switch {
	case s.TrailingBlank:
		return format.Shared
	case s.LeadingBlank:
		return format.Owned
	}
	return format.Never
}

// accept returns the value that a change says, or why it cannot be made. With
// nothing to do, it is absent.
func (f *field) accept(c *change.Change) (operand format.Value, err error) {
	exists := f.region != nil
	if c.Type != 0 && c.Type != f.typ {
		name := c.TypeName
		if name == "" {
			name = c.Type.String()
		}
		return operand, fmt.Errorf("is of type %v, not %s", f.typ, name)
	}
	if exists {
		if err := f.describedAs(&c.Description); err != nil {
			return operand, err
		}
	}
	if c.Op == change.Declare && (exists || !c.HasValue()) {
		return operand, nil
	}
	operand, err = c.Operand(f.typ)
	if err == nil && exists {
		err = f.refusal()
	}
	return operand, err
}

// missing returns an error if the field is not where it was: somebody truncated
// the file or wrote it anew.
func (f *field) missing() error {
	if f.region.Holds(f.at.Offset, f.header) {
		return nil
	}
	if err := f.region.Err(); err != nil {
		return err
	}
	return errRewritten
}

// read copies the value as readers would.
func (f *field) read(buf []byte) error {
	if f.way == inWord {
		word, err := f.word.Load()
		copy(buf, word[:])
		return err
	}
	if f.store.owner {
		f.mu.Lock()
		defer f.mu.Unlock()
	}
	return f.both.Read(buf)
}

// change carries out a change of the value, which operand is. The caller is the
// only writer where there must be only one.
func (f *field) change(c *change.Change, operand format.Value) error {
	var err error
	switch f.way {
	case inWord:
		return f.word.Update(func(word *[8]byte) error { return f.nextIn(word[:], c.Op, operand) })
	case buffered:
		buf := make([]byte, f.sig.Size)
		err = f.both.Update(buf, func() error { return f.nextIn(buf, c.Op, operand) })
	case average:
		err = addToAverage(&f.both, operand.Float())
	case moving:
		if !f.ring.Add(operand.Float()) {
			err = mapping.ErrGone
		}
	case histogram:
		f.hist.AddN(operand.Float(), max(c.Count, 1))
		err = f.region.Err()
	}
	if err == mapping.ErrGone {
		err = f.store.fail("update", err)
	}
	return err
}

// nextIn replaces the value in buf by the one that a change makes of it.
func (f *field) nextIn(buf []byte, op change.Op, operand format.Value) error {
	v, err := change.Next(f.typ, f.sig.Decode(buf), op, operand)
	if err != nil {
		return err
	}
	return change.Encode(&f.sig, f.typ, buf, v)
}

// begin makes the caller, who has nobody to return an error to, the only one who
// updates the field, until end. It reports whether it could: if not, the update
// is counted as dropped.
func (f *field) begin() bool {
	if f.store.owner {
		f.mu.Lock()
		return true
	}
	return f.store.begin(f)
}

func (f *field) end() {
	if f.store.owner {
		f.mu.Unlock()
	} else {
		f.store.end()
	}
}

// A ref is what stats refer to their field by. The zero ref refers to none. It
// may be bound while the stat is updated.
type ref struct {
	field atomic.Pointer[field]
}

func (r *ref) bind(f *field) { r.field.Store(f) }

// bound reports whether the stat is one of a file that is open.
func (r *ref) bound() bool {
	f := r.field.Load()
	return f != nil && !f.store.closed.Load()
}

// sample adds a sample to an average, or counts one that is no finite number as
// dropped.
func (r *ref) sample(v float64) {
	f := r.field.Load()
	switch {
	case f == nil:
	case !change.Finite(v):
		f.store.drop(change.ErrFinite)
	case f.begin():
		if f.way == average {
			addToAverage(&f.both, v)
		} else {
			f.ring.Add(v)
		}
		f.end()
	}
}
