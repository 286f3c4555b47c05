package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/liveness"
	"mmstats/lib/mapping"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// The decisions.
const (
	removed = "removed"
	kept    = "kept"    // it is in use, or there is no proof that it is not
	skipped = "skipped" // something failed
)

// A doubt is the reason why a file is kept.
type doubt string

func (d doubt) Error() string { return string(d) }

const errChanged = doubt("changed while it was looked at")

// A cleaner is one run of the command.
type cleaner struct {
	*cli.App
	options
	judge  liveness.Judge
	reader reader.Reader
	out    *decisions
	outErr error // of standard output: the run ends
	text   bool  // the output is for a person
	counts map[string]int

	dir      *mapping.Dir // of the current file
	dirName  string
	dirErr   error        // why dir could not be opened
	totals   *totals      // nil if nothing is folded
	dead     []*candidate // files in dir that are to be folded and removed
	deadSize int          // of what they counted, in bytes
	foldErr  error        // why the totals cannot be written any more
}

// A candidate is a file that may be removed. If it is, its lock is held from
// before it is read for the last time until it is removed.
type candidate struct {
	decision
	found  bool          // in a directory or by a glob, and not named by the user
	base   string        // its name in the directory
	former string        // base before it was set aside, or ""
	f      *mapping.File // nil before it is open
	info   mapping.Info
	writer liveness.Writer
	sums   []sum // to be folded
}

const (
	// maxDead is how many files are folded at once. Each has an open
	// descriptor, and each fold waits for the disk.
	maxDead = 64
	// maxDeadSize is how many bytes of sums are in memory before they are
	// folded.
	maxDeadSize = 4 << 20
)

// file decides on one file, now or together with others.
func (c *cleaner) file(name statfile.Name) {
	n := &candidate{decision: decision{file: name.Path}, found: name.Found}
	dirName, base := filepath.Split(name.Path)
	n.base = base
	err := c.enter(dirName)
	if err == nil {
		err = c.examine(n)
	}
	if err == nil && c.totals != nil {
		c.dead = append(c.dead, n)
		for i := range n.sums {
			c.deadSize += n.sums[i].size()
		}
		if len(c.dead) == maxDead || c.deadSize > maxDeadSize {
			c.foldDead()
		}
		return
	}
	if err == nil {
		err = c.setAside(n)
	}
	if err == nil {
		err = c.remove(n)
	}
	c.decide(n, err)
}

// enter opens the directory called name. It stays open until a file is in another
// one, even if its path leads elsewhere by then.
func (c *cleaner) enter(name string) error {
	if name == "" {
		name = "./"
	}
	if c.dirName == name {
		if c.dirErr != nil {
			return said{c.dirErr}
		}
		return nil
	}
	c.leave()
	c.dirName = name
	c.dir, c.dirErr = mapping.OpenDir(name)
	c.dirErr = statfile.DirectoryError(c.dirErr)
	return c.dirErr
}

// said is an error that was reported before.
type said struct{ error }

func (s said) Unwrap() error { return s.error }

// leave folds and removes the files that are to be, and closes the directory.
func (c *cleaner) leave() {
	c.foldDead()
	if c.dir != nil {
		c.dir.Close()
		c.dir = nil
	}
}

// examine returns nil if a file is dead. Then its lock is held. Otherwise the
// error is a doubt, or what failed.
func (c *cleaner) examine(n *candidate) error {
	if err := c.open(n); err != nil {
		return err
	}
	if err := c.read(n); err != nil {
		return err
	}
	n.pid = n.writer.PID
	dead, use := c.judge.Dead(n.f, n.writer, n.info)
	n.reason = dead.Reason
	if c.Verbose {
		n.detail = n.facts(use)
	}
	if !dead.Yes {
		return doubt(dead.Reason)
	}
	// Since the file was read, a new process with the same id may have taken it
	// over. From now on the lock stops programs that use it.
	before := n.writer
	if err := c.read(n); err != nil {
		return err
	}
	if n.writer != before || c.unchanged(n) != nil {
		return errChanged
	}
	return c.dir.Removable(n.base, n.info)
}

// open opens a file, if it is a regular one with one name. That is asked before
// it is opened, because opening a device may have an effect.
func (c *cleaner) open(n *candidate) (err error) {
	if n.info, err = c.dir.Lstat(n.base); err != nil {
		return err
	}
	if err := fit(n.info); err != nil {
		return err
	}
	n.f, err = c.dir.Open(n.base, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return doubt("in use: a process holds a lease on it")
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EMLINK):
		return errChanged
	case err != nil:
		return err
	}
	if n.info, err = n.f.Stat(); err != nil {
		return err
	}
	return fit(n.info)
}

// fit returns a doubt if a file is of a kind that is never removed.
func fit(info mapping.Info) error {
	switch {
	case info.Mode == fs.ModeSymlink:
		return doubt("is a symbolic link")
	case info.Mode.IsDir():
		return doubt(statfile.ErrDirectory.Error())
	case !info.Regular():
		return doubt(statfile.ErrNotRegular.Error())
	case info.Nlink != 1:
		return doubt(fmt.Sprintf("has %d links", info.Nlink))
	}
	return nil
}

// read finds the writer of a file, and with --fold what it counted. A damaged file is
// a doubt.
func (c *cleaner) read(n *candidate) error {
	err := c.reader.Read(n.f, n.info)
	if err != nil {
		if errno := syscall.Errno(0); errors.As(err, &errno) {
			return err
		}
		return doubt(cli.Cause(err))
	}
	if n.writer, err = liveness.WriterOf(c.reader.Data()); err != nil {
		return doubt(err.Error())
	}
	if c.Fold != "" {
		n.sums, err = sumsOf(c.reader.Stats())
	}
	return err
}

// unchanged returns nil if the name of a file still leads to it, and it has no
// other name.
func (c *cleaner) unchanged(n *candidate) error {
	named, err := c.dir.Lstat(n.base)
	if err == nil && (!named.SameFile(n.info) || fit(named) != nil) {
		return errChanged
	}
	return err
}

// decide reports the decision on a file. err is nil if the file was removed.
func (c *cleaner) decide(n *candidate, err error) {
	if err != nil && n.former != "" {
		err = c.restore(n, err)
	}
	if n.f != nil {
		n.f.Close()
	}
	var why doubt
	switch {
	case err == nil:
		n.action = removed
		if c.DryRun {
			n.reason = "dry run: " + n.reason
		}
	case errors.As(err, &why):
		n.action, n.reason = kept, string(why)
	case n.found && errors.Is(err, fs.ErrNotExist):
		return // another process removed it
	default:
		n.action, n.reason = skipped, cli.Cause(err)
		if _, told := err.(said); !told {
			c.Error(err)
		}
	}
	c.counts[n.action]++
	if c.Names && n.action != removed || c.text && n.action == skipped {
		return
	}
	if err := c.out.print(&n.decision); err != nil {
		c.outErr = err
	}
}

// facts are what the decision rests on. use is nil if it was not asked.
func (n *candidate) facts(use *liveness.Use) string {
	parts := []string{fmt.Sprintf("owner %d", n.info.UID)}
	for _, t := range []struct {
		what string
		at   time.Time
	}{{"created ", n.writer.Created}, {"written ", n.info.ModTime}} {
		if !t.at.IsZero() {
			parts = append(parts, t.what+t.at.UTC().Format(time.RFC3339))
		}
	}
	if use != nil {
		parts = append(parts, use.String())
	}
	return strings.Join(parts, ", ")
}
