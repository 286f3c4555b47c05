package archive

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"mmstats/lib/format"
)

// Events of a payload, by their first number.
const (
	fileGone    = 0 // file
	fileNew     = 1 // see encoder.fileNew
	statUnread  = 2 // slot
	writerState = 3 // file, state
	fileLost    = 4 // file
)

// An encoder makes payloads of what files hold at one tick after the other. It
// remembers what the record before holds.
type encoder struct {
	start    time.Time // of the recording
	interval time.Duration

	byFile map[*File]*encoded
	files  []*encoded // by their numbers, in order
	count  int        // files that have a number since the key
	stats  int        // that have slots since the key
	last   []uint64   // by slot; of a text, 1 + its number, and 0 before it has one
	texts  map[string]int
	known  []string // texts by their numbers
	size   int      // of the texts, in bytes
	since  int64    // of the last record, in µs
	tick   int
	moved  bool // files are new, or gone, since the last record that was written

	keyTexts, keySize int // of the texts in the key alone

	payload []byte
	events  []byte
	nEvents int
	streams [3]stream

	packer packer
}

// An encoded is a file that the encoder knows.
type encoded struct {
	file   *File
	path   string
	number int
	slot   int // the first
	stats  int
	writer WriterState
	unread map[int]bool // stats, by their index
	tick   int          // that had the file last
	gone   bool
	// written is 1 + the number of the file in the last record that was
	// written, and 0 where that has no such file.
	written int
}

// A stream is the changed slots of one class of words, in order.
type stream struct {
	next int // the slot after the last one that changed
	gaps []byte
	data []byte
}

const (
	intStream = iota
	floatStream
	textStream
)

// append appends to dst the record of a key, or of what changed since the last
// call: see encode.
func (e *encoder) append(dst []byte, key bool, m Moment, files []*File) ([]byte, error) {
	payload, err := e.encode(key, m, files)
	if err != nil {
		return dst, err
	}
	kind := byte(changeRecord)
	if key {
		kind = keyRecord
	}
	return e.packer.append(dst, kind, m.Time.UnixMicro(), payload)
}

// appendNote appends to dst the record of a note.
func (e *encoder) appendNote(dst []byte, m Moment, note string) ([]byte, error) {
	return e.packer.append(dst, noteRecord, m.Time.UnixMicro(), []byte(note))
}

// encode returns the payload of a key, or of what changed since the last call.
// It is good until the next call. Files are in the order in which readers get
// them. After an error, and where the payload was not written, the next one
// must be a key.
func (e *encoder) encode(key bool, m Moment, files []*File) ([]byte, error) {
	e.begin()
	since := m.Since.Microseconds()
	if key {
		e.restart()
		e.uvarint(uint64(max(0, e.start.UnixMicro())))
		e.uvarint(uint64(since))
		e.uvarint(uint64(e.interval.Microseconds()))
	} else {
		e.uvarint(uint64(max(0, since-e.since)))
	}
	e.since = since
	if err := e.list(files); err != nil {
		return nil, err
	}
	for _, en := range e.files {
		if en.tick == e.tick {
			e.values(en)
		}
	}
	if key {
		e.keyTexts, e.keySize = len(e.known), e.size
	}
	e.uvarint(uint64(e.nEvents))
	e.payload = append(e.payload, e.events...)
	for i := range e.streams {
		e.bytes(e.streams[i].gaps)
		e.bytes(e.streams[i].data)
	}
	if e.count > maxFiles || e.stats > maxStats || len(e.last) > maxSlots ||
		len(e.known) > maxTexts || e.size > maxTextSize {
		return nil, ErrTooMuch
	}
	return e.payload, nil
}

func (e *encoder) begin() {
	e.tick++
	e.payload, e.events, e.nEvents = e.payload[:0], e.events[:0], 0
	for i := range e.streams {
		s := &e.streams[i]
		s.next, s.gaps, s.data = 0, s.gaps[:0], s.data[:0]
	}
}

