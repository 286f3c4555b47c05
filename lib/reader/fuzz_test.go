package reader

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// atPageEnd returns a file that ends with field, at the end of a page.
func atPageEnd(field []byte) []byte {
	data := []byte{format.Version}
	label := strings.Repeat("x", mapping.PageSize()-len(pythonField("", "B", format.Unbuffered, []byte{7}))-1-len(field))
	data = append(data, pythonField(label, "B", format.Unbuffered, []byte{7})...)
	return append(data, field...)
}

// A text of no bytes ends where the map of the file ends. Nothing behind that
// is touched.
func TestPollEmptyTextAtTheEndOfAPage(t *testing.T) {
	for _, sig := range []string{"0s", "0p", "8x0s", " 0s", "0s "} {
		for _, index := range []byte{0, 1, format.Unbuffered} {
			pad := make([]byte, strings.Count(sig, "8x")*8)
			data := atPageEnd(pythonField("t", sig, index, pad))
			if len(data) != mapping.PageSize() {
				t.Fatalf("a file of %d bytes", len(data))
			}
			l := newObserver(t, writeFile(t, data))
			l.poller.Want = func(label string) bool { return label == "t" }
			l.want(sig, "t=")
			l.want(sig+" again", "t=")
			l.wantErrors()
		}
	}
}

// FuzzPoller polls a file that is written anew in place, cut short, made whole
// and replaced between the polls. A file that rests is polled as it is read.
//
//	go test -run - -fuzz Poller -fuzztime 30s ./lib/reader
func FuzzPoller(f *testing.F) {
	files, err := filepath.Glob("../format/testdata/python-0.8/*.mmstats")
	if err != nil || len(files) == 0 {
		f.Fatal("no files by the Python original", err)
	}
	var before []byte
	for i, name := range files {
		if testing.Short() && i%4 > 0 {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(before, data, len(data)/3)
		before = data
	}
	for _, sig := range []string{"0s", "0p", "s", "d16x ", "d24x ", "9x5000s", ">H "} {
		parsed, err := format.ParseSignature(sig)
		if err != nil {
			f.Fatal(err)
		}
		field := pythonField("t", sig, 1, make([]byte, parsed.Size))
		f.Add(append([]byte{1}, field...), append([]byte{1}, field...), 3)
		if parsed.Size < 1000 {
			f.Add(atPageEnd(field), append(atPageEnd(field), field...), mapping.PageSize())
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, first, second []byte, cut int) {
		name := filepath.Join(dir, fmt.Sprint(os.Getpid(), ".mmstats"))
		write := func(data []byte) {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write(first)
		p := &Poller{Watch: statfile.NewWatch([]string{name})}
		defer p.Close()
		polled := func() string {
			var text bytes.Buffer
			p.Poll(func(s *Sample) { fmt.Fprintf(&text, "%q %v %q\n", s.Series.Label, s.File.Err, text4096(s.Value)) })
			return text.String()
		}
		check := func(when string) {
			for range 2 * maxWait { // until it is loaded again
				polled()
			}
			if got, want := polled(), readOnce(name); got != want {
				t.Errorf("%s: Poll() got\n%s, want\n%s", when, got, want)
			}
		}
		polled()
		check("at first")
		// A map shows zeros from the end of a file to that of its last page.
		write(wholePages(second)) // in place
		check("written anew")
		os.Truncate(name, int64(uint(cut)%uint(len(second)+mapping.PageSize())))
		polled() // what is left of a value is no worse than what its writer may write
		polled()
		write(wholePages(append(second, first...)))
		check("longer")
		os.Remove(name)
		polled()
		write(second)
		check("replaced")
	})
}

// wholePages returns data with zeros up to the end of a page.
func wholePages(data []byte) []byte {
	return append(slices.Clip(data), make([]byte, mapping.RoundUp(len(data))-len(data))...)
}

// text4096 returns a value as text, cut as a Poller cuts it.
func text4096(v format.Value) []byte {
	if v.Class() == format.TextClass {
		return v.Text()[:min(len(v.Text()), DefaultMaxText)]
	}
	return v.AppendText(nil)
}

// readOnce returns what ReadFile says of a file, of each label the first stat.
func readOnce(name string) string {
	var text bytes.Buffer
	stats, err := ReadFile(name)
	var damage *format.DamageError
	if err != nil && !errors.As(err, &damage) {
		return err.Error()
	}
	seen := make(map[string]bool)
	for _, st := range stats {
		if label := string(st.Label); !seen[label] {
			seen[label] = true
			fmt.Fprintf(&text, "%q %v %q\n", label, err, text4096(st.Value))
		}
	}
	return text.String()
}
