package archivetest

import (
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/format"
)

// Clocks records a counter, jobs, that goes up by 60 each minute. Each record is a
// minute after the one before, whatever the clock shows then, as RFC 3339 has it.
func Clocks(dir string, clocks ...string) error {
	w, err := newWriter(dir, time.Minute)
	if err != nil {
		return err
	}
	f := &archive.File{Path: "/run/mmstats/w.mmstats", Inode: 7, Stats: []archive.Stat{
		{Label: "jobs", Type: format.Counter, Kind: format.KindCounter, Live: true, Words: []uint64{0}},
	}}
	for i, clock := range clocks {
		at, err := time.Parse(time.RFC3339, clock)
		if err != nil {
			return err
		}
		f.Stats[0].Words[0] += 60
		if err := w.Record(archive.Moment{Time: at, Since: time.Duration(i) * time.Minute}, []*archive.File{f}); err != nil {
			return err
		}
	}
	return w.Close()
}
