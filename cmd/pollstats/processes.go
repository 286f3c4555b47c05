package main

import (
	"math"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/reader"
)

// maxTraces is how many stats of processes are kept apart: each takes some
// 200 bytes, and anybody may write files with tens of thousands of stats.
const maxTraces = 200_000

// processes are the stats of each process apart, at the last poll and as
// points before it. They are used so: begin, visit for each sample of one poll,
// and end.
type processes struct {
	clock   *clock
	polls   int
	byFile  map[*reader.File]*process
	byPath  map[string]*process
	groups  map[string]*group // by label
	version int               // is greater after a trace was added, removed or given another file
	traces  int
	refused int       // samples of the last poll that no trace was left for
	at      time.Time // of the last poll
	elapsed time.Duration
	now     float64 // when this poll began, in seconds since 1970
	current *process
	judging []*group  // that are still to be judged in this round
	judged  int       // the slot of this round
	values  []float64 // for means
}

// A process is one stat file, and so what one process says.
type process struct {
	file   *reader.File
	path   string
	traces []*trace // in the order of its samples
	ended  bool
	stale  bool      // its heartbeat is overdue
	gone   bool      // its file was removed
	missed int       // polls since it could be read; 0 while it can
	found  bool      // by the first poll: it may have run for long
	anew   time.Time // when it was seen to start again, or the zero time

	poll    int               // the last one that had samples of it
	visited int               // of traces, at that poll
	rest    map[string]*trace // the others, where samples come in another order
}

// A group is what all processes have under one label.
type group struct {
	label       string
	series      *reader.Series
	description *format.Description // of the first process that has one, or nil
	traces      []*trace
	differing   int // traces that differed when they were judged last
}

// A trace is one stat of one process: how it was at the last poll, and points.
type trace struct {
	process *process
	group   *group
	at      int // the index in group.traces
	typ     format.Type
	kind    format.Kind
	live    bool // the stat may change

	class   format.Class // of the value
	bits    uint64       // of the value, where it is no text
	text    string
	changed bool
	reset   bool
	busy    bool // the value could not be read
	samples format.Samples
	// Of the interval. delta is NaN where it is not known.
	delta    float64
	interval format.Samples
	// Of a histogram; nil where they are not known.
	all, recent *format.HistogramState

	now    float64 // the last point: a rate, a mean, p50 or the value; NaN where there is none
	points points
}

func newProcesses(pointBytes int) *processes {
	return &processes{
		clock:  newClock(pointBytes),
		byFile: make(map[*reader.File]*process),
		byPath: make(map[string]*process),
		groups: make(map[string]*group),
	}
}

// begin starts a poll.
func (ps *processes) begin(now float64) {
	ps.polls++
	ps.now, ps.current, ps.refused = now, nil, 0
}

// visit takes a sample.
func (ps *processes) visit(m *reader.Sample) {
	p := ps.current
	if p == nil || p.file != m.File {
		p = ps.processOf(m.File)
		ps.current = p
	}
	if p.poll != ps.polls {
		p.poll, p.visited, p.stale = ps.polls, 0, false
	}
	p.gone = m.Gone
	t := p.next(m.Series)
	if t == nil {
		if ps.traces == maxTraces {
			ps.refused++
			return
		}
		t = ps.join(p, m)
	}
	if d := m.Description; d != nil && d.Every > 0 {
		p.stale = p.stale || d.Stale(m.Value.Float(), ps.now)
	}
	t.take(m)
}

// processOf returns the process of a file. One that is written anew under the
// same name is the same process, which started again.
func (ps *processes) processOf(f *reader.File) *process {
	if p := ps.byFile[f]; p != nil {
		return p
	}
	p := ps.byPath[f.Path]
	if p == nil {
		p = &process{path: f.Path, found: ps.polls == 1}
		ps.byPath[p.path] = p
	} else {
		delete(ps.byFile, p.file)
		p.anew, p.ended, p.gone, p.poll = time.UnixMicro(int64(ps.now*1e6)), false, false, 0
	}
	p.file = f
	ps.version++
	ps.byFile[f] = p
	return p
}

// next returns the next trace of p, if it is of s, or any other that is.
func (p *process) next(s *reader.Series) *trace {
	if p.rest == nil {
		if p.visited < len(p.traces) && p.traces[p.visited].group.label == s.Label {
			p.visited++
			return p.traces[p.visited-1]
		}
		if p.visited == len(p.traces) {
			return nil
		}
		p.rest = make(map[string]*trace)
		for _, t := range p.traces[p.visited:] {
			p.rest[t.group.label] = t
		}
		p.traces = p.traces[:p.visited]
	}
	t := p.rest[s.Label]
	if t != nil {
		delete(p.rest, s.Label)
		p.traces = append(p.traces, t)
		p.visited++
	}
	return t
}

// join adds a trace to p and to the group of its label.
func (ps *processes) join(p *process, m *reader.Sample) *trace {
	g := ps.groups[m.Series.Label]
	if g == nil {
		g = &group{label: m.Series.Label}
		ps.groups[g.label] = g
	}
	g.series = m.Series
	t := &trace{process: p, group: g, at: len(g.traces), delta: math.NaN(), now: math.NaN()}
	g.traces = append(g.traces, t)
	p.traces = append(p.traces, t)
	p.visited++
	ps.traces++
	ps.version++
	return t
}

