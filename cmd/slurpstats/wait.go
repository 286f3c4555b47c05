package main

import (
	"time"

	"mmstats/lib/statfile"
)

// wait returns when all files that were named can be read, each pattern of -l
// matches a label, and there is anything to show.
func (d *dump) wait() {
	const first, longest = 20 * time.Millisecond, time.Second
	for pause := first; !d.ready(); pause = min(2*pause, longest) {
		time.Sleep(pause)
	}
}

func (d *dump) ready() bool {
	labels, err := parseSelection(d.Label, d.Exclude)
	if err != nil {
		return true // it is reported later
	}
	some := false
	for name, err := range statfile.All(d.names) {
		if err != nil {
			return false
		}
		f, info, err := statfile.Open(name.Path, !name.Found)
		if err == nil {
			if err = d.reader.Read(f, info); err == nil {
				src, w := d.source(name.Path, f, info)
				if d.includes(&src, w) {
					labels.begin(d.reader.Stats())
					for st := range d.reader.Stats() {
						some = labels.of(&st).chosen() || some
					}
				}
			}
			f.Close()
		}
		if err != nil && !name.Found {
			return false
		}
	}
	labels.exclude = nil // what is to be left out need not be there
	labels.unmatched(func(string) { some = false })
	return some
}
