package main

import (
	"errors"
	"io/fs"

	"mmstats/lib/change"
	"mmstats/lib/mmstats"
)

// A session writes to one stat file, which it opens or creates when it first
// has to.
type session struct {
	options mmstats.Options
	file    *mmstats.File
	// hold says that the session stays the only writer from one batch to the
	// next, until release.
	hold bool
}

func newSession(path, prefix string) *session {
	return &session{options: mmstats.Options{Path: path, Prefix: prefix, Shared: true}}
}

func (s *session) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// release renews the heartbeat of the file, and lets others write.
func (s *session) release() {
	if s.file != nil {
		s.file.Beat()
		s.file.Hold(false)
	}
}

// maxStarts bounds how often a batch starts again because somebody else made
// or removed the file in the middle of it.
const maxStarts = 100

// apply carries out a batch, all of it or, after an error, nothing.
func (s *session) apply(batch []change.Change) (err error) {
	for range maxStarts {
		if s.file == nil {
			err = s.begin(batch)
		} else {
			err = s.file.Apply(batch)
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, mmstats.ErrReplaced) {
			if err == nil && !s.hold {
				s.file.Beat()
			}
			return err
		}
		s.close()
	}
	return err
}

// begin opens the file, or makes it, with a batch.
func (s *session) begin(batch []change.Change) error {
	f, err := mmstats.Open(s.options.Path, s.options, batch)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = mmstats.Create(s.options, batch)
	}
	if err != nil {
		return err
	}
	s.file = f
	if s.hold {
		f.Hold(true)
	}
	return nil
}

// open opens the file, which must exist.
func (s *session) open() (err error) {
	if s.file == nil {
		s.file, err = mmstats.Open(s.options.Path, s.options)
	}
	return err
}

// remove removes the file, unless a running process owns it.
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
	return s.file.Sync()
}