// leave removes a trace from its group.
func (ps *processes) leave(t *trace) {
	g, last := t.group, len(t.group.traces)-1
	g.traces[t.at] = g.traces[last]
	g.traces[t.at].at = t.at
	g.traces[last] = nil
	if g.traces = g.traces[:last]; last == 0 {
		delete(ps.groups, g.label)
	}
	t.points.release(ps.clock)
	ps.traces--
	ps.version++
}

// take takes a sample.
func (t *trace) take(m *reader.Sample) {
	if t.group.series != m.Series {
		t.group.series = m.Series
	}
	if t.group.description == nil {
		t.group.description = m.Description
	}
	t.typ, t.kind = m.Type, m.Kind
	t.live = m.File.Writer.MayChange([]byte(t.group.label), m.Kind, m.Live)
	t.reset, t.busy, t.delta = m.Reset, m.Err != nil, math.NaN()
	if m.Delta.Class() != 0 {
		t.delta = m.Delta.Float()
	}
	t.interval, t.all, t.recent = m.Interval, m.Histogram, m.HistogramInterval
	v := m.Value
	if t.changed = false; v.Class() == 0 {
		return // what was there last is shown on
	}
	t.samples = m.Samples
	known := t.class != 0
	if v.Class() == format.TextClass {
		if t.changed = known && t.text != string(v.Text()); t.changed || !known {
			t.text = string(v.Text())
		}
	} else {
		t.changed = known && (t.bits != v.Bits() || t.class != v.Class())
	}
	t.class, t.bits = v.Class(), v.Bits()
}

// value returns the last value.
func (t *trace) value() format.Value {
	if t.class == format.TextClass {
		return format.TextValue([]byte(t.text))
	}
	return format.NumberValue(t.class, t.bits)
}

// end finishes a poll of a time, elapsed after the one before. The first has
// none.
func (ps *processes) end(now time.Time, elapsed time.Duration) {
	ps.clock.tick(now, elapsed)
	ps.at, ps.elapsed = now, elapsed
	for _, p := range ps.byFile {
		ps.finish(p)
	}
	if c := ps.clock; c.refused && c.size > minPoints {
		c.size /= 2
		for _, p := range ps.byFile {
			for _, t := range p.traces {
				t.points.shrink(c, c.size)
			}
		}
	}
	ps.clock.refused = false
	ps.judgeSome()
}

// finish finishes a poll of p.
func (ps *processes) finish(p *process) {
	polled := p.poll == ps.polls
	if p.missed++; polled && !p.gone {
		p.missed = 0
	}
	if p.missed > keepMissing {
		ps.forget(p)
		return
	}
	if polled {
		for _, t := range p.traces[p.visited:] {
			ps.leave(t)
		}
		clear(p.traces[p.visited:])
		p.traces = p.traces[:p.visited]
		for _, t := range p.rest {
			ps.leave(t)
		}
		p.rest = nil
	}
	if p.path != p.file.Path { // it was renamed
		ps.unname(p)
		p.path = p.file.Path
		ps.byPath[p.path] = p
		ps.version++
	}
	p.ended = p.ended || p.file.Ended()
	for _, t := range p.traces {
		ps.settle(t, polled)
	}
}

// settle adds the point of the last poll to a trace, which had a sample if polled
// is true.
func (ps *processes) settle(t *trace, polled bool) {
	if !polled {
		t.delta, t.interval, t.recent = math.NaN(), format.Samples{}, nil
		t.changed, t.reset = false, false
	}
	if t.reset {
		t.process.anew = ps.at
	}
	if t.now = t.point(ps.elapsed); t.isNumber() && t.live {
		t.points.add(ps.clock, t.now)
	}
}

// forget removes p.
func (ps *processes) forget(p *process) {
	for _, t := range p.traces {
		ps.leave(t)
	}
	delete(ps.byFile, p.file)
	ps.unname(p)
}

func (ps *processes) unname(p *process) {
	if ps.byPath[p.path] == p {
		delete(ps.byPath, p.path)
	}
}

// over reports whether nothing is in flight at p any more.
func (p *process) over() bool { return p.ended || p.missed > 0 }

// isNumber reports whether the stat is a number that may be compared and drawn.
func (t *trace) isNumber() bool {
	return t.kind == format.KindCounter || t.kind == format.KindGauge || t.kind == format.KindBool
}

// point returns what is drawn of the last interval: the rate of a counter, the
// mean of an average, the median of a histogram, and else the value. It is NaN
// where there is none.
func (t *trace) point(elapsed time.Duration) float64 {
	over := t.process.over()
	switch {
	case t.busy || t.class == 0 || t.class == format.TextClass:
	case t.kind == format.KindCounter:
		if elapsed > 0 && !(over && t.delta == 0) {
			return t.delta / elapsed.Seconds()
		}
	case t.typ == format.Average:
		if t.interval.Count > 0 {
			return t.interval.Total / float64(t.interval.Count)
		}
	case t.typ == format.Histogram:
		if t.recent != nil && elapsed > 0 {
			return t.recent.Quantile(0.5)
		}
	case !over && !(t.typ == format.Moving && t.samples.Count == 0):
		return t.value().Float()
	}
	return math.NaN()
}
