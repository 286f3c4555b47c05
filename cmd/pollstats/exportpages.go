package main

import (
	"math"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

func (p *statPage) columns() []string {
	return []string{"file", "pid", "state", "created", "value", "rate", "mean", "p50", "p99", "samples", "differs", "since"}
}

// export writes a row for each process. Rates, means, percentiles and samples are
// those of the last interval.
func (p *statPage) export(rows *output.Rows) {
	for _, t := range p.shown {
		file := t.process.file
		rows.Text("file", []byte(file.Path))
		exportPID(rows, file.Writer.PID)
		rows.Word("state", t.process.state())
		exportTime(rows, "created", created(file))
		rows.Value("value", t.value())
		rate, mean, samples := format.Value{}, format.Value{}, format.Value{}
		switch {
		case p.kind == format.KindCounter:
			rate = finite(t.now)
		case t.typ == format.Average || t.typ == format.Histogram:
			mean = finite(t.intervalMean())
			if !math.IsNaN(t.delta) {
				samples = format.UintValue(t.interval.Count)
			}
		}
		rows.Value("rate", rate)
		rows.Value("mean", mean)
		rows.Value("p50", finite(t.quantile(0.5)))
		rows.Value("p99", finite(t.quantile(0.99)))
		rows.Value("samples", samples)
		d := p.differences[t]
		rows.Bool("differs", d != nil)
		if d != nil && !d.before {
			exportTime(rows, "since", d.since)
		} else {
			rows.Absent("since")
		}
		rows.End()
	}
}

func exportPID(rows *output.Rows, pid int) {
	if pid == 0 {
		rows.Absent("pid")
	} else {
		rows.Int("pid", int64(pid))
	}
}

func exportTime(rows *output.Rows, name string, t time.Time) {
	if t.IsZero() {
		rows.Absent(name)
	} else {
		rows.Word(name, t.UTC().Format("2006-01-02T15:04:05Z"))
	}
}

func (f *filesPage) columns() []string {
	return []string{"file", "command", "owner", "pid", "state", "created", "size", "stats", "runtime", "error"}
}

func (f *filesPage) export(rows *output.Rows) {
	for _, r := range f.shown {
		rows.Text("file", []byte(r.file.Path))
		rows.Text("command", []byte(command(r.file)))
		rows.Text("owner", []byte(f.owner(r.file.Info)))
		exportPID(rows, r.file.Writer.PID)
		rows.Word("state", r.state())
		exportTime(rows, "created", created(r.file))
		rows.Int("size", r.file.Info.Size)
		rows.Int("stats", int64(r.file.Stats))
		rows.Text("runtime", []byte(f.runtime(r)))
		if r.file.Err == nil {
			rows.Absent("error")
		} else {
			rows.Text("error", []byte(cli.Cause(r.file.Err)))
		}
		rows.End()
	}
}

func (f *filePage) columns() []string {
	return []string{"label", "type", "kind", "value", "unit", "about"}
}

func (f *filePage) export(rows *output.Rows) {
	for _, s := range f.shown {
		rows.Text("label", []byte(s.label))
		rows.Word("type", s.typ.String())
		rows.Word("kind", s.kind.String())
		rows.Value("value", s.value)
		rows.Text("unit", []byte(s.unit))
		rows.Text("about", []byte(s.about))
		rows.End()
	}
}
