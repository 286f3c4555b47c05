package archivetest

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/archive"
)

// Commands are for test scripts:
//
//	night DIR           make the archive of [Night]
//	clocks DIR TIME...  make the archive of [Clocks]
//	damage DIR          change a byte in the middle of the first segment
func Commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"night": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(Night(ts.MkAbs(args[0])))
		},
		"clocks": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(Clocks(ts.MkAbs(args[0]), args[1:]...))
		},
		"damage": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(damage(ts.MkAbs(args[0])))
		},
	}
}

func damage(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*"+archive.Ext))
	if err != nil {
		return err
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return os.WriteFile(names[0], data, 0o600)
}
