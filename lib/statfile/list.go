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
	"syscall"
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
			if isDir(arg) {
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

func yieldGlob(glob string, yield func(Name, error) bool) bool {
	dirs, pattern, err := splitGlob(glob)
	if err != nil {
		return yield(Name{}, err)
	}
	for _, dir := range dirs {
		if !yieldDir(dir, pattern, yield) {
			return false
		}
	}
	return true
}

// splitGlob returns the directories of a glob, and the pattern of names in
// them. The error says that the glob is malformed.
func splitGlob(glob string) (dirs []string, pattern string, err error) {
	dir, pattern := filepath.Split(glob)
	if pattern == "" {
		pattern = "*" + Suffix
	}
	if _, err = filepath.Match(pattern, ""); err == nil {
		dirs, err = matchDirs(dir)
	}
	if err != nil {
		err = &fs.PathError{Op: "glob", Path: glob, Err: errors.New("malformed pattern")}
	}
	return dirs, pattern, err
}

// matchDirs returns the directories that the part of a glob before its last
// slash means. One without a wildcard is returned whether it is there or not.
func matchDirs(pattern string) ([]string, error) {
	switch trimmed := strings.TrimRight(pattern, "/"); {
	case trimmed != "":
		pattern = trimmed // else Glob would match nothing
	case pattern != "":
		pattern = "/"
	default:
		pattern = "."
	}
	if name, ok := literal(pattern); ok {
		return []string{name}, nil
	}
	names, err := filepath.Glob(pattern)
	return slices.DeleteFunc(names, func(name string) bool { return !isDir(name) }), err
}

// literal returns the one name that a pattern without wildcards matches.
func literal(pattern string) (name string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*', c == '?', c == '[', c == '\\' && i+1 == len(pattern):
			return "", false
		case c == '\\':
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String(), true
}

func isDir(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
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

// arena holds many short names, in blocks that never move and without a
// pointer for each.
type arena struct {
	blocks [][]byte
	spans  []span
}

type span struct {
	block       uint32
	start, size uint16
}

// blockSize is that of all blocks. A name of a directory entry is shorter than
// 256 bytes on every system that Go knows.
const blockSize = 32 << 10

func (a *arena) at(i int) []byte { return a.text(a.spans[i]) }

func (a *arena) text(s span) []byte { return a.blocks[s.block][s.start:][:s.size] }

func (a *arena) add(name string) {
	last := len(a.blocks) - 1
	if last < 0 || cap(a.blocks[last])-len(a.blocks[last]) < len(name) {
		a.blocks = append(a.blocks, make([]byte, 0, max(blockSize, len(name))))
		last++
	}
	block := a.blocks[last]
	a.spans = append(a.spans, span{uint32(last), uint16(len(block)), uint16(len(name))})
	a.blocks[last] = append(block, name...)
}

func readNames(dir, pattern string) (*arena, error) {
	a := &arena{}
	d, err := os.OpenFile(dir, syscall.O_DIRECTORY, 0) // a FIFO would block
	if err != nil {
		return a, err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(512)
		for _, name := range names {
			if matches(pattern, name) {
				a.add(name)
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
		return bytes.Compare(a.text(x), a.text(y))
	})
	return a, nil
}
