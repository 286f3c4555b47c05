package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"mmstats/lib/format"
	"mmstats/lib/mmstats"
)

// A session writes to one stat file, which it opens or creates when it first
// has to.
type session struct {
	path   string
	prefix string
	pid    int // that owns a new file, or 0

	file *mmstats.File
	vars map[string]*mmstats.Var // by label
	next plan                    // of the batch at hand; its memory serves the one after it

	// keep says that the session stays the only writer from one batch to the
	// next, until release.
	keep bool
	only *mmstats.Exclusive // while it is
}

func (s *session) close() {
	s.release()
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// exclusive makes the session the only writer, which release ends.
func (s *session) exclusive() (err error) {
	if s.only == nil {
		s.only, err = s.file.Lock()
	}
	return err
}

func (s *session) release() {
	if s.only != nil {
		s.only.Unlock()
		s.only = nil
	}
}

// open opens the file. The error is an fs.ErrNotExist where there is none.
func (s *session) open() error {
	if s.file != nil {
		return nil
	}
	f, err := mmstats.Open(s.path, mmstats.Options{Prefix: s.prefix})
	if err == nil {
		s.file, s.vars = f, make(map[string]*mmstats.Var)
	}
	return err
}

// maxStarts bounds how often a batch starts again because somebody else made
// or removed the file in the middle of it.
const maxStarts = 100

// apply carries out a batch, all of it or, after an error, nothing: each
// assignment is checked before the first one takes effect.
func (s *session) apply(batch []assignment) error {
	var err error
	for range maxStarts {
		err = s.open()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = s.create(batch)
		case err == nil:
			err = s.update(batch)
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, mmstats.ErrReplaced) {
			return err
		}
		s.close()
	}
	return err
}

// A step is an assignment that was checked.
type step struct {
	*assignment
	v     *mmstats.Var
	value format.Value
}

// A plan is a batch that was checked.
type plan struct {
	steps []step
	// Stats that do not exist yet, their labels, and whether they are only
	// declared.
	new      []*mmstats.Var
	label    []string
	declares []bool
	after    map[string]format.Value // by label: what a stat will be
}

// plan checks a batch, against the file if there is one.
func (s *session) plan(batch []assignment) (*plan, error) {
	p := &s.next
	p.reset()
	for i := range batch {
		a := &batch[i]
		v := p.find(a.label)
		if v == nil {
			var err error
			if v, err = s.lookup(a.label); err != nil {
				return nil, err
			}
		}
		if v == nil {
			t, err := a.newType()
			if err != nil {
				return nil, s.fail(a, err)
			}
			v = &mmstats.Var{Type: t.typ, Size: t.size}
			p.new, p.label = append(p.new, v), append(p.label, a.label)
			p.declares = append(p.declares, a.op == declare)
		}
		if err := p.check(a, v); err != nil {
			return nil, s.fail(a, err)
		}
	}
	return p, nil
}

func (p *plan) reset() {
	p.steps, p.new, p.label, p.declares = p.steps[:0], p.new[:0], p.label[:0], p.declares[:0]
	if p.after == nil {
		p.after = make(map[string]format.Value)
	}
	clear(p.after)
}

// find returns a stat that does not exist yet, and nil where there is none of
// that label.
func (p *plan) find(label string) *mmstats.Var {
	if i := slices.Index(p.label, label); i >= 0 {
		return p.new[i]
	}
	return nil
}

// lookup returns a stat of the file, and nil where it has none of that label.
func (s *session) lookup(label string) (*mmstats.Var, error) {
	if s.file == nil {
		return nil, nil
	}
	if v := s.vars[label]; v != nil {
		return v, nil
	}
	s.release()
	v, err := s.file.Var(label)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		s.vars[label] = v
	}
	return v, err
}

// fail says which stat err is about, unless it is about the file.
func (s *session) fail(a *assignment, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return err
	}
	return &fs.PathError{Op: "update", Path: s.path, Err: fmt.Errorf("%s: %w", a.label, err)}
}

