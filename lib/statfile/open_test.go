package statfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mmstats/lib/format"
)

func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("good", []byte("\x01"), 0o666); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink("good", "link"))
	must(os.Symlink("loop", "loop"))
	must(os.Symlink("nowhere", "dangling"))
	must(os.Mkdir("dir", 0o777))
	must(syscall.Mkfifo("fifo", 0o666))
	must(os.Symlink("fifo", "fifolink"))
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(err)
	defer syscall.Close(socket)
	must(syscall.Bind(socket, &syscall.SockaddrUnix{Name: "socket"}))

	for _, test := range []struct {
		name   string
		follow bool
		want   string // the error
	}{
		{"good", false, ""},
		{"good", true, ""},
		{"link", true, ""},
		{"link", false, "is a symbolic link"},
		{"loop", false, "is a symbolic link"},
		{"loop", true, syscall.ELOOP.Error()},
		{"dangling", false, "is a symbolic link"},
		{"dangling", true, syscall.ENOENT.Error()},
		{"dir", true, "is a directory"},
		{"dir", false, "is a directory"},
		{"fifo", true, "not a regular file"},
		{"fifo", false, "not a regular file"},
		{"fifolink", true, "not a regular file"},
		{"socket", true, syscall.ENXIO.Error()},
		{"/dev/null", true, "not a regular file"},
		{"gone", false, syscall.ENOENT.Error()},
		{"good/x", true, syscall.ENOTDIR.Error()},
		{"", true, syscall.ENOENT.Error()},
	} {
		f, info, err := Open(test.name, test.follow)
		if test.want == "" {
			if err != nil || info.Size != 1 || !info.Regular() {
				t.Errorf("Open(%q, %v) = %+v, %v, want a file of 1 byte", test.name, test.follow, info, err)
				continue
			}
			f.Close()
			continue
		}
		var pathErr *fs.PathError
		if !errors.As(err, &pathErr) || pathErr.Path != test.name || pathErr.Err.Error() != test.want {
			t.Errorf("Open(%q, %v) = %v, want open %s: %s", test.name, test.follow, err, test.name, test.want)
		}
	}
}

func load(t *testing.T, l *Loader, data string) error {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
	f, info, err := Open(name, true)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return l.Load(f, info)
}

// A file is read as far as its fields go, and no further than MaxSize.
func TestLoad(t *testing.T) {
	file := []byte{format.Version}
	const fields = 3000
	for range fields {
		var err error
		if file, err = format.AppendField(file, format.Spec{Label: strings.Repeat("l", 30), Type: format.Counter}); err != nil {
			t.Fatal(err)
		}
	}
	end := len(file)
	full := string(file) + strings.Repeat("\x00", 1<<20)
	var l Loader
	for _, test := range []struct {
		maxSize, fields int
		reason          string
	}{
		{0, fields, ""},
		{end + 2, fields, ""},
		{end, fields, "fields go on past 144000 bytes, the most that is read"},
		{end - 1, fields - 1, "fields go on past 143999 bytes, the most that is read"},
		{Chunk, 1365, "fields go on past 65536 bytes, the most that is read"},
		{1, 0, "fields go on past 1 bytes, the most that is read"},
	} {
		l.MaxSize = test.maxSize
		err := load(t, &l, full)
		var damage *format.DamageError
		ok := err == nil
		if test.reason != "" {
			ok = errors.As(err, &damage) && damage.Reason == test.reason
		}
		if !ok || len(l.Fields) != test.fields {
			t.Errorf("Load with MaxSize %d = %d fields, %v, want %d, %s", test.maxSize, len(l.Fields), err, test.fields, test.reason)
		}
		if most := end + Chunk; len(l.Data) > most || test.maxSize > 0 && len(l.Data) > test.maxSize {
			t.Errorf("Load with MaxSize %d has read %d bytes, want at most %d", test.maxSize, len(l.Data), most)
		}
	}
	// A file of very many stats.
	l.MaxSize = 0
	many := "\x01" + strings.Repeat("\x01\x00x\x01\x00B\xff\x07", MaxStats)
	if err := load(t, &l, many); err != nil || len(l.Fields) != MaxStats || l.Limited {
		t.Errorf("Load of %d stats = %d, %v, want all", MaxStats, len(l.Fields), err)
	}
	err := load(t, &l, many+"\x01\x00x\x01\x00B\xff\x07")
	if err == nil || !strings.HasSuffix(err.Error(), "more than 32768 stats, the most that are read") || len(l.Fields) != MaxStats || l.End != len(many) || !l.Limited {
		t.Errorf("Load of %d stats = %d to byte %d, %v, want %d to byte %d", MaxStats+1, len(l.Fields), l.End, err, MaxStats, len(many))
	}
	// A file after a longer one shows nothing of it.
	l.MaxSize = 0
	if err := load(t, &l, "\x01"); err != nil || len(l.Fields) != 0 || l.End != 1 || len(l.Data) != 1 {
		t.Errorf("Load of a file without fields = %d fields to byte %d of %d, %v, want none", len(l.Fields), l.End, len(l.Data), err)
	}
}
