package mmstats_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/format/formattest"
	"mmstats/lib/mmstats"
)

type inner struct {
	Deep  mmstats.Counter `mmstats:"deep"`
	Other mmstats.Gauge[int8]
}

type Common struct {
	Errors mmstats.Counter `mmstats:"errors"`
}

type hidden struct {
	Warnings mmstats.Counter `mmstats:"warnings"`
}

func TestStruct(t *testing.T) {
	pointed := new(mmstats.Gauge[uint16])
	stats := struct {
		Plain   mmstats.Counter
		Named   mmstats.Gauge[int32] `mmstats:"a.b"`
		Skipped mmstats.Counter      `mmstats:"-"`
		Common
		hidden
		Inner   inner                    `mmstats:"inner"`
		Loose   inner                    // no tag: not ours
		Text    mmstats.String           `mmstats:"text,size=10,initial=a, b=c"`
		Room    mmstats.String           `mmstats:",size=3"`
		Cut     mmstats.String           `mmstats:"cut,size=8,initial=abcdefgé"`
		Ring    mmstats.MovingAverage    `mmstats:"ring,window=3"`
		Timer   mmstats.Timer            `mmstats:"timer"`
		Start   mmstats.Counter          `mmstats:"start,initial=7"`
		Float   mmstats.Gauge[float64]   `mmstats:"float,initial=-1.5"`
		Yes     mmstats.Bool             `mmstats:"yes,initial=true"`
		Pointed *mmstats.Gauge[uint16]   `mmstats:"pointed"`
		Fixed   mmstats.Constant[string] `mmstats:"fixed"`
		name    string
		Number  int
	}{Pointed: pointed, Fixed: mmstats.Constant[string]{Value: "v1"}, name: "x"}
	f := create(t, mmstats.Options{NoDefaults: true, Prefix: "p."}, &stats)
	wantStats(t, f.Path(), map[string]string{
		"p.Plain": "counter 0", "p.a.b": "int32 0", "p.errors": "counter 0", "p.warnings": "counter 0",
		"p.inner.deep": "counter 0", "p.inner.Other": "int8 0", "p.text": "string a, b=c", "p.Room": "string ",
		"p.cut": "string abcdefg", "p.ring": "moving 0", "p.timer": "moving 0", "p.start": "counter 7",
		"p.float": "float64 -1.5", "p.yes": "bool true", "p.pointed": "uint16 0", "p.fixed": "string v1",
	})

	stats.Plain.Inc()
	stats.Errors.Add(2)
	stats.Warnings.Add(3)
	stats.Inner.Deep.Add(4)
	pointed.Set(5)
	stats.Text.Set("0123456789abcdefg") // a room of 10 is one of 16
	stats.Room.Set("0123456789")
	for _, v := range []float64{1, 2, 3, 7} {
		stats.Ring.Add(v)
	}
	stats.Skipped.Inc() // goes nowhere
	stats.Loose.Deep.Inc()
	wantStats(t, f.Path(), map[string]string{
		"p.Plain": "counter 1", "p.a.b": "int32 0", "p.errors": "counter 2", "p.warnings": "counter 3",
		"p.inner.deep": "counter 4", "p.inner.Other": "int8 0", "p.text": "string 0123456789abcdef", "p.Room": "string 01234567",
		"p.cut": "string abcdefg", "p.ring": "moving 4", "p.timer": "moving 0", "p.start": "counter 7",
		"p.float": "float64 -1.5", "p.yes": "bool true", "p.pointed": "uint16 5", "p.fixed": "string v1",
	})
}