// check adds an assignment to the plan.
func (p *plan) check(a *assignment, v *mmstats.Var) error {
	if a.typ.given() && a.typ.typ != v.Type {
		return fmt.Errorf("is of type %v, not %s", v.Type, a.typ.name)
	}
	if a.op == declare && (v.Declared() || !a.initial) {
		return nil
	}
	operand, err := a.operand(v.Type)
	if err != nil {
		return err
	}
	exists := v.Declared()
	if exists {
		if err := v.Updatable(); err != nil {
			return err
		}
	}
	if a.op != declare {
		p.steps = append(p.steps, step{a, v, operand})
	}
	if v.Samples() {
		if a.op != add {
			return mmstats.ErrSamples
		}
		return nil
	}
	old, known := p.after[a.label]
	changes := a.op == add || a.op == subtract
	if !known && exists && changes {
		if old, err = v.Value(); err != nil {
			return err
		}
	}
	if !known && !exists {
		old = format.Zero(v.Type)
	}
	next := operand
	if changes {
		next, err = mmstats.Sum(v.Type, old, operand)
		if errors.Is(err, format.ErrRange) {
			err = fmt.Errorf("the result is %w of type %v", err, v.Type)
		}
		if err != nil {
			return err
		}
	}
	err = v.Check(next)
	if errors.Is(err, format.ErrRange) {
		err = fmt.Errorf("%s is %w of type %v", next.AppendText(nil), format.ErrRange, v.Type)
	}
	if err != nil {
		return err
	}
	p.after[a.label] = next
	return nil
}

// declare carries out create: it makes the file, or adds what is missing to
// it. A file that belonged to a process which ended is made anew for the one
// that owns it now.
func (s *session) declare(batch []assignment) error {
	err := s.open()
	if errors.Is(err, fs.ErrNotExist) || err == nil && s.pid == 0 {
		return s.apply(batch)
	}
	if err != nil {
		return err
	}
	switch owner := s.file.PID(); {
	case owner == s.pid:
	case owner == 0:
		if _, err := s.plan(batch); err != nil {
			return err
		}
		c := &mmstats.Constant[uint32]{Value: uint32(s.pid)}
		if err := s.file.Add("sys.pid", c); err != nil {
			return err
		}
	case syscall.Kill(owner, 0) != syscall.ESRCH:
		return &fs.PathError{Op: "update", Path: s.path, Err: fmt.Errorf("%w, %d", mmstats.ErrInUse, owner)}
	default:
		anew := session{path: s.path}
		if _, err := anew.plan(batch); err != nil {
			return err
		}
		if err := s.remove(); err != nil {
			return err
		}
	}
	return s.apply(batch)
}

// remove removes the file, unless a running process holds its lock.
func (s *session) remove() error {
	if err := s.open(); err != nil {
		return err
	}
	err := s.file.Remove()
	s.file = nil
	return err
}

// sync writes the file to the disk.
func (s *session) sync() error {
	if err := s.open(); err != nil {
		return err
	}
	return s.file.Sync(true)
}

// create makes the file, with all that the batch says already in it.
func (s *session) create(batch []assignment) error {
	p, err := s.plan(batch)
	if err != nil {
		return err
	}
	for i, v := range p.new {
		v.Initial = p.after[p.label[i]]
	}
	f, err := mmstats.Create(mmstats.Options{Path: s.path, Prefix: s.prefix, Shared: true, PID: s.pid}, p.stats()...)
	if err != nil {
		return err
	}
	s.file, s.vars = f, make(map[string]*mmstats.Var)
	// What no initial value says.
	p.steps = slices.DeleteFunc(p.steps, func(st step) bool { return !st.v.Samples() })
	return s.carryOut(p)
}

// stats returns what the plan declares.
func (p *plan) stats() []any {
	var stats []any
	for i, v := range p.new {
		stats = append(stats, mmstats.Labeled{Label: p.label[i], Stat: v})
	}
	return stats
}

// update applies the batch to the file that is open.
func (s *session) update(batch []assignment) error {
	p, err := s.plan(batch)
	if err != nil {
		return err
	}
	for i, v := range p.new {
		if p.declares[i] {
			v.Initial = p.after[p.label[i]]
		}
	}
	if len(p.new) > 0 {
		s.release()
		if err := s.file.AddStruct(p.stats()...); err != nil {
			return err
		}
	}
	for i, v := range p.new {
		s.vars[p.label[i]] = v
	}
	return s.carryOut(p)
}

// carryOut applies the steps of a plan. What may fail for want of the lock does
// so before the first of them.
func (s *session) carryOut(p *plan) error {
	for i := range p.steps {
		if p.steps[i].v.Locks() {
			if err := s.exclusive(); err != nil {
				return err
			}
			break
		}
	}
	if !s.keep {
		defer s.release()
	}
	for i := range p.steps {
		if err := s.step(&p.steps[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) step(st *step) error {
	switch {
	case s.only != nil && st.op == set:
		return s.only.Set(st.v, st.value)
	case s.only != nil:
		return s.only.Add(st.v, st.value)
	case st.op == set:
		return st.v.Set(st.value)
	}
	return st.v.Add(st.value)
}
