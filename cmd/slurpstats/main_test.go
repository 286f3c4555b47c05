package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

func TestMain(m *testing.M) {
	clitest.Main(m, map[string]func(){"slurpstats": main})
}

func TestScripts(t *testing.T) {
	clitest.Scripts(t, map[string]func(*testscript.TestScript, bool, []string){"stats": writeStats, "raw": writeRaw})
}

func TestManPage(t *testing.T) {
	clitest.ManPage(t, "slurpstats", func(t *testing.T, dir string) {
		for i, name := range []string{"web-1.mmstats", "web-2.mmstats"} {
			write(t, filepath.Join(dir, name), statFile(t, "jobs.done:counter="+strconv.Itoa(i+1), "jobs.mean:average=0.5",
				"web.stats.status.2XX:counter=7", "web.stats.status.5XX:counter=1", "sys.pid:constant="+strconv.Itoa(os.Getpid())))
		}
	})
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// fataler is a test or a script.
type fataler interface{ Fatalf(string, ...any) }

// statFile returns a file with fields that are each given as LABEL:TYPE=VALUE,
// where TYPE is what the commands print, or constant for a whole number.
// Labels and values may have Go's escapes.
func statFile(t fataler, fields ...string) []byte {
	types := map[string]format.Type{"constant": format.Uint32}
	for typ := format.Int8; typ <= format.Moving; typ++ {
		types[typ.String()] = typ
	}
	data := []byte{format.Version}
	for _, field := range fields {
		name, text, _ := strings.Cut(unquote(t, field), "=")
		at := strings.LastIndexByte(name, ':')
		sp := format.Spec{Label: name[:at], Type: types[name[at+1:]], Size: max(8, len(text))}
		if name[at+1:] == "constant" {
			sp.Update = format.Never
		}
		v, err := format.ParseValue(sp.Type, text)
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		start := len(data)
		if data, err = format.AppendField(data, sp); err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		f, err := format.FieldAt(data, start)
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		if err := f.Signature.Encode(data[f.ReadOffset(f.WriteBuffer):], v); err != nil {
			t.Fatalf("%s: %v", field, err)
		}
	}
	return data
}

func unquote(t fataler, s string) string {
	s, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return s
}

// rawField returns a field of the given parts, however wrong they are.
func rawField(label, signature string, index byte, values string) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(len(label)))
	b = append(b, label...)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(signature)))
	b = append(append(b, signature...), index)
	return append(b, values...)
}

// writeStats is "stats FILE LABEL:TYPE=VALUE...".
func writeStats(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: stats FILE LABEL:TYPE=VALUE...")
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
	ts.Check(os.WriteFile(name, statFile(ts, args[1:]...), 0o666))
}

// writeRaw is "raw FILE LABEL SIGNATURE WRITEBUFFER VALUES": it appends a field
// to FILE, which it makes. All may have Go's escapes.
func writeRaw(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: raw FILE LABEL SIGNATURE WRITEBUFFER VALUES")
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
	data, err := os.ReadFile(name)
	if err != nil {
		data = []byte{format.Version}
	}
	index, err := strconv.ParseUint(args[3], 10, 8)
	ts.Check(err)
	field := rawField(unquote(ts, args[1]), unquote(ts, args[2]), byte(index), unquote(ts, args[4]))
	ts.Check(os.WriteFile(name, append(data, field...), 0o666))
}
