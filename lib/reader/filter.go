package reader

import (
	"bytes"
	"iter"
	"strings"

	"mmstats/lib/format"
	"mmstats/lib/liveness"
)

// A Filter is a condition that files meet: that one of their labels starts
// with Key, or, where Exact is set, that the label Key has the value Value, as
// it is printed.
type Filter struct {
	Key, Value string
	Exact      bool
}

// ParseFilter returns the filter that "KEY" or "KEY=VALUE" is.
func ParseFilter(text string) Filter {
	var f Filter
	f.Key, f.Value, f.Exact = strings.Cut(text, "=")
	return f
}

// Filters are met by a file that meets one of each key.
type Filters []Filter

// Match reports whether the stats of a file of w meet the filters, and whether
// that is settled: a value that may change settles nothing.
func (fs Filters) Match(stats iter.Seq[format.Stat], w liveness.Writer) (match, settled bool) {
	met := make(map[string]bool)
	settled = true
	for _, f := range fs {
		if !met[f.Key] {
			var final bool
			met[f.Key], final = f.match(stats, w)
			settled = settled && final
		}
	}
	for _, m := range met {
		if !m {
			return false, settled
		}
	}
	return true, settled
}

func (f *Filter) match(stats iter.Seq[format.Stat], w liveness.Writer) (match, settled bool) {
	settled = true
	for st := range stats {
		switch {
		case !f.Exact && bytes.HasPrefix(st.Label, []byte(f.Key)):
			return true, true
		case f.Exact && string(st.Label) == f.Key:
			if st.Value.Class() != 0 && f.Value == string(st.Value.AppendText(nil)) {
				return true, true
			}
			settled = !w.MayChange(st.Label, st.Kind(), st.Live())
		}
	}
	return false, settled
}
