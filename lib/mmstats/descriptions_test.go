package mmstats_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/format"
	"mmstats/lib/format/formattest"
	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
	"mmstats/lib/reader"
)

// describedStats are stats of every kind with descriptions of all lengths.
type describedStats struct {
	many
	Mine  mmstats.LocalCounter   `about:"One goroutine's"`
	Local mmstats.LocalHistogram `unit:"bytes"`
}

// many are those of many processes.
type many struct {
	Hits    mmstats.Counter        `unit:"requests" about:"Requests, with a comma"`
	Gauge   mmstats.Gauge[int64]   `unit:"bytes"`
	Small   mmstats.Gauge[int16]   `about:"ü"`
	Big     mmstats.Gauge[uint64]  `unit:"KiB" about:"A gauge of 64 bits"`
	Ratio   mmstats.Gauge[float64] `unit:"ratio" about:"Share of the whole, 0 to 1"`
	CPU     mmstats.FloatCounter   `unit:"seconds"`
	Up      mmstats.Bool           `about:"Whether the other side answers"`
	State   mmstats.String         `mmstats:",size=100" about:"What is being done"`
	Mean    mmstats.Average        `unit:"ms" about:"Time to answer"`
	Recent  mmstats.MovingAverage  `mmstats:",window=5" unit:"ms"`
	Timer   mmstats.Timer          `mmstats:",window=5" about:"Time to answer"`
	Latency mmstats.Histogram      `unit:"seconds" about:"Time to answer"`
}

// plainStats are describedStats without descriptions, but for those that some kinds
// have by themselves.
type plainStats struct {
	Hits    mmstats.Counter
	Mine    mmstats.LocalCounter
	Gauge   mmstats.Gauge[int64]
	Small   mmstats.Gauge[int16]
	Big     mmstats.Gauge[uint64]
	Ratio   mmstats.Gauge[float64]
	CPU     mmstats.FloatCounter
	Up      mmstats.Bool
	State   mmstats.String `mmstats:",size=100"`
	Mean    mmstats.Average
	Recent  mmstats.MovingAverage `mmstats:",window=5"`
	Timer   mmstats.Timer         `mmstats:",window=5"`
	Latency mmstats.Histogram
	Local   mmstats.LocalHistogram
}

// numbers updates what others may update while the owner runs.
func (s *many) numbers() {
	s.Hits.Inc()
	s.Gauge.Add(-2)
	s.Small.Add(1)
	s.Big.Add(3)
	s.Ratio.Add(0.5)
	s.CPU.Add(0.25)
	s.Up.Set(true)
	s.Latency.Add(2)
}

// locked updates what only the owner updates, or whoever has the lock.
func (s *many) locked() {
	s.State.Set("working")
	s.Mean.Add(4)
	s.Recent.Add(5)
	s.Timer.Observe(6 * time.Second)
}

// describe is "describe FILE numbers|locked TIMES".
func describe() {
	times, err := strconv.Atoi(os.Args[3])
	programtest.Fatal(err)
	var s many
	f, err := mmstats.Open(os.Args[1], shared, &s)
	programtest.Fatal(err)
	ready()
	programtest.UntilTold()
	for range times {
		s.numbers()
		if os.Args[2] == "locked" {
			s.locked()
		}
		programtest.Fatal(f.Apply([]change.Change{
			{Label: "Gauge", Op: change.Add, Text: "2"}, {Label: "Latency", Op: change.Add, Text: "2"},
			{Label: "Ratio", Op: change.Subtract, Text: "0.5"}, {Label: "Up", Op: change.Set, Text: "true"},
		}))
	}
	programtest.Fatal(f.Err())
}

// pads returns the pad bytes before each value of a file, by label and buffer.
func pads(t *testing.T, path string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := format.Scan(data, true, new(format.Signatures))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for {
		f, err := s.Next()
		if err != nil {
			return found
		}
		for at := f.ValueOffset; at < f.End(); at += f.Signature.Size {
			found[fmt.Sprint(string(f.Label), at)] = string(data[at:][:f.Signature.ValueOffset])
		}
	}
}

