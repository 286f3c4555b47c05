package cli

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/escape"
	"mmstats/lib/statfile"
)

// A StatName is the argument of -n: the name of a file in the directory of stat
// files, see [statfile.Named]. The shell completes it from the files there are.
type StatName string

// Complete implements flags.Completer.
func (*StatName) Complete(match string) (found []flags.Completion) {
	for name, err := range statfile.All([]string{statfile.Dir()}) {
		base := strings.TrimSuffix(filepath.Base(name.Path), statfile.Suffix)
		if err == nil && strings.HasPrefix(base, match) {
			found = append(found, flags.Completion{Item: escape.Text(base)})
		}
	}
	return found
}

// UserName returns the name of a user, as /etc/passwd has it, or else the
// number. Package os/user would ask the C library, and make the commands depend
// on it.
func UserName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return id
	}
	for line := range strings.Lines(string(passwd)) {
		if fields := strings.SplitN(line, ":", 4); len(fields) == 4 && fields[2] == id {
			return fields[0]
		}
	}
	return id
}

// Plural returns n things in words, such as "1 file" and "2 files".
func Plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}
