package reader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// writerEnv makes the test binary one of writers, on the file it holds.
const writerEnv = "READER_TEST_WRITER"

var writers = map[string]func(name string) error{"flip": flip, "grow": grow}

func TestMain(m *testing.M) {
	kind, name, ok := strings.Cut(os.Getenv(writerEnv), ":")
	if !ok {
		os.Exit(m.Run())
	}
	go func() { // ends with the test, however that ends
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err := writers[kind](name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startWriter runs a writer as a process of its own, until the test ends.
func startWriter(t *testing.T, kind, name string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+kind+":"+name, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the writer: %v", err)
		}
	})
}

// pythonField returns a field as the Python original lays it out: where it
// comes to stand, with no blanks.
func pythonField(label, sig string, index byte, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(len(label)))
	b = append(b, label...)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(sig)))
	b = append(append(b, sig...), index)
	if b = append(b, value...); index != format.Unbuffered {
		b = append(b, value...)
	}
	return b
}

// flipFile is a file with a text of one letter and a number of one byte that
// straddle words, by the layout of the Python original, and a number in a word
// of its own.
func flipFile(t *testing.T, textSize int) string {
	t.Helper()
	data := []byte{format.Version}
	data = append(data, pythonField("text", strconv.Itoa(textSize)+"s", 0, bytes.Repeat([]byte{'a'}, textSize))...)
	data = append(data, pythonField("number", "Q", 0, bytes.Repeat([]byte{1}, 8))...)
	data, err := format.AppendField(data, format.Spec{Label: "word", Type: format.Counter})
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, data)
}

