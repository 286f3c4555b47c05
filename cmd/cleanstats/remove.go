package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"mmstats/lib/cli"
	"mmstats/lib/liveness"
)

// A file whose writer keeps no lock may be taken over at any moment: a program in
// Python that starts again opens its file by name, and truncates it. So such a
// file is set aside before it is removed: it gets another name, by which no
// program opens it. Then it is judged again. If a program opened it before, it
// gets its name back.
//
// Directories and globs find the file by its other name too, so if this process
// is killed, readers still count it and the next cleanstats removes it.

// aside is added to the name of a file that is set aside, before its extension.
const aside = ".removing"

// asideName returns the name that the file called base has while it is set aside.
// A file that was set aside before has that name already.
func asideName(base string) string {
	ext := filepath.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if ext == aside || strings.HasSuffix(stem, aside) {
		return base
	}
	return stem + aside + ext
}

// setAside sets a dead file aside, unless its lock protects it. If the other name
// is taken, or the file system cannot rename safely, the file keeps its name.
func (c *cleaner) setAside(n *candidate) error {
	if c.DryRun || n.writer.KeepsLock {
		return nil
	}
	to := asideName(n.base)
	if to == n.base {
		return nil
	}
	err := c.unchanged(n)
	if err == nil {
		err = c.dir.Rename(n.base, to)
		if err == nil {
			n.base, n.former = to, n.base
		} else if !errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return err
}

// restore gives a file that was set aside its name back. why is the reason, which
// it returns. If a program has created another file of that name, both stay.
func (c *cleaner) restore(n *candidate, why error) error {
	err := c.dir.Rename(n.base, n.former)
	if errors.Is(err, fs.ErrExist) {
		return doubt(fmt.Sprintf("%s; called %s now, since another file has its name", cli.Cause(why), n.base))
	}
	return why
}

// confirm reads and judges a dead file again, and returns nil if it still is one.
func (c *cleaner) confirm(n *candidate) error {
	if c.DryRun || n.writer.KeepsLock { // the lock keeps others away
		return c.unchanged(n)
	}
	before := n.writer
	if err := c.read(n); err != nil {
		return err
	}
	if n.writer != before {
		return errChanged
	}
	if free := liveness.Ask(n.f).Free(n.writer); !free.Yes {
		return doubt(n.reason + ", but the file is " + free.Reason)
	}
	return c.unchanged(n)
}

// remove removes a dead file, if it still is one.
func (c *cleaner) remove(n *candidate) error {
	err := c.confirm(n)
	if err == nil && !c.DryRun {
		err = c.dir.Remove(n.base)
	}
	return err
}

// foldDead adds what the dead files have counted to the totals, and then removes
// them.
func (c *cleaner) foldDead() {
	dead := c.dead[:0]
	for _, n := range c.dead {
		var err error
		if c.foldErr == nil {
			if err = c.setAside(n); err == nil {
				err = c.confirm(n)
			}
		}
		if err != nil {
			c.decide(n, err)
			continue
		}
		dead = append(dead, n)
	}
	c.dead, c.deadSize = c.dead[:0], 0
	if len(dead) == 0 {
		return
	}
	var doubts []error
	if c.foldErr == nil {
		if doubts, c.foldErr = c.totals.fold(dead); c.foldErr != nil {
			c.Error(c.foldErr)
		}
	}
	for i, n := range dead {
		var err error
		if c.foldErr != nil {
			err = said{errors.New("cannot be folded: " + cli.Reason(c.foldErr))}
		} else if err = doubts[i]; err == nil {
			err = c.remove(n)
		}
		c.decide(n, err)
	}
}
