// Package archive records the stats of many files over time in a directory,
// and reads them back. The format is that of mmstats-archive(5).
//
// A [Writer] appends one record a tick: a key holds everything, the records
// that follow hold what changed since the record before. An [Archive] finds the
// last record at or before a time, and goes on from there.
package archive

import (
	"errors"
	"math"
	"strings"
	"time"

	"mmstats/lib/format"
)

// A File is a stat file at one tick. Its address stands for it: a file that
// goes on is the same *File in one record after the other.
type File struct {
	Path  string
	Inode uint64
	// Writer says whether the process that owns the file runs.
	Writer WriterState
	// Gone says that the file was not there any more. Its values are the last
	// ones, and no later record has it.
	Gone bool
	// Stats are in the order of the file. A file with other stats than in the
	// record before is still the same file.
	Stats []Stat
}

// WriterState says whether the writer of a file runs.
type WriterState uint8

// The states of a writer.
const (
	WriterUnknown WriterState = iota
	WriterRuns
	WriterEnded
)

// A Stat is one stat of a File. What it is does not change while the file has
// the same number of stats.
type Stat struct {
	Label string
	Type  format.Type
	Kind  format.Kind
	// Live reports whether the value may change after the file is published.
	Live bool
	// Description is the text of a [format.Description], or empty.
	Description string

	// Words are the value of anything but a text, WordsOf(Type) of them: the
	// bits of an int64, a uint64 or a float64 each. An average has its mean,
	// count and total, a moving average its mean and count, a histogram its
	// sum, minimum, maximum and buckets.
	Words []uint64
	// Text is the value of a [format.String].
	Text []byte
	// Unread says that the value could not be read.
	Unread bool

	rest uint64 // of an average that is read: the mean XORed with ratio
}

// ratio returns the bits of total / count of an average, and 0 where that is no
// number. Archives hold the mean XORed with it, which is 0 as a rule: a mean
// that changes would be the largest part of them.
func ratio(average *Stat) uint64 {
	count, total := average.Words[1], math.Float64frombits(average.Words[2])
	mean := total / float64(count)
	if count == 0 || math.IsNaN(mean) {
		return 0
	}
	return math.Float64bits(mean)
}

// A Moment is when a record was made.
type Moment struct {
	// Time is that of the clock, in whole microseconds. It may go back.
	Time time.Time
	// Since is how long the recording has run, by a clock that never goes
	// back, in whole microseconds.
	Since time.Duration
}

// A layout says what the words of a type are.
type layout struct {
	typ   format.Type
	words string // one of the constants below for each
}

const (
	intWord   = 'i'
	floatWord = 'f'
	textWord  = 't' // the number of a text
)

// layouts are by the code of the type in an archive. The codes and words never
// change.
var layouts = []layout{
	1:  {format.Int8, "i"},
	2:  {format.Int16, "i"},
	3:  {format.Int32, "i"},
	4:  {format.Int64, "i"},
	5:  {format.Uint8, "i"},
	6:  {format.Uint16, "i"},
	7:  {format.Uint32, "i"},
	8:  {format.Uint64, "i"},
	9:  {format.Float32, "f"},
	10: {format.Float64, "f"},
	11: {format.Bool, "i"},
	12: {format.String, "t"},
	13: {format.Counter, "i"},
	14: {format.Average, "fif"}, // mean, count, total
	15: {format.Moving, "fi"},   // mean, count
	16: {format.Histogram, "fff" + strings.Repeat("i", format.NumBuckets)},
}

// liveKind is added to the code of the kind of a stat that may change.
const liveKind = 8

// kinds are by their code in an archive, which never changes.
var kinds = []format.Kind{
	1: format.KindConstant, 2: format.KindGauge, 3: format.KindCounter, 4: format.KindBool, 5: format.KindString,
}

var (
	codeByType, codeByKind [256]byte
	wordsByType            [256]string
)

func init() {
	for code, l := range layouts {
		codeByType[l.typ], wordsByType[l.typ] = byte(code), l.words
	}
	for code, kind := range kinds {
		codeByKind[kind] = byte(code)
	}
}

// WordsOf returns how many words the value of a stat of type t has. A text has
// none.
func WordsOf(t format.Type) int {
	if t == format.String {
		return 0
	}
	return len(wordsByType[t])
}

// Limits of what a key and the records up to the next one hold together. They
// bound the memory of a reader, whoever wrote the archive.
const (
	// MaxPayload is the size of a payload, in bytes, packed or not.
	MaxPayload  = 64 << 20
	maxFiles    = 1 << 20
	maxStats    = 2 << 20
	maxSlots    = 8 << 20
	maxTexts    = 2 << 20
	maxTextSize = 64 << 20 // bytes
)

// ErrTooMuch says that files hold more than a record can.
var ErrTooMuch = errors.New("more stats than an archive can hold")

// keyEvery is how many records there are from one key to the next, at most.
const keyEvery = 300
