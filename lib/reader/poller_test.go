package reader

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A writer is a stat file of 8-byte numbers, mapped as its program maps it.
type writer struct {
	cells []*mapping.Cell[uint64]
}

func specs(labels ...string) (specs []format.Spec) {
	for _, label := range labels {
		specs = append(specs, format.Spec{Label: label, Type: format.Counter})
	}
	return specs
}

// build returns the bytes of a file, and where its values start.
func build(t testing.TB, specs []format.Spec) (data []byte, values []int) {
	t.Helper()
	data = []byte{format.Version}
	for _, sp := range specs {
		var err error
		if data, err = format.AppendField(data, sp); err != nil {
			t.Fatal(err)
		}
		values = append(values, len(data)-8)
	}
	return data, values
}

// create publishes a file of counters, and maps it.
func create(t testing.TB, name string, labels ...string) *writer {
	t.Helper()
	data, values := build(t, specs(labels...))
	tmp := name + ".tmp"
	page := make([]byte, mapping.PageSize())
	copy(page, data)
	if err := os.WriteFile(tmp, page, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := mapping.Open(tmp, syscall.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	region, err := mapping.Map(f, len(page))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, name); err != nil {
		t.Fatal(err)
	}
	w := &writer{}
	for _, at := range values {
		cell := new(mapping.Cell[uint64])
		cell.Bind(region, at, 0)
		w.cells = append(w.cells, cell)
	}
	return w
}

func (w *writer) add(n uint64) { w.cells[0].Add(n) }

// An observer turns the samples of each poll into text: "label=value+delta", sorted.
type observer struct {
	t      *testing.T
	poller *Poller
	errors []string
}

func newObserver(t *testing.T, args ...string) *observer {
	l := &observer{t: t}
	l.poller = &Poller{
		Watch:  statfile.NewWatch(args),
		Report: func(err error) { l.errors = append(l.errors, err.Error()) },
	}
	t.Cleanup(l.poller.Close)
	return l
}

// poll returns the samples of one poll.
func (l *observer) poll() string {
	var samples []string
	l.poller.Poll(func(m *Sample) {
		text := m.Series.Label + "="
		switch {
		case m.Err != nil:
			text += "busy"
		case m.Value.Class() == 0:
			text += "gone"
		default:
			text += string(m.Value.AppendText(nil))
		}
		if m.Delta.Class() != 0 {
			text += "+" + string(m.Delta.AppendText(nil))
		}
		if m.Reset {
			text += " reset"
		}
		samples = append(samples, text)
	})
	slices.Sort(samples)
	return strings.Join(samples, ", ")
}

func (l *observer) want(when, want string) {
	l.t.Helper()
	if got := l.poll(); got != want {
		l.t.Errorf("Poll() %s = %q, want %q", when, got, want)
	}
}

func (l *observer) wantErrors(want ...string) {
	l.t.Helper()
	if !slices.Equal(l.errors, want) {
		l.t.Errorf("errors = %q, want %q", l.errors, want)
	}
}

func TestPollDeltas(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir+"/a.mmstats", "jobs")
	w.add(5)
	l := newObserver(t, dir)
	l.want("at first", "jobs=5")
	w.add(2)
	l.want("after an update", "jobs=7+2")
	l.want("after none", "jobs=7+0")
	l.wantErrors()
}

func TestPollFilesComeAndGo(t *testing.T) {
	dir := t.TempDir()
	l := newObserver(t, dir)
	l.want("of an empty directory", "")
	a := create(t, dir+"/a.mmstats", "jobs")
	a.add(100)
	l.want("when a file has come", "jobs=100")
	a.add(1)
	b := create(t, dir+"/b.mmstats", "jobs")
	b.add(1000)
	l.want("when another has come", "jobs=1000, jobs=101+1")
	a.add(3)
	os.Remove(dir + "/a.mmstats")
	b.add(2)
	l.want("when the first is gone", "jobs=1002+2, jobs=gone+3")
	l.want("when it has been gone", "jobs=1002+0")
	if err := os.Rename(dir+"/b.mmstats", dir+"/c.mmstats"); err != nil {
		t.Fatal(err)
	}
	b.add(5)
	l.want("when the other was renamed", "jobs=1007+5")
	if err := os.Link(dir+"/c.mmstats", dir+"/d.mmstats"); err != nil {
		t.Fatal(err)
	}
	l.want("when it has two names", "jobs=1007+0")
	os.Remove(dir + "/c.mmstats")
	b.add(1)
	l.want("when the first of them is gone", "jobs=1008+1")
	l.wantErrors()
}

