package mmstats

import (
	"errors"
	"fmt"
	"io/fs"
	"math"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
)

// A Var is a stat whose type is known when the program runs, and not before.
// It updates every layout that may be updated, also those of Python's
// writers. As a Stat it declares a stat of its Type; File.Var returns one that
// is there. Its methods may be called by any number of goroutines.
type Var struct {
	// Type, Size (of a String in bytes, of a Moving in samples) and Initial,
	// which may be absent, are read when the Var is declared.
	Type    format.Type
	Size    int
	Initial format.Value

	file  *File
	field format.Field
	way   way
	word  mapping.Word
	both  mapping.Buffers
	ring  mapping.Ring
}

// way is how a field is updated. Its layout alone tells.
type way uint8

const (
	notAtAll way = iota
	inWord       // in one step, at any time
	buffered     // as the only writer
	average
	moving
)

// ErrConstant says that a stat never changes, or that only its own program
// may change it.
var ErrConstant = errors.New("cannot be updated by another process")

// Var returns the stat called label after the prefix. The error is an
// fs.ErrNotExist if the file has none.
func (f *File) Var(label string) (*Var, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, f.fail("update", fs.ErrClosed)
	}
	fd := f.find(f.options.Prefix + label)
	if fd == nil {
		return nil, f.fail("update", fmt.Errorf("%q: %w", f.options.Prefix+label, fs.ErrNotExist))
	}
	v := &Var{Type: fd.Type()}
	v.bind(binding{f, f.region(), fd})
	return v, nil
}

func (v *Var) spec() (format.Spec, format.Value, error) {
	sp := format.Spec{Type: v.Type, Size: v.Size}
	if sp.Size == 0 {
		switch v.Type {
		case format.String:
			sp.Size = DefaultText
		case format.Moving:
			sp.Size = DefaultWindow
		}
	}
	return sp, v.Initial, nil
}

func (v *Var) bind(b binding) {
	v.file, v.field = b.file, *b.field
	s := v.field.Signature
	aligned := s.TrailingBlank && v.field.ValueOffset%8 == 0 && s.ValueOffset == 0
	switch {
	case v.Type == format.Average:
		v.way = average
	case v.Type == format.Moving && aligned:
		v.way, v.ring = moving, mapping.RingAt(b.region, v.field.ValueOffset, v.field.Window())
	case v.field.Buffered():
		v.way = buffered
	case aligned && s.Size == 8:
		v.way, v.word = inWord, mapping.WordAt(b.region, v.field.ValueOffset)
	default:
		v.way = notAtAll
	}
	if v.field.Buffered() {
		v.both = mapping.BuffersAt(b.region, v.field.IndexOffset(), s.Size)
	}
}

// Samples reports whether v takes samples, and so cannot be set.
func (v *Var) Samples() bool { return v.Type == format.Average || v.Type == format.Moving }

// Declared reports whether v is a stat of a file.
func (v *Var) Declared() bool { return v.file != nil }

// Updatable returns ErrConstant with a reason if v cannot be updated, and
// ErrInUse if it cannot as long as the process runs that made it: one that does
// not lay out its fields as we do may hold no lock.
func (v *Var) Updatable() error {
	s := v.field.Signature
	switch {
	case v.Locks() && !s.TrailingBlank:
		w, werr := liveness.WriterOf(v.file.loader.Data)
		info, err := v.file.f.Stat()
		if err == nil && werr == nil && !(liveness.Judge{}).Ended(w, info).Yes {
			err = v.file.fail("update", ErrInUse)
		}
		return err
	case v.way != notAtAll:
		return nil
	case s.LeadingBlank:
		return fmt.Errorf("%w: one goroutine of its program owns it", ErrConstant)
	case v.field.Live():
		return fmt.Errorf("%w: it is not aligned", ErrConstant)
	}
	return fmt.Errorf("%w: it is a constant", ErrConstant)
}

// Locks reports whether an update takes the lock of the file, and so may end
// with ErrLocked.
func (v *Var) Locks() bool { return v.way == buffered || v.way == average || v.way == moving }

// Value returns the value, by the rules of readers. It is that of the mean of
// an average.
func (v *Var) Value() (format.Value, error) {
	s := v.field.Signature
	switch v.way {
	case inWord:
		word, err := v.word.Load()
		return s.Decode(word[:]), err
	case moving:
		return format.FloatValue(v.ring.Mean()), nil
	case buffered, average:
		buf := make([]byte, s.Size)
		err := v.both.Read(buf)
		return s.Decode(buf), err
	}
	return format.Value{}, v.Updatable()
}

// Set sets the value. Averages take samples instead, by Add.
func (v *Var) Set(to format.Value) error { return v.set(nil, to) }

// Set is v.Set, for the only writer.
func (x *Exclusive) Set(v *Var, to format.Value) error { return v.set(x, to) }

func (v *Var) set(x *Exclusive, to format.Value) error {
	return v.change(x, func(format.Value) (format.Value, error) { return to, nil })
}

