package cli

import (
	"slices"
	"strings"
	"testing"

	"mmstats/lib/escape"
)

func TestLabelGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, label string
		want           bool
	}{
		{"jobs.done", "jobs.done", true},
		{"jobs.done", "jobs.done.all", false},
		{"jobs", "jobs.done", false},
		{"", "jobs", false},
		{"*", "jobs.done", true},
		{"*.done", "web.jobs.done", true},
		{"web*2XX", "web.stats/status.2XX", true},
		{"jobs.?one", "jobs.done", true},
		{"a?b", "a/b", true},
		{"a/b", "a/b", true},
		{"a*b", "a\x00b", true},
		{"[ab].x", "b.x", true},
		{"[^ab].x", "b.x", false},
		{"[!ab].x", "b.x", false},
		{"[!ab].x", "c.x", true},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{"größe*", "größe.日本.❤", true},
		{"a?", "aé", true},
		{"a?", "a\xff", true},
		// As labels are shown.
		{`has\ttab`, "has\ttab", true},
		{`has\ttab`, "hasttab", false},
		{`has\nline\r`, "has\nline\r", true},
		{`back\\slash`, `back\slash`, true},
		{`back\\tab`, `back\tab`, true},
		{`a\x1b[[]*`, "a\x1b[2J", true},
		{`\xff`, "\xff", true},
		{`\x2a`, "*", true},
		{`\x2a`, "x", false},
		{`\x2d`, "-", true},
		{`\xzz`, "xzz", true},
	} {
		g, err := ParseLabelGlob(test.pattern)
		if err != nil {
			t.Errorf("ParseLabelGlob(%q) = %v", test.pattern, err)
			continue
		}
		if got := g.Match(test.label); got != test.want || g.Matched != test.want {
			t.Errorf("ParseLabelGlob(%q).Match(%q) = %v, want %v", test.pattern, test.label, got, test.want)
		}
	}
	for _, pattern := range []string{"[", "a[", "[a", `a\`, "[]"} {
		if _, err := ParseLabelGlob(pattern); err == nil || !strings.HasPrefix(err.Error(), "malformed pattern") {
			t.Errorf("ParseLabelGlob(%q) = %v, want malformed pattern", pattern, err)
		}
	}
}

// A label as it is shown is a pattern that matches it.
func TestLabelGlobOfShownLabel(t *testing.T) {
	for _, label := range []string{"a.b", "größe.日本.❤", "has\ttab", "has\nnewline", `back\slash`, "\x1b\u009b", "\xff", "a\u202eb", "-"} {
		g, err := ParseLabelGlob(escape.Text(label))
		if err != nil || !g.Match(label) {
			t.Errorf("ParseLabelGlob(%q) does not match %q, %v", escape.Text(label), label, err)
		}
	}
}

func TestNearest(t *testing.T) {
	labels := []string{"jobs.done", "jobs.failed", "web.stats.status.2XX", "web.stats.status.3XX", "web.stats.status.4XX",
		"web.stats.status.5XX", "load", "sys.pid", "web.sys.pid", "größe"}
	for _, test := range []struct {
		name string
		want []string
	}{
		{"jobs.doen", []string{"jobs.done"}},
		{"jobs.donee", []string{"jobs.done"}},
		{"laod", []string{"load"}},
		{"Load", []string{"load"}},
		{"done", []string{"jobs.done"}},
		{"jobs", []string{"jobs.done", "jobs.failed"}},
		{"sys.pid", []string{"sys.pid", "web.sys.pid"}},
		{"*.pid", []string{"sys.pid", "web.sys.pid"}},
		{"web.stats.status.6XX", []string{"web.stats.status.2XX", "web.stats.status.3XX", "web.stats.status.4XX"}},
		{"grösse", []string{"größe"}},
		{"nothing.like.it", nil},
	} {
		if got := Nearest(test.name, labels); !slices.Equal(got, test.want) {
			t.Errorf("Nearest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
	if got := Nearest("jobs", nil); got != nil {
		t.Errorf("Nearest(jobs) of no labels = %q", got)
	}
}

func TestSuggest(t *testing.T) {
	labels := []string{"jobs.done", "jobs.failed"}
	if got, want := Suggest("jobs", labels), "; did you mean jobs.done, jobs.failed?"; got != want {
		t.Errorf("Suggest(jobs) = %q, want %q", got, want)
	}
	if got, want := Suggest("tabs", []string{"tab\\s\t"}), `; did you mean tab\\s\t?`; got != want {
		t.Errorf("Suggest(tabs) = %q, want %q", got, want)
	}
	if got := Suggest("unlike", labels); got != "" {
		t.Errorf("Suggest(unlike) = %q, want nothing", got)
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		s, t string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1},
		{"abc", "abd", 1}, {"abc", "xabc", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1},
	} {
		if got := distance(test.s, test.t); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.s, test.t, got, test.want)
		}
	}
}
