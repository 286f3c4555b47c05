package report

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/output"
	"mmstats/lib/statfile"
)

// An Exposition is what Prometheus scrapes: slurpstats(1), PROMETHEUS. It
// gathers samples by metric, since the format wants all samples of a metric
// together, under one type. The zero value is empty and ready to use, by one
// goroutine.
type Exposition struct {
	// OpenMetrics says to write that format, not the older text format.
	OpenMetrics bool
	// Texts says to expose also texts that may change. Each change of one makes
	// a new series of samples, which is kept for long.
	Texts bool

	families map[familyKey]*family
	series   map[seriesKey]*series
	sources  []string       // their labels, escaped, with commas between
	known    map[string]int // sources by their labels
	paths    map[string]bool
}

// A class is what a metric is made of a stat. Names are given to families in
// this order.
type class uint8

const (
	counter class = iota
	histogram
	summary
	gauge
	info
	// identity is what the constants sys.* tell of a file. It is no metric of
	// its own.
	identity
	// hidden is a text that may change.
	hidden
)

// A familyKey is what a family is known by, before it has its name.
type familyKey struct {
	class class
	base  string // of the name: that of a counter has no _total
}

// A family is all samples of one metric name.
type family struct {
	familyKey
	name       string
	help       string
	labels     []string // of stats that have the name
	lastSource int      // of the last sample
	samples    []sample
}

// A seriesKey is what the metric of a stat comes from.
type seriesKey struct {
	label string
	class class
	unit  string
}

// A series is where the samples of equal stats of several files go.
type series struct {
	*family
	label      int // index in the labels of the family
	unit       format.Unit
	lastSource int
}

// A sample is a stat of one source.
type sample struct {
	source int // 1 and more, or 0 for none
	label  int // index in the labels of the family where it has to be told, or -1
	pair   string
	value  format.Value
	count  uint64 // of a summary
	state  *format.HistogramState
	unit   *format.Unit
}

// maxPromText is how much of a text that may change is a label, in bytes.
const maxPromText = 256

// Add adds rows of one source. A source that has the labels of an earlier one
// is told by its path; one with the same path as well is left out, because two
// samples with the same labels would spoil all others for whoever scrapes them.
func (e *Exposition) Add(src Source, rows []Row) {
	e.begin()
	source, ok := e.source(&src)
	if !ok {
		return
	}
	described := false
	dead := src.Live != nil && !*src.Live
	for i := range rows {
		row := &rows[i]
		if row.Value.Class() == 0 {
			continue
		}
		switch c := e.classOf(&src, row); {
		case c == identity:
			if !described {
				described = true
				e.describe(&src, source)
			}
		case c == hidden, dead && (c == gauge || c == info):
			// A frozen value of what is gone would be a lie.
		default:
			e.add(source, c, row)
		}
	}
}

func (e *Exposition) begin() {
	if e.families == nil {
		e.families, e.series = make(map[familyKey]*family), make(map[seriesKey]*series)
		e.known, e.paths = make(map[string]int), make(map[string]bool)
	}
}

// source returns the number of a source that is new.
func (e *Exposition) source(src *Source) (n int, ok bool) {
	if e.paths[src.File] {
		return 0, false
	}
	e.paths[src.File] = true
	labels := src.promLabels(filepath.Base(src.File))
	if _, known := e.known[labels]; known {
		if labels = src.promLabels(src.File); e.known[labels] != 0 {
			return 0, false
		}
	}
	e.sources = append(e.sources, labels)
	e.known[labels] = len(e.sources)
	return len(e.sources), true
}

// promLabels returns the labels that all samples of a source have.
func (src *Source) promLabels(file string) string {
	if src.File == "" {
		return ""
	}
	dst := appendPair(nil, "command", []byte(statfile.Command(src.File, int(src.PID))))
	dst = appendPair(append(dst, ','), "file", []byte(file))
	if src.PID != 0 {
		dst = append(dst, `,pid="`...)
		dst = append(strconv.AppendInt(dst, src.PID, 10), '"')
	}
	return string(dst)
}

// classOf returns what becomes of a row.
func (e *Exposition) classOf(src *Source, row *Row) class {
	switch {
	case !row.Live && src.File != "" && format.IsIdentity(row.Label):
		return identity
	case row.Kind == format.KindString && row.Live && !e.Texts:
		return hidden
	case row.Kind == format.KindString:
		return info
	case row.Histogram != nil:
		return histogram
	case row.Type == format.Average && (src.File != "" || row.Samples.Count > 0):
		return summary
	case row.Kind == format.KindCounter:
		return counter
	}
	return gauge
}

// describe adds what is known of the writer of a source.
func (e *Exposition) describe(src *Source, source int) {
	if src.UID != nil {
		e.own("mmstats_file_info", "A stat file, its writer and its owner.", source,
			`uid="`+strconv.FormatUint(uint64(*src.UID), 10)+`"`, format.UintValue(1))
	}
	if !src.Created.IsZero() {
		e.own("mmstats_file_created_seconds", "When the file was made, since 1970.", source, "",
			format.FloatValue(float64(src.Created.UnixMicro())/1e6))
	}
	if src.Live != nil {
		e.own("mmstats_file_writer_running", "Whether the writer of the file runs.", source, "", format.BoolValue(*src.Live))
	}
}

