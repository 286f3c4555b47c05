package statfile

import (
	"bytes"
	"cmp"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mmstats/lib/glob"
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
				if !yieldDir(arg, ofDirectory, yield) {
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

func yieldGlob(pattern string, yield func(Name, error) bool) bool {
	dirs, names, err := splitGlob(pattern)
	if err != nil {
		return yield(Name{}, err)
	}
	for _, dir := range dirs {
		if !yieldDir(dir, names, yield) {
			return false
		}
	}
	return true
}

// ofDirectory is the pattern of the names that a directory means.
var ofDirectory = mustCompile("*" + Suffix)

func mustCompile(pattern string) glob.Pattern {
	p, err := glob.Compile(pattern)
	if err != nil {
		panic(err)
	}
	return p
}

// splitGlob returns the directories of a pattern, and the pattern of the names
// in them. The error says that the pattern is malformed.
func splitGlob(pattern string) (dirs []string, names glob.Pattern, err error) {
	dir, last := filepath.Split(pattern)
	if names = ofDirectory; last != "" {
		names, err = glob.Compile(last)
	}
	if err == nil {
		dirs, err = matchDirs(dir)
	}
	if err != nil {
		err = &fs.PathError{Op: "glob", Path: pattern, Err: err}
	}
	return dirs, names, err
}

// matchDirs returns the directories that the part of a pattern before its last
// slash means. A directory that needs no wildcard is returned even if it does
// not exist.
func matchDirs(pattern string) (dirs []string, err error) {
	dirs = []string{""}
	if strings.HasPrefix(pattern, "/") {
		dirs[0] = "/"
	}
	wild := false
	for part := range strings.SplitSeq(pattern, "/") {
		if part == "" {
			continue
		}
		if name, ok := glob.Literal(part); ok {
			for i := range dirs {
				dirs[i] = prefix(dirs[i]) + name
			}
			continue
		}
		p, err := glob.Compile(part)
		if err != nil {
			return nil, err
		}
		wild = true
		var matched []string
		for _, dir := range dirs {
			matched = append(matched, subdirectories(dir, p)...)
		}
		dirs = matched
	}
	if wild {
		dirs = slices.DeleteFunc(dirs, func(dir string) bool { return !isDir(dir) })
	}
	if len(dirs) == 1 && dirs[0] == "" {
		dirs[0] = "."
	}
	return dirs, nil
}

// subdirectories returns the entries of dir that match, and that may be
// directories.
func subdirectories(dir string, p glob.Pattern) (paths []string) {
	names, _ := readNames(cmp.Or(dir, "."), p)
	for i := range names.spans {
		paths = append(paths, prefix(dir)+string(names.at(i)))
	}
	return paths
}

func isDir(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

// yieldDir yields the entries of dir that match pattern, but no dot-names
// unless the pattern asks for them.
func yieldDir(dir string, pattern glob.Pattern, yield func(Name, error) bool) bool {
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
	case dir == ".", dir == "":
		return ""
	case strings.HasSuffix(dir, "/"):
		return dir
	}
	return dir + "/"
}

// matches reports whether pattern means the entry called name. A dot at the
// start of a name is only matched by one in the pattern.
func matches(pattern glob.Pattern, name string) bool {
	if name[0] == '.' && !strings.HasPrefix(strings.TrimPrefix(pattern.String(), `\`), ".") {
		return false
	}
	return pattern.Match(name)
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

func readNames(dir string, pattern glob.Pattern) (*arena, error) {
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
