package mmstats_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
)

// TestOpen goes on where an earlier run left a file, and adds what it lacked.
func TestOpen(t *testing.T) {
	var first everything
	f := create(t, mmstats.Options{NoDefaults: true, Prefix: "p."}, &first)
	first.Counter.Add(40)
	first.I16.Set(-7)
	first.String.Set("first")
	first.Average.Add(1)
	first.Average.Add(3)
	for _, v := range []float64{9, 1, 2, 3, 4} {
		first.Moving.Add(v)
	}
	first.Timer.Observe(time.Second)
	f.Close()

	var more struct {
		New  mmstats.Gauge[int32] `mmstats:"new,initial=5"`
		Next mmstats.String       `mmstats:"next,initial=a"`
	}
	var second everything
	f = visit(t, f.Path(), mmstats.Options{Prefix: "p."}, &second, &more)
	if second.Counter.Value() != 40 || second.I16.Value() != -7 || second.String.Value() != "first" {
		t.Error("Open does not find the values of the file")
	}
	second.Counter.Add(2)
	second.I16.Add(1)
	second.Average.Add(5)
	second.Moving.Add(5) // the window is that of the file
	second.Timer.Observe(3 * time.Second)
	more.Next.Set("b")
	got := read(t, f.Path())
	for label, want := range map[string]string{
		"p.Counter": "counter 42", "p.I16": "int16 -6", "p.String": "string first", "p.Average": "average 3",
		"p.Moving": "moving 3.5", "p.Timer": "moving 2", "p.new": "int32 5", "p.next": "string b",
	} {
		if got[label] != want {
			t.Errorf("%s = %s, want %s", label, got[label], want)
		}
	}
	wantSamples(t, f.Path(), "p.Average", 3)
	wantSamples(t, f.Path(), "p.Moving", 6, 2, 3, 4, 5)

	// An initial value is for stats that are new.
	var third struct {
		New mmstats.Gauge[int32] `mmstats:"p.new,initial=77"`
	}
	visit(t, f.Path(), mmstats.Options{}, &third)
	if got := third.New.Value(); got != 5 {
		t.Errorf("initial value of a stat that exists = %d, want 5", got)
	}
}

func TestOpenOtherType(t *testing.T) {
	var stats everything
	f := create(t, shared, &stats)
	for label, stat := range map[string]mmstats.Stat{
		"Counter": new(mmstats.Gauge[int64]), "I16": new(mmstats.Gauge[uint16]), "F32": new(mmstats.Gauge[float64]),
		"String": new(mmstats.Bool), "Average": new(mmstats.Gauge[float64]), "Moving": new(mmstats.Average),
		"Local": new(mmstats.Counter), "F64": &mmstats.Constant[float64]{},
	} {
		_, err := mmstats.Open(f.Path(), shared, mmstats.Labeled{Label: "added", Stat: new(mmstats.Counter)}, mmstats.Labeled{Label: label, Stat: stat})
		if err == nil || !strings.Contains(err.Error(), label) || !strings.Contains(err.Error(), "has another type") {
			t.Errorf("Open() with %s as a %T = %v, want another type of %s", label, stat, err, label)
		}
	}
	if _, ok := read(t, f.Path())["added"]; ok {
		t.Error("an Open that failed added a stat")
	}
	// What Python wrote has no place for atomic updates.
	path := temp(t, "python")
	os.WriteFile(path, pythonFile(endedPID(t)), 0o644)
	_, err := mmstats.Open(path, shared, mmstats.Labeled{Label: "hits", Stat: new(mmstats.Counter)})
	if err == nil || !strings.Contains(err.Error(), "has another type") {
		t.Errorf("Open() of Python's counter = %v, want another type", err)
	}
	var c mmstats.Counter
	visit(t, path, shared, mmstats.Labeled{Label: "ours", Stat: &c})
	c.Inc()
	if got := read(t, path); got["ours"] != "counter 1" || got["hits"] != "counter 41" {
		t.Errorf("a counter added to Python's file = %v", got)
	}
}

