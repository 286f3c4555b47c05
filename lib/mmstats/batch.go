package mmstats

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/statfile"
)

// A batch is a list of changes that is applied as a whole. First, all of them
// are checked against the values that those before them will leave; then the
// fields that the file lacks are added, with the values that they will have in
// the end; then the others are changed.
type batch struct {
	changes []change.Change
	stats   []Stat // beside changes, those that are bound; may be shorter

	number    uint64 // of the batch, among those of its store
	steps     []step
	created   []*field
	byLabel   map[string]*field // the same
	labeled   map[Stat]bool     // those that were checked
	exclusive bool              // whether the batch needs the only writer
	scratch   []byte
}

// A step is a change of a field that exists, and was checked.
type step struct {
	*change.Change
	field   *field
	operand format.Value
}

// apply carries out changes, all or, after an error, none of them, and binds
// stats, which stand beside them.
func (s *store) apply(changes []change.Change, stats []Stat) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return s.fail("update", fs.ErrClosed)
	}
	if s.file == nil {
		// What is in a file of other writers is known when it is locked.
		if err := s.lock(); err != nil {
			return err
		}
		defer s.unlock()
	}
	if len(changes) == 1 && len(stats) == 0 {
		if f := s.fields[changes[0].Label]; f != nil && (s.locked || !f.exclusive()) {
			return s.applyOne(f, &changes[0])
		}
	}
	b := &s.batch
	b.changes, b.stats = changes, stats
	defer b.forget()
	if err := b.check(s); err != nil {
		return err
	}
	again := b.exclusive && !s.locked
	if again {
		if err := s.lock(); err != nil {
			return err
		}
		defer s.unlock()
	}
	if len(b.created) > 0 && !s.complete {
		if err := s.reload(); err != nil {
			return err
		}
		again = true
	}
	if again { // others may have changed the file since
		if err := b.check(s); err != nil {
			return err
		}
	}
	return b.carryOut(s)
}

// applyOne carries out the only change of a batch, of a field that exists and
// that may be changed now. The result is checked as the change is made.
func (s *store) applyOne(f *field, c *change.Change) error {
	operand, err := f.accept(c)
	if err != nil || operand.Class() == 0 {
		return s.failChange(c, err)
	}
	if !s.owner && f.missing() != nil {
		return s.fail("update", ErrReplaced)
	}
	return s.change(f, c, operand)
}

// change carries out a change that was accepted.
func (s *store) change(f *field, c *change.Change, operand format.Value) error {
	if s.owner {
		f.mu.Lock()
		defer f.mu.Unlock()
	}
	return s.failChange(c, f.change(c, operand))
}

// forget drops what the memory of a batch refers to.
func (b *batch) forget() {
	b.changes, b.stats = nil, nil
	clear(b.labeled)
}

// check checks all changes.
func (b *batch) check(s *store) error {
	b.number++
	b.steps, b.created, b.exclusive = b.steps[:0], b.created[:0], false
	clear(b.byLabel)
	clear(b.labeled)
	for i := range b.changes {
		c := &b.changes[i]
		var stat Stat
		if i < len(b.stats) {
			stat = b.stats[i]
		}
		if err := b.checkOne(s, c, stat); err != nil && stat != nil {
			return s.fail("add", fmt.Errorf("%q: %w", s.prefix+c.Label, err))
		} else if err != nil {
			return s.failChange(c, err)
		}
	}
	return nil
}

// failChange says which change an error is about, unless it is about the file.
func (s *store) failChange(c *change.Change, err error) error {
	if err == nil {
		return nil
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return err
	}
	return s.fail("update", fmt.Errorf("%s: %w", c.Label, err))
}

// checkOne checks a change, and adds a step for it, or a field that is to be
// made.
func (b *batch) checkOne(s *store, c *change.Change, stat Stat) error {
	f, exists := s.find(c.Label), true
	if f == nil {
		f, exists = b.byLabel[c.Label], false
	}
	if f == nil {
		var err error
		if f, err = b.create(s, c, stat); err != nil {
			return err
		}
	}
	if f.batch != b.number {
		f.batch, f.known, f.stat = b.number, false, nil
		if exists && !s.owner && f.missing() != nil {
			return s.fail("update", ErrReplaced)
		}
	}
	if stat != nil {
		if err := b.declare(f, c, stat, exists); err != nil || exists {
			return err
		}
	}
	operand, err := f.accept(c)
	if err != nil || operand.Class() == 0 {
		return err
	}
	if exists || f.typ.TakesSamples() {
		b.steps = append(b.steps, step{c, f, operand})
		b.exclusive = b.exclusive || f.exclusive()
	}
	if f.typ.TakesSamples() {
		return nil
	}
	return b.checkResult(f, c, operand, stat)
}

