package main

import (
	"cmp"
	"iter"

	"mmstats/lib/reader"
)

// A census counts the files and their programs, poll by poll.
type census struct {
	files   int   // that are polled
	ended   int   // of them, those whose writer has ended
	failing int   // that cannot be read
	err     error // why the first of those cannot
	// programs are those of files, by name.
	programs map[string]*program

	last        *reader.File // that programOf was asked for
	lastProgram *program
}

// A program is what several processes run, told by the names of their files.
type program struct {
	name         string
	files, ended int
}

// programOf returns the program of a file.
func (c *census) programOf(f *reader.File) *program {
	if f != c.last {
		c.last, c.lastProgram = f, c.program(command(f))
	}
	return c.lastProgram
}

func (c *census) program(name string) *program {
	p := c.programs[name]
	if p == nil {
		if c.programs == nil {
			c.programs = make(map[string]*program)
		}
		p = &program{name: name}
		c.programs[name] = p
	}
	return p
}

// count counts the files after a poll.
func (c *census) count(files iter.Seq[*reader.File]) {
	c.files, c.ended, c.failing, c.err, c.last = 0, 0, 0, nil, nil
	for _, p := range c.programs {
		p.files, p.ended = 0, 0
	}
	for f := range files {
		if f.Err != nil {
			c.failing++
			c.err = cmp.Or(c.err, f.Err)
		}
		if f.Polled == 0 {
			continue
		}
		p := c.programOf(f)
		c.files++
		p.files++
		if f.Ended() {
			c.ended++
			p.ended++
		}
	}
	for name, p := range c.programs {
		if p.files == 0 {
			delete(c.programs, name)
		}
	}
}
