package statfile

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mmstats/lib/glob"
	"mmstats/lib/mapping"
)

// An Entry is a file that a [Watch] found.
type Entry struct {
	Name
	// Dev and Ino tell whether the name leads to the same file as before. Those
	// of a name that was found are not those of what a symbolic link leads to.
	Dev, Ino uint64
	// Err says why an argument or a directory cannot be read.
	Err error
}

// A Watch finds the files that arguments mean, again and again. An argument means
// what it means to [All], and one that is a glob and not the name of a file means
// the files that match.
type Watch struct {
	sources     []source
	directories []*directory // of the arguments
	entries     []Entry
}

// NewWatch returns a watch of args. Without any it is of [Glob].
func NewWatch(args []string) *Watch {
	if len(args) == 0 {
		return &Watch{sources: []source{{arg: Glob(), glob: true}}}
	}
	w := &Watch{sources: make([]source, len(args))}
	known := make(map[string]*directory)
	for i, arg := range args {
		path := filepath.Dir(arg)
		if known[path] == nil {
			known[path] = &directory{path: path}
			w.directories = append(w.directories, known[path])
		}
		w.sources[i] = source{arg: arg, parent: known[path]}
	}
	return w
}

// Refresh finds the files anew, and reports whether [Watch.Entries] have changed.
func (w *Watch) Refresh() (changed bool) { return w.refresh(time.Now()) }

func (w *Watch) refresh(now time.Time) (changed bool) {
	for _, d := range w.directories {
		d.check(now)
	}
	for i := range w.sources {
		changed = w.sources[i].refresh(now) || changed
	}
	if !changed {
		return false
	}
	w.entries = w.entries[:0]
	for i := range w.sources {
		w.entries = w.sources[i].append(w.entries)
	}
	return true
}

// Entries returns what the last Refresh found, in the order of the arguments and
// then of the names. They are good until the next Refresh.
func (w *Watch) Entries() []Entry { return w.entries }

// A directory tells whether names in it may lead to other files than before.
type directory struct {
	path  string
	info  mapping.Info
	since time.Time // from when on info has been the same
	read  time.Time // when the names were read last
	same  bool      // no name has changed since then
}

// A directory may change without another modification time, as file systems
// have it in ticks of a clock, and some in seconds. So the time has to be the
// same for settleTime, by our own clock. If it is older than that when it is
// first seen, a tick will do: the clock of a file server may be a little late.
const (
	settleTime = 1100 * time.Millisecond
	clockTick  = 20 * time.Millisecond
)

// check asks for the modification time of d. If d is not the same after that,
// the caller reads its names.
func (d *directory) check(now time.Time) error {
	info, err := mapping.Stat(d.path)
	if err != nil {
		*d = directory{path: d.path}
		return DirectoryError(err)
	}
	if !info.SameFile(d.info) || !info.ModTime.Equal(d.info.ModTime) {
		d.info, d.since, d.read = info, now, time.Time{}
		if now.Sub(info.ModTime) > settleTime {
			d.since = now.Add(clockTick - settleTime)
		}
	}
	if d.same = d.read.Sub(d.since) > settleTime; !d.same {
		d.read = now
	}
	return nil
}

// A source is one argument.
type source struct {
	arg      string
	glob     bool       // it is a glob also if there is a file of that name
	parent   *directory // nil for a glob
	plain    bool       // the name was one of a file, and not of a symbolic link
	entry    Entry
	listings []*listing
}

// refresh finds what the argument means, and reports whether that has changed.
func (s *source) refresh(now time.Time) (changed bool) {
	if s.glob {
		return s.match(now)
	}
	if s.plain && s.parent.same {
		return false // the name leads to the same inode
	}
	info, err := mapping.Stat(s.arg)
	if s.plain = false; err == nil && info.Regular() {
		link, err := mapping.Lstat(s.arg)
		s.plain = err == nil && link.SameFile(info)
	}
	switch {
	case err == nil && info.Mode.IsDir():
		return s.list([]string{s.arg}, ofDirectory, now)
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(s.arg, `*?[`):
		return s.match(now)
	}
	if err != nil {
		err = &fs.PathError{Op: "open", Path: s.arg, Err: errors.Unwrap(err)}
	}
	return s.set(Entry{Name: Name{Path: s.arg}, Dev: info.Dev, Ino: info.Ino, Err: err})
}

