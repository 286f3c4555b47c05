package report

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// families gathers samples by metric name, since the exposition format wants
// all samples of a metric together, under one type.
type families struct {
	known map[string]*family
}

type family struct {
	kind    string          // "counter" or "gauge", or "untyped" where stats disagree
	labels  map[string]bool // stats that have this name
	samples []sample
}

type sample struct {
	file  string
	label string
	value format.Value
}

// add takes rows of one source.
func (fs *families) add(src Source, rows []Row) {
	if fs.known == nil {
		fs.known = make(map[string]*family)
	}
	for i := range rows {
		row := &rows[i]
		if row.Value.Class() == 0 {
			continue
		}
		name, kind := metric(row)
		f := fs.known[name]
		if f == nil {
			f = &family{kind: kind, labels: make(map[string]bool)}
			fs.known[name] = f
		}
		if f.kind != kind {
			f.kind = "untyped"
		}
		label := string(row.Label)
		f.labels[label] = true
		v := row.Value
		if v.Class() == format.TextClass {
			v = format.TextValue(bytes.Clone(v.Text()))
		}
		f.samples = append(f.samples, sample{src.File, label, v})
	}
}

// metric returns the name and type of the metric of a row: the label with _
// for what a name cannot hold, with the endings that Prometheus is used to. A
// name could hold colons, but they are kept for the rules of those who scrape.
func metric(row *Row) (name, kind string) {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || isAlphanumeric(byte(r))) {
			return r
		}
		return '_'
	}, string(row.Label))
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	switch {
	case row.Kind == format.KindString:
		return name + "_info", "gauge"
	case row.Kind == format.KindCounter && !strings.HasSuffix(name, "_total"):
		return name + "_total", "counter"
	case row.Kind == format.KindCounter:
		return name, "counter"
	}
	return name, "gauge"
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// append appends the whole exposition, in the order of the names.
func (fs *families) append(dst []byte) []byte {
	names := make([]string, 0, len(fs.known))
	for name := range fs.known {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		dst = fs.known[name].append(dst, name)
	}
	return dst
}

func (f *family) append(dst []byte, name string) []byte {
	dst = append(dst, "# HELP "+name+" Stat "...)
	dst = escape.AppendPrometheus(dst, []byte(f.samples[0].label), false)
	dst = append(dst, ".\n# TYPE "+name+" "+f.kind+"\n"...)
	seen := make(map[string]bool)
	for i := range f.samples {
		s := &f.samples[i]
		start := len(dst)
		dst = append(dst, name...)
		sep := byte('{')
		pair := func(key string, value []byte) {
			dst = append(append(append(dst, sep), key...), '=', '"')
			dst = append(escape.AppendPrometheus(dst, value, true), '"')
			sep = ','
		}
		if s.file != "" {
			pair("file", []byte(s.file))
		}
		if len(f.labels) > 1 { // two labels with one name
			pair("label", []byte(s.label))
		}
		// A label twice in one file: the first one counts. Two samples with the
		// same labels would spoil all others for whoever scrapes them.
		if seen[string(dst[start:])] {
			dst = dst[:start]
			continue
		}
		seen[string(dst[start:])] = true
		if s.value.Class() == format.TextClass {
			pair("value", s.value.Text())
		}
		if sep == ',' {
			dst = append(dst, '}')
		}
		dst = append(dst, ' ')
		switch s.value.Class() {
		case format.TextClass:
			dst = append(dst, '1')
		case format.BoolClass:
			dst = strconv.AppendFloat(dst, s.value.Float(), 'f', -1, 64)
		default:
			dst = s.value.AppendText(dst)
		}
		dst = append(dst, '\n')
	}
	return dst
}