func TestDeclarationErrors(t *testing.T) {
	type counters struct{ A, B mmstats.Counter }
	for want, stats := range map[string][]any{
		"not by a mmstats_test.counters":  {counters{}},
		"not by a *mmstats_test.counters": {(*counters)(nil)},
		"not by a <nil>":                  {nil},
		"not by a *int":                   {new(int)},
		`unknown key "room"`: {&struct {
			S mmstats.String `mmstats:"s,room=5"`
		}{}},
		"size is a number from 1": {&struct {
			S mmstats.String `mmstats:"s,size=0"`
		}{}},
		"window is a number from 1": {&struct {
			M mmstats.MovingAverage `mmstats:"m,window=many"`
		}{}},
		"field n is not exported": {&struct {
			n mmstats.Counter `mmstats:"n"`
		}{}},
		"field N is a int, not a stat": {&struct {
			N int `mmstats:"n"`
		}{}},
		`"c": "x" is not a value of type counter`: {&struct {
			C mmstats.Counter `mmstats:"c,initial=x"`
		}{}},
		`"g": initial value: out of range`: {&struct {
			G mmstats.Gauge[int8] `mmstats:"g,initial=300"`
		}{}},
		"it takes samples, and has no initial value": {&struct {
			A mmstats.Average `mmstats:"a,initial=1"`
		}{}},
		`"timer": is in seconds, not in ms`: {&struct {
			T mmstats.Timer `mmstats:"timer" unit:"ms"`
		}{}},
		`unit "a\nb" has the control character`: {mmstats.Labeled{Label: "c", Stat: new(mmstats.Counter), Unit: "a\nb"}},
		"description of 4103 bytes":             {mmstats.Labeled{Label: "c", Stat: new(mmstats.Counter), About: strings.Repeat("x", 4096)}},
		`"A": label declared twice`:             {&counters{}, &counters{}},
		`"sys.pid": label declared twice`:       {mmstats.Labeled{Label: "sys.pid", Stat: new(mmstats.Counter)}},
		"empty label":                           {mmstats.Labeled{Stat: new(mmstats.Counter)}},
		"is not UTF-8":                          {mmstats.Labeled{Label: "\xff", Stat: new(mmstats.Counter)}},
		"label of 65536 bytes":                  {mmstats.Labeled{Label: strings.Repeat("l", 65536), Stat: new(mmstats.Counter)}},
		"text, not 1 to 1048576":                {mmstats.Labeled{Label: "s", Stat: new(mmstats.String), Size: 1<<20 + 1}},
		"samples, not 1 to 65536":               {mmstats.Labeled{Label: "m", Stat: new(mmstats.MovingAverage), Size: -1}},
	} {
		dir := t.TempDir()
		f, err := mmstats.Create(mmstats.Options{Dir: dir}, stats...)
		if f != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Create(%T) = %v, %.300v, want an error that says %s", stats[0], f, err, want)
		}
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("Create(%T) left %q", stats[0], got)
		}
	}
	if _, err := mmstats.Create(mmstats.Options{Dir: t.TempDir()}, &counters{}, &counters{}); err == nil {
		t.Error("Create() with a label twice = nil, want an error")
	}
}

// TestTooLarge declares more than readers read.
func TestTooLarge(t *testing.T) {
	var texts []any
	for i := range 9 {
		texts = append(texts, mmstats.Labeled{Label: fmt.Sprint(i), Stat: new(mmstats.String), Size: 1 << 20})
	}
	dir := t.TempDir()
	_, err := mmstats.Create(mmstats.Options{Dir: dir}, texts...)
	if err == nil || !strings.Contains(err.Error(), "grow past 16777216 bytes") || len(names(t, dir)) != 0 {
		t.Errorf("Create() of 18 MiB = %v, left %q", err, names(t, dir))
	}
	f := create(t, mmstats.Options{Dir: dir}, texts[:7]...)
	if err := f.Add(mmstats.Labeled{Label: "more", Stat: new(mmstats.String), Size: 1 << 20}); err == nil || !strings.Contains(err.Error(), "grow past") {
		t.Errorf("Add() past 16 MiB = %v", err)
	}
	if got := read(t, f.Path()); got["6"] != "string " || got["more"] != "" {
		t.Errorf("after an Add that failed: %v", got)
	}
}

