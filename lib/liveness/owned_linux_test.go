package liveness

import (
	"os"
	"path/filepath"
	"testing"

	"mmstats/lib/format"
)

// TestOwned asks who owns a file whose lock is free, as a visitor does.
func TestOwned(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte{format.Version}, 0o600); err != nil {
		t.Fatal(err)
	}
	f, info := openFile(t, name)
	if err := f.TryLock(); err != nil {
		t.Fatal(err)
	}
	judge := Judge{Process: func(pid int) Process { return Process{Exists: pid == 7} }}
	for _, open := range []bool{false, true} {
		if open { // as the mapping of a program in Python is
			w, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
		}
		for _, test := range []struct {
			name  string
			w     Writer
			owned bool
		}{
			{"a script's that runs", Writer{PID: 7, Aligned: true}, true},
			{"a script's that ended", Writer{PID: 42, Aligned: true}, false},
			{"nobody's", Writer{Aligned: true}, false},
			{"a Go program's, whose lock would be held", Writer{PID: 7, Aligned: true, KeepsLock: true}, false},
			{"a Python program's that runs", Writer{PID: 7}, true},
			{"a Python program's that ended, and perhaps a child's", Writer{PID: 42}, open},
			{"one without sys.pid", Writer{}, open},
		} {
			if got := judge.Owned(f, test.w, info); got.Yes != test.owned {
				t.Errorf("open for writing %v: Owned(%s) = %v, want %v", open, test.name, got, test.owned)
			}
		}
	}
}
