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

// A Name is the path of a file to read.
type Name struct {
	Path string
	// Found is true if the path comes from a directory or a glob, and not from
	// the user. Then a symbolic link is not to be followed, and it is no error
	// if the file is gone when it is opened.
	Found bool
}

// All yields the files that args stand for, in the order of args: a directory
// stands for its *.mmstats, sorted by name, and no args stand for [Glob]. An
// argument that cannot be read yields an error, and the next one follows.
//
// A directory may hold hundreds of thousands of files: a name takes little more
// memory than its bytes.
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
			// What is wrong with it, if anything, is found when it is opened.
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

// ofDirectory matches the names of the files that a directory stands for.
var ofDirectory = mustCompile("*" + Suffix)

func mustCompile(pattern string) glob.Pattern {
	p, err := glob.Compile(pattern)
	if err != nil {
		panic(err)
	}
	return p
}

// splitGlob returns the directories that match the part of a pattern before its
// last slash, and the pattern of the names in them.
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

// matchDirs returns the directories that match a pattern. A pattern without a
// wildcard is the name of one, which need not exist.
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

// subdirectories returns the paths of the entries of dir that match, of which
// some may be no directories.
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

// yieldDir yields the entries of dir that match pattern.
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

// prefix returns what the paths of the entries of dir start with.
func prefix(dir string) string {
	switch {
	case dir == ".", dir == "":
		return ""
	case strings.HasSuffix(dir, "/"):
		return dir
	}
	return dir + "/"
}

// matches reports whether pattern matches the name of a file, as in the shell:
// a dot at its start is not matched by a wildcard.
func matches(pattern glob.Pattern, name string) bool {
	if name[0] == '.' && !strings.HasPrefix(strings.TrimPrefix(pattern.String(), `\`), ".") {
		return false
	}
	return pattern.Match(name)
}

// An arena stores many names in few blocks, so that no name costs an allocation
// or a pointer.
type arena struct {
	blocks [][]byte
	spans  []span
}

type span struct {
	block       uint32
	start, size uint16
}

// blockSize is the size of a block. The name of a directory entry is shorter
// than 256 bytes on every system that Go supports.
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
		return a, DirectoryError(err)
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