// TestProcessesLeaveDescriptions has 50 processes update described stats, in a
// file of nobody and in one of ours, which we update, too.
func TestProcessesLeaveDescriptions(t *testing.T) {
	processes, times := 50, 20
	if testing.Short() {
		processes = 10
	}
	for _, way := range []string{"locked", "numbers"} {
		o := shared
		if way == "numbers" {
			o = mmstats.Options{NoDefaults: true}
		}
		var s describedStats
		f := create(t, o, &s)
		before := pads(t, f.Path())
		if len(before) != 14+2 || strings.Count(fmt.Sprint(before), "Time to answer") != 4 {
			t.Fatalf("descriptions: %q", before)
		}
		var updating []*programtest.Program
		for range processes {
			updating = append(updating, programtest.StartReady(t, "describe", f.Path(), way, strconv.Itoa(times)))
		}
		for _, p := range updating {
			p.In.Close()
		}
		for range times {
			s.numbers()
			s.locked()
			s.Mine.Inc()
			s.Local.Add(7)
		}
		for _, p := range updating {
			p.Finish()
		}
		for label, pad := range pads(t, f.Path()) {
			if before[label] != pad {
				t.Errorf("%s: the description of %s became %q, was %q", way, label, pad, before[label])
			}
		}
		n := (processes + 1) * times
		wantStats(t, f.Path(), map[string]string{
			"Hits": fmt.Sprint("counter ", n), "Mine": fmt.Sprint("counter ", times), "Gauge": fmt.Sprint("int64 ", -2*times),
			"Small": fmt.Sprint("int16 ", n), "Big": fmt.Sprint("uint64 ", 3*n), "Ratio": fmt.Sprint("float64 ", times/2),
			"CPU": fmt.Sprint("float64 ", n/4), "Up": "bool true", "State": "string working", "Mean": "average 4",
			"Recent": "moving 5", "Timer": "moving 6", "Latency": "histogram 2", "Local": "histogram 7",
		})
		if h := s.Latency.State(); h.Count != uint64(2*n-times) || h.Sum != 2*float64(h.Count) {
			t.Errorf("%s: %d samples of sum %v, want %d of 2", way, h.Count, h.Sum, 2*n-times)
		}
		if err := f.Err(); err != nil {
			t.Errorf("%s: Err() = %v", way, err)
		}
	}
}

// TestDescribedReadAsUndescribed has readers that know no descriptions read the
// same values with and without them.
func TestDescribedReadAsUndescribed(t *testing.T) {
	for _, prefix := range []string{"", "ppp."} {
		o := mmstats.Options{NoDefaults: true, Prefix: prefix}
		var s describedStats
		f := create(t, o, &s)
		s.numbers()
		s.locked()
		s.Mine.Inc()
		s.Local.Add(2)
		var other plainStats
		undescribed := create(t, o, &other)
		other.Hits.Inc()
		other.Gauge.Add(-2)
		other.Small.Add(1)
		other.Big.Add(3)
		other.Ratio.Add(0.5)
		other.CPU.Add(0.25)
		other.Up.Set(true)
		other.Latency.Add(2)
		other.State.Set("working")
		other.Mean.Add(4)
		other.Recent.Add(5)
		other.Timer.Observe(6 * time.Second)
		other.Mine.Inc()
		other.Local.Add(2)
		wantStats(t, f.Path(), read(t, undescribed.Path()))
		const script = "../format/testdata/readstats.py"
		got, want := formattest.ReadByPython(t, script, f.Path()), formattest.ReadByPython(t, script, undescribed.Path())
		for label, st := range want {
			if got[label].Value != st.Value || got[label].Buffered != st.Buffered {
				t.Errorf("%s = %v by Python, want %v", label, got[label].Value, st.Value)
			}
		}
		if len(got) != 14 || len(want) != 14 {
			t.Errorf("%d and %d stats by Python, want 14", len(got), len(want))
		}
	}
}

