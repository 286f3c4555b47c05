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
	start   int // polls before the first one, of what was shown before
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
		p = &process{path: f.Path, found: ps.polls == ps.start+1}
		ps.byPath[p.path] = p
	} else {
		delete(ps.byFile, p.file)
		p.anew, p.ended, p.gone, p.poll = ps.time(), false, false, 0
	}
	p.file = f
	ps.version++
	ps.byFile[f] = p
	return p
}

// time returns when this poll began.
func (ps *processes) time() time.Time { return time.UnixMicro(int64(ps.now * 1e6)) }

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

// end finishes a poll of a time, elapsed after the one before. The first has
// none.
func (ps *processes) end(now time.Time, elapsed time.Duration) {
	ps.clock.tick(now, elapsed)
	ps.at, ps.elapsed = now, elapsed
	for _, p := range ps.byFile {
		if elapsed == 0 && p.anew.Equal(ps.time()) {
			p.anew = time.Time{} // behind a gap in an archive, all files are new
		}
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
