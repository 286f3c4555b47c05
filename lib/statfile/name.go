// Package statfile finds stat files and opens them: the default directory, name
// and glob, which files the arguments of a command stand for, and how to open a
// file safely that any user may have put there. See mmstats(7), ENVIRONMENT.
package statfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mmstats/lib/glob"
)

// Suffix ends the names of stat files. Files with other names are only read if
// they are named.
const Suffix = ".mmstats"

const defaultTemplate = "{CMD}-{PID}-{TID}" + Suffix

// Dir returns the directory of stat files: $MMSTATS_PATH, or else the directory
// for temporary files. That is the first of $TMPDIR, $TEMP and $TMP that exists,
// as it is for Python, or else /tmp.
func Dir() string {
	if dir := os.Getenv("MMSTATS_PATH"); dir != "" {
		return dir
	}
	for _, name := range [...]string{"TMPDIR", "TEMP", "TMP"} {
		dir := os.Getenv(name)
		if dir == "" {
			continue
		}
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return "/tmp"
}

// Named returns the path of the file called name in [Dir], with or without
// [Suffix].
func Named(name string) (path string, err error) {
	if name == "" || strings.ContainsRune(name, '/') || strings.HasPrefix(name, ".") {
		return "", fmt.Errorf("a NAME has no \"/\" and no \".\" at its start: %q", name)
	}
	return filepath.Join(Dir(), strings.TrimSuffix(name, Suffix)+Suffix), nil
}

// Template returns the name of a program's stat file, for [Expand]:
// $MMSTATS_FILES, or else "{CMD}-{PID}-{TID}.mmstats". One that starts with a
// slash is not in [Dir].
func Template() string {
	if template := os.Getenv("MMSTATS_FILES"); template != "" {
		return template
	}
	return defaultTemplate
}

// Glob returns the pattern of the files that are read by default:
// $MMSTATS_GLOB, or else *.mmstats in [Dir].
func Glob() string {
	if pattern := os.Getenv("MMSTATS_GLOB"); pattern != "" {
		return pattern
	}
	return filepath.Join(glob.Quote(Dir()), "*"+Suffix)
}

// Expand replaces {CMD} in a path or name template by the base name of the
// running program, {PID} by its process id and {TID} by tid.
func Expand(template string, tid int) (string, error) {
	values := map[string]string{
		"CMD": filepath.Base(os.Args[0]),
		"PID": strconv.Itoa(os.Getpid()),
		"TID": strconv.Itoa(tid),
	}
	var b strings.Builder
	rest := template
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed {
			return "", fmt.Errorf("template %q: the { has no }", template)
		}
		value, known := values[name]
		if !known {
			return "", fmt.Errorf("template %q: {%s} is not one of {CMD}, {PID} and {TID}", template, name)
		}
		b.WriteString(value)
		rest = after
	}
}