func TestOpenNoStatFile(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(dir+"/foreign", []byte("foreign"), 0o600)
	os.WriteFile(dir+"/empty", nil, 0o600)
	os.WriteFile(dir+"/damaged", pythonFile(1)[:40], 0o600)
	syscall.Mkfifo(dir+"/fifo", 0o600)
	os.Symlink("foreign", dir+"/link")
	for name, says := range map[string]string{
		"foreign": "not a version 1 stat file", "empty": "empty file", "damaged": "damaged at byte",
		"fifo": "not a regular file", "link": "is a symbolic link", ".": "is a directory",
	} {
		_, err := mmstats.Open(dir+"/"+name, mmstats.Options{})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Count(err.Error(), dir) != 1 {
			t.Errorf("Open(%s) = %v, want one that says %q, and the path once", name, err, says)
		}
	}
}

// TestVisitOwned visits the file of a process that runs.
func TestVisitOwned(t *testing.T) {
	p := programtest.StartReady(t, "own", temp(t, "x.mmstats"))
	path := p.Args[1]
	var stats struct {
		Hits mmstats.Counter `mmstats:"hits"`
		Note mmstats.String  `mmstats:"note"`
	}
	f := visit(t, path, mmstats.Options{}, &stats)
	stats.Hits.Add(2)
	if err := f.Err(); err != nil {
		t.Errorf("Err() after a counter = %v", err)
	}
	if got := stats.Note.Value(); got != "owned" {
		t.Errorf("Note = %q, want what its owner wrote", got)
	}
	stats.Note.Set("visited")
	if err := f.Err(); !errors.Is(err, mmstats.ErrLocked) || !isLost(err, path, 1) {
		t.Errorf("Err() after a text = %v, want %v and 1 update dropped", err, mmstats.ErrLocked)
	}
	if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); !errors.Is(err, mmstats.ErrLocked) {
		t.Errorf("Add() = %v, want %v", err, mmstats.ErrLocked)
	}
	if got := read(t, path); got["hits"] != "counter 5" || got["note"] != "string owned" {
		t.Errorf("hits, note = %s, %s", got["hits"], got["note"])
	}
	p.Kill()
	stats.Note.Set("inherited")
	if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); err != nil {
		t.Errorf("Add() after the owner ended = %v", err)
	}
	if got := read(t, path); got["note"] != "string inherited" || got["new"] != "counter 0" {
		t.Errorf("note, new = %s, %s", got["note"], got["new"])
	}
}

// TestVisitReplaced visits a file whose name leads to another one by now.
func TestVisitReplaced(t *testing.T) {
	var stats struct{ Note mmstats.String }
	o := shared
	o.Path = temp(t, "x")
	create(t, o, &stats).Close()
	stats.Note = mmstats.String{}
	f := visit(t, o.Path, o, &stats)
	os.Remove(o.Path)
	create(t, o, &struct{ Note mmstats.String }{})
	stats.Note.Set("lost")
	stats.Note.Set("lost")
	if err := f.Err(); !errors.Is(err, mmstats.ErrReplaced) || !isLost(err, o.Path, 2) {
		t.Errorf("Err() = %v, want %v and 2 updates dropped", err, mmstats.ErrReplaced)
	}
	if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); !errors.Is(err, mmstats.ErrReplaced) {
		t.Errorf("Add() = %v, want %v", err, mmstats.ErrReplaced)
	}
	wantStats(t, o.Path, map[string]string{"Note": "string "})
}

// TestApplyRightAfterCreate changes a stat of a file that was just made: it was
// said not to exist.
func TestApplyRightAfterCreate(t *testing.T) {
	var stats everything
	f := create(t, mmstats.Options{}, &stats)
	if err := f.Apply([]change.Change{{Label: "I64", Op: change.Add, Text: "7"}}); err != nil || stats.I64.Value() != 7 {
		t.Errorf("Apply() = %v, then I64 = %d, want 7", err, stats.I64.Value())
	}
}

