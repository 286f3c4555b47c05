package report

import (
	"encoding/binary"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/output"
)

func TestPrometheus(t *testing.T) {
	constant := row("sys.pid", format.UintValue(9))
	constant.Type, constant.Kind = format.Uint64, format.KindConstant
	var b strings.Builder
	p := New(&b, Options{Format: output.Prometheus})
	p.Print(Source{File: "a"}, []Row{
		row("web.hits", format.UintValue(3)),
		row("web/hits", format.UintValue(4)), // the same name
		row("web.hits", format.UintValue(9)), // the same label again
		row("done_total", format.UintValue(1)),
		row("load", format.FloatValue(math.NaN())),
		row("up", format.BoolValue(true)),
		row("2xx", format.IntValue(-1)),
		row("a:b", format.IntValue(0)),
		row("größe", format.IntValue(5)),
		row("state", text("a\"b\\c\nd\x1b\xff")),
		row("gone", format.Value{}),
		constant,
	})
	p.Print(Source{File: "b\""}, []Row{
		row("load", format.FloatValue(math.Inf(-1))),
		row("web.hits", format.UintValue(5)),
		row("done.total", format.IntValue(2)), // a gauge by the name of a counter
	})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	want := `# HELP _2xx Stat 2xx.
# TYPE _2xx gauge
_2xx{command="a",file="a"} -1
# HELP a_b Stat a:b.
# TYPE a_b gauge
a_b{command="a",file="a"} 0
# HELP done_total Stat done_total.
# TYPE done_total counter
done_total{command="a",file="a"} 1
# HELP done_total_ Stat done.total.
# TYPE done_total_ gauge
done_total_{command="b\"",file="b\""} 2
# HELP gr__e Stat größe.
# TYPE gr__e gauge
gr__e{command="a",file="a"} 5
# HELP load Stat load.
# TYPE load gauge
load{command="a",file="a"} NaN
load{command="b\"",file="b\""} -Inf
# HELP state_info Stat state.
# TYPE state_info gauge
state_info{command="a",file="a",value="a\"b\\c\nd\\x1b\\xff"} 1
# HELP up Stat up.
# TYPE up gauge
up{command="a",file="a"} 1
# HELP web_hits_total Stat web.hits.
# TYPE web_hits_total counter
web_hits_total{command="a",file="a"} 3
web_hits_total{command="a",file="a",label="web/hits"} 4
web_hits_total{command="b\"",file="b\""} 5
`
	if b.String() != want {
		t.Errorf("Prometheus = %s, want %s", b.String(), want)
	}
}

// Two samples with one name and the same labels make whoever scrapes them
// refuse all of them.
func TestPrometheusWritesNoSampleTwice(t *testing.T) {
	var b strings.Builder
	p := New(&b, Options{Format: output.Prometheus})
	p.Print(Source{File: "f\x1b"}, []Row{
		row("n", format.IntValue(1)), row("n", format.IntValue(2)),
		row("done_total", format.UintValue(3)), row("done_total", format.IntValue(4)), // as a gauge, of the same name
	})
	p.Print(Source{File: `f\x1b`}, []Row{row("n", format.IntValue(5))}) // reads like the other once it is escaped
	p.Print(Source{File: "f\x1b"}, []Row{row("n", format.IntValue(6))})
	p.Close()
	const labels = `{command="f\\x1b",file="f\\x1b"}`
	want := "# HELP done_total Stat done_total.\n# TYPE done_total counter\ndone_total" + labels + " 3\n" +
		"# HELP done_total_ Stat done_total.\n# TYPE done_total_ gauge\ndone_total_" + labels + " 4\n" +
		"# HELP n Stat n.\n# TYPE n gauge\nn" + labels + " 1\n"
	if b.String() != want {
		t.Errorf("Prometheus = %q, want %q", b.String(), want)
	}
}

func TestPrometheusFold(t *testing.T) {
	want := "# HELP n_total Stat n.\n# TYPE n_total counter\nn_total 1\n"
	if got := written(t, Options{Format: output.Prometheus}, Source{Files: 2}, row("n", format.UintValue(1))); got != want {
		t.Errorf("Prometheus of a fold = %q, want %q", got, want)
	}
}

func bare(label string, t format.Type, k format.Kind, v format.Value) Row {
	return Row{Label: []byte(label), Type: t, Kind: k, Value: v, Live: true}
}

// exposed returns what an exposition of sources writes.
func exposed(e *Exposition, sources map[string][]Row, order ...string) string {
	var b strings.Builder
	for _, file := range order {
		e.Add(Source{File: file}, sources[file])
	}
	buffer := output.NewBuffer(&b)
	e.Write(buffer)
	buffer.Flush()
	return b.String()
}

// promtool fails where Prometheus would not take the text.
func promtool(t *testing.T, text string) {
	t.Helper()
	cmd := exec.Command("promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%sof\n%s", err, out, text)
	}
}

