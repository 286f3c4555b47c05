package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mmstats/lib/aggregate"
	"mmstats/lib/cli"
	"mmstats/lib/format"
)

// labels answers with the labels of all files.
func (s *server) labels(w *response, r *http.Request) error {
	return s.ask(w, r, nil, func(_ *model, v *view) []byte { return v.labels() })
}

// labels returns an object with the labels of v, sorted.
func (v *view) labels() []byte {
	seen := make(map[string]struct{}, len(v.groups))
	for key := range v.groups {
		seen[key.label] = struct{}{}
	}
	body := []byte(`{"stats":[`)
	for _, label := range slices.Sorted(maps.Keys(seen)) {
		body = append(comma(body), quoted(label)...)
	}
	return append(body, "]}"...)
}

// A question is what /stats/PREFIX is asked.
type question struct {
	prefix string
	exact  bool
	byFile bool
	fold   aggregate.Func // or 0
	glob   *cli.LabelGlob // of base names, or nil
	part   string         // of the stat called prefix, or ""
}

// errGlob says what a glob of files may be.
var errGlob = errors.New("glob is a pattern of base names, without a slash")

// parseGlob returns the glob of base names that a client gives. No path is ever
// made of it.
func parseGlob(pattern string) (*cli.LabelGlob, error) {
	if strings.Contains(pattern, "/") {
		return nil, errGlob
	}
	return cli.ParseLabelGlob(pattern)
}

func parseQuestion(prefix string, query url.Values) (q question, err error) {
	q = question{prefix: prefix, exact: isOn(query.Get("exact"))}
	if by := query.Get("by"); by == "file" {
		q.byFile = true
	} else if by != "" {
		return q, fmt.Errorf("by is file, not %q", by)
	}
	if name := query.Get("aggr"); name != "" {
		if q.fold, err = aggregate.ParseFunc(name); err != nil {
			return q, errors.New("aggr is sum, avg, min, max, one, count, nonzero-min or nonzero-avg")
		}
	}
	if q.byFile && q.fold != 0 {
		return q, errors.New("by and aggr exclude each other")
	}
	if glob := query.Get("glob"); glob != "" {
		q.glob, err = parseGlob(glob)
	}
	return q, err
}

// isOn reports whether a parameter is switched on.
func isOn(value string) bool { return value != "" && value != "0" && value != "false" }

// stats answers with the values of the stats whose labels start with prefix.
func (s *server) stats(w *response, r *http.Request, prefix string) error {
	q, err := parseQuestion(prefix, r.URL.Query())
	if err != nil {
		return badRequest(err)
	}
	return s.ask(w, r, q.mayWant, func(m *model, v *view) []byte { return m.answer(v, &q) })
}

// mayWant reports whether the answer may have a stat.
func (q *question) mayWant(label string) bool {
	rest, ok := strings.CutPrefix(q.prefix, label)
	return ok && strings.HasPrefix(rest, ":") || strings.HasPrefix(label, q.prefix)
}

// A found is a stat that was asked for, of one file.
type found struct {
	file  *file
	value format.Value
}

// answer returns an object with what q asks for.
func (m *model) answer(v *view, q *question) []byte {
	stats := m.find(v, q)
	if len(stats) == 0 {
		// A label that holds a colon itself is none with a part.
		if at := strings.LastIndexByte(q.prefix, ':'); at > 0 {
			part := *q
			part.prefix, part.part, part.exact = q.prefix[:at], q.prefix[at+1:], true
			stats = m.find(v, &part)
		}
	}
	body := []byte{'{'}
	for _, label := range slices.Sorted(maps.Keys(stats)) {
		body = append(comma(body), quoted(label)...)
		body = q.appendAnswer(append(body, ':'), stats[label])
	}
	return append(body, '}')
}