// TestDescriptions reads what tags and Labeled stats say.
func TestDescriptions(t *testing.T) {
	var s describedStats
	f := create(t, mmstats.Options{NoDefaults: true}, &s, mmstats.Labeled{
		Label: "labeled", Stat: new(mmstats.Counter), Unit: "bytes", About: "Sent to clients, no headers",
	}, []change.Change{
		{Label: "changed", Type: format.Float64, Description: format.Description{Unit: "celsius", Kind: format.KindGauge, Every: 5}},
	})
	stats, err := reader.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Hits":    "counter, requests, Requests, with a comma",
		"Mine":    "counter, , One goroutine's",
		"Gauge":   "gauge, bytes, ",
		"Small":   "gauge, , ü",
		"Big":     "gauge, KiB, A gauge of 64 bits",
		"Ratio":   "gauge, ratio, Share of the whole, 0 to 1",
		"CPU":     "counter, seconds, ",
		"Up":      "bool, , Whether the other side answers",
		"State":   "string, , What is being done",
		"Mean":    "gauge, ms, Time to answer",
		"Recent":  "gauge, ms, ",
		"Timer":   "gauge, seconds, Time to answer",
		"Latency": "gauge, seconds, Time to answer",
		"Local":   "gauge, bytes, ",
		"labeled": "counter, bytes, Sent to clients, no headers",
		"changed": "gauge, celsius, ",
	}
	for i := range stats {
		st := &stats[i]
		d := st.Description()
		if got := fmt.Sprintf("%v, %s, %s", st.Kind(), d.Unit, d.About); got != want[string(st.Label)] {
			t.Errorf("%s is described as %q, want %q", st.Label, got, want[string(st.Label)])
		}
		delete(want, string(st.Label))
	}
	if len(want) != 0 {
		t.Errorf("not there: %v", want)
	}
}

// TestDescriptionsOfStatsThatExist opens a file again by a program that
// describes its stats in another way.
func TestDescriptionsOfStatsThatExist(t *testing.T) {
	var s describedStats
	f := create(t, mmstats.Options{NoDefaults: true}, &s, mmstats.Labeled{Label: "bare", Stat: new(mmstats.Gauge[float64])})
	before, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	labeled := func(label, unit, about string, stat mmstats.Stat) mmstats.Labeled {
		return mmstats.Labeled{Label: label, Stat: stat, Unit: unit, About: about}
	}
	change := func(label string, d format.Description) []change.Change {
		return []change.Change{{Label: label, Description: d}}
	}
	for _, test := range []struct {
		declare any
		want    string
	}{
		{labeled("Gauge", "bytes", "", new(mmstats.Gauge[int64])), ""},
		{labeled("Gauge", "", "", new(mmstats.Gauge[int64])), ""},
		{labeled("Gauge", "", "Some other words", new(mmstats.Gauge[int64])), ""},
		{labeled("bare", "seconds", "Described by now", new(mmstats.Gauge[float64])), ""},
		{labeled("Gauge", "MiB", "", new(mmstats.Gauge[int64])), `"Gauge": has the unit "bytes", not "MiB"`},
		{labeled("Recent", "", "", &mmstats.Timer{}), `"Recent": has the unit "ms", not "seconds"`},
		{labeled("bare", "", "", new(mmstats.FloatCounter)), `"bare": is a gauge, not a counter`},
		{labeled("CPU", "", "", new(mmstats.Gauge[float64])), `"CPU": is a counter, not a gauge`},
		{labeled("Big", "", "", new(mmstats.Counter)), `"Big": has another type: uint64, not counter`},
		{labeled("Latency", "", "", new(mmstats.LocalHistogram)), `"Latency": has another type: it is updated in another way`},
		{change("Gauge", format.Description{Unit: "bytes"}), ""},
		{change("Mean", format.Description{About: "Time to answer"}), ""},
		{change("CPU", format.Description{Kind: format.KindCounter}), ""},
		{change("Gauge", format.Description{Unit: "MiB"}), `Gauge: has the unit "bytes", not "MiB"`},
		{change("bare", format.Description{Unit: "MiB"}), `bare: has the unit "", not "MiB"`},
		{change("Mean", format.Description{About: "Other words"}), `Mean: is described as "Time to answer" already`},
		{change("Gauge", format.Description{Kind: format.KindCounter}), "Gauge: is a gauge, not a counter"},
		{change("Ratio", format.Description{Every: 3}), "Ratio: is a heartbeat every 0 seconds, not 3"},
	} {
		f, err := mmstats.Open(f.Path(), shared, test.declare)
		if got := fmt.Sprint(err); err == nil && test.want != "" || err != nil && (test.want == "" || !strings.Contains(got, test.want)) {
			t.Errorf("Open() with %+v = %s, want %s", test.declare, got, test.want)
		}
		if f != nil {
			f.Close()
		}
	}
	after, err := os.ReadFile(f.Path())
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file is not what it was, %v", err)
	}
}