func TestPollReplaced(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir+"/a.mmstats", "jobs")
	w.add(100)
	l := newObserver(t, dir+"/a.mmstats")
	l.want("at first", "jobs=100")
	w.add(10)
	w = create(t, dir+"/a.mmstats", "jobs")
	w.add(7)
	l.want("when it was replaced", "jobs=7 reset, jobs=gone+10")
	w.add(1)
	l.want("after that", "jobs=8+1")
	w = create(t, dir+"/a.mmstats", "jobs")
	w.add(500)
	l.want("when another with more replaced it", "jobs=500, jobs=gone+0")
	w.add(1)
	l.want("after that", "jobs=501+1")
	l.wantErrors()
}

func TestPollCounterWentBack(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir+"/a.mmstats", "jobs")
	w.add(100)
	l := newObserver(t, dir)
	l.want("at first", "jobs=100")
	w.cells[0].Store(3)
	l.want("when it went back", "jobs=3 reset")
	w.add(4)
	l.want("after that", "jobs=7+4")
}

// overwrite writes a file anew in place, as the Python original does when it
// starts: to nothing, to a page of zeros, and then its fields.
func overwrite(t *testing.T, name string, size int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
}

func TestPollWrittenAnew(t *testing.T) {
	dir := t.TempDir()
	name := dir + "/a.mmstats"
	w := create(t, name, "jobs", "runs")
	w.add(100)
	w.cells[1].Add(50)
	l := newObserver(t, dir)
	l.want("at first", "jobs=100, runs=50")
	// Where jobs had its value, there is something else now.
	data, values := build(t, specs("a.new.one", "runs", "jobs"))
	copy(data[values[1]:], "\x40\x40\x40")
	overwrite(t, name, int64(mapping.PageSize()), data)
	l.want("when it was written anew", "a.new.one=0, jobs=0 reset, runs=4210752")
	l.want("after that", "a.new.one=0+0, jobs=0+0, runs=4210752+0")
	l.wantErrors()
}

func TestPollTruncated(t *testing.T) {
	dir := t.TempDir()
	name := dir + "/a.mmstats"
	create(t, name, "jobs")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	l := newObserver(t, dir)
	l.want("at first", "jobs=0")
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	l.want("when it was truncated", "")
	l.wantErrors()
	for range 40 {
		l.want("when it has been truncated", "")
	}
	if len(l.errors) != 1 || !strings.Contains(l.errors[0], name) || !strings.Contains(l.errors[0], "empty file") {
		t.Errorf("errors = %q, want one of %s", l.errors, name)
	}
	overwrite(t, name, int64(len(whole)), whole)
	for range maxWait {
		if l.poll() != "" {
			l.want("when it was there again", "jobs=0+0")
			return
		}
	}
	t.Errorf("Poll() shows nothing of a file that was truncated for a while")
}

func TestPollGrown(t *testing.T) {
	page := mapping.PageSize()
	for _, size := range []int{page, 0} { // with room, and full to its last byte
		dir := t.TempDir()
		name := dir + "/a.mmstats"
		data, _ := build(t, specs("jobs"))
		before := max(size, len(data))
		overwriteNew(t, name, before, data)
		l := newObserver(t, dir)
		l.want("at first", "jobs=0")
		more, _ := build(t, specs("jobs", "runs"))
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(more, 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		l.poll()
		l.want(fmt.Sprintf("of %d bytes that grew", before), "jobs=0+0, runs=0+0")
		l.wantErrors()
	}
}

func overwriteNew(t *testing.T, name string, size int, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	overwrite(t, name, int64(size), data)
}

func TestPollDamaged(t *testing.T) {
	dir := t.TempDir()
	name := dir + "/a.mmstats"
	data, _ := build(t, specs("jobs", "runs"))
	overwriteNew(t, name, len(data)-3, data[:len(data)-3])
	os.WriteFile(dir+"/b.mmstats", []byte("text"), 0o644)
	syscall.Mkfifo(dir+"/c.mmstats", 0o644)
	os.Symlink("a.mmstats", dir+"/d.mmstats")
	l := newObserver(t, dir, dir+"/missing.mmstats")
	l.want("of a damaged file", "jobs=0")
	l.wantErrors("open " + dir + "/missing.mmstats: no such file or directory")
	for range 40 {
		l.poll()
	}
	if len(l.errors) != 5 {
		t.Errorf("errors = %q, want one for each of 5 files", l.errors)
	}
	var failing []string
	for f := range l.poller.Files() {
		failing = append(failing, fmt.Sprint(f.Path[len(dir):], " ", f.Stats, " ", f.Polled, " ", f.Err))
	}
	if want := []string{
		"/missing.mmstats 0 0 open " + dir + "/missing.mmstats: no such file or directory",
		"/a.mmstats 1 1 read " + name + ": damaged at byte 40: value of 8 bytes goes past the end of the file",
		"/b.mmstats 0 0 read " + dir + "/b.mmstats: not a version 1 stat file (first byte 0x74)",
		"/c.mmstats 0 0 open " + dir + "/c.mmstats: not a regular file",
		"/d.mmstats 0 0 open " + dir + "/d.mmstats: is a symbolic link",
	}; !slices.Equal(failing, want) {
		t.Errorf("Files() = %q, want %q", failing, want)
	}
}

// Fields by the Python original are buffered, packed and not aligned.
func TestPollPythonFile(t *testing.T) {
	name := t.TempDir() + "/a.mmstats"
	data := []byte("\x01\x04\x00jobs\x01\x00Q\x00\x07\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00" +
		"\x04\x00name\x02\x008s\x01before\x00\x00after\x00\x00\x00")
	overwriteNew(t, name, mapping.PageSize(), data)
	l := newObserver(t, name)
	l.want("at first", "jobs=9, name=before")
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at, text := range map[int64]string{10: "\x01\x0f", int64(strings.Index(string(data), "\x01before")): "\x00"} {
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			t.Fatal(err)
		}
	}
	l.want("when the buffers were flipped", "jobs=15+6, name=after")
}

