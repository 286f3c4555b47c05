// Package archivetest makes archives for the tests of commands that show them.
package archivetest

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// A web is a program that publishes stats of all kinds.
type web struct {
	file     *mmstats.File
	Requests mmstats.Counter        `mmstats:"requests" about:"What was asked for"`
	Queue    mmstats.Gauge[int64]   `mmstats:"queue"`
	State    mmstats.String         `mmstats:"state"`
	Up       mmstats.Bool           `mmstats:"up"`
	Latency  mmstats.Average        `mmstats:"latency" unit:"seconds"`
	Recent   mmstats.MovingAverage  `mmstats:"recent" unit:"seconds"`
	Sizes    mmstats.Histogram      `mmstats:"sizes" unit:"bytes" about:"What was sent"`
	Odd      mmstats.Gauge[float32] `mmstats:"odd"`
}

// A night is the programs of the archive, and their files.
type night struct {
	dir, stats string
	webs       map[string]*web
}

// Night records what /run/mmstats held in a night of two web servers, which are
// this process: from 2026-11-23 02:12:00 to 02:13:39 UTC, each second, and from
// 02:20:00 to 02:20:09.
//
// Each second, web-1 has 10 requests more, and web-2 has 5. From 02:12:40 on, the
// queue of web-2 grows, and its state is stuck. At 02:12:50 it has ended, and its
// file is still there. At 02:13:00 another web-2 has begun. web-3 is there from
// 02:13:10 to 02:13:19.
func Night(dir string) (err error) {
	n := &night{dir: dir, webs: make(map[string]*web)}
	if n.stats, err = os.MkdirTemp("", "night"); err != nil {
		return err
	}
	defer os.RemoveAll(n.stats)
	defer func() {
		for name := range n.webs {
			n.end(name)
		}
	}()
	start := time.Date(2026, 11, 23, 2, 12, 0, 0, time.UTC)
	if err = n.record(start, 0, 100); err == nil {
		err = n.record(start.Add(8*time.Minute), 100, 110)
	}
	return err
}

// newWriter returns a writer of an archive. Of the writer before it, a process that
// another test is just starting may still have the lock.
func newWriter(dir string, interval time.Duration) (w *archive.Writer, err error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if w, err = archive.NewWriter(dir, archive.Options{Interval: interval}); !errors.Is(err, mapping.ErrLocked) {
			break
		}
	}
	return w, err
}

// record records the seconds from one to the next of the night.
func (n *night) record(start time.Time, from, to int) error {
	w, err := newWriter(n.dir, time.Second)
	if err != nil {
		return err
	}
	p := &reader.Poller{Watch: statfile.NewWatch([]string{n.stats}), LastValues: true}
	defer p.Close()
	var r archive.Recorder
	for second := from; second < to; second++ {
		if err := n.step(second); err != nil {
			return err
		}
		p.Poll(r.Visit)
		files := r.Files()
		for _, f := range files {
			f.Path = filepath.Join("/run/mmstats", filepath.Base(f.Path))
		}
		since := time.Duration(second-from) * time.Second
		if err := w.Record(archive.Moment{Time: start.Add(since), Since: since}, files); err != nil {
			return err
		}
	}
	return w.Close()
}

// step is what happens before a second of the night is recorded.
func (n *night) step(second int) (err error) {
	switch second {
	case 0:
		if err = n.begin("web-1"); err == nil {
			err = n.begin("web-2")
		}
	case 50:
		err = n.end("web-2")
	case 60:
		err = n.begin("web-2")
	case 70:
		err = n.begin("web-3")
	case 80:
		err = os.Remove(n.webs["web-3"].file.Path())
		n.end("web-3")
	}
	for name, w := range n.webs {
		requests, queue, state := uint64(10), int64(second%10), "fine"
		if name == "web-2" {
			requests, queue = 5, 3
			if second >= 40 && second < 50 {
				queue, state = int64(second), "stuck"
			}
		}
		w.Requests.Add(requests)
		w.Queue.Set(queue)
		w.State.Set(state)
		w.Up.Set(true)
		w.Odd.Set(0.3)
		w.Latency.Add(0.01)
		w.Latency.Add(0.02)
		w.Recent.Add(float64(1 + second))
		w.Sizes.Add(1000)
		w.Sizes.Add(3000)
	}
	return err
}

func (n *night) begin(name string) (err error) {
	w := new(web)
	w.file, err = mmstats.Create(mmstats.Options{Path: filepath.Join(n.stats, name+statfile.Suffix), Prefix: "web."}, w)
	n.webs[name] = w
	return err
}

func (n *night) end(name string) error {
	w := n.webs[name]
	delete(n.webs, name)
	return w.file.Close()
}
