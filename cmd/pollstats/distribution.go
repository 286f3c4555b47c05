package main

import (
	"mmstats/lib/format"
)

// A bar counts samples that are greater than lower, and at most upper.
type bar struct {
	lower, upper float64
	count        uint64
}

// bars puts the samples of h into at most so many bars, from the least one that
// has samples to the greatest. But for samples that are under or over all
// buckets, upper is lower times the same factor in all.
func bars(h *format.HistogramState, most int) []bar {
	if h.Count == 0 || most < 1 {
		return nil
	}
	first, last := -1, 0
	for upper := range h.Buckets {
		if last = format.Bucket(upper); first < 0 {
			first = last
		}
	}
	width := 1 // buckets in a bar
	for barOf(last, width)-barOf(first, width) >= most && width < format.NumBuckets {
		width *= 2
	}
	list := make([]bar, 0, most)
	begin, end := first, last
	for begin > 0 && barOf(begin-1, width) == barOf(first, width) {
		begin--
	}
	for end < format.NumBuckets-1 && barOf(end+1, width) == barOf(last, width) {
		end++
	}
	for b := begin; b <= end; b++ {
		if at := barOf(b, width) - barOf(first, width); at == len(list) && at < most {
			list = append(list, bar{lower: format.UpperBound(b - 1)})
		}
		list[len(list)-1].upper = format.UpperBound(b)
	}
	for upper, n := range h.Buckets {
		at := barOf(format.Bucket(upper), width) - barOf(first, width)
		list[min(at, len(list)-1)].count += n
	}
	if last := &list[len(list)-1]; last.lower < h.Max && h.Max < last.upper {
		last.upper = h.Max
	}
	return list
}

// barOf returns which bar counts a bucket, where each is so many buckets wide. The
// outer buckets have bars of their own, and no bar has parts of two octaves alone.
func barOf(bucket, width int) int {
	const inner = format.NumBuckets - 2
	switch bucket {
	case 0:
		return -1
	case format.NumBuckets - 1:
		return (inner + width - 1) / width
	}
	return (bucket - 1) / width
}
