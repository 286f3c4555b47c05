package archive

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"mmstats/lib/format"
)

var kindNames = map[string]format.Kind{
	"constant": format.KindConstant, "gauge": format.KindGauge, "counter": format.KindCounter,
	"bool": format.KindBool, "string": format.KindString,
}

// A pythonRecord is a record as testdata/readarchive.py prints it.
type pythonRecord struct {
	Time, Start, Since, Interval int64
	Notes                        []string
	Files                        []struct {
		Path   string
		Inode  uint64
		Writer WriterState
		Gone   bool
		Stats  []struct {
			Label, Type, Kind, Description string
			Live, Unread                   bool
			Words                          []string
		}
	}
}

// files returns the files of r as this package has them.
func (r *pythonRecord) files(t testing.TB) (files []File) {
	t.Helper()
	for _, pf := range r.Files {
		f := File{Path: latin1(pf.Path), Inode: pf.Inode, Writer: pf.Writer, Gone: pf.Gone}
		for _, ps := range pf.Stats {
			st := Stat{Label: latin1(ps.Label), Kind: kindNames[ps.Kind], Description: latin1(ps.Description), Live: ps.Live, Unread: ps.Unread}
			for _, l := range layouts[1:] {
				if l.typ.String() == ps.Type {
					st.Type = l.typ
				}
			}
			for _, w := range ps.Words {
				n, err := strconv.ParseUint(w, 10, 64)
				switch {
				case st.Type == format.String:
					st.Text = []byte(latin1(w))
				case err != nil:
					t.Fatal(err)
				default:
					st.Words = append(st.Words, n)
				}
			}
			f.Stats = append(f.Stats, st)
		}
		files = append(files, f)
	}
	return files
}

// latin1 makes a byte of each character.
func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// readByPython returns what a reader that shares no code with this one reads.
func readByPython(t testing.TB, path string) (records []pythonRecord) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is needed: it reads archives independently")
	}
	out, err := exec.Command(python, "testdata/readarchive.py", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var r pythonRecord
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// wantPython checks that both readers read the same of an archive.
func wantPython(t testing.TB, path string) {
	t.Helper()
	a := open(t, path)
	python := readByPython(t, path)
	for i := range python {
		r, err := a.Next()
		if err != nil {
			t.Fatalf("record %d of %d: %v", i, len(python), err)
		}
		p := &python[i]
		wantRecord(t, r, tick{Moment{time.UnixMicro(p.Time), time.Duration(p.Since) * time.Microsecond}, p.files(t)})
		if r.Start.UnixMicro() != p.Start || r.Interval.Microseconds() != p.Interval || len(r.Notes) != len(p.Notes) {
			t.Fatalf("record %d: start %v, interval %v, notes %q, want %d, %d, %q", i, r.Start, r.Interval, r.Notes, p.Start, p.Interval, p.Notes)
		}
	}
	if _, err := a.Next(); err != io.EOF || len(python) == 0 {
		t.Errorf("after record %d: %v", len(python), err)
	}
}

// A reader that was written from mmstats-archive(5) reads what is recorded.
func TestPythonReads(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(2) {
		w := newWriter(t, dir, Options{})
		c := newChurn(seed)
		recordChurn(t, w, c, 1000*int(seed), 30)
		w.dropped, w.reason = 3, io.ErrShortWrite
		recordChurn(t, w, c, 1000*int(seed)+30, 30)
		w.Close()
	}
	wantPython(t, dir)
}
