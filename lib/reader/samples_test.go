package reader

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mmstats"
	"mmstats/lib/statfile"
)

// An average is read with its samples, so that means can be weighted, and the
// mean of an interval can be told from that since the start.
func TestMeansAreReadWithTheirSamples(t *testing.T) {
	var stats struct {
		All  mmstats.Average       `mmstats:"all"`
		Last mmstats.MovingAverage `mmstats:"last,window=3"`
	}
	file, err := mmstats.Create(mmstats.Options{Path: t.TempDir() + "/a.mmstats", NoDefaults: true}, &stats)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Remove()
	add := func(samples ...float64) {
		for _, sample := range samples {
			stats.All.Add(sample)
			stats.Last.Add(sample)
		}
	}
	p := &Poller{Watch: statfile.NewWatch([]string{file.Path()})}
	defer p.Close()
	polled := func() (text string) {
		p.Poll(func(s *Sample) {
			text += fmt.Sprint(s.Series.Label, " ", s.Value.Float(), " ", s.Samples, " ", s.Interval, " ", s.Reset, "; ")
		})
		return text
	}
	add(1, 2)
	for i, test := range []struct {
		samples []float64
		want    string
	}{
		{nil, "all 1.5 {2 3} {0 0} false; last 1.5 {2 0} {0 0} false; "},
		{[]float64{9}, "all 4 {3 12} {1 9} false; last 4 {3 0} {1 0} false; "},
		{nil, "all 4 {3 12} {0 0} false; last 4 {3 0} {0 0} false; "},
		{[]float64{3, 3, 7}, "all 4.166666666666667 {6 25} {3 13} false; last 4.333333333333333 {6 0} {3 0} false; "},
	} {
		add(test.samples...)
		if got := polled(); got != test.want {
			t.Errorf("poll %d = %s, want %s", i, got, test.want)
		}
	}
	read, err := ReadFile(file.Path())
	if err != nil || len(read) != 2 {
		t.Fatalf("ReadFile = %d stats, %v, want 2", len(read), err)
	}
	add(4, 5)
	got := fmt.Sprint(read[0].Samples(), read[0].Recent(nil), read[1].Samples(), read[1].Recent(nil))
	if want := "{6 25} [] {6 0} [3 3 7]"; got != want {
		t.Errorf("ReadFile = %s, want %s", got, want)
	}
	if read, _ = ReadFile(file.Path()); fmt.Sprint(read[1].Recent(nil)) != "[7 4 5]" {
		t.Errorf("ReadFile = %v after more samples, want the last 3", read[1].Recent(nil))
	}
}

// A sample says which file it is of, who wrote that, and whether the writer
// has ended.
func TestSamplesSayWhoseTheyAre(t *testing.T) {
	writer := exec.Command("sleep", "100")
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	defer writer.Process.Kill()
	created := time.Now().Truncate(time.Second)
	data, _ := build(t, specs("jobs"))
	data = append(data, pythonField("app.sys.pid", "q", 255, number(uint64(writer.Process.Pid)))...)
	data = append(data, pythonField("app.sys.created", "q", 255, number(uint64(created.Unix())))...)
	name := t.TempDir() + "/a.mmstats"
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &Poller{Watch: statfile.NewWatch([]string{name}), Want: func(label string) bool { return label == "jobs" }}
	defer p.Close()
	var ended bool
	visit := func(s *Sample) {
		f := s.File
		ended = f.Ended()
		if f.Path != name || f.Info.Perm != 0o600 || f.Info.UID != uint32(os.Getuid()) || f.Err != nil ||
			f.Writer.PID != writer.Process.Pid || !f.Writer.Created.Equal(created) || f.Stats != 3 || f.Polled != 1 {
			t.Errorf("a sample is of %+v", f)
		}
	}
	if p.Poll(visit); ended {
		t.Errorf("Ended() while the writer runs")
	}
	writer.Process.Kill()
	writer.Wait()
	if p.Poll(visit); !ended {
		t.Errorf("not Ended() after the writer has ended")
	}
}

// A label may be a counter in one file and a gauge in another: each sample says
// what it is.
func TestSamplesHaveTheKindOfTheirFile(t *testing.T) {
	dir := t.TempDir()
	var counts struct {
		Jobs mmstats.Counter          `mmstats:"jobs"`
		CPUs mmstats.Constant[uint32] `mmstats:"jobs.cpus"`
	}
	var levels struct {
		Jobs mmstats.Gauge[float64] `mmstats:"jobs"`
	}
	for name, stats := range map[string]any{"/a.mmstats": &counts, "/b.mmstats": &levels} {
		file, err := mmstats.Create(mmstats.Options{Path: dir + name, NoDefaults: true}, stats)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Remove()
	}
	p := &Poller{Watch: statfile.NewWatch([]string{dir})}
	defer p.Close()
	var got string
	p.Poll(func(s *Sample) { got += fmt.Sprint(s.Type, s.Kind, s.Series.Kind, s.Live, "; ") })
	want := fmt.Sprint(format.Counter, format.KindCounter, format.KindCounter, true, "; ") +
		fmt.Sprint(format.Uint32, format.KindConstant, format.KindConstant, false, "; ") +
		fmt.Sprint(format.Float64, format.KindGauge, format.KindCounter, true, "; ")
	if got != want {
		t.Errorf("samples are %s, want %s", got, want)
	}
}

// A file of very many stats is polled for as many as the poller may take, and
// others are for all of theirs.
func TestPollerTakesSoManyStats(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"/a.mmstats", "/b.mmstats"} {
		file, err := mmstats.Create(mmstats.Options{Path: dir + name, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		defer file.Remove()
		for i := range 5 {
			if err := file.Add(mmstats.Labeled{Label: fmt.Sprint(name[1:2], i), Stat: new(mmstats.Counter)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := &Poller{Watch: statfile.NewWatch([]string{dir}), MaxStats: 3}
	defer p.Close()
	var got string
	p.Poll(func(s *Sample) { got += s.Series.Label + " " })
	if want := "a0 a1 a2 b0 b1 b2 "; got != want {
		t.Errorf("polled are %s, want %s", got, want)
	}
	for f := range p.Files() {
		if f.Stats != 5 || f.Polled != 3 || f.Err != nil {
			t.Errorf("%s has %d stats, %d polled, %v", f.Path, f.Stats, f.Polled, f.Err)
		}
	}
}

// Samples say what the file says of the stat.
func TestSamplesHaveTheDescription(t *testing.T) {
	data := []byte{format.Version}
	for _, sp := range []format.Spec{
		{Label: "sent", Type: format.Counter, Description: format.Description{Unit: "bytes", About: "Sent to clients"}},
		{Label: "plain", Type: format.Counter},
	} {
		var err error
		if data, err = format.AppendField(data, sp); err != nil {
			t.Fatal(err)
		}
	}
	name := t.TempDir() + "/a.mmstats"
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	p := &Poller{Watch: statfile.NewWatch([]string{name})}
	defer p.Close()
	for range 2 {
		p.Poll(func(s *Sample) {
			switch d := s.Description; {
			case s.Series.Label == "plain" && d != nil:
				t.Errorf("a stat without a description has %v", *d)
			case s.Series.Label == "sent" && (d == nil || d.Unit != "bytes" || d.About != "Sent to clients"):
				t.Errorf("the description is %v", d)
			}
		})
	}
}
