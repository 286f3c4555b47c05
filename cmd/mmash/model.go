package main

import (
	"iter"
	"strings"
	"sync"
	"time"

	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

const (
	// maxAge is how old a state may be to answer a request.
	maxAge = 100 * time.Millisecond
	// checkEvery is how often it is asked whether the writers of files have
	// ended and who may read the files, of many files a few at each tick.
	checkEvery = 5 * time.Second
	// maxStats bounds what a hostile file can make mmash remember.
	maxStats = 10_000
)

// A model is what all files say, and said for some time. Its methods may be
// called by several goroutines; the fields before mu are set before that.
type model struct {
	delay   time.Duration
	history time.Duration
	// perSlot is how many ticks a point of the history is the mean of.
	perSlot int
	// slots is how many points a series keeps.
	slots int
	// looks are the arguments, as people read them.
	looks string
	// recorded says that the source is an archive: paths are those of the
	// machine that recorded it, and rows are made by makeRows alone, of the last
	// tick.
	recorded bool
	// coarse says that a tick stands for more than one record.
	coarse bool

	mu      sync.Mutex
	source  source
	poller  reader.Poller // the source, where it is not an archive
	files   map[*reader.File]*file
	failing map[string]*file // arguments, by path
	order   []*file
	current *file             // of the samples at hand
	unnamed bool              // names are to be given anew
	known   map[fileKey]*file // those of the look before, while it is needed
	lastID  int
	version uint64 // grows with each change of the set of series or an attribute

	look     uint64    // number of the last look
	looked   time.Time // when that was
	took     time.Duration
	tick     uint64    // number of the last tick
	tickTime time.Time // when it looked
	slot     int       // of the history, at the last tick
	skipped  int       // slots before it that the last tick stands for as well
	checked  int       // files of order up to here were asked for their writers
	busy     uint64    // values that could not be read
	views    []*view
	next     chan struct{} // closed at the next tick
}

// maxSlots bounds the history of a series, in points.
const maxSlots = 3600

// A source is what a model polls: the files, or the records of an archive.
type source interface {
	// Poll calls visit with each sample, and returns the time of these. It is
	// the zero time where there is nothing more.
	Poll(visit func(*reader.Sample)) time.Time
	Files() iter.Seq[*reader.File]
}

// emptyModel returns a model without a source.
func emptyModel(delay, history time.Duration) *model {
	return &model{
		delay: delay, history: history,
		files:   make(map[*reader.File]*file),
		failing: make(map[string]*file),
		next:    make(chan struct{}),
		perSlot: 1,
	}
}

// newModel returns a model of what args mean. public and all say which views
// there are: of the files that everybody may read, and of all.
func newModel(args []string, delay, history time.Duration, public, all bool) *model {
	m := emptyModel(delay, history)
	m.source, m.looks = &m.poller, strings.Join(args, " ")
	if len(args) == 0 {
		m.looks = statfile.Glob()
	}
	if ticks := int(history / delay); ticks > 0 {
		m.perSlot = (ticks + maxSlots - 1) / maxSlots
		m.slots = ticks / m.perSlot
	}
	m.poller.Watch = statfile.NewWatch(args)
	m.poller.MaxStats = maxStats
	if public {
		m.views = append(m.views, newView(true))
	}
	if all {
		m.views = append(m.views, newView(false))
	}
	return m
}

// run ticks until done is closed.
func (m *model) run(done <-chan struct{}) {
	start := time.Now()
	for n := int64(0); ; {
		m.tickAt(int(n))
		// The ticks keep their phase; one that is late by a whole delay is left
		// out.
		n = max(n+1, int64(time.Since(start)/m.delay)+1)
		timer := time.NewTimer(time.Until(start.Add(time.Duration(n) * m.delay)))
		select {
		case <-done:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// tickAt looks, and makes of what changed since the last tick the rates of the
// time between. n is the number of the delays since the start.
func (m *model) tickAt(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lookAll()
	elapsed := m.looked.Sub(m.tickTime)
	if m.tick == 0 {
		elapsed = 0
	}
	m.slot = n / m.perSlot
	m.check()
	m.endTick(elapsed)
	close(m.next)
	m.next = make(chan struct{})
}

// endTick makes the rows and points of what came since the last tick, elapsed
// before.
func (m *model) endTick(elapsed time.Duration) {
	m.tick++
	m.tickTime = m.looked
	for _, f := range m.order {
		for _, s := range f.stats {
			s.settle(m, elapsed)
		}
	}
	for _, v := range m.views {
		v.fold(m, elapsed)
	}
	for _, f := range m.order {
		for _, s := range f.stats {
			s.clear()
		}
	}
	m.removeGone()
}

// fresh calls f while the model is locked and no older than maxAge. What an
// extra look finds is added to the rates of the tick that comes next.
func (m *model) fresh(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.looked) > maxAge {
		m.lookAll()
	}
	f()
}

// lookAll polls the source once. It reports whether there was anything to poll.
func (m *model) lookAll() bool {
	began := time.Now()
	m.look++
	m.current = nil
	now := m.source.Poll(m.visit)
	if now.IsZero() {
		return false
	}
	m.looked = now
	for f := range m.source.Files() {
		m.know(f)
	}
	for _, f := range m.order {
		m.finish(f)
	}
	if m.known = nil; m.unnamed {
		m.nameFiles()
	}
	m.took = time.Since(began)
	return true
}

// visit takes a sample.
func (m *model) visit(s *reader.Sample) {
	f := m.current
	if f == nil || f.src != s.File {
		f = m.fileOf(s.File)
		m.current = f
	}
	if f.look != m.look {
		f.look, f.visited = m.look, 0
	}
	m.statOf(f, s).add(m, s)
	f.visited++
}

// statOf returns the series of a sample of f. Samples come in the same order at
// each look, unless the file is another one by now.
func (m *model) statOf(f *file, s *reader.Sample) *series {
	i, label := f.visited, s.Series.Label
	if f.rest == nil {
		if i < len(f.stats) && f.stats[i].label == label {
			return m.sameKind(f.stats[i], s)
		}
		f.rest = make(map[string]*series)
		for _, st := range f.stats[i:] {
			f.rest[st.label] = st
		}
		f.stats = f.stats[:i:i]
	}
	st := f.rest[label]
	if st == nil {
		st = m.newSeries(f, s)
	} else {
		delete(f.rest, label)
		st = m.sameKind(st, s)
	}
	f.stats = append(f.stats, st)
	return st
}

// sameKind returns st, and a new series in its stead if it is of another kind
// now.
func (m *model) sameKind(st *series, s *reader.Sample) *series {
	if st.typ == s.Type && st.kind == kindOf(s) {
		return st
	}
	f := st.file
	m.leave(st)
	next := m.newSeries(f, s)
	if i := f.visited; i < len(f.stats) && f.stats[i] == st {
		f.stats[i] = next
	}
	return next
}

// newSeries returns a series for a stat of f.
func (m *model) newSeries(f *file, s *reader.Sample) *series {
	m.lastID++
	m.version++
	st := &series{
		id: m.lastID, file: f, command: f.command, label: s.Series.Label,
		typ: s.Type, kind: kindOf(s), attrs: m.version, parts: noParts,
	}
	if d := s.Description; d != nil {
		st.unit, st.about, st.every = d.Unit, d.About, d.Every
	}
	m.join(st)
	return st
}
