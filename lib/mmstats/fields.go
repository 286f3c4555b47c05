package mmstats

import (
	"bytes"
	"strings"

	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

// endSize is the room for the 0 that ends the fields.
const endSize = 2

// reload loads and maps the fields that others added.
func (s *store) reload() error {
	if err := s.marked(); err != nil {
		return s.fail("read", err)
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	return s.loadMore(info.Size)
}

// loadMore loads and maps the fields that are new, of a file of size bytes.
func (s *store) loadMore(size int64) error {
	if err := s.loader.LoadMore(s.file, mapping.Info{Size: size}); err != nil {
		return err
	}
	s.complete = s.locked
	return s.loaded(size)
}

// loaded maps what was loaded, of a file of size bytes.
func (s *store) loaded(size int64) error {
	s.size = size
	s.mark, s.markAt = string([]byte{format.Version}), 0
	if n := len(s.loader.Fields); n > 0 {
		last := &s.loader.Fields[n-1]
		s.mark, s.markAt = s.header(last), last.Offset
	}
	return s.mapTo(s.loader.End, size)
}

// header returns what never changes of a field, up to its write buffer.
func (s *store) header(fd *format.Field) string {
	return string(s.loader.Data[fd.Offset:fd.IndexOffset()])
}

// marked reports an error if the last field is not in the file any more: one
// that was truncated and has grown again causes no fault.
func (s *store) marked() error {
	mark := make([]byte, len(s.mark))
	if len(mark) == 0 {
		return nil
	}
	if _, err := s.file.ReadAt(mark, int64(s.markAt)); err != nil || !bytes.Equal(mark, []byte(s.mark)) {
		return errRewritten
	}
	return nil
}

func (s *store) region() *mapping.Region { return s.regions[len(s.regions)-1] }

// mapTo makes sure that the last region holds the fields up to end and the 0
// after them, of a file of size bytes. It maps what the file has for more fields,
// too, as far as that is not out of proportion. Older maps stay in use.
func (s *store) mapTo(end int, size int64) error {
	need := end + endSize
	if int64(need) > size {
		need = end // the file ends with its last field
	}
	if len(s.regions) > 0 && s.region().Size() >= need {
		return nil
	}
	more := int(min(size, int64(2*need+mapping.PageSize())))
	r, err := mapping.Map(s.file, mapping.RoundUp(max(need, more)))
	if err == nil {
		r.Access = s.access
		s.regions = append(s.regions, r)
	}
	return err
}

// find returns the field with a label after the prefix, the first of them, or
// nil.
func (s *store) find(label string) *field {
	if f := s.fields[label]; f != nil {
		return f
	}
	for ; s.indexed < len(s.loader.Fields); s.indexed++ {
		label := string(s.loader.Fields[s.indexed].Label)
		if _, twice := s.index[label]; !twice {
			s.index[label] = s.indexed
		}
	}
	i, found := s.index[s.prefix+label]
	if !found {
		return nil
	}
	f := &field{store: s}
	s.attach(f, &s.loader.Fields[i])
	return f
}

// attach makes f the field that fd describes.
func (s *store) attach(f *field, fd *format.Field) {
	f.region, f.header = s.region(), s.header(fd)
	f.attach(fd)
	s.fields[strings.TrimPrefix(string(fd.Label), s.prefix)] = f
}

// append adds fields to the end of the file: content, which starts with what
// the fields so far leave of a multiple of 8. The caller is the only writer, and
// has loaded the file. With no file yet, content starts with the version.
func (s *store) append(content []byte) error {
	start := s.loader.End &^ 7
	end := start + len(content)
	size, err := s.reserve(end)
	if err != nil {
		return err
	}
	if s.loader.End == 0 {
		// The version comes last: it makes a file of what is there.
		_, err := s.file.WriteAt(content[1:], 1)
		if err == nil {
			_, err = s.file.WriteAt(content[:1], 0)
		}
		if err != nil {
			return err
		}
		return s.loadMore(size)
	}
	if err := s.marked(); err != nil {
		return s.fail("add", err)
	}
	if err := s.mapTo(end, size); err != nil {
		return err
	}
	// One field after the other, so that each appears whole.
	for at := s.loader.End - start; at < len(content); {
		fd, err := format.FieldAt(content, at)
		if err == nil {
			err = s.region().Append(start+at, content[at:fd.End()])
		}
		if err != nil {
			return s.fail("add", err)
		}
		at = fd.End()
	}
	return s.loadMore(size)
}

// reserve makes room in the file for fields up to end, and returns its size.
func (s *store) reserve(end int) (size int64, err error) {
	need := mapping.RoundUp(end + endSize)
	if int64(need) <= s.size {
		return s.size, nil
	}
	if s.loader.End == 0 {
		// A page for what may be added: the original's pollstats ends when a
		// file grows past its map.
		size = int64(need + mapping.PageSize())
	} else {
		// By a quarter more, so that many small fields make few maps.
		size = int64(mapping.RoundUp(need + need/4))
	}
	return size, s.file.Reserve(size)
}