// find returns the stats that q asks for, by label, in the order of the paths.
func (m *model) find(v *view, q *question) map[string][]found {
	stats := make(map[string][]found)
	for _, f := range m.sorted(v) {
		if q.glob != nil && !q.glob.Match(filepath.Base(f.path)) {
			continue
		}
		for _, st := range f.stats {
			label := st.label
			if q.exact && label != q.prefix || !strings.HasPrefix(label, q.prefix) {
				continue
			}
			value := st.value
			if q.part != "" {
				if value = st.partValue(q.part); value.Class() == 0 {
					continue
				}
				label += ":" + q.part
			}
			stats[label] = append(stats[label], found{f, value})
		}
	}
	return stats
}

// partValue returns a part of a stat, and an absent value where it has none of
// that name. What needs the samples in a window is not polled.
func (s *series) partValue(name string) format.Value {
	part, ok := format.ParsePart(name)
	switch {
	case !ok || !s.typ.HasPart(part):
		return format.Value{}
	case s.state != nil:
		return s.state.all.Part(part)
	}
	return s.samples.Part(part, s.value)
}

// sorted returns the files that v shows, by their paths.
func (m *model) sorted(v *view) []*file {
	return slices.SortedFunc(m.shown(v), func(x, y *file) int { return strings.Compare(x.path, y.path) })
}

func (q *question) appendAnswer(body []byte, stats []found) []byte {
	switch {
	case q.fold != 0:
		var a aggregate.Accumulator
		for _, st := range stats {
			a.Add(st.value)
		}
		return appendValue(body, a.Result(q.fold))
	case q.byFile:
		body = append(body, '{')
		for _, st := range stats {
			body = append(comma(body), quoted(st.file.name)...)
			body = appendValue(append(body, ':'), st.value)
		}
		return append(body, '}')
	}
	body = append(body, '[')
	for _, st := range stats {
		body = appendValue(comma(body), st.value)
	}
	return append(body, ']')
}

// files answers with the files, those that match a glob where one is given.
func (s *server) files(w *response, r *http.Request, pattern string) error {
	glob, err := parseGlob(cmp.Or(pattern, "*"))
	if err != nil {
		return badRequest(err)
	}
	none := func(string) bool { return false }
	return s.ask(w, r, none, func(m *model, v *view) []byte { return m.listFiles(v, glob) })
}

// listFiles returns an object with the files that match glob.
func (m *model) listFiles(v *view, glob *cli.LabelGlob) []byte {
	paths, info, bad := []byte(`{"files":[`), []byte(`],"info":[`), []byte(`],"unreadable":[`)
	for _, f := range m.sorted(v) {
		if !glob.Match(filepath.Base(f.path)) {
			continue
		}
		if f.err != "" {
			bad = fmt.Appendf(comma(bad), `{"file":%s,"error":%s}`, quoted(f.path), quoted(f.err))
		}
		if f.err != "" && len(f.stats) == 0 {
			continue
		}
		uid := "null" // of the file: an archive has none
		if !m.recorded {
			uid = strconv.FormatUint(uint64(f.src.Info.UID), 10)
		}
		path := quoted(f.path)
		paths = append(comma(paths), path...)
		info = fmt.Appendf(comma(info), `{"file":%s,%s,"uid":%s,"stats":%d}`, path, f.writer(), uid, f.src.Stats)
	}
	body := slices.Concat(paths, info, bad)
	return fmt.Appendf(body, `],"private":%d}`, m.privateFiles(v))
}

// privateFiles counts the files that v does not show.
func (m *model) privateFiles(v *view) (n int) {
	for _, f := range m.order {
		if !v.mayShow(f) && !f.gone {
			n++
		}
	}
	return n
}

// writer returns what is known of the writer of f as keys of an object.
func (f *file) writer() []byte {
	pid := "null"
	if f.src.Writer.PID != 0 {
		pid = strconv.Itoa(f.src.Writer.PID)
	}
	live := map[liveness]string{unknown: "null", running: "true", ended: "false"}[f.live]
	return fmt.Appendf(nil, `"command":%s,"pid":%s,"live":%s,"stale":%t,"created":%s`,
		quoted(f.command), pid, live, f.stale, timeOrNull(f.src.Writer.Created))
}
