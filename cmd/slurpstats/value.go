package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mmstats/lib/escape"
	"mmstats/lib/format"
	"mmstats/lib/report"
)

// A value is what --value has of the files that a directory or a glob means. A
// script cannot tell which of several values it gets, so that there must be one.
type value struct {
	printed int // values of files that were named
	matches int // values of files that were found
	first   report.Row
	places  []string // of some of the matches
	errs    []error  // of files that may not be read
}

// maxPlaces is how many matches an error names.
const maxPlaces = 3

// hold keeps the only value for finish.
func (v *value) hold(file string, rows []report.Row) {
	for i := range rows {
		if v.matches++; v.matches == 1 {
			v.first = rows[i]
			if rows[i].Value.Class() == format.TextClass {
				v.first.Value = format.TextValue(bytes.Clone(rows[i].Value.Text()))
			}
		}
		if len(v.places) < maxPlaces {
			v.places = append(v.places, escape.Text(string(rows[i].Label))+" in "+escape.Text(file))
		}
	}
}

// defers reports whether an error is of no importance if there is a value: it is
// of a file that was found and may not be read, and nothing is folded over all
// files.
func (v *value) defers(d *dump, c *content, err error) bool {
	if !d.Value || d.fold != nil || !c.found || !errors.Is(err, fs.ErrPermission) {
		return false
	}
	if len(v.errs) < maxPlaces {
		v.errs = append(v.errs, err)
	}
	return true
}

// finish prints the only value. The error says that there are several.
func (v *value) finish(d *dump) error {
	if v.matches > 1 {
		places := strings.Join(v.places, ", ")
		if v.matches > len(v.places) {
			places += ", ..."
		}
		return fmt.Errorf("%d values match: %s; name a file or one label, or fold them with -a", v.matches, places)
	}
	if v.matches == 1 {
		d.printer.Print(report.Source{}, []report.Row{v.first})
	}
	if v.matches+v.printed == 0 {
		for _, err := range v.errs {
			d.Error(err)
		}
	}
	return nil
}
