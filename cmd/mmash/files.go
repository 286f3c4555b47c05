package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// A file is a stat file, or an argument that cannot be read.
type file struct {
	id      int
	src     *reader.File
	path    string // absolute
	name    string // base name, and the path where another file has that too
	command string
	private bool // not everybody may read it
	live    liveness
	stale   bool      // its writer runs, but its heartbeat is overdue
	ended   time.Time // when it was noticed, or the zero time
	err     string
	attrs   uint64    // the version that changed it
	stats   []*series // in the order of the samples

	look    uint64 // the last one that had samples of it
	visited int    // samples of that look
	// rest holds stats by their labels, once samples come in another order.
	rest map[string]*series
	gone bool
	seen uint64 // the last look that knew it
}

// liveness tells whether the writer of a file runs.
type liveness uint8

const (
	unknown liveness = iota // it has none, or nobody knows
	running
	ended
)

// know updates what is known of a file beside its samples.
func (m *model) know(src *reader.File) {
	f := m.fileOf(src)
	f.seen = m.look
	f.src = src
	text := ""
	switch {
	case src.Err != nil:
		text = cli.Cause(src.Err)
	case src.Polled == maxStats && src.Stats > maxStats:
		text = fmt.Sprintf("has %d stats: the first %d are shown", src.Stats, maxStats)
	}
	path, command := m.pathOf(src), commandOf(src)
	if f.err == text && f.path == path && f.command == command {
		return
	}
	m.version++
	f.err, f.path, f.attrs = text, path, m.version
	if f.command != command {
		f.command = command
		m.regroup(f)
	}
	m.unnamed = true
}

// fileOf returns what is known of a file.
func (m *model) fileOf(src *reader.File) *file {
	if f := m.files[src]; f != nil {
		return f
	}
	unopened := src.Info.Ino == 0 && src.Err != nil
	if f := m.failing[src.Path]; f != nil && unopened && f.src.Err != nil {
		return f
	}
	if f := m.resumed(src); f != nil {
		return f
	}
	m.lastID++
	m.version++
	f := &file{id: m.lastID, src: src, path: m.pathOf(src), command: commandOf(src), attrs: m.version, seen: m.look}
	if unopened {
		m.failing[src.Path] = f
	} else {
		m.files[src] = f
	}
	m.order = append(m.order, f)
	m.checkFile(f)
	m.unnamed = true
	return f
}

// nameFiles gives files their base names, and their paths where base names are
// not enough.
func (m *model) nameFiles() {
	m.unnamed = false
	count := make(map[string]int)
	for _, f := range m.order {
		count[filepath.Base(f.path)]++
	}
	for _, f := range m.order {
		name := filepath.Base(f.path)
		if count[name] > 1 || f.path == "" {
			name = f.path
		}
		if f.name != name {
			f.name, f.attrs = name, m.version
		}
	}
}

// pathOf returns the path of a file, which is absolute unless it was recorded.
func (m *model) pathOf(src *reader.File) string {
	path := src.Path
	if path == "" || m.recorded {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func commandOf(f *reader.File) string { return statfile.Command(f.Path, f.Writer.PID) }

// finish ends a look at f.
func (m *model) finish(f *file) {
	f.gone = f.gone || f.seen != m.look
	if f.look == m.look && f.rest == nil {
		m.cut(f, f.visited)
	}
	for _, st := range f.rest {
		m.leave(st)
	}
	f.rest = nil
	if f.src.Polled == 0 && !f.gone { // it cannot be read any more
		m.cut(f, 0)
	}
}

// cut leaves f its first n stats.
func (m *model) cut(f *file, n int) {
	for _, st := range f.stats[n:] {
		m.leave(st)
	}
	f.stats = slices.Delete(f.stats, n, len(f.stats))
}

// removeGone forgets files that are gone. Up to here their last counts counted.
func (m *model) removeGone() {
	kept := m.order[:0]
	for _, f := range m.order {
		if !f.gone {
			kept = append(kept, f)
			continue
		}
		m.version++
		m.cut(f, 0)
		if m.files[f.src] == f {
			delete(m.files, f.src)
		}
		if m.failing[f.src.Path] == f {
			delete(m.failing, f.src.Path)
		}
	}
	if len(kept) == len(m.order) {
		return
	}
	clear(m.order[len(kept):])
	m.order = kept
	m.nameFiles()
}

// check asks for some of the files whether their writers have ended, so that
// all were asked after checkEvery.
func (m *model) check() {
	n := len(m.order)
	some := min(n, max(100, int(float64(n)*min(1, m.delay.Seconds()/checkEvery.Seconds()))+1))
	for range some {
		m.checked = (m.checked + 1) % n
		m.checkFile(m.order[m.checked])
	}
}

// checkFile asks whether the writer of f has ended, and who may read f.
func (m *model) checkFile(f *file) {
	live := unknown
	if f.src.Writer.PID != 0 {
		live = running
		if f.src.Ended() {
			live = ended
		}
	}
	private := f.private
	if f.src.Path != "" && !m.recorded {
		private = !everybodyReads(f.path)
	}
	stale := live != ended && f.overdue(m.looked)
	if live == f.live && private == f.private && stale == f.stale {
		return
	}
	f.stale = stale
	m.version++
	f.attrs = m.version
	if live == ended && f.live == running {
		f.ended = m.looked
	}
	f.live = live
	if private != f.private {
		f.private = private
		m.regroup(f)
	}
}

// overdue reports whether a heartbeat of f has not come for too long.
func (f *file) overdue(now time.Time) bool {
	return slices.ContainsFunc(f.stats, func(s *series) bool {
		beat := format.Description{Every: s.every}
		return s.every > 0 && beat.Stale(s.value.Float(), float64(now.UnixMilli())/1000)
	})
}

// everybodyReads reports whether any user may read the file called path: by its
// own mode and by those of all directories on the way to it.
func everybodyReads(path string) bool {
	const read, search = 0o4, 0o1
	info, err := mapping.Stat(path)
	if err == nil && info.Perm&read == 0 {
		return false
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := mapping.Stat(dir); err == nil && info.Perm&search == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}
