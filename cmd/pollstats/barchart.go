package main

import (
	"math"
	"strconv"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// A barChart draws how the samples of a histogram are distributed.
type barChart struct {
	allTime  bool   // the samples since the start, not those of the interval
	one      bool   // of the selected process alone
	selected *trace // nil where no row is selected
}

// state returns what the chart is of.
func (b *barChart) state(p *statPage) *format.HistogramState {
	merged := new(format.HistogramState)
	for _, t := range p.group.traces {
		h := t.recent
		if b.allTime {
			h = t.all
		}
		if h != nil && p.counts(t) && (!b.one || t == b.selected) {
			merged.Merge(h) // of too many samples to count, the others are shown
		}
	}
	return merged
}

// draw draws the chart from line y on, and returns how many lines it took.
func (b *barChart) draw(c *canvas, y int, p *statPage) int {
	h := b.state(p)
	c.left(0, y, c.width, b.title(p, h), strong)
	const most = 16
	list := bars(h, min(most, (c.height-8)/2))
	b.bars(c, y+1, p.unit(), h, list)
	return 1 + len(list)
}

// title says what samples the bars are of.
func (b *barChart) title(p *statPage, h *format.HistogramState) string {
	text := "last interval"
	if b.allTime {
		text = "since the start"
	}
	if b.one && b.selected != nil {
		text += " of " + escape.Text(p.names[b.selected])
	}
	utf8 := p.totals.utf8
	text += ": " + numberText(format.UintValue(h.Count), "", false, utf8) + " samples"
	if h.Count == 0 {
		return text
	}
	for _, name := range []string{"mean", "p50", "p90", "p99", "max"} {
		part, _ := format.ParsePart(name)
		text += "  " + name + " " + numberText(h.Part(part), p.unit(), false, utf8)
	}
	return text
}

// bars draws a line for each bar: its upper bound, itself, its share, and the
// percentiles that are in it.
func (b *barChart) bars(c *canvas, y int, unit string, h *format.HistogramState, list []bar) {
	most := uint64(0)
	labels, width := make([]string, len(list)), 0
	for i, bar := range list {
		most = max(most, bar.count)
		labels[i] = boundText(c.utf8, unit, h, bar)
		width = max(width, report.Width(labels[i]))
	}
	const behind = len("100.0 %") + len("  p50 p90 p99 p99.9")
	room := max(1, min(60, c.width-width-3-behind))
	for i, bar := range list {
		line := y + i
		c.right(0, line, width, labels[i], normal)
		length := float64(room) * float64(bar.count) / float64(most)
		c.text(width+1, line, barText(c.utf8, length), changed)
		x := width + 1 + room + 1
		c.right(x, line, len("100.0 %"), shareText(bar.count, h.Count), normal)
		c.text(x+len("100.0 %")+2, line, percentilesIn(h, bar), muted)
	}
}

// boundText returns the upper bound of a bar, in the unit of the stat.
func boundText(utf8 bool, unit string, h *format.HistogramState, b bar) string {
	mark := "<= "
	if utf8 {
		mark = "≤ "
	}
	switch {
	case math.IsInf(b.upper, 1):
		return "> " + numberText(format.FloatValue(b.lower), unit, false, utf8)
	case math.IsInf(b.lower, -1) && h.Min >= 0 && b.upper == format.UpperBound(0):
		b.upper = 0 // what is so small is 0, for the most part
	}
	return mark + numberText(format.FloatValue(b.upper), unit, false, utf8)
}

// barText returns a bar of some columns, the last of which may be part of one.
func barText(utf8 bool, length float64) string {
	if !utf8 {
		return strings.Repeat("#", int(math.Ceil(length)))
	}
	eighths := []rune("▏▎▍▌▋▊▉█")
	text := strings.Repeat("█", int(length))
	if part := int(math.Ceil((length - math.Trunc(length)) * 8)); part > 0 {
		text += string(eighths[part-1])
	}
	return text
}

// shareText returns how many of a hundred n of all are.
func shareText(n, all uint64) string {
	share := 100 * float64(n) / float64(all)
	if n > 0 && share < 0.05 {
		return "<0.1 %"
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + " %"
}

// percentilesIn names the main percentiles that are samples of a bar.
func percentilesIn(h *format.HistogramState, b bar) string {
	var names []string
	for _, part := range format.Histogram.Parts() {
		if q, ok := part.Quantile(); ok {
			if v := h.Quantile(q); b.lower < v && v <= b.upper {
				names = append(names, part.String())
			}
		}
	}
	return strings.Join(names, " ")
}
