package mmstats_test

import (
	"errors"
	"os"
	"testing"

	"mmstats/lib/mmstats"
	"mmstats/lib/programtest"
)

// TestCreateKeepsAFileOfAChild creates a file where one is whose writer has
// ended, and which a child of that writer still updates.
func TestCreateKeepsAFileOfAChild(t *testing.T) {
	path := temp(t, "x.mmstats")
	if err := os.WriteFile(path, pythonFile(endedPID(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	child := programtest.StartReady(t, "hold", path)
	if _, err := mmstats.Create(mmstats.Options{Path: path}); !errors.Is(err, mmstats.ErrInUse) {
		t.Errorf("Create() over the file of a child that runs = %v, want %v", err, mmstats.ErrInUse)
	}
	child.Finish()
	f, err := mmstats.Create(mmstats.Options{Path: path})
	if err != nil {
		t.Fatalf("Create() after the child ended = %v", err)
	}
	f.Close()
}
