package mmstats

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strconv"
	"strings"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
	"mmstats/lib/statfile"
)

// A Stat is what can be declared in a file: a *Counter, *LocalCounter, *Gauge,
// *Bool, *String, *Average, *MovingAverage, *Timer or *Constant.
type Stat interface {
	// spec returns the field without its label, and its value at the start,
	// absent for zero.
	spec() (format.Spec, format.Value, error)
	// bind makes the stat update a field of a file.
	bind(b binding)
}

// A binding is a field of a file that is open.
type binding struct {
	file   *File
	region *mapping.Region
	field  *format.Field
}

// A declaration is a stat and what was said of it.
type declaration struct {
	label   string
	stat    Stat
	size    int    // of a String, in bytes, or window; 0 is the stat's own
	initial string // "" is none
}

// field returns the field that d describes.
func (d declaration) field() (format.Spec, format.Value, error) {
	sp, v, err := d.stat.spec()
	sp.Label = d.label
	if d.size > 0 {
		sp.Size = d.size
	}
	if d.initial != "" && err == nil {
		if sp.Type == format.Average || sp.Type == format.Moving {
			return sp, v, errors.New("an average has no initial value")
		}
		v, err = format.ParseValue(sp.Type, d.initial)
	}
	return sp, v, err
}

// Add declares one stat more, at any time. It is published when Add returns.
func (f *File) Add(label string, s Stat) error {
	return f.add([]declaration{{label: f.options.Prefix + label, stat: s}})
}

// AddStruct declares the stats of structs and Labeled ones, as Create does, in
// one go.
func (f *File) AddStruct(stats ...any) error {
	declared, err := declarations(f.options.Prefix, stats)
	if err != nil {
		return err
	}
	return f.add(declared)
}

// A Labeled is a stat with its label, for programs that learn their labels
// when they run.
type Labeled struct {
	Label string
	Stat  Stat
}

// declarations returns what structs and Labeled stats declare.
func declarations(prefix string, stats []any) (found []declaration, err error) {
	for _, s := range stats {
		if l, ok := s.(Labeled); ok {
			found = append(found, declaration{label: prefix + l.Label, stat: l.Stat})
			continue
		}
		v := reflect.ValueOf(s)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("mmstats: stats are declared by a pointer to a struct, not by a %T", s)
		}
		if found, err = structFields(found, prefix, v.Elem()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// structFields appends what a struct declares. An embedded struct declares as
// if its fields stood in the struct itself; a struct in a named field, with
// that name and a dot before each label.
func structFields(found []declaration, prefix string, v reflect.Value) ([]declaration, error) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		tag := sf.Tag.Get("mmstats")
		if tag == "-" {
			continue
		}
		d, err := parseTag(tag)
		if err != nil {
			return nil, fmt.Errorf("mmstats: field %s: %w", sf.Name, err)
		}
		if !sf.IsExported() && !(sf.Anonymous && sf.Type.Kind() == reflect.Struct) {
			if tag != "" {
				return nil, fmt.Errorf("mmstats: field %s is not exported", sf.Name)
			}
			continue
		}
		if d.label == "" {
			d.label = sf.Name
		}
		fv := v.Field(i)
		if fv.Kind() == reflect.Pointer && fv.Type().Elem().Kind() == reflect.Struct && !fv.IsNil() {
			fv = fv.Elem()
		}
		switch {
		case fv.CanAddr() && fv.Addr().CanInterface() && isStat(fv):
			d.stat = fv.Addr().Interface().(Stat)
			d.label = prefix + d.label
			found = append(found, d)
		case fv.Kind() == reflect.Struct && sf.Anonymous:
			found, err = structFields(found, prefix, fv)
		case fv.Kind() == reflect.Struct && tag != "":
			found, err = structFields(found, prefix+d.label+".", fv)
		case tag != "":
			err = fmt.Errorf("mmstats: field %s is a %s, not a stat", sf.Name, fv.Type())
		}
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func isStat(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(Stat)
	return ok
}

// parseTag reads `mmstats:"label,size=N,window=N,initial=VALUE"`. An initial
// value comes last and may hold commas.
func parseTag(tag string) (d declaration, err error) {
	label, rest, _ := strings.Cut(tag, ",")
	d.label = label
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
			d.initial = value
		case "size", "window":
			if d.size, err = strconv.Atoi(value); err != nil || d.size < 1 {
				return d, fmt.Errorf("tag %q: %s is a number from 1", tag, key)
			}
		default:
			return d, fmt.Errorf("tag %q: unknown key %q", tag, key)
		}
	}
	return d, nil
}

// add declares stats in a file that is published.
func (f *File) add(declared []declaration) error {
	if len(declared) == 0 {
		return nil
	}
	if !f.owner {
		// What is all there needs no lock, and so no wait for its owner.
		if done, err := f.attachAll(declared); done {
			return err
		}
	}
	return f.locked(func() error {
		if err := f.reload(); err != nil {
			return err
		}
		if err := f.check(declared); err != nil {
			return err
		}
		var missing []declaration
		for _, d := range declared {
			if f.find(d.label) == nil {
				missing = append(missing, d)
			}
		}
		if err := f.appendAll(missing); err != nil {
			return err
		}
		return f.attach(declared)
	})
}

