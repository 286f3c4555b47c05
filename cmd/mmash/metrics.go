package main

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/output"
	"mmstats/lib/report"
)

// What /metrics answers with.
const (
	textType        = "text/plain; version=0.0.4; charset=utf-8"
	openMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// metrics answers with what Prometheus scrapes.
func (s *server) metrics(w *response, r *http.Request) error {
	if s.recording != nil {
		return errMetrics
	}
	query := r.URL.Query()
	choice, err := parseChoice(query)
	e := &report.Exposition{Texts: isOn(query.Get("text"))}
	switch form := query.Get("format"); form {
	case "":
		e.OpenMetrics = prefersOpenMetrics(r.Header.Get("Accept"))
	case "openmetrics":
		e.OpenMetrics = true
	case "text":
	default:
		err = fmt.Errorf("format is text or openmetrics, not %q", form)
	}
	if err != nil {
		return badRequest(err)
	}
	v := s.viewOf(r)
	s.model.fresh(func() { s.model.expose(e, v, choice) })
	s.exposeOwn(e)
	h := w.Header()
	h.Set("Vary", "Accept, Accept-Encoding")
	h.Set("Content-Type", textType)
	if e.OpenMetrics {
		h.Set("Content-Type", openMetricsType)
	}
	zip := acceptsGzip(r.Header.Get("Accept-Encoding"))
	if zip {
		h.Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	// It is not gathered: of long labels it is several times as large as the files.
	write := func(w io.Writer) {
		b := output.NewBuffer(w)
		e.Write(b)
		b.Flush()
	}
	if zip {
		compress(w, write)
	} else {
		write(w)
	}
	return nil
}

// A choice is which stats of which files a client asked for.
type choice struct {
	labels, excluded []*cli.LabelGlob
	files            *cli.LabelGlob // of base names, or nil
}

func parseChoice(query url.Values) (c choice, err error) {
	if c.labels, err = cli.ParseLabelGlobs(query["label"]); err != nil {
		return c, err
	}
	if c.excluded, err = cli.ParseLabelGlobs(query["x"]); err != nil {
		return c, err
	}
	if glob := query.Get("glob"); glob != "" {
		c.files, err = parseGlob(glob)
	}
	return c, err
}

// wants reports whether the client asked for a label.
func (c *choice) wants(label string) bool {
	return cli.Chosen(label, c.labels, c.excluded)
}

// prefersOpenMetrics reports whether a client that accepts these media types
// takes OpenMetrics no less than the older format.
func prefersOpenMetrics(accept string) bool {
	open, text := 0.0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, ok := parameters["q"]; ok {
			weight, _ = strconv.ParseFloat(q, 64)
		}
		switch version := parameters["version"]; {
		case media == "application/openmetrics-text" && (version == "" || version == "1.0.0"):
			open = max(open, weight)
		case media == "text/plain" || media == "*/*" || media == "text/*":
			text = max(text, weight)
		}
	}
	return open > 0 && open >= text
}

// expose adds the stats of the files that v shows and c chooses.
func (m *model) expose(e *report.Exposition, v *view, c choice) {
	files, unreadable, series := 0, 0, 0
	var rows []report.Row
	for _, f := range m.sorted(v) {
		if f.err != "" {
			unreadable++
		}
		if f.err != "" && len(f.stats) == 0 {
			continue
		}
		files++
		series += len(f.stats)
		if c.files != nil && !c.files.Match(filepath.Base(f.path)) {
			continue
		}
		rows = rows[:0]
		for _, s := range f.stats {
			if c.wants(s.label) {
				rows = append(rows, s.exposed())
			}
		}
		e.Add(f.source(), rows)
	}
	gauge := func(name, help string, v float64) { e.AddOwn(name, help, false, "", format.FloatValue(v)) }
	gauge("mmstats_files", "Stat files that can be read.", float64(files))
	gauge("mmstats_files_unreadable", "Stat files that cannot be read, or not to their end.", float64(unreadable))
	gauge("mmstats_files_private", "Stat files that not everybody may read, and that are left out.", float64(m.privateFiles(v)))
	gauge("mmstats_series", "Stats of single files.", float64(series))
	gauge("mmstats_look_seconds", "How long the last look at all files took.", m.took.Seconds())
	e.AddOwn("mmstats_busy_reads_total", "Values that changed too fast to be read.", true, "", format.UintValue(m.busy))
}

// source returns what Prometheus has of a file.
func (f *file) source() report.Source {
	src := report.Source{File: f.path, PID: int64(f.src.Writer.PID), Created: f.src.Writer.Created}
	if f.src.Info.Ino != 0 {
		src.UID = &f.src.Info.UID
	}
	if f.live != unknown {
		lives := f.live == running
		src.Live = &lives
	}
	return src
}

// exposed returns what Prometheus has of a stat of one file.
func (s *series) exposed() report.Row {
	row := report.Row{Label: []byte(s.label), Type: s.typ, Value: s.value, Live: s.kind != constant, Samples: s.samples, Unit: s.unit, About: s.about}
	if s.state != nil {
		state := s.state.all // the next look changes it
		row.Histogram = &state
	}
	switch {
	case s.value.Class() == format.TextClass:
		row.Kind = format.KindString
	case s.kind == counter:
		row.Kind = format.KindCounter
	default:
		row.Kind = format.KindGauge
	}
	return row
}

// exposeOwn adds what is to be said of the server itself.
func (s *server) exposeOwn(e *report.Exposition) {
	e.AddOwn("mmash_build_info", "The version of mmash.", false, `version="`+cli.Version+`"`, format.UintValue(1))
	for status := range s.answered {
		if n := s.answered[status].Load(); n > 0 {
			e.AddOwn("mmash_http_requests_total", "Requests that were answered, by the status of the answer.", true, `code="`+strconv.Itoa(status)+`"`, format.UintValue(n))
		}
	}
	e.AddOwn("mmash_event_streams", "Streams of events that are open.", false, "", format.UintValue(uint64(max(0, s.streams.Load()))))
}
