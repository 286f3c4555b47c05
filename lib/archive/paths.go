package archive

import (
	"fmt"
	"path/filepath"
	"strings"

	"mmstats/lib/glob"
	"mmstats/lib/statfile"
)

// Paths say which recorded files are meant. The zero Paths mean all.
type Paths struct {
	args []pathArg
}

// A pathArg is one argument that stands for files.
type pathArg struct {
	text    string
	clean   string
	pattern glob.Pattern
	base    bool // it has no slash: it may be the last part of a path
	matched bool
}

// ParsePaths returns the files that args stand for, as they do for those that
// are there: each is a path or a directory of files, or a glob of these, as it
// was recorded. One without a slash also is the last part of a path, and each
// of names is that part without [statfile.Suffix].
func ParsePaths(args, names []string) (*Paths, error) {
	p := new(Paths)
	for _, text := range args {
		clean := filepath.Clean(text)
		pattern, err := glob.Compile(clean)
		if err != nil {
			return nil, fmt.Errorf("%w %q", err, text)
		}
		p.args = append(p.args, pathArg{text: text, clean: clean, pattern: pattern, base: !strings.Contains(text, "/")})
	}
	for _, name := range names {
		if _, err := statfile.Named(name); err != nil {
			return nil, err
		}
		base := strings.TrimSuffix(name, statfile.Suffix) + statfile.Suffix
		p.args = append(p.args, pathArg{text: base, clean: base, base: true})
	}
	return p, nil
}

// Match reports whether the file that was recorded as path is meant, and
// whether an argument names it alone.
func (p *Paths) Match(path string) (match, named bool) {
	path = filepath.Clean(path)
	for i := range p.args {
		m, n := p.args[i].match(path)
		p.args[i].matched = p.args[i].matched || m
		match, named = match || m, named || n
	}
	return match || len(p.args) == 0, named
}

func (a *pathArg) match(path string) (match, named bool) {
	base := filepath.Base(path)
	switch {
	case a.clean == path || a.base && a.clean == base:
		return true, true
	case a.pattern.Match(path) || a.base && a.pattern.Match(base):
		return true, false
	}
	dir := filepath.Dir(path)
	return a.clean == dir || a.pattern.Match(dir), false
}

// Unmatched returns the arguments that no path has matched.
func (p *Paths) Unmatched() (args []string) {
	for i := range p.args {
		if !p.args[i].matched {
			args = append(args, p.args[i].text)
		}
	}
	return args
}
