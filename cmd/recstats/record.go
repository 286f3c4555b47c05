package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// A recording is one run of the command.
type recording struct {
	*cli.App
	dir      string
	delay    time.Duration
	include  []*cli.LabelGlob
	exclude  []*cli.LabelGlob
	poller   reader.Poller
	recorder archive.Recorder
	writer   *archive.Writer
	start    time.Time
	dropped  uint64 // ticks in a row
	unsynced bool
	own      ownStats
}

// ownStats are what the recorder publishes of itself.
type ownStats struct {
	Ticks   mmstats.LocalCounter  `mmstats:"ticks" about:"Records that were written"`
	Bytes   mmstats.LocalCounter  `mmstats:"bytes" unit:"bytes" about:"Size of them"`
	Dropped mmstats.LocalCounter  `mmstats:"dropped" about:"Records that could not be written"`
	Late    mmstats.LocalCounter  `mmstats:"late" about:"Ticks that were left out, because the machine was too busy"`
	Size    mmstats.Gauge[uint64] `mmstats:"size" unit:"bytes" about:"What the archive takes on the disk"`
}

// record records until a signal ends it, and returns the status.
func record(a *cli.App, o *options, args []string) int {
	cli.SaveMemory()
	if len(args) == 0 {
		return a.Misuse("DIR is missing")
	}
	r := &recording{App: a, dir: args[0]}
	writing, err := r.prepare(o)
	if err != nil {
		return a.Misuse("%s", err)
	}
	r.writer, err = archive.NewWriter(r.dir, writing)
	switch {
	case errors.Is(err, mapping.ErrLocked):
		a.Errorf("%s: another process records there", r.dir)
		return cli.TempFail
	case err != nil:
		a.Error(err)
		return cli.Misused
	}
	r.poller.Watch = statfile.NewWatch(args[1:])
	defer r.poller.Close()
	if file, err := mmstats.Create(mmstats.Options{Prefix: "recstats."}, &r.own); err == nil {
		defer file.Remove()
	} else {
		a.Notef("stats of the recorder are not published: %s", cli.Reason(err))
	}
	r.run()
	if err := r.writer.Close(); err != nil {
		a.Error(err)
	}
	return a.Status()
}

// prepare checks the options.
func (r *recording) prepare(o *options) (w archive.Options, err error) {
	if o.Sync < 0 {
		return w, errors.New("--sync must not be negative")
	}
	if o.MaxSize < 1 {
		return w, errors.New("--max-size must be at least 1")
	}
	if r.delay, err = cli.ParseDelay("-d", o.Delay); err != nil {
		return w, err
	}
	w.Interval, w.Sync = r.delay, o.Sync
	if w.MaxSize, err = parseSize(o.Size); err != nil {
		return w, err
	}
	if w.MaxAge, err = parseAge(o.Age); err != nil {
		return w, err
	}
	if r.include, err = cli.ParseLabelGlobs(o.Label); err != nil {
		return w, err
	}
	if r.exclude, err = cli.ParseLabelGlobs(o.Exclude); err != nil {
		return w, err
	}
	r.poller.MaxSize = o.MaxSize
	r.poller.LastValues = true
	r.poller.Want = r.want
	r.poller.Report = func(err error) { r.Notef("%s", cli.Reason(err)) }
	return w, nil
}

// want reports whether a stat is recorded. Those that tell who writes a file
// always are: without them, nobody could say whether it runs.
func (r *recording) want(label string) bool {
	for _, name := range []string{"sys.pid", "sys.created", "org.golang.version"} {
		if format.IsLabel([]byte(label), name) {
			return true
		}
	}
	return cli.Chosen(label, r.include, r.exclude)
}

// run records a tick an interval.
func (r *recording) run() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(signals, os.Interrupt)
	}
	r.start = time.Now()
	beat := cli.NewBeat(r.tick(), r.delay)
	for {
		select {
		case <-signals:
			return
		case <-beat.C:
			_, missed := beat.Tick(r.tick())
			r.own.Late.Add(uint64(missed))
		}
	}
}

// tick polls and records once, and returns when it polled.
func (r *recording) tick() time.Time {
	now := r.poller.Poll(r.recorder.Visit)
	before := r.writer.Written()
	err := r.writer.Record(archive.Moment{Time: now, Since: now.Sub(r.start)}, r.recorder.Files())
	r.own.Bytes.Add(uint64(r.writer.Written() - before))
	r.own.Size.Set(uint64(r.writer.Size()))
	if err != nil && !errors.Is(err, archive.ErrSync) {
		r.own.Dropped.Inc()
		if r.dropped++; r.dropped == 1 {
			r.Notef("%s: nothing is recorded until this is over: %s", r.dir, cli.Reason(err))
		}
		return now
	}
	r.own.Ticks.Inc()
	if r.dropped > 0 {
		r.Notef("%s: it is recorded again, %d ticks were dropped", r.dir, r.dropped)
		r.dropped = 0
	}
	if err != nil && !r.unsynced {
		r.Notef("%s: what is recorded may not survive a power failure: %s", r.dir, cli.Reason(err))
	}
	r.unsynced = err != nil
	return now
}