// Metrics never share a name, nor the names of each other's samples.
func TestPrometheusNamesClash(t *testing.T) {
	average := bare("lat", format.Average, format.KindGauge, format.FloatValue(2))
	average.Samples = format.Samples{Count: 3, Total: 6}
	rows := map[string][]Row{"/run/a.mmstats": {
		average,
		bare("lat.count", format.Int64, format.KindGauge, format.IntValue(7)),
		bare("x.y", format.Counter, format.KindCounter, format.UintValue(1)),
		bare("x_y", format.Counter, format.KindCounter, format.UintValue(2)),
		bare("jobs", format.Counter, format.KindCounter, format.UintValue(3)),
		bare("mmstats.file.info", format.Int64, format.KindGauge, format.IntValue(4)),
	}, "/run/b.mmstats": {
		bare("jobs", format.Int64, format.KindGauge, format.IntValue(5)),
		bare("x_y", format.Counter, format.KindCounter, format.UintValue(6)),
	}}
	got := exposed(&Exposition{}, rows, "/run/a.mmstats", "/run/b.mmstats")
	promtool(t, got)
	for _, want := range []string{
		"lat_sum{command=\"a\",file=\"a.mmstats\"} 6\nlat_count{command=\"a\",file=\"a.mmstats\"} 3\n",
		"lat_count_{command=\"a\",file=\"a.mmstats\"} 7\n",
		"x_y_total{command=\"a\",file=\"a.mmstats\"} 1\nx_y_total{command=\"a\",file=\"a.mmstats\",label=\"x_y\"} 2\nx_y_total{command=\"b\",file=\"b.mmstats\"} 6\n",
		"jobs_total{command=\"a\",file=\"a.mmstats\"} 3\n",
		"jobs_{command=\"b\",file=\"b.mmstats\"} 5\n",
		"_mmstats_file_info{command=\"a\",file=\"a.mmstats\"} 4\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// A second file of one name is told by its path; one that is named twice counts
// once.
func TestPrometheusFilesOfOneName(t *testing.T) {
	rows := []Row{bare("n", format.Int64, format.KindGauge, format.IntValue(1))}
	all := map[string][]Row{"/a/web.mmstats": rows, "/b/web.mmstats": rows}
	got := exposed(&Exposition{}, all, "/a/web.mmstats", "/b/web.mmstats", "/a/web.mmstats")
	want := "# HELP n Stat n.\n# TYPE n gauge\nn{command=\"web\",file=\"web.mmstats\"} 1\nn{command=\"web\",file=\"/b/web.mmstats\"} 1\n"
	if got != want {
		t.Errorf("exposition = %q, want %q", got, want)
	}
}

// What a dead writer had in flight is left out, and what it has done stays.
func TestPrometheusDeadWriter(t *testing.T) {
	uid, dead, alive := uint32(1000), false, true
	pid := bare("web.sys.pid", format.Uint32, format.KindConstant, format.UintValue(42))
	pid.Live = false
	version := bare("version", format.String, format.KindString, text("go1.26"))
	version.Live = false
	rows := []Row{
		pid, version,
		bare("done", format.Counter, format.KindCounter, format.UintValue(9)),
		bare("in_flight", format.Int64, format.KindGauge, format.IntValue(3)),
		bare("ready", format.Bool, format.KindBool, format.BoolValue(true)),
		bare("state", format.String, format.KindString, text("busy")),
	}
	const labels = `{command="web",file="web-42.mmstats",pid="42"`
	about := func(running string) string {
		return "# HELP mmstats_file_created_seconds When the file was made, since 1970.\n# TYPE mmstats_file_created_seconds gauge\nmmstats_file_created_seconds" + labels + "} 1700000000.5\n" +
			"# HELP mmstats_file_info A stat file, its writer and its owner.\n# TYPE mmstats_file_info gauge\nmmstats_file_info" + labels + ",uid=\"1000\"} 1\n" +
			"# HELP mmstats_file_writer_running Whether the writer of the file runs.\n# TYPE mmstats_file_writer_running gauge\nmmstats_file_writer_running" + labels + "} " + running + "\n"
	}
	done := "# HELP done_total Stat done.\n# TYPE done_total counter\ndone_total" + labels + "} 9\n"
	for _, test := range []struct {
		live *bool
		want string
	}{
		{&dead, done + about("0")},
		{&alive, done + "# HELP in_flight Stat in_flight.\n# TYPE in_flight gauge\nin_flight" + labels + "} 3\n" + about("1") +
			"# HELP ready Stat ready.\n# TYPE ready gauge\nready" + labels + "} 1\n" +
			"# HELP version_info Stat version.\n# TYPE version_info gauge\nversion_info" + labels + ",value=\"go1.26\"} 1\n"},
	} {
		var b strings.Builder
		p := New(&b, Options{Format: output.Prometheus})
		p.Print(Source{File: "/run/web-42.mmstats", PID: 42, Live: test.live, UID: &uid, Created: time.UnixMilli(1_700_000_000_500)}, rows)
		p.Close()
		if b.String() != test.want {
			t.Errorf("of a writer that runs (%t):\n%s\nwant\n%s", *test.live, b.String(), test.want)
		}
	}
}

// A text that changes is a metric only for who asks for it, and cut.
func TestPrometheusTexts(t *testing.T) {
	rows := map[string][]Row{"f": {bare("state", format.String, format.KindString, text(strings.Repeat("x", 300)))}}
	if got := exposed(&Exposition{}, rows, "f"); got != "" {
		t.Errorf("a text that may change is exposed: %s", got)
	}
	got := exposed(&Exposition{Texts: true}, rows, "f")
	if want := "state_info{command=\"f\",file=\"f\",value=\"" + strings.Repeat("x", 256) + "\"} 1\n"; !strings.HasSuffix(got, want) {
		t.Errorf("a long text is %s", got)
	}
}

// Values come in the base units that Prometheus uses, and names say so.
func TestPrometheusUnits(t *testing.T) {
	with := func(r Row, unit, about string) Row {
		r.Unit, r.About = unit, about
		return r
	}
	lat := bare("lat", format.Average, format.KindGauge, format.FloatValue(20))
	lat.Samples = format.Samples{Count: 2, Total: 40}
	rows := map[string][]Row{"f": {
		with(bare("sent", format.Counter, format.KindCounter, format.UintValue(math.MaxUint64)), "bytes", "Sent to clients, \\ and \"so\" on"),
		with(bare("age", format.Float64, format.KindGauge, format.FloatValue(45)), "ms", ""),
		with(bare("up_seconds", format.Float64, format.KindGauge, format.FloatValue(3)), "seconds", ""),
		with(bare("jobs", format.Counter, format.KindCounter, format.UintValue(1)), "jobs", ""),
		with(lat, "ms", ""),
	}}
	got := exposed(&Exposition{}, rows, "f")
	promtool(t, got)
	for _, want := range []string{
		"# HELP sent_bytes_total Sent to clients, \\\\ and \"so\" on\n", "sent_bytes_total{command=\"f\",file=\"f\"} 18446744073709551615\n",
		"age_seconds{command=\"f\",file=\"f\"} 0.045\n", "up_seconds{command=\"f\",file=\"f\"} 3\n", "jobs_total{", "lat_seconds_sum{command=\"f\",file=\"f\"} 0.04\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// The bounds of the buckets depend on the unit alone, never on the samples.
func TestPrometheusHistogram(t *testing.T) {
	state := func(samples ...float64) *format.HistogramState {
		value := make([]byte, format.HistogramSize)
		h := new(format.HistogramState)
		h.Encode(value)
		sum := 0.0
		for _, v := range samples {
			sum += v
			at := value[8*(format.HistogramBuckets+format.Bucket(v)):]
			binary.NativeEndian.PutUint64(at, binary.NativeEndian.Uint64(at)+1)
		}
		if err := h.Decode(value); err != nil || h.Count != uint64(len(samples)) {
			t.Fatalf("%d samples make %v, %v", len(samples), h.Count, err)
		}
		h.Sum = sum
		return h
	}
	bounds := func(text string) (found []string) {
		for line := range strings.Lines(text) {
			if _, after, ok := strings.Cut(line, `,le="`); ok {
				bound, _, _ := strings.Cut(after, `"`)
				found = append(found, bound)
			}
		}
		return found
	}
	var before []string
	for i, h := range []*format.HistogramState{state(), state(0.1, 0.3, 1, 500)} {
		r := bare("lat", format.Histogram, format.KindGauge, format.FloatValue(0))
		r.Histogram, r.Unit = h, "seconds"
		got := exposed(&Exposition{}, map[string][]Row{"f": {r}}, "f")
		promtool(t, got)
		if found := bounds(got); i == 0 {
			before = found
		} else if strings.Join(found, " ") != strings.Join(before, " ") || len(found) != 26 {
			t.Errorf("bounds are %v, before %v", found, before)
		}
		if i == 1 {
			for _, want := range []string{`le="0.125"} 1`, `le="0.5"} 2`, `le="1"} 3`, `le="128"} 3`, `le="+Inf"} 4`, `lat_seconds_count{command="f",file="f"} 4`, `lat_seconds_sum{command="f",file="f"} 501.4`} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
		}
	}
}

func TestOpenMetrics(t *testing.T) {
	rows := map[string][]Row{"f": {
		bare("done", format.Counter, format.KindCounter, format.UintValue(9)),
		bare("level", format.Float64, format.KindGauge, format.FloatValue(0.5)),
	}}
	got := exposed(&Exposition{OpenMetrics: true}, rows, "f")
	want := "# HELP done Stat done.\n# TYPE done counter\ndone_total{command=\"f\",file=\"f\"} 9\n" +
		"# HELP level Stat level.\n# TYPE level gauge\nlevel{command=\"f\",file=\"f\"} 0.5\n# EOF\n"
	if got != want {
		t.Errorf("OpenMetrics = %s, want %s", got, want)
	}
}