// TestPythonDecodesWhatIsNew has the reader that shares no code with ours find
// the same descriptions, and the same samples in the same buckets.
func TestPythonDecodesWhatIsNew(t *testing.T) {
	var s describedStats
	f := create(t, mmstats.Options{NoDefaults: true}, &s)
	s.locked()
	for i := range 1000 {
		s.Latency.Add(math.Exp2(float64(i%80) - 36.3))
		s.Local.Add(float64(i % 5))
	}
	got := formattest.ReadByPython(t, "../format/testdata/readstats.py", f.Path())
	stats, err := reader.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	for i := range stats {
		st := &stats[i]
		d, python := st.Description(), got[string(st.Label)]
		if python.Description["unit"] != d.Unit || python.Description["about"] != d.About {
			t.Errorf("%s is described as %v by Python, want %+v", st.Label, python.Description, d)
		}
		if (python.Histogram != nil) != (st.Type() == format.Histogram) {
			t.Errorf("%s is a %v, and by Python %+v", st.Label, st.Type(), python)
		}
		if python.Histogram == nil {
			continue
		}
		h, buckets := st.Histogram(), fmt.Sprint(python.Histogram.Buckets)
		var want [][2]any
		h.Buckets(func(upper float64, n uint64) bool {
			bound := any(json.Number(number(upper)))
			if math.IsInf(upper, 1) {
				bound = "inf"
			}
			want = append(want, [2]any{bound, json.Number(fmt.Sprint(n))})
			return true
		})
		if python.Histogram.Count != h.Count || python.Histogram.Sum != h.Sum || asFloat(python.Histogram.Max) != h.Max || asFloat(python.Histogram.Min) != h.Min {
			t.Errorf("%s has %d samples of %v by Python, want %d of %v", st.Label, python.Histogram.Count, python.Histogram.Sum, h.Count, h.Sum)
		}
		if len(python.Histogram.Buckets) != len(want) {
			t.Fatalf("%s: buckets %s by Python, want %v", st.Label, buckets, want)
		}
		for i, b := range python.Histogram.Buckets {
			// Python's power is off in the last digit for some bounds.
			if a, w := asFloat(b[0]), asFloat(want[i][0]); math.Abs(a-w) > 1e-15*w || b[1] != want[i][1] {
				t.Errorf("%s: bucket %v by Python, want %v", st.Label, b, want[i])
			}
		}
	}
}

// asFloat returns a number that JSON holds, and 0 for a text.
func asFloat(v any) float64 {
	n, _ := v.(json.Number)
	f, _ := n.Float64()
	return f
}

// TestMeanOfHistogramAtClose has readers that know no histograms read the mean
// of all samples, once the program has closed its file.
func TestMeanOfHistogramAtClose(t *testing.T) {
	var s struct {
		Latency mmstats.Histogram `unit:"seconds"`
		Local   mmstats.LocalHistogram
	}
	f := create(t, mmstats.Options{NoDefaults: true}, &s)
	sum := 0.0
	const samples = 5000
	for i := range samples {
		v := float64(i%7) / 8
		sum += v
		s.Latency.Add(v)
		s.Local.Add(v)
	}
	wantStats(t, f.Path(), map[string]string{
		"Latency": "histogram " + number(sum/samples), "Local": "histogram " + number(sum/samples),
	})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for label, st := range formattest.ReadByPython(t, "../format/testdata/readstats.py", f.Path()) {
		if got := fmt.Sprint(st.Value); got != number(sum/samples) {
			t.Errorf("%s = %s by Python after Close, want %s", label, got, number(sum/samples))
		}
	}
}

func TestHistogramTime(t *testing.T) {
	var s struct {
		Shared mmstats.Histogram
		Local  mmstats.LocalHistogram
	}
	create(t, mmstats.Options{}, &s)
	start := time.Now()
	func() {
		defer func() { recover() }()
		s.Shared.Time(func() { panic("sample") })
	}()
	s.Local.Start().Stop()
	a, b := s.Shared.State(), s.Local.State()
	if took := time.Since(start).Seconds(); a.Count != 1 || b.Count != 1 || a.Max < 0 || a.Max > took || b.Max < 0 || b.Max > took {
		t.Errorf("%d and %d durations, the longest %v and %v s, want 1 each, up to %v s", a.Count, b.Count, a.Max, b.Max, took)
	}
}