// create adds a field that is to be made for a change.
func (b *batch) create(s *store, c *change.Change, stat Stat) (f *field, err error) {
	f = &field{store: s}
	if stat == nil {
		if isIdentity(s.prefix + c.Label) {
			return nil, errors.New("says whose the file is, and is set when the file is made")
		}
		f.spec, err = c.NewSpec()
	} else {
		f.spec, f.after, err = specOf(c, stat)
	}
	f.spec.Label = s.prefix + c.Label
	if err == nil {
		err = format.CheckLabel(f.spec.Label)
	}
	if err == nil {
		f.sig, err = f.spec.Signature()
	}
	if err != nil {
		return nil, err
	}
	f.typ, f.batch, f.known = f.spec.Type, b.number, f.after.Class() != 0
	if b.byLabel == nil {
		b.byLabel = make(map[string]*field)
	}
	b.byLabel[c.Label] = f
	b.created = append(b.created, f)
	b.exclusive = true
	return f, nil
}

// isIdentity reports whether a stat says whose a file is.
func isIdentity(label string) bool {
	for _, name := range [...]string{"sys.pid", "sys.uid", "sys.gid", "sys.created"} {
		if prefix, found := strings.CutSuffix(label, name); found && (prefix == "" || strings.HasSuffix(prefix, ".")) {
			return true
		}
	}
	return false
}

// declare checks that a stat can be bound to a field.
func (b *batch) declare(f *field, c *change.Change, stat Stat, exists bool) error {
	if f.declared || f.stat != nil {
		return errors.New("label declared twice")
	}
	if stat.bound() {
		return errors.New("the stat is in use in an open file already")
	}
	if b.labeled[stat] {
		return errors.New("the stat has another label already")
	}
	if b.labeled == nil {
		b.labeled = make(map[Stat]bool)
	}
	b.labeled[stat] = true
	f.stat = stat
	if !exists {
		return nil
	}
	spec, _, err := specOf(c, stat)
	if err == nil {
		err = f.updatedAs(spec)
	}
	return err
}

// checkResult checks the value that a change leaves.
func (b *batch) checkResult(f *field, c *change.Change, operand format.Value, stat Stat) error {
	size := f.sig.Size
	if cap(b.scratch) < size {
		b.scratch = make([]byte, size)
	}
	buf := b.scratch[:size]
	old := f.after
	switch {
	case f.known || c.Op == change.Set || c.Op == change.Declare:
	case f.region == nil:
		old = format.Zero(f.typ)
	default:
		if err := f.read(buf); err != nil {
			return err
		}
		old = f.sig.Decode(buf)
	}
	v, err := change.Next(f.typ, old, c.Op, operand)
	if err == nil {
		err = change.Encode(&f.sig, f.typ, buf, v)
	}
	if err != nil {
		if stat != nil && errors.Is(err, format.ErrRange) {
			err = fmt.Errorf("initial value: %w", format.ErrRange)
		}
		return err
	}
	f.after, f.known = v, true
	return nil
}

// carryOut carries out a batch that was checked.
func (b *batch) carryOut(s *store) error {
	if len(b.created) > 0 || s.loader.End == 0 {
		if err := b.append(s); err != nil {
			return err
		}
	}
	for i := range b.steps {
		st := &b.steps[i]
		if err := s.change(st.field, st.Change, st.operand); err != nil {
			return err
		}
	}
	for i, stat := range b.stats {
		if stat == nil {
			continue
		}
		f := s.find(b.changes[i].Label)
		f.declared, s.bound = true, true
		stat.bind(f)
	}
	return nil
}

// append adds the fields that are to be made to the file.
func (b *batch) append(s *store) error {
	content := make([]byte, s.loader.End&7)
	if s.loader.End == 0 {
		content = append(content, format.Version)
	}
	first := len(s.loader.Fields)
	for i, f := range b.created {
		var err error
		content, err = f.appendTo(content)
		switch {
		case err != nil:
		case first+i >= statfile.MaxStats:
			err = fmt.Errorf("the file would have more than %d stats, the most that are read", statfile.MaxStats)
		case (s.loader.End&^7)+len(content) > statfile.DefaultMaxSize-endSize:
			err = fmt.Errorf("the file would grow past %d bytes, the most that is read", statfile.DefaultMaxSize)
		}
		if err != nil {
			return s.fail("add", fmt.Errorf("%q: %w", f.spec.Label, err))
		}
	}
	if err := s.append(content); err != nil {
		return err
	}
	for i, f := range b.created {
		s.attach(f, &s.loader.Fields[first+i])
	}
	return nil
}

// appendTo appends the field that is to be made to content, the end of the file
// so far.
func (f *field) appendTo(content []byte) ([]byte, error) {
	at := len(content)
	content, err := format.AppendField(content, f.spec)
	if err != nil || !f.known {
		return content, err
	}
	fd, err := format.FieldAt(content, at)
	if err != nil {
		return content, err
	}
	start := fd.ReadOffset(fd.WriteBuffer)
	return content, change.Encode(fd.Signature, f.typ, content[start:start+fd.Signature.Size], f.after)
}
