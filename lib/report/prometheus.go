package report

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
)

// families gathers samples by metric name, since the exposition format wants
// all samples of a metric together, under one type. Names and labels are
// escaped when they are first seen: most of them come again in each file.
type families struct {
	byName map[string]*family
	series map[seriesKey]*series
	files  []string       // of the sources: file="...", escaped
	known  map[string]int // sources by what is in files
}

// A family is all samples of one metric name.
type family struct {
	name    string
	kind    string // "counter" or "gauge", or "untyped" where stats disagree
	labels  []familyLabel
	samples []sample
}

// A familyLabel is the label of stats that have the name of a family.
type familyLabel struct {
	text   string
	source int // of the last sample
}

// A series is where the samples of stats with one label and class go.
type series struct {
	*family
	label int // index in the labels of the family
}

// A seriesKey is what the name and type of a metric come from.
type seriesKey struct {
	label string
	class class
}

// A class is what a metric is made of a stat.
type class uint8

const (
	gauge class = iota
	counter
	info
)

func classOf(kind format.Kind) class {
	switch kind {
	case format.KindCounter:
		return counter
	case format.KindString:
		return info
	}
	return gauge
}

type sample struct {
	source, label int
	value         format.Value
}

// add adds rows of one source. An earlier source whose name is the same, once
// it is escaped, is the only one of that name: two samples with the same labels
// would spoil all others for whoever scrapes them.
func (fs *families) add(src Source, rows []Row) {
	if fs.byName == nil {
		fs.byName, fs.series, fs.known = make(map[string]*family), make(map[seriesKey]*series), make(map[string]int)
	}
	file := ""
	if src.File != "" {
		file = string(appendPair(nil, "file", []byte(src.File)))
	}
	source, known := fs.known[file]
	if !known {
		source = len(fs.files)
		fs.known[file] = source
		fs.files = append(fs.files, file)
	} else if source != len(fs.files)-1 {
		return
	}
	for i := range rows {
		row := &rows[i]
		if row.Value.Class() == 0 {
			continue
		}
		s := fs.series[seriesKey{string(row.Label), classOf(row.Kind)}]
		if s == nil {
			s = fs.newSeries(seriesKey{string(row.Label), classOf(row.Kind)})
		}
		label := &s.labels[s.label]
		if label.source == source {
			continue // a label twice in one file: the first one counts
		}
		label.source = source
		v := row.Value
		if v.Class() == format.TextClass {
			v = format.TextValue(bytes.Clone(v.Text()))
		}
		s.samples = append(s.samples, sample{source, s.label, v})
	}
}

// newSeries adds the series of a key.
func (fs *families) newSeries(key seriesKey) *series {
	name, kind := metric(key)
	f := fs.byName[name]
	if f == nil {
		f = &family{name: name, kind: kind}
		fs.byName[name] = f
	}
	if f.kind != kind {
		f.kind = "untyped"
	}
	// A counter and a gauge of one label may have one name, too. That is looked
	// up by key, since a file may have a million labels of one name.
	other := counter
	if key.class == counter {
		other = gauge
	}
	s := fs.series[seriesKey{key.label, other}]
	if s == nil || s.family != f {
		s = &series{f, len(f.labels)}
		f.labels = append(f.labels, familyLabel{key.label, -1})
	}
	fs.series[key] = s
	return s
}

// metric returns the name and type of the metric of a series: the label with _
// for what a name cannot hold, and with the endings that Prometheus is used
// to. A name may hold colons, but they are reserved for the rules of those who
// scrape.
func metric(key seriesKey) (name, kind string) {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || isAlphanumeric(byte(r))) {
			return r
		}
		return '_'
	}, key.label)
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	switch {
	case key.class == info:
		return name + "_info", "gauge"
	case key.class == gauge:
		return name, "gauge"
	case !strings.HasSuffix(name, "_total"):
		name += "_total"
	}
	return name, "counter"
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// write writes the whole exposition, in the order of the names.
func (fs *families) write(b *output.Buffer) {
	names := make([]string, 0, len(fs.byName))
	for name := range fs.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fs.byName[name].write(b, fs.files)
	}
}

func (f *family) write(b *output.Buffer, files []string) {
	b.Bytes = append(b.Bytes, "# HELP "+f.name+" Stat "...)
	b.Bytes = escape.AppendPrometheus(b.Bytes, []byte(f.labels[f.samples[0].label].text), false)
	b.Bytes = append(b.Bytes, ".\n# TYPE "+f.name+" "+f.kind+"\n"...)
	labels := make([]string, len(f.labels)) // label="...", where the file does not tell stats apart
	if len(labels) > 1 {
		for i := range f.labels {
			labels[i] = string(appendPair(nil, "label", []byte(f.labels[i].text)))
		}
	}
	for i := range f.samples {
		s := &f.samples[i]
		b.Bytes = append(b.Bytes, f.name...)
		b.Bytes = s.appendLabels(b.Bytes, files[s.source], labels[s.label])
		b.Bytes = s.appendValue(append(b.Bytes, ' '))
		b.Bytes = append(b.Bytes, '\n')
		b.FlushLarge()
	}
}

// appendLabels appends what is in braces after the name of a metric.
func (s *sample) appendLabels(dst []byte, file, label string) []byte {
	start := len(dst)
	for _, pair := range []string{file, label} {
		if pair != "" {
			dst = append(append(dst, ','), pair...)
		}
	}
	if s.value.Class() == format.TextClass {
		dst = appendPair(append(dst, ','), "value", s.value.Text())
	}
	if len(dst) == start {
		return dst
	}
	dst[start] = '{'
	return append(dst, '}')
}

func (s *sample) appendValue(dst []byte) []byte {
	switch s.value.Class() {
	case format.TextClass:
		return append(dst, '1')
	case format.BoolClass:
		return strconv.AppendFloat(dst, s.value.Float(), 'f', -1, 64)
	}
	return s.value.AppendText(dst)
}

// appendPair appends a label of a metric, with its value.
func appendPair(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, name...), '=', '"')
	return append(escape.AppendPrometheus(dst, value, true), '"')
}
