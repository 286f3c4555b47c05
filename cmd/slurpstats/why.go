package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A search is what --why finds of a label or a file.
type search struct {
	*dump
	wanted string
	glob   *cli.LabelGlob // of wanted, or nil
	lines  []string       // about files, bounded by maxLines
	more   int            // lines that there is no room for

	files, unread, ended, holders int
	named                         bool // a file that was read is called wanted
	labels                        []string
	bases                         []string // names of files, without their suffix
	known                         map[string]bool
}

// maxLines is how many lines there are about files.
const maxLines = 100

// why says where a label or a file was looked for and what was found, and
// returns OK where it is shown.
func (d *dump) why() int {
	s := &search{dump: d, wanted: d.Why, known: make(map[string]bool)}
	s.glob, _ = cli.ParseLabelGlob(d.Why)
	d.judged = true
	for c, err := range d.contents() {
		s.examine(c, err)
	}
	shown := s.holders > 0 || s.named
	if !shown {
		if d.record == nil {
			s.elsewhere()
		}
		s.nearest()
	}
	out := s.report(shown)
	if _, err := d.Stdout.Write([]byte(out)); err != nil {
		return d.OutputFailed(err)
	}
	if !shown {
		return cli.Failed
	}
	return d.Status()
}

func (s *search) line(what, text string) {
	if len(s.lines) == maxLines {
		s.more++
		return
	}
	s.lines = append(s.lines, fmt.Sprintf("%-9s%s\n", what, escape.Text(text)))
}

// examine notes what one file has to do with what is wanted. The error says what
// of it cannot be read.
func (s *search) examine(c *content, err error) {
	if c.path != "" {
		s.files++
		if len(s.bases) < maxChosen {
			s.bases = append(s.bases, strings.TrimSuffix(filepath.Base(c.path), statfile.Suffix))
		}
	}
	if c.stats == nil || c.len == 0 && !c.whole {
		if err != nil {
			s.unread++
			s.line("skipped", cli.Reason(err)+s.permission(err))
		}
		return
	}
	called := s.called(c.path)
	s.named = s.named || called
	if src := &c.source; src.Live != nil && !*src.Live {
		s.ended++
		s.line("ended", c.path+": "+c.reason)
	} else if src.Stale != nil && *src.Stale {
		s.line("stale", c.path+": no heartbeat since "+c.writer.Heartbeat.Local().Format("2006-01-02 15:04:05"))
	}
	held := 0
	for st := range c.stats {
		if s.matches(&st) {
			if held++; held == 1 {
				s.holders++
			}
			s.line("shown", c.path+": "+string(st.Label)+", "+st.Type().String())
		} else if len(s.labels) < maxChosen && len(st.Label) <= maxChosenLabel && !s.known[string(st.Label)] {
			s.known[string(st.Label)] = true
			s.labels = append(s.labels, string(st.Label))
		}
	}
	if called && held == 0 {
		s.line("shown", c.path+": "+cli.Plural(c.len, "stat"))
	}
	if err != nil {
		s.line("damaged", cli.Reason(err))
	}
}

func (s *search) matches(st *format.Stat) bool {
	return string(st.Label) == s.wanted || s.glob != nil && s.glob.Match(string(st.Label))
}

// called reports whether the path is that of the wanted file.
func (s *search) called(path string) bool {
	return path == s.wanted || filepath.Base(path) == strings.TrimSuffix(s.wanted, statfile.Suffix)+statfile.Suffix
}

// permission says who may read a file that may not be read.
func (s *search) permission(err error) string {
	var pathErr *fs.PathError
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &pathErr) {
		return ""
	}
	info, err := mapping.Lstat(pathErr.Path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (it is of user %s, mode %04o)", s.user(info.UID), info.Perm)
}

// elsewhere looks for a file called wanted that is not among those which are
// read.
func (s *search) elsewhere() {
	path, err := statfile.Named(s.wanted)
	if err != nil {
		path = s.wanted
	}
	bare := strings.TrimSuffix(path, statfile.Suffix)
	for _, p := range []string{path, bare} {
		info, err := os.Lstat(p)
		switch {
		case err != nil || info.IsDir():
		case !strings.HasSuffix(p, statfile.Suffix):
			s.line("no match", p+" is there, but only names that end in "+statfile.Suffix+" are found; name it as an argument")
		default:
			s.line("no match", p+" is there, and not among the files that are read, or it cannot be read")
		}
	}
}

// nearest names the labels and the files nearest to what is wanted.
func (s *search) nearest() {
	slices.Sort(s.labels)
	for _, n := range []struct {
		what  string
		among []string
	}{{"labels", s.labels}, {"files", s.bases}} {
		if near := cli.Nearest(s.wanted, n.among); len(near) > 0 {
			s.line("nearest", n.what+" "+strings.Join(near, ", "))
		}
	}
}

// report returns all lines.
func (s *search) report(shown bool) string {
	found := "is in no file"
	switch {
	case s.holders > 0:
		found = "is in " + cli.Plural(s.holders, "file")
	case s.named:
		found = "is the name of a file"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", escape.Text(s.wanted), found)
	searched := cli.Where(s.names)
	if s.record != nil {
		searched = fmt.Sprintf("%s, the record of %s", s.Replay, s.record.Time.Format(time.DateTime))
	}
	fmt.Fprintf(&b, "%-9s%s\n", "searched", escape.Text(searched))
	for _, name := range []string{"MMSTATS_GLOB", "MMSTATS_PATH", "TMPDIR", "TEMP", "TMP"} {
		if len(s.names) == 0 && s.record == nil {
			fmt.Fprintf(&b, "%-9s$%s is %s\n", "", name, escape.Text(cmp.Or(os.Getenv(name), "not set")))
		}
	}
	fmt.Fprintf(&b, "%-9s%s, %d skipped, %d ended\n", "files", cli.Plural(s.files, "file"), s.unread, s.ended)
	for _, line := range s.lines {
		b.WriteString(line)
	}
	if s.more > 0 {
		fmt.Fprintf(&b, "%-9s%d more\n", "", s.more)
	}
	return b.String()
}