// beat is "beat FILE": its heartbeat is every millisecond.
func beat() {
	_, err := mmstats.Create(mmstats.Options{Path: os.Args[1], Heartbeat: time.Millisecond})
	programtest.Fatal(err)
	ready()
	programtest.UntilTold()
}

// heartbeatOf returns the time of the last heartbeat in a file.
func heartbeatOf(t *testing.T, path string) float64 {
	t.Helper()
	stats, err := reader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range stats {
		if st := &stats[i]; string(st.Label) == "sys.heartbeat" {
			if d := st.Description(); d.Unit != "unixtime" || d.Every <= 0 || st.Kind() != format.KindGauge {
				t.Fatalf("sys.heartbeat is described as %+v", d)
			}
			return st.Value.Float()
		}
	}
	t.Fatalf("%s has no heartbeat", path)
	return 0
}

// TestHeartbeatOfStoppedProcess stops a process, whose heartbeat ends until it
// goes on.
func TestHeartbeatOfStoppedProcess(t *testing.T) {
	path := temp(t, "beat.mmstats")
	p := programtest.StartReady(t, "beat", path)
	first := heartbeatOf(t, path)
	if now := float64(time.Now().UnixMicro()) / 1e6; math.Abs(now-first) > 60 {
		t.Errorf("heartbeat at %v, want about %v", first, now)
	}
	programtest.WaitFor(t, "a heartbeat", func() bool { return heartbeatOf(t, path) > first })
	stop(t, p)
	stopped := heartbeatOf(t, path)
	waitTicks(t)
	if got := heartbeatOf(t, path); got != stopped {
		t.Errorf("heartbeat of a process that is stopped went from %v to %v", stopped, got)
	}
	goOn(t, p)
	programtest.WaitFor(t, "a heartbeat of a process that goes on", func() bool { return heartbeatOf(t, path) > stopped })
}

// waitTicks returns after 20 heartbeats of another file.
func waitTicks(t *testing.T) {
	f := create(t, mmstats.Options{Heartbeat: time.Millisecond})
	defer f.Close()
	last, beats := heartbeatOf(t, f.Path()), 0
	programtest.WaitFor(t, "20 heartbeats", func() bool {
		if now := heartbeatOf(t, f.Path()); now > last {
			last = now
			beats++
		}
		return beats == 20
	})
}

// TestBeat has the program beat by itself: from then on nobody does it for it.
func TestBeat(t *testing.T) {
	f := create(t, mmstats.Options{Heartbeat: time.Millisecond})
	f.Beat()
	waitTicks(t) // the goroutine may have been about to beat
	last := heartbeatOf(t, f.Path())
	waitTicks(t)
	if got := heartbeatOf(t, f.Path()); got != last {
		t.Errorf("heartbeat of a main loop that hangs went from %v to %v", last, got)
	}
	f.Beat()
	if got := heartbeatOf(t, f.Path()); got <= last {
		t.Errorf("heartbeat after Beat() = %v, was %v before", got, last)
	}
	if err := f.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	f.Beat()

	none := create(t, mmstats.Options{NoDefaults: true})
	none.Beat()
	wantStats(t, none.Path(), nil)
}

// TestBeatOfVisitor: who updates the file of a program does not hide that the
// program hangs. A file that scripts share lives as long as one of them writes.
func TestBeatOfVisitor(t *testing.T) {
	f := create(t, mmstats.Options{Heartbeat: time.Hour})
	want := heartbeatOf(t, f.Path())
	v, err := mmstats.Open(f.Path(), mmstats.Options{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	v.Beat()
	if got := heartbeatOf(t, f.Path()); got != want {
		t.Errorf("after Beat of a visitor the heartbeat of a program is %v, want %v", got, want)
	}
	shared, err := mmstats.Create(mmstats.Options{Path: filepath.Join(t.TempDir(), "shared"), Shared: true}, []change.Change{{
		Label: "sys.heartbeat", Type: format.Float64, Value: format.FloatValue(1),
		Description: format.Description{Unit: "unixtime", Every: 60},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	shared.Beat()
	if got := heartbeatOf(t, shared.Path()); got < 1e9 {
		t.Errorf("after Beat the heartbeat of a shared file is %v, want the time", got)
	}
}