// TestTextOfOwnerAndApplyIsNotTorn sets a text by its stat and by Apply at the
// same time: readers saw a mix of the two.
func TestTextOfOwnerAndApplyIsNotTorn(t *testing.T) {
	const size, times = 1 << 14, 3000
	var text mmstats.String
	var mean mmstats.Average
	f := create(t, mmstats.Options{NoDefaults: true}, mmstats.Labeled{Label: "text", Stat: &text, Size: size}, mmstats.Labeled{Label: "mean", Stat: &mean})
	text.Set(strings.Repeat("c", size))
	var setting sync.WaitGroup
	stop := make(chan struct{})
	setting.Go(func() {
		a, z := strings.Repeat("a", size), strings.Repeat("z", size)
		for range times {
			text.Set(a)
			text.Set(z)
			mean.Add(1)
		}
		close(stop)
	})
	setting.Go(func() {
		changes := []change.Change{
			{Label: "text", Op: change.Set, Text: strings.Repeat("b", size)},
			{Label: "mean", Op: change.Add, Text: "3"},
		}
		for range times {
			if err := f.Apply(changes); err != nil {
				t.Errorf("Apply() = %v", err)
			}
		}
	})
	for reading := true; reading; {
		select {
		case <-stop:
			reading = false
		default:
		}
		if got := text.Value(); len(got) != size || strings.Trim(got, got[:1]) != "" {
			t.Errorf("text = %.40q and so on, want one letter", got)
			break
		}
	}
	setting.Wait()
	if got, want := statIn(t, f.Path(), "mean").Samples(), (format.Samples{Count: 2 * times, Total: 4 * times}); got != want || mean.Value() != 2 {
		t.Errorf("mean = %v of %+v, want 2 of %+v", mean.Value(), got, want)
	}
}