// own adds a sample of a metric about the files.
func (e *Exposition) own(name, help string, source int, pair string, v format.Value) {
	e.addOwn(familyKey{gauge, name}, help, sample{source: source, pair: pair, value: v})
}

// AddOwn adds a metric that no file has: one of the program that exposes them.
// labels are those of its one sample, escaped, or "".
func (e *Exposition) AddOwn(name, help string, isCounter bool, labels string, v format.Value) {
	e.begin()
	key := familyKey{gauge, name}
	if isCounter {
		key = familyKey{counter, strings.TrimSuffix(name, "_total")}
	}
	e.addOwn(key, help, sample{pair: labels, value: v})
}

func (e *Exposition) addOwn(key familyKey, help string, s sample) {
	f := e.families[key]
	if f == nil {
		f = &family{familyKey: key, help: help}
		e.families[key] = f
	}
	s.label = -1
	f.samples = append(f.samples, s)
}

// reserved are what the names of metrics start with that no file has.
var reserved = [...]string{"mmstats_", "mmash_"}

// add adds a row to its family.
func (e *Exposition) add(source int, c class, row *Row) {
	key := seriesKey{string(row.Label), c, row.Unit}
	s := e.series[key]
	if s == nil {
		s = e.newSeries(key)
	}
	if s.lastSource == source {
		return // a label twice in one file: the first one counts
	}
	told := -1
	if s.family.lastSource == source {
		told = s.label // another stat of this file has the name already
	}
	s.lastSource, s.family.lastSource = source, source
	if s.help == "" && row.About != "" {
		s.help = row.About
	}
	v := row.Value
	if v.Class() == format.TextClass {
		text := v.Text()
		if row.Live && len(text) > maxPromText {
			text = text[:maxPromText]
		}
		v = format.TextValue(bytes.Clone(text))
	}
	if c == summary {
		v = format.FloatValue(row.Samples.Total)
	}
	s.samples = append(s.samples, sample{
		source: source, label: told, value: v, count: row.Samples.Count, state: row.Histogram, unit: &s.unit,
	})
}

// newSeries adds the series of a key.
func (e *Exposition) newSeries(key seriesKey) *series {
	s := &series{}
	base := promName(key.label)
	if key.class == counter {
		base = strings.TrimSuffix(base, "_total")
	}
	s.unit, _ = format.LookUpUnit(key.unit)
	if s.unit.Base != "" && !strings.HasSuffix(base, "_"+s.unit.Base) {
		base += "_" + s.unit.Base
	}
	for _, start := range reserved {
		if strings.HasPrefix(base, start) {
			base = "_" + base
		}
	}
	f := e.families[familyKey{key.class, base}]
	if f == nil {
		f = &family{familyKey: familyKey{key.class, base}}
		e.families[f.familyKey] = f
	}
	s.family, s.label = f, len(f.labels)
	f.labels = append(f.labels, key.label)
	e.series[key] = s
	return s
}

// promName returns a label with _ for what a name cannot hold. A name may hold
// colons, but they are reserved for the rules of those who scrape.
func promName(label string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || isAlphanumeric(byte(r))) {
			return r
		}
		return '_'
	}, label)
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// endings are what the names end in that a family takes: its own, in both
// formats, and those of its samples.
var endings = [...][]string{
	counter:   {"", "_total", "_created"},
	histogram: {"", "_bucket", "_sum", "_count", "_created"},
	summary:   {"", "_sum", "_count", "_created"},
	gauge:     {""},
	info:      {"_info"},
}

// nameFamilies gives each family a name that no other has or uses, and returns
// them in the order of their names.
func (e *Exposition) nameFamilies() []*family {
	list := make([]*family, 0, len(e.families))
	for _, f := range e.families {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y *family) int {
		return cmp.Or(cmp.Compare(x.class, y.class), strings.Compare(x.base, y.base))
	})
	// Names are known by their hashes: of long labels, the names themselves
	// would be several times as large as the files.
	taken, seed := make(map[uint64]bool), maphash.MakeSeed()
	for _, f := range list {
		base := f.base
		hash := func(ending string) uint64 {
			var h maphash.Hash
			h.SetSeed(seed)
			h.WriteString(base)
			h.WriteString(ending)
			return h.Sum64()
		}
		for slices.ContainsFunc(endings[f.class], func(ending string) bool { return taken[hash(ending)] }) {
			base += "_"
		}
		for _, ending := range endings[f.class] {
			taken[hash(ending)] = true
		}
		if f.name = base; f.class == info {
			f.name += "_info"
		}
	}
	slices.SortFunc(list, func(x, y *family) int { return strings.Compare(x.name, y.name) })
	return list
}

