package archive

import (
	"bytes"
	"errors"
	"slices"
	"sort"
	"time"

	"mmstats/lib/format"
)

// A decoder is the reverse of an encoder. After an error it goes on at a key.
type decoder struct {
	start    time.Time // of the recording
	since    int64     // of the last record, in µs
	interval time.Duration
	files    []*File // in the order of the recorder

	// Since the key:
	numbered []decodedFile // by number
	first    int           // 1 + the number of the first one in order
	stats    []decodedStat // by slot
	slots    int
	texts    []knownText // by number
	size     int         // of texts, in bytes

	ready   bool // the record before was decoded
	needKey bool // changes cannot follow it
	record  int
	left    bool              // some files are gone after this record
	names   map[string]string // so that keys do not repeat memory
	in      cursor
}

// A decodedFile is a file by its number.
type decodedFile struct {
	file *File
	next int // 1 + the number of the next one in order, or 0
	gone int // the record that it is gone after, or 0
	// followed says that the file has another number by now.
	followed bool
}

// A decodedStat is a stat by its first slot.
type decodedStat struct {
	slot int
	*Stat
}

type knownText struct {
	raw  []byte
	name string // the same, where it is not empty
}

var (
	errNoKey = errors.New("there is no key before it")
	errSense = errors.New("its payload makes no sense")
)

const (
	maxNames    = 1 << 16
	minStatSize = 5 // bytes, in an event
)

// decode applies a payload. The result is in d.start, d.since, d.interval and
// d.files.
func (d *decoder) decode(kind byte, payload []byte) error {
	if kind == changeRecord && (!d.ready || d.needKey) {
		return errNoKey
	}
	changed, before := d.left, d.numbered
	if !d.ready {
		before = nil
	}
	d.ready, d.needKey, d.left = false, false, false
	d.record++
	d.in = cursor{b: payload}
	if kind == keyRecord {
		d.restart()
		d.start = time.UnixMicro(d.in.micros())
		d.since = d.in.micros()
		d.interval = time.Duration(d.in.micros()) * time.Microsecond
		changed = true
	} else if d.since += d.in.micros(); d.since > maxMicros {
		return errSense
	}
	for range d.in.below(d.in.left() + 1) {
		if d.event(kind, before) {
			changed = true
		}
		if d.in.bad {
			return errSense
		}
	}
	for _, class := range []byte{intWord, floatWord, textWord} {
		gaps, data := cursor{b: d.in.sized()}, cursor{b: d.in.sized()}
		if d.values(class, &gaps, &data); d.in.bad || gaps.bad || data.bad || data.left() > 0 {
			return errSense
		}
	}
	if changed {
		d.arrange()
	}
	d.ready = true
	return nil
}

func (d *decoder) restart() {
	d.numbered, d.first = nil, 0
	d.stats, d.slots = nil, 0
	d.texts, d.size = nil, 0
}

// event applies an event. It reports whether d.files is another list now. The
// numbers of the last record are those of before.
func (d *decoder) event(kind byte, before []decodedFile) (changed bool) {
	switch d.in.uvarint() {
	case fileGone:
		if n := d.file(); n != nil {
			n.gone, n.file.Gone = d.record, true
			d.left = true
		}
	case fileLost:
		if n := d.file(); n != nil {
			n.gone, n.file.Gone = d.record-1, true
		}
		return true
	case fileNew:
		if kind == changeRecord {
			before = d.numbered
		}
		d.fileNew(before)
		return true
	case statUnread:
		slot := d.in.below(d.slots)
		i := sort.Search(len(d.stats), func(i int) bool { return d.stats[i].slot >= slot })
		if i == len(d.stats) || d.stats[i].slot != slot {
			d.in.fail()
			return false
		}
		d.stats[i].Unread = true
	case writerState:
		n, state := d.file(), d.in.below(int(WriterEnded)+1)
		if n != nil {
			n.file.Writer = WriterState(state)
		}
	default:
		d.in.fail()
	}
	return false
}

// file returns the file that the next number stands for.
func (d *decoder) file() *decodedFile {
	n := d.in.below(len(d.numbered))
	if d.in.bad || d.numbered[n].followed {
		d.in.fail()
		return nil
	}
	return &d.numbered[n]
}

