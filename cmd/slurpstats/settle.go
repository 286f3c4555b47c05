package main

import (
	"errors"
	"time"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// A program in Python makes its file under its name: empty, then of zeros, then
// field by field, within a millisecond. What looks damaged, and was made just
// now, is read again.
const (
	settleAge = 2 * time.Second // of a file that may be in the making
	firstWait = time.Millisecond
	mostWaits = 50 * time.Millisecond // for all files of a run
)

// settle reads f again, whose last reading said err, until that is no damage any
// more, or it has waited for long enough. It returns what is said then.
func (d *dump) settle(f *mapping.File, info mapping.Info, err error) (mapping.Info, error) {
	for wait := firstWait; d.waited+wait <= mostWaits; wait *= 2 {
		if _, damaged := errors.AsType[*format.DamageError](err); !damaged {
			break
		}
		if age := time.Since(info.ModTime); age > settleAge || age < -settleAge {
			break
		}
		d.sleep(wait)
		d.waited += wait
		again, serr := f.Stat()
		if serr != nil {
			return info, serr
		}
		info = again
		err = d.reader.Read(f, info)
	}
	return info, err
}