// Write writes the whole exposition to b.
func (e *Exposition) Write(b *output.Buffer) {
	for _, f := range e.nameFamilies() {
		e.writeFamily(b, f)
	}
	if e.OpenMetrics {
		b.Bytes = append(b.Bytes, "# EOF\n"...)
	}
}

func (e *Exposition) writeFamily(b *output.Buffer, f *family) {
	if len(f.samples) == 0 {
		return
	}
	name := f.name
	if f.class == counter && !e.OpenMetrics {
		name += "_total"
	}
	b.Bytes = append(append(append(b.Bytes, "# HELP "...), name...), ' ')
	if f.help != "" {
		b.Bytes = escape.AppendPrometheus(b.Bytes, []byte(f.help), e.OpenMetrics)
	} else {
		b.Bytes = append(b.Bytes, "Stat "...)
		b.Bytes = append(escape.AppendPrometheus(b.Bytes, []byte(f.labels[0]), e.OpenMetrics), '.')
	}
	b.Bytes = append(append(append(b.Bytes, "\n# TYPE "...), name...), ' ')
	b.Bytes = append(append(b.Bytes, typeNames[f.class]...), '\n')
	labels := make([]string, len(f.labels))
	for i := range f.samples {
		s := &f.samples[i]
		pair := s.pair
		if s.label >= 0 {
			if labels[s.label] == "" {
				labels[s.label] = string(appendPair(nil, "label", []byte(f.labels[s.label])))
			}
			pair = labels[s.label]
		}
		source := ""
		if s.source > 0 {
			source = e.sources[s.source-1]
		}
		e.writeSample(b, f, s, source, pair)
		b.FlushLarge()
	}
}

var typeNames = [...]string{counter: "counter", histogram: "histogram", summary: "summary", gauge: "gauge", info: "gauge"}

// writeSample writes the lines of one sample.
func (e *Exposition) writeSample(b *output.Buffer, f *family, s *sample, source, pair string) {
	line := func(ending string, last []byte, v format.Value) {
		b.Bytes = append(append(b.Bytes, f.name...), ending...)
		b.Bytes = appendLabels(b.Bytes, source, pair, last)
		b.Bytes = append(s.appendValue(append(b.Bytes, ' '), v), '\n')
	}
	count := func(n uint64) format.Value { return format.UintValue(n) }
	switch f.class {
	case counter:
		line("_total", nil, s.base(s.value))
	case summary:
		line("_sum", nil, s.base(s.value))
		line("_count", nil, count(s.count))
	case histogram:
		for bound := range s.bounds {
			le := appendFloat([]byte(`le="`), s.base(format.FloatValue(bound)).Float(), e.OpenMetrics)
			line("_bucket", append(le, '"'), count(s.state.AtMost(bound)))
		}
		line("_bucket", []byte(`le="+Inf"`), count(s.state.Count))
		line("_sum", nil, s.base(format.FloatValue(s.state.Sum)))
		line("_count", nil, count(s.state.Count))
	case info:
		line("", appendPair(nil, "value", s.value.Text()), count(1))
	default:
		line("", nil, s.base(s.value))
	}
}

// base returns a value in the base unit. Whole numbers that are in it already
// stay exact.
func (s *sample) base(v format.Value) format.Value {
	if s.unit == nil || s.unit.Base == "" || s.unit.IsBase() || v.Class() == format.TextClass {
		return v
	}
	return format.FloatValue(s.unit.ToBase(v.Float()))
}

// bounds yields the upper bounds of the buckets that a histogram is exposed by.
// They depend on the unit alone: with the data, series would come and go.
func (s *sample) bounds(yield func(float64) bool) {
	low, high := 0, 35
	if s.unit.Base == "seconds" && s.unit.IsBase() {
		low, high = -17, 7
	}
	for exponent := low; exponent <= high; exponent++ {
		if !yield(math.Ldexp(1, exponent)) {
			return
		}
	}
}

// appendFloat appends a bound as each format writes it.
func appendFloat(dst []byte, f float64, openMetrics bool) []byte {
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	if openMetrics && f == math.Trunc(f) && math.Abs(f) < 1e6 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendLabels appends what is in braces after the name of a metric.
func appendLabels(dst []byte, source, pair string, last []byte) []byte {
	start := len(dst)
	for _, part := range []string{source, pair} {
		if part != "" {
			dst = append(append(dst, ','), part...)
		}
	}
	if len(last) > 0 {
		dst = append(append(dst, ','), last...)
	}
	if len(dst) == start {
		return dst
	}
	dst[start] = '{'
	return append(dst, '}')
}

func (s *sample) appendValue(dst []byte, v format.Value) []byte {
	if v.Class() == format.BoolClass {
		return strconv.AppendFloat(dst, v.Float(), 'f', -1, 64)
	}
	return v.AppendText(dst)
}

// appendPair appends a label of a metric, with its value.
func appendPair(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, name...), '=', '"')
	return append(escape.AppendPrometheus(dst, value, true), '"')
}