// fileNew gives a file the next number.
func (d *decoder) fileNew(before []decodedFile) {
	in := &d.in
	follows, after := in.below(maxFiles+1), in.below(len(d.numbered)+1)
	if before == nil {
		follows = 0
	}
	if follows > len(before) || follows > 0 && before[follows-1].followed || len(d.numbered) == maxFiles {
		in.fail()
		return
	}
	n := decodedFile{file: new(File)}
	if follows > 0 {
		last := &before[follows-1]
		n.file, last.followed = last.file, true
	}
	*n.file = File{Path: d.name(), Inode: in.uvarint(), Writer: WriterState(in.below(int(WriterEnded) + 1))}
	count := in.below(min(in.left()/minStatSize, maxStats-len(d.stats)) + 1)
	if in.bad {
		return
	}
	n.file.Stats = make([]Stat, count)
	first := d.slots
	for i := range n.file.Stats {
		if d.stat(&n.file.Stats[i]); in.bad {
			return
		}
	}
	words := make([]uint64, d.slots-first)
	for i := range n.file.Stats {
		st := &n.file.Stats[i]
		size := WordsOf(st.Type)
		st.Words, words = words[:size:size], words[size:]
	}
	d.numbered = append(d.numbered, n)
	link := &d.first
	if after > 0 {
		link = &d.numbered[after-1].next
	}
	d.numbered[len(d.numbered)-1].next = *link
	*link = len(d.numbered)
}

// stat reads what a stat is, and gives it slots.
func (d *decoder) stat(st *Stat) {
	in := &d.in
	label, code, kind, description := d.name(), in.below(len(layouts)), in.byte(), d.name()
	words := in.below(maxSlots - d.slots + 1)
	live := kind >= liveKind
	kind %= liveKind
	if code == 0 || words != len(layouts[code].words) || int(kind) >= len(kinds) {
		in.fail()
		return
	}
	*st = Stat{Label: label, Type: layouts[code].typ, Kind: kinds[kind], Live: live, Description: description}
	d.stats = append(d.stats, decodedStat{d.slots, st})
	d.slots += words
}

// text reads a text, and returns its number. There is none where c is bad.
func (d *decoder) text(c *cursor) int {
	n := c.below(len(d.texts) + 1)
	if n > 0 {
		return n - 1
	}
	raw := c.sized()
	if d.size += len(raw); d.size > maxTextSize || len(d.texts) == maxTexts {
		c.fail()
	}
	if !c.bad {
		d.texts = append(d.texts, knownText{raw: bytes.Clone(raw)})
	}
	return len(d.texts) - 1
}

// name reads a text that stays the same from key to key.
func (d *decoder) name() string {
	n := d.text(&d.in)
	if d.in.bad {
		return ""
	}
	t := &d.texts[n]
	if t.name == "" && len(t.raw) > 0 {
		name, ok := d.names[string(t.raw)]
		if !ok {
			if d.names == nil || len(d.names) >= maxNames {
				d.names = make(map[string]string)
			}
			name = string(t.raw)
			d.names[name] = name
		}
		t.name = name
	}
	return t.name
}

// values applies the changed values of one class of words.
func (d *decoder) values(class byte, gaps, data *cursor) {
	next, at := 0, 0
	var words string // what those of the stat are
	for gaps.left() > 0 {
		slot := next + gaps.below(d.slots-next)
		next = slot + 1
		for at+1 < len(d.stats) && d.stats[at+1].slot <= slot {
			at++
			words = ""
		}
		if gaps.bad {
			return
		}
		st, word := d.stats[at].Stat, slot-d.stats[at].slot
		if words == "" {
			words = wordsByType[st.Type]
		}
		if words[word] != class {
			gaps.fail()
			return
		}
		st.Unread = false
		switch {
		case class == textWord:
			if n := d.text(data); !data.bad {
				st.Text = d.texts[n].raw
			}
		case class == intWord:
			st.Words[word] += unzigzag(data.uvarint())
		case word == 0 && st.Type == format.Average:
			st.rest ^= data.xor()
		default:
			st.Words[word] ^= data.xor()
		}
		if st.Type == format.Average {
			st.Words[0] = st.rest ^ ratio(st)
		}
	}
}

// A fileID tells a file from those that had its path before.
type fileID struct {
	path  string
	inode uint64
}

// resume makes files of a key the same as those of last that they go on from.
func (d *decoder) resume(last map[fileID]*File) {
	for i := range d.numbered {
		n := &d.numbered[i]
		before := last[fileID{n.file.Path, n.file.Inode}]
		if before == nil || !slices.EqualFunc(before.Stats, n.file.Stats, sameField) {
			continue
		}
		*before = *n.file
		n.file = before
	}
	d.arrange()
}

// sameField reports whether two stats differ at most in a value that may change.
// The process that made a file is a constant of it.
func sameField(x, y Stat) bool {
	return x.Label == y.Label && x.Type == y.Type && x.Kind == y.Kind && x.Live == y.Live && x.Description == y.Description &&
		(x.Live || x.Unread || y.Unread || slices.Equal(x.Words, y.Words) && bytes.Equal(x.Text, y.Text))
}

// arrange makes d.files the files in order, less those that were gone after
// the record before.
func (d *decoder) arrange() {
	d.files = d.files[:0]
	for link := &d.first; *link > 0; {
		n := &d.numbered[*link-1]
		if n.followed || n.gone > 0 && n.gone < d.record {
			*link = n.next
			continue
		}
		d.files = append(d.files, n.file)
		link = &n.next
	}
}
