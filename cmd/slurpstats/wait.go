package main

import "time"

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
	for c, err := range d.contents() {
		if err != nil && (!c.found || c.path == "") {
			return false
		}
		if err == nil && c.stats != nil && d.includes(&c.source, c.writer) {
			labels.begin(c.stats)
			for st := range c.stats {
				some = labels.of(&st).chosen() || some
			}
		}
	}
	labels.exclude = nil // what is to be left out need not be there
	labels.unmatched(func(string) { some = false })
	return some
}