// restart forgets all but which files the last record has.
func (e *encoder) restart() {
	if e.byFile == nil {
		e.byFile = make(map[*File]*encoded)
	}
	clear(e.files)
	e.files, e.known, e.last = e.files[:0], e.known[:0], e.last[:0]
	e.count, e.stats, e.size = 0, 0, 0
	e.texts = make(map[string]int)
}

// full reports whether most of what was given numbers since the key is gone,
// so that the next record should be a key.
func (e *encoder) full() bool {
	if e.size-e.keySize > maxTextSize/4 || len(e.known)-e.keyTexts > maxTexts/4 {
		return true
	}
	stats := 0
	for _, en := range e.files {
		stats += en.stats
	}
	return e.stats > 2*stats+1000
}

// written says that the last payload was written.
func (e *encoder) written() {
	if !e.moved {
		return
	}
	e.moved = false
	e.files = slices.DeleteFunc(e.files, func(en *encoded) bool {
		if en.gone && e.byFile[en.file] == en {
			delete(e.byFile, en.file)
		}
		en.written = en.number + 1
		return en.gone
	})
}

// forget says that it is not known whether the last payload was written. To
// readers, all files of the next key are other ones.
func (e *encoder) forget() {
	for _, en := range e.byFile {
		en.written = 0
	}
}

func (e *encoder) uvarint(v uint64) { e.payload = binary.AppendUvarint(e.payload, v) }

func (e *encoder) bytes(b []byte) {
	e.uvarint(uint64(len(b)))
	e.payload = append(e.payload, b...)
}

// event appends an event, or its first numbers.
func (e *encoder) event(numbers ...uint64) {
	e.nEvents++
	for _, n := range numbers {
		e.events = binary.AppendUvarint(e.events, n)
	}
}

// list makes e.files what the caller gave. In a key, all files are new.
func (e *encoder) list(files []*File) error {
	for _, f := range files {
		en := e.byFile[f]
		if en == nil {
			en = &encoded{file: f, number: -1}
			e.byFile[f] = en
		}
		en.tick = e.tick
	}
	if e.count == 0 {
		for f, en := range e.byFile {
			en.number = -1
			if en.tick != e.tick {
				delete(e.byFile, f)
			}
		}
	}
	for _, en := range e.files {
		if en.tick != e.tick {
			e.leave(en, fileLost)
		}
	}
	after := 0
	for _, f := range files {
		en := e.byFile[f]
		if en.number >= 0 && (len(f.Stats) != en.stats || f.Path != en.path) {
			e.leave(en, fileLost)
			en.tick = 0
			en = &encoded{file: f, number: -1, tick: e.tick, written: en.written}
			e.byFile[f] = en
		}
		if en.number < 0 {
			if err := e.fileNew(en, after); err != nil {
				return err
			}
		}
		if f.Gone {
			e.leave(en, fileGone)
		}
		if f.Writer != en.writer {
			en.writer = f.Writer
			e.event(writerState, uint64(en.number), uint64(f.Writer))
		}
		after = en.number + 1
	}
	return nil
}

// leave says that a file is gone: before this record, or after it.
func (e *encoder) leave(en *encoded, event uint64) {
	en.gone, e.moved = true, true
	e.event(event, uint64(en.number))
}

// fileNew gives a file a number, and its stats slots. After is 1 + the number
// of the file that stands before it in the order of the caller, and 0 where it
// is the first.
func (e *encoder) fileNew(en *encoded, after int) error {
	f := en.file
	en.number, en.slot, en.path, en.stats, en.writer = e.count, len(e.last), f.Path, len(f.Stats), f.Writer
	en.unread = nil
	e.files = append(e.files, en)
	e.count++
	e.stats += en.stats
	e.moved = true
	e.event(fileNew, uint64(en.written), uint64(after))
	e.events = e.text(e.events, f.Path)
	e.events = binary.AppendUvarint(e.events, f.Inode)
	e.events = binary.AppendUvarint(e.events, uint64(f.Writer))
	e.events = binary.AppendUvarint(e.events, uint64(en.stats))
	for i := range f.Stats {
		st := &f.Stats[i]
		words := len(wordsByType[st.Type])
		if words == 0 || len(st.Words) != WordsOf(st.Type) {
			return fmt.Errorf("%q: %d words of type %v", st.Label, len(st.Words), st.Type)
		}
		e.events = e.text(e.events, st.Label)
		kind := codeByKind[st.Kind]
		if st.Live {
			kind += liveKind
		}
		e.events = append(e.events, codeByType[st.Type], kind)
		e.events = e.text(e.events, st.Description)
		e.events = binary.AppendUvarint(e.events, uint64(words))
		e.last = append(e.last, make([]uint64, words)...)
	}
	return nil
}