func TestPollSeriesAreReused(t *testing.T) {
	dir := t.TempDir()
	l := newObserver(t, dir)
	highest := 0
	for i := range 50 {
		name := fmt.Sprintf("%s/%d.mmstats", dir, i)
		create(t, name, fmt.Sprintf("jobs.%d", i), "jobs")
		l.poller.Poll(func(m *Sample) { highest = max(highest, m.Series.ID) })
		os.Remove(name)
	}
	if highest > 5 {
		t.Errorf("the ID of a series got up to %d, with at most 4 series at a time", highest)
	}
	l.poll()
	l.poll()
	if n := len(l.poller.series.known); n != 0 {
		t.Errorf("%d series are left of files that are gone", n)
	}
}

func TestFilters(t *testing.T) {
	data, _ := build(t, append(specs("web.hits"), format.Spec{Label: "state", Type: format.String, Size: 8}))
	data = append(data, pythonField("app", "3s", 255, []byte("web"))...)
	data = append(data, pythonField("limit", "q", 255, number(5))...)
	data = append(data, pythonField("level", "b", 255, []byte{5})...)
	data = append(data, pythonField("up", "?", 255, []byte{1})...)
	name := t.TempDir() + "/a.mmstats"
	overwriteNew(t, name, len(data), data)
	stats, err := ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		filters        []string
		match, settled bool
		ours           bool // and not by a program in Python
	}{
		{nil, true, true, true},
		{[]string{"web.hits"}, true, true, true},
		{[]string{"web"}, true, true, true},
		{[]string{"db"}, false, true, true},
		{[]string{"app=web"}, true, true, true},
		{[]string{"app=db"}, false, true, true},
		{[]string{"ap=web"}, false, true, true},
		{[]string{"app=db", "app=web"}, true, true, true},
		{[]string{"app=web", "db"}, false, true, true},
		{[]string{"state=up"}, false, false, true},
		{[]string{"state="}, true, true, true},
		{[]string{"web.hits=0"}, true, true, true},
		// Of Python, a text may change, and so may what is one byte.
		{[]string{"app=db"}, false, false, false},
		{[]string{"limit=6"}, false, true, false},
		{[]string{"level=6"}, false, false, false},
		{[]string{"up=false"}, false, false, false},
	} {
		var filters Filters
		for _, text := range test.filters {
			filters = append(filters, ParseFilter(text))
		}
		if match, settled := filters.Match(slices.Values(stats), liveness.Writer{KeepsLock: test.ours}); match != test.match || settled != test.settled {
			t.Errorf("match(%q) = %v, %v, want %v, %v", test.filters, match, settled, test.match, test.settled)
		}
	}
}

func TestPollFilterSettlesLater(t *testing.T) {
	dir := t.TempDir()
	w := create(t, dir+"/a.mmstats", "jobs", "ready")
	l := newObserver(t, dir)
	l.poller.Filters = Filters{ParseFilter("ready=1")}
	l.want("of a file that is not ready", "")
	w.cells[1].Store(1)
	l.want("of one that is", "jobs=0, ready=1")
}

// BenchmarkPollerTick looks at 4 stats of each of 1,000 files, which are found
// in a directory or named one by one.
//
//	go test -run - -bench PollerTick ./lib/reader
func BenchmarkPollerTick(b *testing.B) {
	for _, named := range []bool{false, true} {
		kind := "directory"
		if named {
			kind = "arguments"
		}
		b.Run(kind, func(b *testing.B) { benchmarkTick(b, named) })
	}
}