func writeFile(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.mmstats")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// kinds is how many values flip writes, in turn.
const kinds = 8

// flip changes every value of a flipFile as fast as it can.
func flip(name string) error {
	f, info, err := openWritable(name)
	if err != nil {
		return err
	}
	var l statfile.Loader
	if err := l.Load(f, info); err != nil {
		return err
	}
	r, err := mapping.Map(f, int(info.Size))
	if err != nil {
		return err
	}
	text := mapping.BuffersAt(r, l.Fields[0].IndexOffset(), l.Fields[0].Signature.Size)
	number := mapping.BuffersAt(r, l.Fields[1].IndexOffset(), 8)
	var word mapping.Cell[uint64]
	word.Bind(r, l.Fields[2].ValueOffset, 0)
	var texts, numbers [kinds]string
	for i := range texts {
		texts[i] = strings.Repeat(string(rune('a'+i)), l.Fields[0].Signature.Size)
		numbers[i] = strings.Repeat(string([]byte{byte(i)}), 8)
	}
	for {
		for i := range texts {
			text.WriteString(texts[i])
			number.WriteString(numbers[i])
			word.Store(uint64(i) * 0x0101010101010101)
		}
	}
}

func openWritable(name string) (*mapping.File, mapping.Info, error) {
	f, err := mapping.Open(name, os.O_RDWR, 0)
	if err != nil {
		return nil, mapping.Info{}, err
	}
	info, err := f.Stat()
	return f, info, err
}

func open(t *testing.T, name string) (*mapping.File, mapping.Info) {
	t.Helper()
	f, info, err := statfile.Open(name, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, info
}

// mixed returns two bytes of b that differ, or "".
func mixed(b []byte) string {
	for _, c := range b {
		if c != b[0] {
			return fmt.Sprintf("%q and %q", b[0], c)
		}
	}
	return ""
}

// check fails where a value of a flipFile is not whole. It returns the first
// byte of each, or -1 of one that was said to be busy.
func check(t *testing.T, stats []format.Stat, textSize int) (first [3]int) {
	t.Helper()
	if len(stats) != 3 {
		t.Fatalf("Read = %d stats, want 3", len(stats))
	}
	for i, st := range stats {
		if st.Err == mapping.ErrBusy && st.Value.Class() == 0 && string(st.Label) != "word" {
			first[i] = -1
			continue
		}
		value := binary.NativeEndian.AppendUint64(nil, st.Value.Uint())
		if string(st.Label) == "text" {
			if value = st.Value.Text(); len(value) != textSize {
				t.Fatalf("text of %d bytes, want %d", len(value), textSize)
			}
		}
		if st.Err != nil || mixed(value) != "" {
			t.Fatalf("%s is mixed: %s, %v", st.Label, mixed(value), st.Err)
		}
		first[i] = int(value[0])
	}
	return first
}

// No value is ever half an old and half a new one, however fast it changes.
func TestReadWhileWritten(t *testing.T) {
	const textSize = 3000 // so that a copy takes a while
	name := flipFile(t, textSize)
	startWriter(t, "flip", name)
	f, info := open(t, name)
	var r Reader
	looks := 5000
	if testing.Short() {
		looks = 500
	}
	var seen [3]map[int]bool // values of each stat
	for i := range seen {
		seen[i] = make(map[int]bool)
	}
	for n := 0; n < looks || min(len(seen[0]), len(seen[1]), len(seen[2])) < 2; n++ {
		if err := r.Read(f, info); err != nil {
			t.Fatal(err)
		}
		for i, first := range check(t, slices.Collect(r.Stats()), textSize) {
			if first >= 0 {
				seen[i][first] = true
			}
		}
	}
}

// reads are what a buffered text of 4 bytes is at one read after the other,
// each as its write buffer and both values. The last one goes on.
type reads []string

func (l *reads) ReadAt(p []byte, offset int64) (int, error) {
	if n := copy(p, (*l)[0]); n < len(p) {
		return n, io.EOF
	}
	if len(*l) > 1 {
		*l = (*l)[1:]
	}
	return len(p), nil
}

// A value is good when enough reads in a row got it, and the write buffer was
// still the same after them.
func TestSettle(t *testing.T) {
	const a, b, rewritten = "\x00----aaaa", "\x01bbbb----", "\xff----aaaa"
	const torn, other = "\x00----aacc", "\x00====aaaa"
	var always reads
	for i := range 2 * mapping.MaxTries * mapping.EqualReads {
		always = append(always, fmt.Sprintf("\x00----%04d", i))
	}
	for _, test := range []struct {
		reads reads
		value string
		err   error
	}{
		{reads{a}, "aaaa", nil},
		{reads{b}, "bbbb", nil},
		{reads{a, other, a, other, a}, "aaaa", nil}, // what is being written does not matter
		{reads{torn, torn, torn, b}, "bbbb", nil},
		{reads{torn, torn, b, torn, torn, b}, "bbbb", nil},
		{reads{a, a, a, a, b}, "bbbb", nil}, // the write buffer has changed
		{reads{a, a, b, rewritten}, "", mapping.ErrBusy},
		{reads{"\x07----aaaa"}, "", mapping.ErrBusy},
		{always, "", mapping.ErrBusy},
		{reads{a, a, "\x00"}, "", io.EOF},
	} {
		sig, err := format.ParseSignature("4s")
		if err != nil {
			t.Fatal(err)
		}
		field := format.Field{Signature: &sig, ValueOffset: 1}
		var r Reader
		r.loader.Data = make([]byte, field.End())
		first := test.reads[0]
		err = r.settle(&test.reads, &field)
		value := ""
		if err == nil {
			at := field.ReadOffset(field.WriteBuffer)
			value = string(r.loader.Data[at : at+4])
		}
		if value != test.value || err != test.err {
			t.Errorf("settle from %q on = %q, %v, want %q, %v", first, value, err, test.value, test.err)
		}
	}
}

// growEnd is how many counters grow appends; each has its number as its value.
const growEnd = 4000

// grow appends fields to a file, which grows past what it was mapped as.
func grow(name string) error {
	f, info, err := openWritable(name)
	if err != nil {
		return err
	}
	file := []byte{format.Version}
	size := int(info.Size)
	r, err := mapping.Map(f, size)
	if err != nil {
		return err
	}
	for n := range uint64(growEnd) {
		offset := len(file)
		file, err = format.AppendField(file, format.Spec{Label: fmt.Sprint("n.", n), Type: format.Counter})
		if err != nil {
			return err
		}
		binary.NativeEndian.PutUint64(file[len(file)-8:], n)
		if len(file)+2 > size {
			size += 64 << 10
			if err := f.Reserve(int64(size)); err != nil {
				return err
			}
			if r, err = mapping.Map(f, size); err != nil {
				return err
			}
		}
		if err := r.Append(offset, file[offset:]); err != nil {
			return err
		}
	}
	select {}
}

// A field appears whole or not at all, and never goes away.
func TestReadWhileGrowing(t *testing.T) {
	name := writeFile(t, append([]byte{format.Version}, make([]byte, 4095)...))
	f, info := open(t, name)
	startWriter(t, "grow", name)
	var r Reader
	deadline := time.Now().Add(time.Minute)
	for had := 0; had < growEnd; {
		err := r.Read(f, info) // with the size from before it grew
		stats := slices.Collect(r.Stats())
		if err != nil || len(stats) < had {
			t.Fatalf("Read = %d stats, %v, want at least %d", len(stats), err, had)
		}
		for i, st := range stats {
			if want := fmt.Sprint("n.", i); string(st.Label) != want || st.Value.Uint() != uint64(i) || st.Err != nil {
				t.Fatalf("stat %d is %s %d, %v, want %s %d", i, st.Label, st.Value.Uint(), st.Err, want, i)
			}
		}
		if had = len(stats); time.Now().After(deadline) {
			t.Fatalf("%d stats, want %d", had, growEnd)
		}
	}
}

// Fields that go on past one step of reading, values that straddle its end
// among them, are all read.
func TestReadManySteps(t *testing.T) {
	data := []byte{format.Version}
	var want []string
	for i := range 4000 {
		label := fmt.Sprintf("label.%d", i)
		text := fmt.Sprintf("text %d %s", i, strings.Repeat("x", i%40))
		data = append(data, pythonField(label, "64s", byte(i%2), append([]byte(text), make([]byte, 64-len(text))...))...)
		want = append(want, label+" "+text)
	}
	if len(data) < 3*statfile.Chunk {
		t.Fatalf("a file of %d bytes is too short for this test", len(data))
	}
	stats, err := ReadFile(writeFile(t, data))
	if err != nil || len(stats) != len(want) {
		t.Fatalf("ReadFile = %d stats, %v, want %d", len(stats), err, len(want))
	}
	for i, st := range stats {
		if got := string(st.Label) + " " + string(st.Value.Text()); got != want[i] {
			t.Fatalf("stat %d = %q, want %q", i, got, want[i])
		}
	}
}

func TestReadDamaged(t *testing.T) {
	whole := pythonField("good", "B", format.Unbuffered, []byte{7})
	for _, test := range []struct {
		data  string
		stats int
		want  string
	}{
		{"", 0, "empty file"},
		{"#!/bin/sh", 0, "not a version 1 stat file (first byte 0x23)"},
		{"\x01" + string(whole[:5]), 0, "damaged at byte 1: label of 4 bytes goes past the end of the file"},
		{"\x01" + string(whole) + string(whole[:8]), 1, "damaged at byte 18: signature of 1 bytes goes past the end of the file"},
	} {
		name := writeFile(t, []byte(test.data))
		stats, err := ReadFile(name)
		if err == nil || err.Error() != "read "+name+": "+test.want || len(stats) != test.stats {
			t.Errorf("ReadFile(%q) = %d stats, %v, want %d, %s", test.data, len(stats), err, test.stats, test.want)
		}
		if len(stats) > 0 && stats[0].Value.Uint() != 7 {
			t.Errorf("ReadFile(%q): the stat before the damage is %d, want 7", test.data, stats[0].Value.Uint())
		}
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "gone")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ReadFile of no file = %v, want %v", err, os.ErrNotExist)
	}
}

// A file that is truncated between two looks is an error of the file, once;
// what was read whole before that place is good.
func TestReadTruncatedMeanwhile(t *testing.T) {
	name := flipFile(t, 100)
	f, info := open(t, name)
	var r Reader
	err := r.Read(f, info)
	stats := slices.Collect(r.Stats())
	if err != nil || len(stats) != 3 {
		t.Fatalf("Read = %d stats, %v, want 3", len(stats), err)
	}
	number := stats[1].Offset
	if err := os.Truncate(name, int64(number)+4); err != nil {
		t.Fatal(err)
	}
	err = r.settleAll(f)
	if err == nil || err.Error() != "read "+name+": truncated while it was read" {
		t.Errorf("settleAll = %v, want that the file was truncated", err)
	}
	left := slices.Collect(r.Stats())
	if len(left) != 1 || r.Len() != 1 || mixed(left[0].Value.Text()) != "" || left[0].Err != nil {
		t.Errorf("settleAll leaves %d stats, want the one that is still there", len(left))
	}
}

// What Read returns is not that of the file before.
func TestReaderAgain(t *testing.T) {
	var r Reader
	for i, data := range [][]byte{
		append([]byte{1}, pythonField("a", "64s", 0, make([]byte, 64))...),
		append([]byte{1}, pythonField("b", "B", format.Unbuffered, []byte{9})...),
		{1},
		{},
	} {
		f, info := open(t, writeFile(t, data))
		r.Read(f, info)
		var got []string
		for st := range r.Stats() {
			got = append(got, string(st.Label))
		}
		if want := []string{"a", "b", "", ""}[i]; strings.Join(got, " ") != want {
			t.Errorf("Read of file %d = %q, want %q", i, got, want)
		}
	}
}

// number returns v as 8 bytes, in the order of the machine.
func number(v uint64) []byte { return binary.NativeEndian.AppendUint64(nil, v) }