func TestApply(t *testing.T) {
	for _, o := range []mmstats.Options{shared, {NoDefaults: true}} {
		var stats everything
		f := create(t, o, append(constants(), &stats)...)
		set := func(label string, to format.Value) change.Change {
			return change.Change{Label: label, Op: change.Set, Value: to}
		}
		add := func(label string, delta format.Value) change.Change {
			return change.Change{Label: label, Op: change.Add, Value: delta}
		}
		err := f.Apply([]change.Change{
			set("Counter", format.UintValue(1<<63)), set("I8", format.IntValue(-128)), set("U16", format.UintValue(65535)),
			set("F32", format.FloatValue(0.5)), set("F64", format.IntValue(-3)), set("Bool", format.BoolValue(true)),
			set("String", format.TextValue([]byte("abc"))), set("I64", format.UintValue(5)),
			{Label: "U32", Op: change.Add, Text: "+7"}, {Label: "U32", Op: change.Subtract, Text: "3"},
		})
		if err != nil || stats.Counter.Value() != 1<<63 || stats.I8.Value() != -128 || stats.U16.Value() != 65535 || stats.F32.Value() != 0.5 ||
			stats.F64.Value() != -3 || !stats.Bool.Value() || stats.String.Value() != "abc" || stats.I64.Value() != 5 || stats.U32.Value() != 4 {
			t.Errorf("Apply() = %v, and the stats are %v", err, read(t, f.Path()))
		}
		before := read(t, f.Path())
		for _, test := range []struct {
			change change.Change
			says   string
		}{
			{add("I8", format.IntValue(-1)), "I8: -129 is out of range of type int8"}, {add("U16", format.UintValue(1)), "65536 is out of range"},
			{add("Counter", format.IntValue(-1)), "a counter only goes up"}, {add("U8", format.IntValue(-1)), "the result is out of range"},
			{add("I64", format.UintValue(1<<63)), "the result is out of range"}, {add("I32", format.FloatValue(0.5)), "0.5 is not a whole number"},
			{add("Bool", format.UintValue(1)), "a bool is set by"}, {add("String", format.UintValue(1)), "a string is set by"},
			{add("Average", format.TextValue([]byte("one"))), "is not a value"}, {add("Moving", format.BoolValue(true)), "value of another type"},
			{add("Local", format.UintValue(1)), "one goroutine of its program owns it"}, {add("cu64", format.UintValue(1)), "it is a constant"},
			{set("Average", format.FloatValue(1)), "takes samples"}, {set("Moving", format.FloatValue(1)), "takes samples"},
			{set("Local", format.FloatValue(1)), "one goroutine"}, {set("cf64", format.FloatValue(1)), "it is a constant"},
			{set("ctext", format.TextValue([]byte("x"))), "only its own program changes it"},
			{change.Change{Label: "F64", Type: format.Float32, Op: change.Set, Text: "1"}, "F64: is of type float64, not float32"},
			{change.Change{Label: "none"}, "none: needs a type"}, {change.Change{Label: "sys.pid", Text: "1"}, "says whose the file is"},
		} {
			for _, changes := range [][]change.Change{{test.change}, {set("I16", format.IntValue(9)), test.change}} {
				if err := f.Apply(changes); err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("Apply(%+v) = %v, want an error that says %q", changes, err, test.says)
				}
			}
		}
		wantStats(t, f.Path(), before)

		err = f.Apply([]change.Change{
			add("Counter", format.UintValue(1<<63)), add("I8", format.UintValue(255)), add("F64", format.UintValue(1)),
			add("Average", format.UintValue(4)), add("Timer", format.FloatValue(0.5)),
			{Label: "new", Op: change.Add, Text: "5"}, {Label: "new", Op: change.Add, Text: "6"},
			{Label: "window", Op: change.Add, Type: format.Moving, Size: 2, Text: "5"},
		})
		if err != nil || stats.Counter.Value() != 0 || stats.I8.Value() != 127 || stats.F64.Value() != -2 || stats.Average.Value() != 4 ||
			stats.Timer.Value() != 500*time.Millisecond {
			t.Errorf("Apply() = %v, and the stats are %v", err, read(t, f.Path()))
		}
		if got := read(t, f.Path()); got["new"] != "counter 11" || got["window"] != "moving 5" {
			t.Errorf("stats that Apply made: %s, %s", got["new"], got["window"])
		}
	}
}

// TestVisitorDoesNotAlterAFileThatWasWrittenAnew visits a file that a Python
// program then writes anew in its place, as those do that are started again:
// the visitor altered whatever stood where its numbers had been.
func TestVisitorDoesNotAlterAFileThatWasWrittenAnew(t *testing.T) {
	var stats everything
	f := create(t, shared, &stats)
	path := f.Path()
	f.Close()
	stats = everything{}
	f = visit(t, path, mmstats.Options{}, &stats)
	stats.Counter.Inc()
	python := pythonFile(os.Getpid())
	if err := os.WriteFile(path, python, 0o644); err != nil { // by O_TRUNC
		t.Fatal(err)
	}
	updates := stats.updates()
	for _, update := range updates {
		update()
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(after, python) {
		t.Errorf("the visitor altered the file, %v", err)
	}
	if err := f.Err(); !isLost(err, path, len(updates)) {
		t.Errorf("Err() = %v, want %d updates dropped", err, len(updates))
	}
	err = f.Apply([]change.Change{{Label: "Counter", Op: change.Add, Text: "1"}})
	if !errors.Is(err, mmstats.ErrReplaced) {
		t.Errorf("Apply() = %v, want %v", err, mmstats.ErrReplaced)
	}
	if err := f.Add(mmstats.Labeled{Label: "new", Stat: new(mmstats.Counter)}); err == nil {
		t.Error("Add() to a file that was written anew = nil, want an error")
	}
	after, err = os.ReadFile(path)
	if err != nil || !bytes.Equal(after, python) {
		t.Errorf("Apply() or Add() altered the file, %v", err)
	}
}
