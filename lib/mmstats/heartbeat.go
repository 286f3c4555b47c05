package mmstats

import (
	"sync/atomic"
	"time"

	"mmstats/lib/change"
	"mmstats/lib/format"
)

// A heartbeat is the time at which the program was last alive.
type heartbeat struct {
	time   Gauge[float64]
	every  time.Duration
	manual atomic.Bool // the program calls Beat
}

// addHeartbeat declares the heartbeat that o asks for, and returns it.
func (d *declared) addHeartbeat(o Options) *heartbeat {
	if o.Heartbeat <= 0 {
		return nil
	}
	h := &heartbeat{every: o.Heartbeat}
	d.add(change.Change{Label: "sys.heartbeat"}, h)
	return h
}

func (h *heartbeat) spec() (format.Spec, format.Value, error) {
	sp, _, err := h.time.spec()
	sp.Description = format.Description{Unit: "unixtime", About: "When the program was last alive", Every: h.every.Seconds()}
	return sp, format.FloatValue(unixtime()), err
}

func (h *heartbeat) bind(f *field) {
	h.time.bind(f)
	h.time.Set(unixtime())
	go h.run(f.store.done)
}

func (h *heartbeat) bound() bool { return h.time.bound() }

// run beats until the file is closed, which done tells, or the program does it.
func (h *heartbeat) run(done <-chan struct{}) {
	ticker := time.NewTicker(h.every)
	defer ticker.Stop()
	for !h.manual.Load() {
		select {
		case <-ticker.C:
			if !h.manual.Load() {
				h.time.Set(unixtime())
			}
		case <-done:
			return
		}
	}
}

// unixtime returns the time in seconds since 1970.
func unixtime() float64 { return float64(time.Now().UnixMicro()) / 1e6 }

// Beat stores the time in the heartbeat, see [Options]. A program that calls it
// in each turn of its main loop shows that the loop does not hang: from the first
// call on, no goroutine does it. Without Options.Heartbeat, it is stored in the
// heartbeat that a shared file has, if any.
func (f *File) Beat() {
	h := f.heartbeat
	if h == nil {
		f.store.beat()
		return
	}
	if !h.manual.Load() {
		h.manual.Store(true)
	}
	h.time.Set(unixtime())
}

// beat renews the heartbeats of a file that no program owns: that of a program
// tells whether it hangs, so nobody else renews it.
func (s *store) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner || s.file == nil || s.writer.KeepsLock {
		return
	}
	for ; s.searched < len(s.loader.Fields); s.searched++ {
		fd := &s.loader.Fields[s.searched]
		if !format.IsLabel(fd.Label, "sys.heartbeat") {
			continue
		}
		f := &field{store: s, region: s.region(), header: s.header(fd)}
		f.attach(fd)
		if f.way == inWord && f.typ == format.Float64 && f.about.Every > 0 {
			s.beats = append(s.beats, f)
		}
	}
	for _, f := range s.beats {
		if f.missing() == nil {
			f.change(&change.Change{Op: change.Set}, format.FloatValue(unixtime()))
		}
	}
}
