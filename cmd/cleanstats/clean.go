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

// What is decided of a file.
const (
	removed = "removed"
	kept    = "kept"    // it is in use, or nobody can tell that it is not
	skipped = "skipped" // something failed
)

// A doubt is why a file is kept.
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
	outErr error // standard output takes no more
	text   bool  // for a person
	counts map[string]int

	dir     *mapping.Dir // of the file at hand
	dirName string
	dirErr  error        // why dir could not be opened
	totals  *totals      // nil where nothing is folded
	dead    []*candidate // that wait for it, all in dir
	foldErr error        // from when on nothing can be folded
}

// A candidate is a file that is looked at. Where it comes to be removed, its
// lock is held from the last look at it until its name is gone.
type candidate struct {
	decision
	found    bool          // by a directory or a glob: it may vanish
	base     string        // its name in the directory
	former   string        // base before it was set aside, or ""
	f        *mapping.File // nil before it is open
	info     mapping.Info
	writer   liveness.Writer
	counters []counter // that are to be folded
}

// maxDead is how many files are folded at once: each holds a descriptor open,
// and each time costs a write to the disk.
const maxDead = 64

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
		if c.dead = append(c.dead, n); len(c.dead) == maxDead {
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

// enter opens the directory called name. Files are looked up in it until
// another one is called for, whatever its path leads to meanwhile.
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
	return c.dirErr
}

// said is an error that was told before.
type said struct{ error }

func (s said) Unwrap() error { return s.error }

// leave closes the directory, after what waits to be removed from it.
func (c *cleaner) leave() {
	c.foldDead()
	if c.dir != nil {
		c.dir.Close()
		c.dir = nil
	}
}

// examine looks at a file, and returns nil where it is dead and nobody uses
// it: then its lock is held. A doubt is why it is to be kept.
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
	// Since the first look a new process with the same id may have taken the
	// file over. From now on the lock keeps those away who ask for it.
	before := n.writer
	if err := c.read(n); err != nil {
		return err
	}
	if n.writer != before || c.unchanged(n) != nil {
		return errChanged
	}
	return c.dir.Removable(n.base, n.info)
}

// open opens a regular file with one name. It is looked at before that, since
// opening some devices does something.
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

// fit returns why a file is none that is ever removed.
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

// read finds the writer of a file, and with --fold its counters. What is
// damaged is nobody's.
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
		n.counters, err = counters(c.reader.Stats())
	}
	return err
}

// unchanged returns nil where the name still leads to the file that is open,
// and no other does.
func (c *cleaner) unchanged(n *candidate) error {
	named, err := c.dir.Lstat(n.base)
	if err == nil && (!named.SameFile(n.info) || fit(named) != nil) {
		return errChanged
	}
	return err
}

// decide tells what came of a file: err is nil where it was removed.
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
		return // somebody else was faster
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

// facts are what the judgement rests on. The use is nil where it was not
// asked for.
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