func benchmarkTick(b *testing.B, named bool) {
	dir := b.TempDir()
	args := []string{dir}
	var writers []*writer
	for i := range 1000 {
		name := fmt.Sprintf("%s/worker-%d.mmstats", dir, i)
		writers = append(writers, create(b, name, "web.2xx", "web.3xx", "web.4xx", "web.5xx", "web.other"))
		if named {
			args = append(args, name)
		}
	}
	if named {
		args = args[1:]
	}
	p := &Poller{Watch: statfile.NewWatch(args), Want: func(label string) bool { return label != "web.other" }}
	defer p.Close()
	samples := 0
	var total uint64
	visit := func(s *Sample) {
		samples++
		total += s.Delta.Uint()
	}
	p.Poll(visit)
	samples = 0
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	for range b.N {
		writers[0].add(1)
		p.Poll(visit)
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e6, "cpu-ms/tick")
	if samples != 4000*b.N || total != uint64(b.N) {
		b.Fatalf("%d ticks got %d samples and counted %d", b.N, samples, total)
	}
}

// BenchmarkPollerMemory looks 10,000 times at 1,000 files, of which one is
// replaced and one comes or goes before each look, and tells how much the
// memory of the process grew after the first 1,000 looks.
//
//	go test -run - -bench PollerMemory -benchtime 10000x ./lib/reader
func BenchmarkPollerMemory(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		create(b, fmt.Sprintf("%s/worker-%d.mmstats", dir, i), "web.2xx", "web.3xx", "web.4xx", "web.5xx")
	}
	data, _ := build(b, specs("web.2xx", "web.3xx", "web.4xx", "web.5xx"))
	replace := func(name string) {
		if err := os.WriteFile(dir+"/new", data, 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(dir+"/new", name); err != nil {
			b.Fatal(err)
		}
	}
	p := &Poller{Watch: statfile.NewWatch([]string{dir})}
	defer p.Close()
	before := 0
	for i := range b.N {
		replace(fmt.Sprintf("%s/worker-%d.mmstats", dir, i%1000))
		if name := dir + "/comes.mmstats"; i%2 == 0 {
			replace(name)
		} else if err := os.Remove(name); err != nil {
			b.Fatal(err)
		}
		p.Poll(func(*Sample) {})
		if i == min(1000, b.N/2) {
			before = residentSize(b)
		}
	}
	b.ReportMetric(float64(residentSize(b)-before)/1024, "KiB-grown")
}

// residentSize returns how much memory the process has, in bytes.
func residentSize(b *testing.B) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("the size of a process is only known on Linux")
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return pages * mapping.PageSize()
}

// cpuTime returns the processor time of the process so far, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return syscall.TimevalToNsec(usage.Utime) + syscall.TimevalToNsec(usage.Stime)
}

// The kernel allows a process a number of maps. Files beyond it are polled like
// the others.
func TestPollMoreFilesThanMaps(t *testing.T) {
	dir := t.TempDir()
	var writers []*writer
	for i := range 6 {
		writers = append(writers, create(t, fmt.Sprintf("%s/%d.mmstats", dir, i), fmt.Sprint("jobs.", i)))
	}
	l := newObserver(t, dir)
	l.poller.maxMaps = 2
	views := func() (n int) {
		for _, f := range l.poller.files {
			if f.view != nil {
				n++
			}
		}
		return n
	}
	for i, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "jobs.0=0, jobs.1=0, jobs.2=0, jobs.3=0, jobs.4=0, jobs.5=0"},
		{func() { writers[0].add(1); writers[5].add(2) }, "jobs.0=1+1, jobs.1=0+0, jobs.2=0+0, jobs.3=0+0, jobs.4=0+0, jobs.5=2+2"},
		{func() { os.Remove(dir + "/0.mmstats"); os.Remove(dir + "/4.mmstats") }, "jobs.0=gone+0, jobs.1=0+0, jobs.2=0+0, jobs.3=0+0, jobs.5=2+0"},
		{func() { create(t, dir+"/4.mmstats", "new").add(3); os.Truncate(dir+"/5.mmstats", 0) }, "jobs.1=0+0, jobs.2=0+0, jobs.3=0+0, new=3"},
	} {
		step.do()
		l.want(fmt.Sprint("in step ", i), step.want)
		if n := views(); n > 2 || n != l.poller.maps {
			t.Errorf("step %d: %d files stay mapped, and %d are counted, want at most 2", i, n, l.poller.maps)
		}
	}
	l.wantErrors()
}
