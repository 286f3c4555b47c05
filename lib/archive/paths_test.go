package archive

import (
	"slices"
	"testing"
)

func TestPaths(t *testing.T) {
	all := []string{"/run/mmstats/web-1.mmstats", "/run/mmstats/web-2.mmstats", "/run/mmstats/b[1].mmstats", "/tmp/web-1.mmstats", "here.mmstats"}
	for _, test := range []struct {
		args, names []string
		want        []int // indexes of all, with 10 added where one is named
		unmatched   []string
	}{
		{nil, nil, []int{0, 1, 2, 3, 4}, nil},
		{[]string{"/run/mmstats/web-1.mmstats"}, nil, []int{10}, nil},
		{[]string{"/run/mmstats//./web-1.mmstats"}, nil, []int{10}, nil},
		{[]string{"/run/mmstats"}, nil, []int{0, 1, 2}, nil},
		{[]string{"/run/mmstats/"}, nil, []int{0, 1, 2}, nil},
		{[]string{"/run/*"}, nil, []int{0, 1, 2}, nil},
		{[]string{"web-1.mmstats"}, nil, []int{10, 13}, nil},
		{[]string{"web-*.mmstats", "x"}, nil, []int{0, 1, 3}, []string{"x"}},
		{[]string{"web"}, nil, nil, []string{"web"}},
		{[]string{"b[1].mmstats"}, nil, []int{12}, nil},
		{[]string{"."}, nil, []int{4}, nil},
		{[]string{"./here.mmstats"}, nil, []int{14}, nil},
		{nil, []string{"web-2", "b[1]", "none"}, []int{11, 12}, []string{"none.mmstats"}},
	} {
		p, err := ParsePaths(test.args, test.names)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for i, path := range all {
			match, named := p.Match(path)
			if named {
				i += 10
			}
			if match {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, test.want) || !slices.Equal(p.Unmatched(), test.unmatched) {
			t.Errorf("%q %q match %v, but for %q, want %v, but for %q", test.args, test.names, got, p.Unmatched(), test.want, test.unmatched)
		}
	}
	if _, err := ParsePaths([]string{"["}, nil); err == nil {
		t.Error("a malformed glob is none")
	}
	if _, err := ParsePaths(nil, []string{"a/b"}); err == nil {
		t.Error("a name with a slash is none")
	}
}