// Add adds to a number, or gives a sample to an average. The error is
// format.ErrRange if the sum does not fit; then nothing is changed.
func (v *Var) Add(delta format.Value) error { return v.add(nil, delta) }

// Add is v.Add, for the only writer.
func (x *Exclusive) Add(v *Var, delta format.Value) error { return v.add(x, delta) }

func (v *Var) add(x *Exclusive, delta format.Value) error {
	switch v.way {
	case average, moving:
		if delta.Class() == format.TextClass || delta.Class() == format.BoolClass {
			return format.ErrClass
		}
		return v.only(x, func() error {
			var done bool
			if v.way == average {
				done = addToAverage(v.both, delta.Float())
			} else {
				done = v.ring.Add(delta.Float())
			}
			if !done {
				return v.file.fail("update", mapping.ErrGone)
			}
			return nil
		})
	}
	return v.change(x, func(old format.Value) (format.Value, error) { return Sum(v.Type, old, delta) })
}

// ErrSamples says that an average takes samples, and cannot be set.
var ErrSamples = errors.New("takes samples and cannot be set")

// change replaces the value by what next makes of it, in one step.
func (v *Var) change(x *Exclusive, next func(old format.Value) (format.Value, error)) error {
	s := v.field.Signature
	encode := func(buf []byte) error {
		to, err := next(s.Decode(buf))
		if err != nil {
			return err
		}
		return s.Encode(buf, fit(s, to))
	}
	switch v.way {
	case inWord:
		return v.word.Update(func(word *[8]byte) error { return encode(word[:]) })
	case buffered:
		return v.only(x, func() error {
			buf := make([]byte, s.Size)
			err := v.both.Read(buf)
			if err == nil {
				err = encode(buf)
			}
			if err == nil && !v.both.Write(buf) {
				err = mapping.ErrGone
			}
			if errors.Is(err, mapping.ErrGone) {
				err = v.file.fail("update", err)
			}
			return err
		})
	case average, moving:
		return ErrSamples
	}
	return v.Updatable()
}

// only runs update as the only writer of the file, which x says that the
// caller is already.
func (v *Var) only(x *Exclusive, update func() error) error {
	if x == nil {
		var err error
		if x, err = v.file.Lock(); err != nil {
			return err
		}
		defer x.Unlock()
	}
	if err := v.Updatable(); err != nil {
		return err
	}
	return update()
}

// fit cuts a text that is too long for its room.
func fit(s *format.Signature, to format.Value) format.Value {
	if s.Code != 's' || to.Class() != format.TextClass {
		return to
	}
	return format.TextValue([]byte(cut(string(to.Text()), s.ValueSize)))
}

// Check returns the error that setting v to a value would end with. It may be
// called before v is declared.
func (v *Var) Check(to format.Value) error {
	if v.Samples() {
		return ErrSamples
	}
	s := v.field.Signature
	if s == nil {
		sp, _, _ := v.spec()
		sig, err := sp.Signature()
		if err != nil {
			return err
		}
		s = &sig
	} else if err := v.Updatable(); err != nil {
		return err
	}
	var word [8]byte
	buf := word[:]
	if s.Size > len(buf) {
		buf = make([]byte, s.Size)
	}
	return s.Encode(buf, fit(s, to))
}

// ErrCounter says that a counter only goes up.
var ErrCounter = errors.New("a counter only goes up")

// Sum returns what adding delta to a value of type t makes of it. It may be
// out of the range of smaller types, and is an ErrRange where no type holds
// it.
func Sum(t format.Type, old, delta format.Value) (format.Value, error) {
	switch delta.Class() {
	case format.FloatClass:
		if old.Class() != format.FloatClass {
			return old, fmt.Errorf("%w: %s is not a whole number", format.ErrClass, delta.AppendText(nil))
		}
	case format.IntClass, format.UintClass:
	default:
		return old, fmt.Errorf("%w: only numbers are added", format.ErrClass)
	}
	switch old.Class() {
	case format.FloatClass:
		return format.FloatValue(old.Float() + delta.Float()), nil
	case format.UintClass:
		n := old.Uint()
		if delta.Class() == format.IntClass && delta.Int() < 0 {
			down := -uint64(delta.Int())
			switch {
			case t == format.Counter:
				return old, ErrCounter
			case down > n:
				return old, format.ErrRange
			}
			return format.UintValue(n - down), nil
		}
		sum := n + delta.Uint()
		if sum < n && t != format.Counter { // a counter wraps around
			return old, format.ErrRange
		}
		return format.UintValue(sum), nil
	case format.IntClass:
		n, d := old.Int(), delta.Int()
		if delta.Class() == format.UintClass && delta.Uint() > math.MaxInt64 || (n+d < n) != (d < 0) {
			return old, format.ErrRange
		}
		return format.IntValue(n + d), nil
	}
	return old, fmt.Errorf("%w: a %v is not added to", format.ErrClass, t)
}