// set makes one file, or the error of one, what the argument means.
func (s *source) set(e Entry) (changed bool) {
	changed = len(s.listings) > 0 || e.Name != s.entry.Name ||
		e.Dev != s.entry.Dev || e.Ino != s.entry.Ino || (e.Err == nil) != (s.entry.Err == nil)
	s.listings, s.entry = nil, e
	return changed
}

// match makes the files that match the argument what it means.
func (s *source) match(now time.Time) (changed bool) {
	dirs, pattern, err := splitGlob(s.arg)
	if err != nil {
		return s.set(Entry{Name: Name{Path: s.arg}, Err: err})
	}
	return s.list(dirs, pattern, now)
}

// list makes the files of dirs that match pattern what the argument means.
func (s *source) list(dirs []string, pattern glob.Pattern, now time.Time) (changed bool) {
	same := slices.EqualFunc(s.listings, dirs, func(l *listing, dir string) bool { return l.directory.path == dir })
	if !same {
		s.entry = Entry{}
		s.listings = nil
		for _, dir := range dirs {
			s.listings = append(s.listings, &listing{directory: directory{path: dir}, pattern: pattern})
		}
		changed = true
	}
	for _, l := range s.listings {
		changed = l.refresh(now) || changed
	}
	return changed
}

func (s *source) append(entries []Entry) []Entry {
	if s.entry.Path != "" {
		return append(entries, s.entry)
	}
	for _, l := range s.listings {
		entries = append(entries, l.entries...)
	}
	return entries
}

// A listing is the files of one directory that match a pattern.
type listing struct {
	directory directory
	pattern   glob.Pattern
	entries   []Entry
}

// refresh reads the directory if it may have changed, and reports whether its
// files have.
func (l *listing) refresh(now time.Time) (changed bool) {
	err := l.directory.check(now)
	if err == nil && l.directory.same {
		return false
	}
	var found []Entry
	if err == nil {
		found, err = l.read()
	}
	if err != nil {
		l.directory.read = time.Time{}
		changed = len(l.entries) != 1 || l.entries[0].Err == nil
		l.entries = []Entry{{Name: Name{Path: l.directory.path}, Err: err}}
		return changed
	}
	changed = !slices.Equal(l.entries, found)
	l.entries = found
	return changed
}

// read returns the entries of the directory. It reuses the paths of those
// before.
func (l *listing) read() ([]Entry, error) {
	names, err := readNames(l.directory.path, l.pattern)
	if err != nil {
		return nil, err
	}
	opened, err := mapping.OpenDir(l.directory.path + "/.") // it may be a link
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: l.directory.path, Err: errors.Unwrap(err)}
	}
	defer opened.Close()
	before := l.entries
	entries := make([]Entry, 0, len(names.spans))
	dir := prefix(l.directory.path)
	for i := range names.spans {
		name := names.at(i)
		for len(before) > 0 && before[0].Path[min(len(dir), len(before[0].Path)):] < string(name) {
			before = before[1:]
		}
		e := Entry{Name: Name{Found: true}}
		if len(before) > 0 && before[0].Found && before[0].Path[len(dir):] == string(name) {
			e.Path = before[0].Path
		} else {
			e.Path = dir + string(name)
		}
		info, err := opened.Lstat(e.Path[len(dir):])
		if err != nil { // it vanished just now, or may not be asked for
			l.directory.read = time.Time{}
			continue
		}
		e.Dev, e.Ino = info.Dev, info.Ino
		entries = append(entries, e)
	}
	return entries, nil
}
