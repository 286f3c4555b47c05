package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

func init() { programs["read-all"] = readAll }

// segmentOf returns a segment of records with these payloads, which start with
// their kind.
func segmentOf(t testing.TB, payloads ...[]byte) []byte {
	t.Helper()
	data := []byte(segmentHeader)
	var p packer
	for i, payload := range payloads {
		var err error
		if data, err = p.append(data, payload[0], moment(i).Time.UnixMicro(), payload[1:]); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// use does with a record what readers do.
func use(r *Record) {
	for _, f := range r.Files {
		for i := range f.Stats {
			f.Stats[i].Value().AppendText(nil)
		}
	}
}

// numbers returns what they are in a payload.
func numbers(ns ...uint64) (b []byte) {
	for _, n := range ns {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// readAll is "read-all ARCHIVE". It prints the most memory that it had, in MiB.
func readAll() {
	a, err := Open(os.Args[1])
	fatal(err)
	for {
		r, err := a.Next()
		if err == io.EOF {
			break
		}
		fatal(err)
		use(r)
	}
	if _, err := a.At(time.Now()); err != nil && !errors.Is(err, ErrEmpty) && !errors.As(err, new(*os.PathError)) {
		fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Print(m.HeapSys >> 20)
}

// hostileArchives ask for more memory than they are worth.
func hostileArchives() map[string][][]byte {
	key := []byte{keyRecord}
	key = append(key, numbers(1, 1, 1)...)
	many := func(n uint64, b []byte, count, size int) []byte {
		b = append(append([]byte(nil), b...), numbers(n)...)
		for range count {
			b = append(b, make([]byte, size)...)
		}
		return b
	}
	manyFiles := append([]byte(nil), key...)
	manyFiles = append(manyFiles, numbers(1<<20)...)
	for range 1 << 20 {
		manyFiles = append(manyFiles, numbers(fileNew, 0, 0, 0, 0, 0, 0, 0)...)
	}
	stat := numbers(1, 10, 2, 1, 1) // label, float64, gauge, description, words
	manyStats := append([]byte(nil), key...)
	manyStats = append(manyStats, numbers(1, fileNew, 0, 0, 0, 0, 1, 0, maxStats)...)
	for range maxStats {
		manyStats = append(manyStats, stat...)
	}
	manyStats = append(manyStats, make([]byte, 6)...)
	words := numbers(1, 16, 2, 1, 501)
	manyWords := append([]byte(nil), key...)
	manyWords = append(manyWords, numbers(1, fileNew, 0, 0, 0, 0, 1, 0, maxSlots/501)...)
	for range maxSlots / 501 {
		manyWords = append(manyWords, words...)
	}
	manyWords = append(manyWords, make([]byte, 6)...)
	text := slices.Concat(key, numbers(1, fileNew, 0, 0, 0, 0, 1, 0, 1), numbers(1, 12, 5, 1, 1), make([]byte, 6))
	const size = 30 << 20
	largeTexts := [][]byte{text}
	change := slices.Concat([]byte{changeRecord}, numbers(1, 0, 0, 0, 0, 0, 1, 0, size+5, 0, size), make([]byte, size))
	for range 40 {
		largeTexts = append(largeTexts, change)
	}
	return map[string][][]byte{
		"zeros":  {many(0, key, 60<<20, 1)},
		"events": {many(1<<40, key, 1000, 1)},
		"files":  {manyFiles},
		"stats":  {manyStats},
		"words":  {manyWords},
		"texts":  largeTexts,
	}
}

// What an archive makes a reader remember is bounded, whatever it says.
func TestHostileMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads archives of hundreds of megabytes")
	}
	for name, payloads := range hostileArchives() {
		path := filepath.Join(t.TempDir(), name)
		writeFile(t, path, segmentOf(t, payloads...))
		out, err := exec.Command("read-all", path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		if mib, err := strconv.Atoi(string(out)); err != nil || mib > 900 {
			t.Errorf("%s: %d MiB, %v", name, mib, err)
		}
		t.Logf("%s: %s MiB", name, out)
	}
}

// payloadsOf returns the payloads of a segment, with their kinds.
func payloadsOf(t testing.TB, path string) (payloads [][]byte) {
	t.Helper()
	s, err := openSegment(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var u unpacker
	for offset := int64(len(segmentHeader)); ; {
		r, bad, err := s.step(offset, nil)
		if err != nil || bad != nil {
			t.Fatal(bad, err)
		}
		if r == nil {
			return payloads
		}
		payload, err := u.unpack(r.codec, r.bytes)
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, append([]byte{r.kind}, payload...))
		offset = r.end()
	}
}

// joinPayloads makes one text of payloads, each after its size.
func joinPayloads(payloads [][]byte) (b []byte) {
	for _, p := range payloads {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	return b
}

// Whatever payloads say, they are read without a panic. They have the right
// checksums here, which few mutations of a segment would.
func FuzzPayloads(f *testing.F) {
	dir, _ := small(f, 10)
	f.Add(joinPayloads(payloadsOf(f, segments(f, dir)[0])))
	f.Add(joinPayloads([][]byte{append([]byte{noteRecord}, "a note"...)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d decoder
		for c := (cursor{b: b}); c.left() > 0; {
			p := c.sized()
			if len(p) == 0 || p[0] == noteRecord {
				continue
			}
			kind := byte(changeRecord)
			if p[0] == keyRecord {
				kind = keyRecord
			}
			if err := d.decode(kind, p[1:]); err != nil {
				continue
			}
			use(&Record{Files: d.files})
		}
	})
}

// Whatever a segment holds, it is read to its end.
func FuzzSegment(f *testing.F) {
	dir, _ := small(f, 10)
	data := readFile(f, segments(f, dir)[0])
	f.Add(data)
	f.Add(data[:len(data)-7])
	f.Add(append(data[:300:300], data[200:]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x")
		writeFile(t, path, data)
		a, err := Open(path)
		if err != nil {
			return
		}
		defer a.Close()
		var last int64
		for {
			r, err := a.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			use(r)
			if a.offset <= last {
				t.Fatalf("a record that ends at %d after one that ends at %d", a.offset, last)
			}
			last = a.offset
		}
		a.Bounds()
		a.At(moment(5).Time)
	})
}
