package mmstats

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"mmstats/lib/change"
	"mmstats/lib/format"
)

// A Stat is a pointer to one of the kinds of stats of this package. It belongs to
// one open file at a time, from when it is declared until that file is closed, and
// drops updates at other times. Any number of goroutines may call its methods,
// unless they say otherwise, also while it is declared.
type Stat interface {
	// spec returns the field without its label, and its value at the start,
	// absent for zero.
	spec() (format.Spec, format.Value, error)
	// bind makes the stat update a field of a file.
	bind(f *field)
	// bound reports whether the stat is one of an open file.
	bound() bool
}

// A Labeled declares a stat whose label is only known when the program runs. Unit,
// About and Size, which is the window of a MovingAverage or Timer, are as in the
// tags of a struct.
type Labeled struct {
	Label       string
	Stat        Stat
	Unit, About string
	Size        int
}

// declared are changes that declare stats, and beside them the stats. Of a change
// that is to be made as it stands, the stat is nil.
type declared struct {
	changes []change.Change
	stats   []Stat
}

func (d *declared) add(c change.Change, s Stat) {
	d.changes, d.stats = append(d.changes, c), append(d.stats, s)
}

// addAll adds what structs, Labeled stats and changes declare.
func (d *declared) addAll(stats []any) error {
	for _, s := range stats {
		switch s := s.(type) {
		case Labeled:
			d.add(change.Change{Label: s.Label, Size: s.Size, Description: format.Description{Unit: s.Unit, About: s.About}}, s.Stat)
			continue
		case []change.Change:
			d.changes = append(d.changes, s...)
			d.stats = append(d.stats, make([]Stat, len(s))...)
			continue
		}
		v := reflect.ValueOf(s)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return fmt.Errorf("mmstats: stats are declared by a pointer to a struct, not by a %T", s)
		}
		if err := d.addStruct("", v.Elem()); err != nil {
			return fmt.Errorf("mmstats: %w", err)
		}
	}
	return nil
}

// addStruct adds what a struct declares. An embedded struct declares as if its
// fields stood in the struct itself; a struct in a named field, with that name
// and a dot before each label.
func (d *declared) addStruct(prefix string, v reflect.Value) error {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		tag := sf.Tag.Get("mmstats")
		if tag == "-" {
			continue
		}
		c, err := parseTag(tag)
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
		c.Description = format.Description{Unit: sf.Tag.Get("unit"), About: sf.Tag.Get("about")}
		if !sf.IsExported() && !(sf.Anonymous && sf.Type.Kind() == reflect.Struct) {
			if tag != "" {
				return fmt.Errorf("field %s is not exported", sf.Name)
			}
			continue
		}
		if c.Label == "" {
			c.Label = sf.Name
		}
		c.Label = prefix + c.Label
		fv := v.Field(i)
		if fv.Kind() == reflect.Pointer && fv.Type().Elem().Kind() == reflect.Struct && !fv.IsNil() {
			fv = fv.Elem()
		}
		stat := statIn(fv)
		switch {
		case stat != nil && typeOf(stat).TakesSamples() && c.Text != "":
			err = fmt.Errorf("field %s: it takes samples, and has no initial value", sf.Name)
		case stat != nil:
			d.add(c, stat)
		case fv.Kind() == reflect.Struct && sf.Anonymous:
			err = d.addStruct(prefix, fv)
		case fv.Kind() == reflect.Struct && tag != "":
			err = d.addStruct(c.Label+".", fv)
		case tag != "":
			err = fmt.Errorf("field %s is a %s, not a stat", sf.Name, fv.Type())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// statIn returns the stat in a field of a struct, or nil.
func statIn(v reflect.Value) Stat {
	if !v.CanAddr() || !v.Addr().CanInterface() {
		return nil
	}
	s, _ := v.Addr().Interface().(Stat)
	return s
}

func typeOf(s Stat) format.Type {
	sp, _, _ := s.spec()
	return sp.Type
}

// specOf returns the field that a change declares a stat as, and its value at
// the start.
func specOf(c *change.Change, s Stat) (format.Spec, format.Value, error) {
	sp, v, err := s.spec()
	if c.Size != 0 {
		sp.Size = c.Size
	}
	d := &sp.Description
	if own := d.Unit; err == nil && own != "" && c.Description.Unit != "" && own != c.Description.Unit {
		err = fmt.Errorf("is in %s, not in %s", own, c.Description.Unit)
	}
	if c.Description.Unit != "" {
		d.Unit = c.Description.Unit
	}
	if c.Description.About != "" {
		d.About = c.Description.About
	}
	return sp, v, err
}

// parseTag reads `mmstats:"label,size=N,window=N,initial=VALUE"`. An initial
// value comes last and may hold commas.
func parseTag(tag string) (c change.Change, err error) {
	label, rest, _ := strings.Cut(tag, ",")
	c.Label = label
	for rest != "" {
		var item string
		if strings.HasPrefix(rest, "initial=") {
			item, rest = rest, ""
		} else {
			item, rest, _ = strings.Cut(rest, ",")
		}
		key, value, _ := strings.Cut(item, "=")
		switch key {
		case "initial":
			c.Text = value
		case "size", "window":
			if c.Size, err = strconv.Atoi(value); err != nil || c.Size < 1 {
				return c, fmt.Errorf("tag %q: %s is a number from 1", tag, key)
			}
		default:
			return c, fmt.Errorf("tag %q: unknown key %q", tag, key)
		}
	}
	return c, nil
}