func TestAdd(t *testing.T) {
	f := create(t, mmstats.Options{NoDefaults: true, Prefix: "p."})
	var c mmstats.Counter
	var s mmstats.String
	c.Add(100) // goes nowhere yet
	if err := f.Add(mmstats.Labeled{Label: "c", Stat: &c}); err != nil {
		t.Fatalf("Add() = %v", err)
	}
	if err := f.Add(mmstats.Labeled{Label: "s", Stat: &s}); err != nil {
		t.Fatalf("Add() = %v", err)
	}
	c.Inc()
	s.Set("text")
	if err := f.Add(mmstats.Labeled{Label: "c", Stat: new(mmstats.Counter)}); err == nil || !strings.Contains(err.Error(), "declared twice") {
		t.Errorf("second Add(c) = %v, want one that says so", err)
	}
	more := struct {
		X mmstats.Gauge[float32] `mmstats:"x,initial=0.5"`
		Y mmstats.Constant[bool] `mmstats:"y"`
	}{Y: mmstats.Constant[bool]{Value: true}}
	if err := f.Add(&more); err != nil {
		t.Fatalf("Add() = %v", err)
	}
	// One that cannot be takes the others with it.
	for _, bad := range []any{
		&struct {
			Z mmstats.Counter `mmstats:"z"`
			X mmstats.Counter `mmstats:"x"`
		}{},
		&struct {
			Z mmstats.Counter `mmstats:"z"`
			W mmstats.String  `mmstats:"w,size=2000000"`
		}{},
	} {
		if err := f.Add(bad); err == nil {
			t.Errorf("Add(%T) = nil, want an error", bad)
		}
	}
	if err := f.Add(mmstats.Labeled{Label: "z", Stat: new(mmstats.Counter)}); err != nil {
		t.Errorf("Add(z) = %v after a declaration of it that failed", err)
	}
	if err := f.Add(&struct{}{}); err != nil {
		t.Errorf("Add() of nothing = %v", err)
	}
	wantStats(t, f.Path(), map[string]string{
		"p.c": "counter 1", "p.s": "string text", "p.x": "float32 0.5", "p.y": "bool true", "p.z": "counter 0",
	})
}

// TestStatOfAnOpenFileIsRefused declares a stat in two files: the second took
// it from the first, and an average that was updated meanwhile stood still for
// ever.
func TestStatOfAnOpenFileIsRefused(t *testing.T) {
	var stats everything
	first, second := create(t, shared, &stats), create(t, shared)
	const says = "the stat is in use in an open file already"
	for name, stat := range map[string]mmstats.Stat{
		"Counter": &stats.Counter, "Local": &stats.Local, "I8": &stats.I8, "Bool": &stats.Bool, "String": &stats.String,
		"Average": &stats.Average, "Moving": &stats.Moving, "Timer": &stats.Timer,
	} {
		for _, f := range []*mmstats.File{first, second} {
			if err := f.Add(mmstats.Labeled{Label: name + ".again", Stat: stat}); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("Add() of a %T twice = %v, want %q", stat, err, says)
			}
		}
	}
	if _, err := mmstats.Open(second.Path(), shared, &stats); err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("Open() with stats of another file = %v, want %q", err, says)
	}
	wantStats(t, second.Path(), nil)
	var twice mmstats.Gauge[int8]
	err := second.Add(mmstats.Labeled{Label: "a", Stat: &twice}, mmstats.Labeled{Label: "b", Stat: &twice})
	if err == nil || !strings.Contains(err.Error(), "the stat has another label already") {
		t.Errorf("Add() of a stat with two labels = %v, want an error that says so", err)
	}

	stats.Counter.Inc()
	stats.Average.Add(5)
	first.Close()
	if err := second.Add(&stats); err != nil {
		t.Errorf("Add() after the first file was closed = %v", err)
	}
	stats.Counter.Inc()
	stats.Average.Add(7)
	if got := read(t, second.Path()); got["Counter"] != "counter 1" || got["Average"] != "average 7" {
		t.Errorf("in the second file: Counter = %s, Average = %s", got["Counter"], got["Average"])
	}
}