// text appends a text: its number, or where it is new all of it.
func (e *encoder) text(dst []byte, s string) []byte {
	if n, ok := e.texts[s]; ok {
		return binary.AppendUvarint(dst, uint64(1+n))
	}
	e.texts[s] = len(e.known)
	e.known = append(e.known, s)
	e.size += len(s)
	dst = append(dst, 0)
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// values appends the values of a file that changed.
func (e *encoder) values(en *encoded) {
	slot := en.slot
	for i := range en.file.Stats {
		st := &en.file.Stats[i]
		again := false
		if st.Unread != en.unread[i] {
			again = e.readable(en, i, slot, st)
		}
		switch {
		case st.Type == format.String:
			if !st.Unread {
				e.textValue(slot, st.Text, again)
			}
			slot++
			continue
		case !st.Unread:
			e.words(slot, st, again)
		}
		slot += len(st.Words)
	}
}

// readable notes that a stat can be read again, or cannot any more. It reports
// whether its value has to be written even if it is the last one.
func (e *encoder) readable(en *encoded, i, slot int, st *Stat) (again bool) {
	if !st.Unread {
		delete(en.unread, i)
		return true
	}
	if en.unread == nil {
		en.unread = make(map[int]bool)
	}
	en.unread[i] = true
	e.event(statUnread, uint64(slot))
	return false
}

func (e *encoder) words(slot int, st *Stat, again bool) {
	last := e.last[slot : slot+len(st.Words)]
	for i, w := range st.Words {
		if i == 0 && st.Type == format.Average {
			w ^= ratio(st)
		}
		if w == last[i] && !again {
			continue
		}
		if wordsByType[st.Type][i] == floatWord {
			s := &e.streams[floatStream]
			s.gap(slot + i)
			s.data = appendXOR(s.data, w^last[i])
		} else {
			s := &e.streams[intStream]
			s.gap(slot + i)
			s.data = binary.AppendUvarint(s.data, zigzag(w-last[i]))
		}
		last[i] = w
	}
}

func (e *encoder) textValue(slot int, text []byte, again bool) {
	last := e.last[slot]
	if !again && (last == 0 && len(text) == 0 || last != 0 && e.known[last-1] == string(text)) {
		return
	}
	s := &e.streams[textStream]
	s.gap(slot)
	n, ok := e.texts[string(text)]
	if ok {
		s.data = binary.AppendUvarint(s.data, uint64(1+n))
	} else {
		n = len(e.known)
		s.data = e.text(s.data, string(text))
	}
	e.last[slot] = uint64(1 + n)
}

// gap appends how many slots did not change before this one.
func (s *stream) gap(slot int) {
	s.gaps = binary.AppendUvarint(s.gaps, uint64(slot-s.next))
	s.next = slot + 1
}

// appendXOR appends the bits in which a float differs from the last one: how
// many of its 8 bytes are zero, the highest << 4 | the lowest, and the others,
// the lowest first.
func appendXOR(dst []byte, x uint64) []byte {
	high, low := bits.LeadingZeros64(x)/8, 0
	if x != 0 {
		low = bits.TrailingZeros64(x) / 8
	}
	dst = append(dst, byte(high<<4|low))
	for x >>= 8 * low; x != 0; x >>= 8 {
		dst = append(dst, byte(x))
	}
	return dst
}
