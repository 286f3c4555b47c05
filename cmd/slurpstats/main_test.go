package main

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/archive/archivetest"
	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

func TestMain(m *testing.M) {
	clitest.Main(m, map[string]func(){"slurpstats": main})
}

func TestScripts(t *testing.T) {
	commands := archivetest.Commands()
	commands["stats"], commands["raw"] = writeStats, writeRaw
	clitest.Scripts(t, commands)
}

func TestManPage(t *testing.T) {
	t.Setenv("TZ", "Europe/Berlin") // of the times in examples
	clitest.ManPage(t, "slurpstats", func(t *testing.T, dir string) {
		for i, name := range []string{"web-1.mmstats", "web-2.mmstats"} {
			write(t, filepath.Join(dir, name), statFile(t, "jobs.done:counter="+strconv.Itoa(i+1), "jobs.mean:average=0.5",
				"web.stats.status.2XX:counter=7", "web.stats.status.5XX:counter=1", "sys.pid:constant="+strconv.Itoa(os.Getpid())))
		}
		if err := archivetest.Night(filepath.Join(dir, "night")); err != nil {
			t.Fatal(err)
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
// Averages, moving averages and histograms may have samples with a comma behind
// each but the last one. @KEY=VALUE describes the next field. Labels and values
// may have Go's escapes.
func statFile(t fataler, fields ...string) []byte {
	types := map[string]format.Type{"constant": format.Uint32, "text": format.String}
	for typ := format.Int8; typ <= format.Histogram; typ++ {
		types[typ.String()] = typ
	}
	data := []byte{format.Version}
	var about format.Description
	for _, field := range fields {
		name, text, _ := strings.Cut(unquote(t, field), "=")
		if key, ok := strings.CutPrefix(name, "@"); ok {
			describe(t, &about, key, text)
			continue
		}
		at := strings.LastIndexByte(name, ':')
		sp := format.Spec{Label: name[:at], Type: types[name[at+1:]], Size: max(8, len(text)), Description: about}
		about = format.Description{}
		if name[at+1:] == "constant" || name[at+1:] == "text" {
			sp.Update = format.Never
		}
		data = appendStat(t, data, sp, text)
	}
	return data
}

func describe(t fataler, d *format.Description, key, text string) {
	switch key {
	case "unit":
		d.Unit = text
	case "about":
		d.About = text
	case "kind":
		d.Kind = map[string]format.Kind{"counter": format.KindCounter, "gauge": format.KindGauge}[text]
	case "every":
		every, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("every: %v", err)
		}
		d.Every = every
	}
}

// appendStat appends a field with the value, or the samples, that text says.
func appendStat(t fataler, data []byte, sp format.Spec, text string) []byte {
	var samples []float64
	if len(sp.Type.Parts()) > 0 && strings.Contains(text, ",") {
		for _, s := range strings.Split(strings.TrimSuffix(text, ","), ",") {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatalf("%s: %v", sp.Label, err)
			}
			samples = append(samples, f)
		}
		text = "0"
		if sp.Type == format.Moving {
			sp.Size = len(samples)
		}
	}
	start := len(data)
	data, err := format.AppendField(data, sp)
	if err != nil {
		t.Fatalf("%s: %v", sp.Label, err)
	}
	f, err := format.FieldAt(data, start)
	if err != nil {
		t.Fatalf("%s: %v", sp.Label, err)
	}
	value := data[f.ReadOffset(f.WriteBuffer):][f.Signature.ValueOffset:]
	if samples != nil {
		putSamples(sp.Type, value, samples)
		return data
	}
	v, err := format.ParseValue(sp.Type, text)
	if err == nil {
		err = f.Signature.Encode(data[f.ReadOffset(f.WriteBuffer):], v)
	}
	if err != nil {
		t.Fatalf("%s: %v", sp.Label, err)
	}
	return data
}

// putSamples stores samples in a value as mmstats(5) says.
func putSamples(t format.Type, value []byte, samples []float64) {
	put := func(word int, v uint64) { binary.NativeEndian.PutUint64(value[8*word:], v) }
	float := func(word int, v float64) { put(word, math.Float64bits(v)) }
	total := 0.0
	for _, v := range samples {
		total += v
	}
	n := uint64(len(samples))
	float(0, total/float64(n))
	switch t {
	case format.Average:
		put(1, n)
		float(2, total)
	case format.Moving:
		put(1, 0)
		put(2, n)
		for i, v := range samples {
			float(3+i, v)
		}
	case format.Histogram:
		new(format.HistogramState).Encode(value)
		float(format.HistogramMean, total/float64(n))
		float(format.HistogramSum, total)
		float(format.HistogramMin, slices.Min(samples))
		float(format.HistogramMax, slices.Max(samples))
		for _, v := range samples {
			at := format.HistogramBuckets + format.Bucket(v)
			put(at, binary.NativeEndian.Uint64(value[8*at:])+1)
		}
	}
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

// writeStats is "stats FILE [@KEY=VALUE|LABEL:TYPE=VALUE]...".
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
