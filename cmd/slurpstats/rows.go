package main

import (
	"slices"

	"mmstats/lib/aggregate"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/report"
)

// addRows adds the rows of a stat to d.rows: itself and its parts, as c says.
func (d *dump) addRows(st *format.Stat, c *choice, w liveness.Writer) {
	row := report.Row{
		Label: st.Label, Type: st.Type(), Kind: st.Kind(), Value: st.Value,
		Signature: st.Signature.Text, Offset: st.Offset,
	}
	if d.described {
		about := st.Description()
		row.Unit, row.About = about.Unit, about.About
	}
	if d.exposed {
		row.Live, row.Samples = w.MayChange(st.Label, st.Kind(), st.Live()), st.Samples()
	}
	if (d.exposed || d.Buckets) && row.Type == format.Histogram {
		row.Histogram = histogramOf(st)
	}
	var parts []format.PartValue
	if c.whole && (d.parted || d.Parts) {
		parts = st.AppendParts(nil)
	}
	if d.parted {
		row.Parts = parts
	}
	if c.whole {
		d.rows = append(d.rows, row)
	}
	if !d.Parts {
		parts = nil
	}
	for _, p := range c.parts {
		if !p.literal && !slices.ContainsFunc(parts, func(v format.PartValue) bool { return v.Part == p.part }) {
			parts = append(parts, format.PartValue{Part: p.part, Value: st.Part(p.part)})
		}
	}
	d.addParts(&row, parts)
}

// addParts adds a row for each part of the stat that row is of.
func (d *dump) addParts(row *report.Row, parts []format.PartValue) {
	for _, p := range parts {
		part := report.Row{
			Label: partLabel(row.Label, p.Part), Type: p.Part.Type(), Kind: format.KindGauge, Value: p.Value,
			Signature: row.Signature, Offset: row.Offset, Unit: row.Unit, About: row.About, Live: row.Live, Files: row.Files,
		}
		if p.Part == format.PartCount {
			part.Kind, part.Unit = format.KindCounter, ""
		}
		d.rows = append(d.rows, part)
	}
}

func partLabel(label []byte, p format.Part) []byte {
	return append(append(slices.Clip(slices.Clone(label)), ':'), p.String()...)
}

// histogramOf returns what a histogram holds, and nil where it is damaged.
func histogramOf(st *format.Stat) *format.HistogramState {
	h := new(format.HistogramState)
	if h.Decode(st.Raw) != nil {
		return nil
	}
	return h
}

// A fold adds up the stats of all files, for -a.
type fold struct {
	f aggregate.Func
	*aggregate.Folder
	files, ended int
	seen         map[[2]uint64]bool // files, by device and inode
	wanted       map[string]*choice // what is shown of labels that are merged
	all          bool               // --all
}

func newFold(name string) (*fold, error) {
	f, err := aggregate.ParseFunc(name)
	if err != nil {
		return nil, err
	}
	return &fold{
		f: f, Folder: aggregate.NewFolder(f), seen: make(map[[2]uint64]bool), wanted: make(map[string]*choice),
	}, nil
}

// had reports whether a file was folded before, and remembers it: one that is
// named twice counts once.
func (f *fold) had(c *content) bool {
	had := c.id != [2]uint64{} && f.seen[c.id]
	f.seen[c.id] = true
	return had
}

// add adds a stat of a file of which the writer has ended or not.
func (d *dump) addToFold(file string, st *format.Stat, c *choice, ended bool) {
	f, t := d.fold, st.Type()
	if !f.Takes(st.Label, st.Kind()) || ended && !f.all && !aggregate.OutlivesWriter(t, st.Kind()) {
		return
	}
	whole := &choice{whole: c.whole}
	for _, p := range c.parts {
		switch {
		case p.literal:
		case f.merged(t, p.part):
			whole.parts = append(whole.parts, p)
		case f.lost(t, p.part):
			d.Errorf("%s: %s: the samples of moving averages cannot be merged", file, partLabel(st.Label, p.part))
		default:
			f.Add(partLabel(st.Label, p.part), &aggregate.Stat{File: d.files, Type: p.part.Type(), Kind: format.KindGauge, Value: st.Part(p.part)})
		}
	}
	if !whole.whole && len(whole.parts) == 0 {
		return
	}
	f.want(string(st.Label), whole)
	s := aggregate.Stat{File: d.files, Type: t, Kind: st.Kind(), Value: st.Value, Samples: st.Samples(), Unit: st.Description().Unit}
	switch {
	case t == format.Moving:
		s.Samples.Count = min(s.Samples.Count, uint64(st.Window()))
		s.Samples.Total = st.Value.Float() * float64(s.Samples.Count)
	case t == format.Histogram && st.Err == nil:
		s.Histogram = histogramOf(st)
	}
	if err := f.Add(st.Label, &s); err != nil {
		d.Errorf("%s: %s: %v", file, st.Label, err)
	}
}

// merged reports whether the part of a fold is that of all samples together,
// and not a fold of the parts.
func (f *fold) merged(t format.Type, p format.Part) bool {
	_, percentile := p.Quantile()
	switch {
	case f.f != aggregate.Sum && f.f != aggregate.Avg:
		return false
	case p == format.PartMean, t == format.Histogram && percentile:
		return true
	}
	return f.f == aggregate.Sum && t != format.Moving
}

// lost reports whether the part of all samples cannot be told.
func (f *fold) lost(t format.Type, p format.Part) bool {
	return t == format.Moving && p != format.PartCount && (f.f == aggregate.Sum || f.f == aggregate.Avg)
}

// want notes what is shown of a label.
func (f *fold) want(label string, c *choice) {
	had := f.wanted[label]
	if had == nil {
		f.wanted[label] = c
		return
	}
	had.whole = had.whole || c.whole
	for _, p := range c.parts {
		if !slices.Contains(had.parts, p) {
			had.parts = append(had.parts, p)
		}
	}
}

// results makes d.rows what the fold came to.
func (d *dump) results() {
	for r := range d.fold.Results() {
		row := report.Row{
			Label: []byte(r.Label), Type: r.Type, Kind: r.Kind, Value: r.Value, Files: r.Files,
			Unit: r.Unit, Samples: r.Samples, Histogram: r.Histogram,
		}
		c := d.fold.wanted[r.Label]
		if c == nil {
			d.rows = append(d.rows, row) // it is of the part of a label
			continue
		}
		var parts []format.PartValue
		for _, p := range r.Type.Parts() {
			if v := partOf(&r, p); v.Class() != 0 {
				parts = append(parts, format.PartValue{Part: p, Value: v})
			}
		}
		if d.parted {
			row.Parts = parts
		}
		if c.whole {
			d.rows = append(d.rows, row)
		}
		if !d.Parts || !c.whole {
			parts = nil
		}
		for _, p := range c.parts {
			if !slices.ContainsFunc(parts, func(v format.PartValue) bool { return v.Part == p.part }) {
				parts = append(parts, format.PartValue{Part: p.part, Value: partOf(&r, p.part)})
			}
		}
		d.addParts(&row, parts)
	}
}

// partOf returns the part of a fold, absent where it cannot be told.
func partOf(r *aggregate.Result, p format.Part) format.Value {
	switch {
	case r.Histogram != nil:
		return r.Histogram.Part(p)
	case r.Type == format.Average, p == format.PartMean:
		return r.Samples.Part(p, r.Value)
	}
	return format.Value{}
}