// TestGaugesOfAnyNumber declares the gauges that a program writes first: they
// did not compile.
func TestGaugesOfAnyNumber(t *testing.T) {
	var stats struct {
		Int    mmstats.Gauge[int]    `mmstats:",initial=-5"`
		Uint   mmstats.Gauge[uint]   `mmstats:",initial=5"`
		Uint64 mmstats.Gauge[uint64] `mmstats:",initial=18446744073709551614"`
		Limit  mmstats.Constant[int]
		Most   mmstats.Constant[uint]
	}
	stats.Limit.Value, stats.Most.Value = -7, 7
	f := create(t, mmstats.Options{NoDefaults: true}, &stats)
	stats.Int.Add(-1)
	stats.Uint.Add(1)
	stats.Uint64.Add(1)
	if stats.Int.Value() != -6 || stats.Uint.Value() != 6 || stats.Uint64.Value() != math.MaxUint64 {
		t.Errorf("values %d, %d, %d", stats.Int.Value(), stats.Uint.Value(), stats.Uint64.Value())
	}
	bits := fmt.Sprint(strconv.IntSize)
	wantStats(t, f.Path(), map[string]string{
		"Int": "int" + bits + " -6", "Uint": "uint" + bits + " 6", "Uint64": "uint64 18446744073709551615",
		"Limit": "int" + bits + " -7", "Most": "uint" + bits + " 7",
	})
	stats.Uint.Add(math.MaxUint) // down by one
	if got := stats.Uint.Value(); got != 5 {
		t.Errorf("a gauge that went down = %d, want 5", got)
	}
}

