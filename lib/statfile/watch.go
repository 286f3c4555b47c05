package statfile

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mmstats/lib/glob"
	"mmstats/lib/mapping"
)

// An Entry is a file that a Watch saw.
type Entry struct {
	Name
	// Dev and Ino tell whether the name leads to the same file as before. They
	// are what the directory says, which need not be what the file says.
	Dev, Ino uint64
	// Err says why an argument cannot be looked at.
	Err error
}

// A Watch looks at what arguments mean again and again. An argument means what
// it means to All; one that is no file, and is a glob, means what matches.
//
// A directory is read at every look: its modification time comes from a clock
// so coarse that a change may leave it as it was. But a look that gets the same
// bytes from the kernel as the last one ends there.
type Watch struct {
	sources []source
	homes   []*home
	entries []Entry
	buf     []byte
}

// NewWatch returns a watch of args. Without any it is of Glob.
func NewWatch(args []string) *Watch {
	if len(args) == 0 {
		return &Watch{sources: []source{{arg: Glob(), glob: true}}}
	}
	w := &Watch{sources: make([]source, len(args))}
	known := make(map[string]*home)
	for i, arg := range args {
		dir := filepath.Dir(arg)
		if known[dir] == nil {
			known[dir] = &home{listing: listing{dir: dir}}
		}
		known[dir].args++
		w.sources[i] = source{arg: arg, home: known[dir]}
	}
	for _, h := range known {
		if h.useful = h.args >= minHome; h.useful {
			w.homes = append(w.homes, h)
		}
	}
	return w
}

// Look looks again, and reports whether Entries are others than at the last
// look.
func (w *Watch) Look() (changed bool) {
	for _, h := range w.homes {
		h.look(&w.buf)
	}
	for i := range w.sources {
		changed = w.sources[i].look(&w.buf) || changed
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

// Entries returns what the last look saw, in the order of the arguments and
// then of the names. They are good until the next Look.
func (w *Watch) Entries() []Entry { return w.entries }

// A home is the directory that many arguments are in, as where a shell made
// them out of a glob. One look at it is cheaper than one at each of them.
type home struct {
	listing
	args   int
	useful bool
	same   bool // as at the look before
}

const (
	minHome = 16  // arguments in a directory that make a home of it
	maxRaw  = 400 // bytes of it for each of them: in a larger one they are cheaper alone
)

func (h *home) look(buf *[]byte) {
	if !h.useful {
		return
	}
	same, err := h.reread(buf)
	h.same = same && err == nil
	h.useful = err == nil && len(h.raw) <= maxRaw*h.args
}

// A source is one argument.
type source struct {
	arg      string
	glob     bool // it is a glob whatever is there
	home     *home
	plain    bool // it was a file, under a name that is no link
	entry    Entry
	listings []*listing
}

// look looks at the argument, and reports whether anything is new.
func (s *source) look(buf *[]byte) (changed bool) {
	if s.glob {
		return s.lookGlob(buf)
	}
	if s.plain && s.home.useful && s.home.same {
		return false // the name leads to the same inode
	}
	info, err := mapping.Stat(s.arg)
	if s.plain = false; s.home.useful && err == nil {
		link, err := mapping.Lstat(s.arg)
		s.plain = err == nil && link.Regular() && link.SameFile(info)
	}
	switch {
	case err == nil && info.Mode.IsDir():
		return s.list([]string{s.arg}, ofDirectory, buf)
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(s.arg, `*?[`):
		return s.lookGlob(buf)
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

func (s *source) lookGlob(buf *[]byte) (changed bool) {
	dirs, pattern, err := splitGlob(s.arg)
	if err != nil {
		return s.set(Entry{Err: err})
	}
	return s.list(dirs, pattern, buf)
}

// list makes the files of dirs that match pattern what the argument means.
func (s *source) list(dirs []string, pattern glob.Pattern, buf *[]byte) (changed bool) {
	same := slices.EqualFunc(s.listings, dirs, func(l *listing, dir string) bool { return l.dir == dir })
	if !same {
		s.entry = Entry{}
		s.listings = nil
		for _, dir := range dirs {
			s.listings = append(s.listings, &listing{dir: dir, pattern: pattern})
		}
		changed = true
	}
	for _, l := range s.listings {
		changed = l.look(buf) || changed
	}
	return changed
}

func (s *source) append(entries []Entry) []Entry {
	if s.entry.Path != "" || s.entry.Err != nil {
		return append(entries, s.entry)
	}
	for _, l := range s.listings {
		entries = append(entries, l.entries...)
	}
	return entries
}

// A listing is the files of one directory.
type listing struct {
	dir      string
	pattern  glob.Pattern
	dev, ino uint64 // of the directory
	raw      []byte // its bytes, of the last look
	entries  []Entry
}

// look reads the directory, and reports whether anything is new in it.
func (l *listing) look(buf *[]byte) (changed bool) {
	same, err := l.reread(buf)
	if err != nil {
		changed = len(l.entries) != 1 || l.entries[0].Err == nil
		l.entries = []Entry{{Err: err}}
		return changed
	}
	if same {
		return false
	}
	before := l.entries
	l.entries = l.parse()
	return !slices.Equal(before, l.entries)
}

// reread reads the directory, and reports whether it is as it was.
func (l *listing) reread(buf *[]byte) (same bool, err error) {
	dev, ino, err := l.read(buf)
	if err != nil {
		l.raw = nil
		return false, err
	}
	if dev == l.dev && ino == l.ino && l.raw != nil && bytes.Equal(*buf, l.raw) {
		return true, nil
	}
	l.dev, l.ino = dev, ino
	l.raw = append(l.raw[:0], *buf...)
	return false, nil
}

func (l *listing) read(buf *[]byte) (dev, ino uint64, err error) {
	f, err := mapping.Open(l.dir, syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	*buf, err = f.AppendEntries((*buf)[:0])
	return info.Dev, info.Ino, err
}

func (l *listing) parse() []Entry {
	var entries []Entry
	dir := prefix(l.dir)
	mapping.EachEntry(l.raw, func(ino uint64, name []byte) {
		if !matches(l.pattern, string(name)) {
			return
		}
		e := Entry{Name: Name{Path: dir + string(name), Found: true}, Dev: l.dev, Ino: ino}
		if ino == 0 {
			info, err := mapping.Lstat(e.Path)
			if err != nil {
				return // it vanished just now
			}
			e.Dev, e.Ino = info.Dev, info.Ino
		}
		entries = append(entries, e)
	})
	slices.SortFunc(entries, func(x, y Entry) int { return cmp.Compare(x.Path, y.Path) })
	return entries
}