// attachAll attaches stats that are all there, and reports whether they were.
func (f *File) attachAll(declared []declaration) (done bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return true, f.fail("add", fs.ErrClosed)
	}
	for _, d := range declared {
		if f.find(d.label) == nil {
			return false, nil
		}
	}
	if err := f.check(declared); err != nil {
		return true, err
	}
	return true, f.attach(declared)
}

// reload loads and maps what is there. After the first time, only what visitors
// added is read.
func (f *File) reload() error {
	if err := f.marked(); err != nil {
		return f.fail("read", err)
	}
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	if err := f.loader.LoadMore(f.f, info); err != nil {
		return err
	}
	f.mark, f.markAt = []byte{format.Version}, 0
	if n := len(f.loader.Fields); n > 0 {
		last := &f.loader.Fields[n-1]
		f.mark, f.markAt = bytes.Clone(f.loader.Data[last.Offset:last.IndexOffset()]), last.Offset
	}
	return f.mapAll(info.Size)
}

// find returns the field with a label, the first of them, or nil.
func (f *File) find(label string) *format.Field {
	for ; f.indexed < len(f.loader.Fields); f.indexed++ {
		label := string(f.loader.Fields[f.indexed].Label)
		if _, twice := f.index[label]; !twice {
			f.index[label] = f.indexed
		}
	}
	if i, found := f.index[label]; found {
		return &f.loader.Fields[i]
	}
	return nil
}

// check reports labels that are declared twice, and those that the file has
// with other types.
func (f *File) check(declared []declaration) error {
	labels := make(map[string]bool)
	for _, d := range declared {
		if f.labels[d.label] || labels[d.label] {
			return f.fail("add", fmt.Errorf("%q: %w", d.label, ErrDuplicate))
		}
		labels[d.label] = true
		fd := f.find(d.label)
		if fd == nil {
			continue
		}
		spec, _, err := d.field()
		if err != nil {
			return f.fail("add", fmt.Errorf("%q: %w", d.label, err))
		}
		if err := sameLayout(fd, spec); err != nil {
			return f.fail("add", fmt.Errorf("%q %w", d.label, err))
		}
	}
	return nil
}

// sameLayout reports an error where a field is not updated as spec says. The
// room of texts and windows may differ: that of the file counts.
func sameLayout(fd *format.Field, spec format.Spec) error {
	if fd.Type() != spec.Type {
		return fmt.Errorf("%w: %v, not %v", ErrOtherType, fd.Type(), spec.Type)
	}
	want, err := spec.Signature()
	if err != nil {
		return err
	}
	s := fd.Signature
	sameWay := updateOf(fd) == spec.Update && s.Code == want.Code && s.BigEndian == want.BigEndian
	if spec.Update != format.Never {
		sameWay = sameWay && fd.ValueOffset%8 == 0 && s.ValueOffset == 0 && s.Size%8 == 0
	}
	if !sameWay {
		return fmt.Errorf("%w: it is updated in another way (signature %q)", ErrOtherType, fd.Signature.Text)
	}
	return nil
}

// updateOf returns how the layout of a field says that it is updated.
func updateOf(fd *format.Field) format.Update {
	switch {
	case fd.Signature.TrailingBlank:
		return format.Shared
	case fd.Signature.LeadingBlank:
		return format.Owned
	}
	return format.Never
}

// appendAll adds fields to the end of the file. The caller holds the lock, and
// has loaded the file.
func (f *File) appendAll(missing []declaration) error {
	if len(missing) == 0 {
		return nil
	}
	// Their offsets matter only in what they leave from a multiple of 8.
	end := f.loader.End
	before := end &^ 7
	content := make([]byte, end-before)
	var err error
	for _, d := range missing {
		if content, err = f.appendField(content, d); err != nil {
			f.undeclare(missing)
			return f.fail("add", err)
		}
	}
	f.undeclare(missing) // attach declares them
	if size := before + len(content); size > statfile.DefaultMaxSize-endSize {
		return f.fail("add", tooLarge(missing[len(missing)-1].label))
	}
	if err := f.grow(before + len(content)); err != nil {
		return err
	}
	// One field after the other, so that each appears whole.
	for at := end - before; at < len(content); {
		fd, err := format.FieldAt(content, at)
		if err == nil {
			err = f.region().Append(before+at, content[at:fd.End()])
		}
		if err != nil {
			return f.fail("add", err)
		}
		at = fd.End()
	}
	return f.reload()
}

func (f *File) undeclare(declared []declaration) {
	for _, d := range declared {
		delete(f.labels, d.label)
	}
}

// grow makes room in the file, and in the memory that maps it, for fields up
// to end.
func (f *File) grow(end int) error {
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	size := mapping.RoundUp(end + endSize)
	if int64(size) > info.Size {
		// By a quarter more, so that many small fields make few maps.
		size = mapping.RoundUp(size + size/4)
		if err := f.f.Reserve(int64(size)); err != nil {
			return err
		}
	}
	if f.region().Size() >= end+endSize {
		return nil
	}
	return f.mapMore(size)
}

// attach binds stats to their fields, which are there. The caller is the only
// one to use the file.
func (f *File) attach(declared []declaration) error {
	for _, d := range declared {
		fd := f.find(d.label)
		if fd == nil {
			return f.fail("add", fmt.Errorf("%q: %w", d.label, ErrReplaced))
		}
		own := *fd
		own.Label = nil // it would keep all of the loaded file
		d.stat.bind(binding{f, f.region(), &own})
		f.labels[d.label] = true
	}
	return nil
}