func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	first := create(t, mmstats.Options{Dir: dir, Prefix: "web."})
	second := create(t, mmstats.Options{Dir: dir})
	pid := os.Getpid()
	got := read(t, first.Path())
	for label, want := range map[string]string{
		"web.sys.pid": fmt.Sprintf("uint32 %d", pid), "web.sys.uid": fmt.Sprintf("uint64 %d", os.Getuid()),
		"web.sys.gid": fmt.Sprintf("uint64 %d", os.Getgid()), "web.org.golang.version": "string " + runtime.Version(),
	} {
		if got[label] != want {
			t.Errorf("%s = %s, want %s", label, got[label], want)
		}
	}
	if !strings.HasPrefix(got["web.sys.created"], "float64 ") || len(got) != 6 {
		t.Errorf("default constants: %v", got)
	}
	if tid := got["web.sys.tid"]; tid == read(t, second.Path())["sys.tid"] {
		t.Errorf("sys.tid of two files = %s", tid)
	}

	o := shared
	o.NoDefaults = false
	got = read(t, create(t, o).Path())
	if _, ok := got["sys.pid"]; ok || len(got) != 3 {
		t.Errorf("constants of a file that nobody owns: %v", got)
	}
	o.PID = 4194304
	f := create(t, o)
	if got := read(t, f.Path())["sys.pid"]; got != "uint32 4194304" {
		t.Errorf("sys.pid of a file for another process = %s", got)
	}
	if got := read(t, create(t, mmstats.Options{NoDefaults: true}).Path()); len(got) != 0 {
		t.Errorf("NoDefaults leaves %v", got)
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MMSTATS_PATH", dir)
	t.Setenv("MMSTATS_FILES", "")
	base := filepath.Base(os.Args[0])
	pid := os.Getpid()
	f, err := mmstats.Create(mmstats.Options{Name: "{CMD}.{PID}.mmstats"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := filepath.Join(dir, fmt.Sprintf("%s.%d.mmstats", base, pid)); f.Path() != want {
		t.Errorf("Path() = %s, want %s", f.Path(), want)
	}
	seen := make(map[string]bool)
	for range 3 {
		f, err := mmstats.Create(mmstats.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if seen[f.Path()] || !strings.HasPrefix(f.Path(), filepath.Join(dir, fmt.Sprintf("%s-%d-", base, pid))) {
			t.Errorf("Path() = %s, after %v", f.Path(), seen)
		}
		seen[f.Path()] = true
	}
	t.Setenv("MMSTATS_FILES", "mine-{PID}")
	if f, err := mmstats.Create(mmstats.Options{}); err != nil || f.Path() != filepath.Join(dir, fmt.Sprintf("mine-%d", pid)) {
		t.Errorf("Create() with $MMSTATS_FILES = %v, %v", f, err)
	} else {
		f.Close()
	}
	sub := filepath.Join(dir, fmt.Sprint(pid))
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	if f := create(t, mmstats.Options{Dir: dir + "/{PID}", Name: "x"}); f.Path() != filepath.Join(sub, "x") {
		t.Errorf("Path() = %s, want x in %s", f.Path(), sub)
	}
	if f := create(t, mmstats.Options{Path: dir + "/{PID}.mmstats"}); f.Path() != dir+"/{PID}.mmstats" {
		t.Errorf("Path() = %s, want the path as it stands", f.Path())
	}
	for _, o := range []mmstats.Options{{Name: "{HOST}"}, {Dir: "{PID"}} {
		if _, err := mmstats.Create(o); err == nil {
			t.Errorf("Create(%+v) = nil, want an error", o)
		}
	}
}

// everything holds a stat of every kind and type.
type everything struct {
	Counter mmstats.Counter
	Local   mmstats.LocalCounter
	I8      mmstats.Gauge[int8]
	I16     mmstats.Gauge[int16]
	I32     mmstats.Gauge[int32]
	I64     mmstats.Gauge[int64]
	U8      mmstats.Gauge[uint8]
	U16     mmstats.Gauge[uint16]
	U32     mmstats.Gauge[uint32]
	F32     mmstats.Gauge[float32]
	U64     mmstats.Gauge[uint64]
	F64     mmstats.Gauge[float64]
	Seconds mmstats.FloatCounter `unit:"seconds"`
	Bool    mmstats.Bool
	String  mmstats.String `mmstats:",size=24"`
	Average mmstats.Average
	Moving  mmstats.MovingAverage `mmstats:",window=4"`
	Timer   mmstats.Timer         `mmstats:",window=2"`

	Histogram mmstats.Histogram
	LocalHist mmstats.LocalHistogram `about:"One goroutine's"`
}

// constants are stats that never change, of every type.
func constants() []any {
	var all []any
	for label, c := range map[string]mmstats.Stat{
		"ci8": &mmstats.Constant[int8]{Value: math.MinInt8}, "ci16": &mmstats.Constant[int16]{Value: math.MinInt16},
		"ci32": &mmstats.Constant[int32]{Value: math.MinInt32}, "ci64": &mmstats.Constant[int64]{Value: math.MinInt64},
		"cu8": &mmstats.Constant[uint8]{Value: math.MaxUint8}, "cu16": &mmstats.Constant[uint16]{Value: math.MaxUint16},
		"cu32": &mmstats.Constant[uint32]{Value: math.MaxUint32}, "cu64": &mmstats.Constant[uint64]{Value: math.MaxUint64},
		"cf32": &mmstats.Constant[float32]{Value: 0.5}, "cf64": &mmstats.Constant[float64]{Value: math.Inf(-1)},
		"cbool": &mmstats.Constant[bool]{Value: true}, "ctext": &mmstats.Constant[string]{Value: "hé\tllo"},
		"cempty": &mmstats.Constant[string]{},
	} {
		all = append(all, mmstats.Labeled{Label: label, Stat: c})
	}
	return all
}

func (s *everything) set() {
	s.Counter.Add(math.MaxUint64)
	s.Local.Add(1 << 63)
	s.I8.Set(-128)
	s.I16.Set(math.MinInt16)
	s.I32.Set(math.MinInt32)
	s.I64.Set(math.MinInt64)
	s.U8.Set(255)
	s.U16.Set(math.MaxUint16)
	s.U32.Set(math.MaxUint32)
	s.U64.Set(math.MaxUint64)
	s.U64.Add(math.MaxUint64)
	s.Seconds.Add(0.25)
	s.Seconds.Add(-1) // not up
	s.F32.Set(-0.25)
	s.F64.Set(math.NaN())
	s.Bool.Set(true)
	s.String.Set("first")
	s.String.Set("日本語")
	s.Average.Add(1)
	s.Average.Add(2)
	for _, v := range []float64{100, 1, 2, 3, 4} {
		s.Moving.Add(v)
	}
	s.Timer.Observe(500 * time.Millisecond)
	s.Histogram.AddN(2, 3)
	s.Histogram.Observe(6 * time.Second)
	s.LocalHist.AddN(3, 3)
	s.LocalHist.Observe(7 * time.Second)
}

// TestReadByPython writes every kind and type, in fields of all lengths of
// labels, and reads them by a program that shares no code with ours.
func TestReadByPython(t *testing.T) {
	for length := range 8 {
		if testing.Short() && length%3 > 0 {
			continue // each is a start of Python
		}
		prefix := strings.Repeat("p", length)
		var stats everything
		f := create(t, mmstats.Options{Prefix: prefix}, append(constants(), &stats)...)
		stats.set()
		var added mmstats.Counter
		if err := f.Add(mmstats.Labeled{Label: "added", Stat: &added}); err != nil {
			t.Fatal(err)
		}
		added.Add(9)
		got := formattest.ReadByPython(t, "../format/testdata/readstats.py", f.Path())
		for label, want := range map[string]string{
			"Counter": "18446744073709551615", "Local": "9223372036854775808", "I8": "-128", "I16": "-32768",
			"I32": "-2147483648", "I64": "-9223372036854775808", "U8": "255", "U16": "65535", "U32": "4294967295",
			"F32": "-0.25", "F64": "nan", "Bool": "true", "String": "日本語", "Average": "1.5", "Moving": "2.5", "Timer": "0.5",
			"U64": "18446744073709551614", "Seconds": "0.25", "Histogram": "3.0", "LocalHist": "4.0",
			"ci8": "-128", "ci16": "-32768", "ci32": "-2147483648", "ci64": "-9223372036854775808", "cu8": "255",
			"cu16": "65535", "cu32": "4294967295", "cu64": "18446744073709551615", "cf32": "0.5", "cf64": "-inf",
			"cbool": "true", "ctext": "hé\tllo", "cempty": "", "added": "9", "sys.pid": fmt.Sprint(os.Getpid()),
			"org.golang.version": runtime.Version(),
		} {
			st, ok := got[prefix+label]
			if value := fmt.Sprint(st.Value); !ok || value != want {
				t.Errorf("%s = %q by Python, want %q", label, value, want)
			}
			if st.Buffered != (label == "String" || label == "Average") {
				t.Errorf("%s: buffered %v, signature %q", label, st.Buffered, st.Signature)
			}
		}
		if want := 6 + 13 + 20 + 1; len(got) != want {
			t.Errorf("%d stats by Python, want %d", len(got), want)
		}
	}
}

// TestTypes reads the types and kinds of every stat.
func TestTypes(t *testing.T) {
	var stats everything
	f := create(t, mmstats.Options{NoDefaults: true}, &stats)
	got := read(t, f.Path())
	for label, want := range map[string]format.Type{
		"Counter": format.Counter, "Local": format.Counter, "I8": format.Int8, "I16": format.Int16, "I32": format.Int32,
		"I64": format.Int64, "U8": format.Uint8, "U16": format.Uint16, "U32": format.Uint32, "F32": format.Float32,
		"F64": format.Float64, "Bool": format.Bool, "String": format.String, "Average": format.Average,
		"Moving": format.Moving, "Timer": format.Moving, "U64": format.Uint64, "Seconds": format.Float64,
		"Histogram": format.Histogram, "LocalHist": format.Histogram,
	} {
		if typ, _, _ := strings.Cut(got[label], " "); typ != want.String() {
			t.Errorf("%s is of type %s, want %v", label, typ, want)
		}
	}
}
