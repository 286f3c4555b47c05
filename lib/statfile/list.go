package statfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Name is a file to look at.
type Name struct {
	Path string
	// Found says that a glob or a directory yielded the name: then it is not
	// followed if it is a link, and it may vanish without harm.
	Found bool
}

// All yields the files that args mean, in their order: a directory means its
// *.mmstats, sorted by name, and no args mean Glob. An error stands for one
// argument that cannot be looked at; the iteration goes on.
//
// It keeps a name in little more memory than its bytes, since a directory may
// hold hundreds of thousands of them.
func All(args []string) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		if len(args) == 0 {
			yieldGlob(Glob(), yield)
			return
		}
		for _, arg := range args {
			if st, err := os.Stat(arg); err == nil && st.IsDir() {
				if !yieldDir(arg, "*"+Suffix, yield) {
					return
				}
				continue
			}
			// Whatever else is wrong with it, opening it will tell.
			if !yield(Name{Path: arg}, nil) {
				return
			}
		}
	}
}

// Matching yields the files that a glob means.
func Matching(glob string) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) { yieldGlob(glob, yield) }
}

func yieldGlob(glob string, yield func(Name, error) bool) bool {
	dir, pattern := filepath.Split(glob)
	if pattern == "" {
		pattern = "*" + Suffix
	}
	if _, err := filepath.Match(pattern, ""); err != nil {
		return yield(Name{}, &fs.PathError{Op: "glob", Path: glob, Err: errors.New("malformed pattern")})
	}
	if dir == "" {
		dir = "."
	}
	dirs, err := globDirs(dir)
	if err != nil {
		return yield(Name{}, &fs.PathError{Op: "glob", Path: glob, Err: errors.New("malformed pattern")})
	}
	if len(dirs) == 0 {
		_, err := os.Stat(dir)
		return err == nil || yield(Name{}, err)
	}
	for _, dir := range dirs {
		if !yieldDir(dir, pattern, yield) {
			return false
		}
	}
	return true
}

// globDirs returns the directories that dir, which ends with a slash or is ".",
// means. Package filepath finds nothing by a pattern with that slash.
func globDirs(dir string) ([]string, error) {
	if trimmed := strings.TrimRight(dir, "/"); strings.ContainsAny(trimmed, `*?[\`) {
		dir = trimmed
	}
	return filepath.Glob(dir)
}

// yieldDir yields the entries of dir that match pattern, but no dot-names
// unless the pattern asks for them.
func yieldDir(dir, pattern string, yield func(Name, error) bool) bool {
	names, err := readNames(dir, pattern)
	if err != nil && !yield(Name{}, err) {
		return false
	}
	dir = prefix(dir)
	for i := range names.spans {
		if !yield(Name{Path: dir + string(names.at(i)), Found: true}, nil) {
			return false
		}
	}
	return true
}

// prefix returns what stands before the names of the entries of dir.
func prefix(dir string) string {
	switch {
	case dir == ".":
		return ""
	case strings.HasSuffix(dir, "/"):
		return dir
	}
	return dir + "/"
}

// matches reports whether pattern means the entry called name.
func matches(pattern, name string) bool {
	if name[0] == '.' && pattern[0] != '.' {
		return false
	}
	matched, _ := filepath.Match(pattern, name)
	return matched
}

// arena holds many short names without a pointer for each.
type arena struct {
	text  []byte
	spans []span
}

type span struct{ start, size uint32 }

func (a *arena) at(i int) []byte {
	s := a.spans[i]
	return a.text[s.start:][:s.size]
}

func readNames(dir, pattern string) (*arena, error) {
	a := &arena{}
	d, err := os.Open(dir)
	if err != nil {
		return a, err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(512)
		for _, name := range names {
			if matches(pattern, name) {
				a.spans = append(a.spans, span{uint32(len(a.text)), uint32(len(name))})
				a.text = append(a.text, name...)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return a, err
		}
	}
	slices.SortFunc(a.spans, func(x, y span) int {
		return bytes.Compare(a.text[x.start:][:x.size], a.text[y.start:][:y.size])
	})
	return a, nil
}
