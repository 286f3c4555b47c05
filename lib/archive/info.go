package archive

import (
	"iter"
	"time"
)

// A SegmentInfo is what a segment of an archive holds.
type SegmentInfo struct {
	Name string
	Size int64 // bytes
	// First and Last are the times of the first and of the last record.
	First, Last time.Time
	Records     int
	// Interval, Files and Stats are those of the first key. Without one, all of
	// these are 0.
	Interval time.Duration
	Files    int
	Stats    int
	Notes    []string
	Damage   []Damage
}

// Segments yields all segments, in the order in which they were recorded. All
// of each is read, and its records are counted, but not decoded.
func (a *Archive) Segments() iter.Seq2[SegmentInfo, error] {
	return func(yield func(SegmentInfo, error) bool) {
		b, err := a.again()
		if err != nil {
			yield(SegmentInfo{}, err)
			return
		}
		defer b.Close()
		for _, name := range b.segments {
			ok, err := b.use(name)
			if err == nil && !ok {
				continue
			}
			info := SegmentInfo{Name: name}
			if err == nil {
				b.seek(0)
				err = b.survey(&info)
			}
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}

// survey reads all of the open segment.
func (a *Archive) survey(info *SegmentInfo) error {
	info.Size = a.open.size
	for offset := int64(0); ; {
		r, bad, err := a.open.step(offset, nil)
		if err != nil {
			return err
		}
		if bad != nil && len(info.Damage) < maxDamages {
			info.Damage = append(info.Damage, *bad)
		}
		if r == nil {
			return nil
		}
		offset = r.end()
		a.count(info, r)
	}
}

func (a *Archive) count(info *SegmentInfo, r *record) {
	switch {
	case r.kind == noteRecord:
		if a.apply(r) == nil {
			info.Notes, a.notes = append(info.Notes, a.notes...), nil
		}
		info.Notes = info.Notes[:min(len(info.Notes), maxNotes)]
		return
	case info.Records == 0 && r.kind == keyRecord:
		info.First = time.UnixMicro(r.time)
		if a.apply(r) == nil {
			info.Interval, info.Files = a.record.Interval, len(a.record.Files)
			for _, f := range a.record.Files {
				info.Stats += len(f.Stats)
			}
		}
	}
	info.Records++
	info.Last = time.UnixMicro(r.time)
}
