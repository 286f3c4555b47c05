package statfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestDefaults(t *testing.T) {
	for _, test := range []struct {
		path, files, glob             string
		wantDir, wantFiles, wantGlobs string
	}{
		{"", "", "", os.TempDir(), "{CMD}-{PID}-{TID}.mmstats", filepath.Join(os.TempDir(), "*.mmstats")},
		{"/run/stats", "", "", "/run/stats", "{CMD}-{PID}-{TID}.mmstats", "/run/stats/*.mmstats"},
		{"/run/stats/", "web-{PID}.mmstats", "/run/web-*", "/run/stats/", "web-{PID}.mmstats", "/run/web-*"},
		{`/a*b?c[d\e`, "", "", `/a*b?c[d\e`, "{CMD}-{PID}-{TID}.mmstats", `/a\*b\?c\[d\\e/*.mmstats`},
	} {
		t.Setenv("MMSTATS_PATH", test.path)
		t.Setenv("MMSTATS_FILES", test.files)
		t.Setenv("MMSTATS_GLOB", test.glob)
		if Dir() != test.wantDir || Template() != test.wantFiles || Glob() != test.wantGlobs {
			t.Errorf("with MMSTATS_PATH=%s MMSTATS_FILES=%s MMSTATS_GLOB=%s: %s, %s, %s, want %s, %s, %s",
				test.path, test.files, test.glob, Dir(), Template(), Glob(), test.wantDir, test.wantFiles, test.wantGlobs)
		}
	}
}

func TestExpand(t *testing.T) {
	cmd, pid := filepath.Base(os.Args[0]), os.Getpid()
	for _, test := range []struct {
		template, want, err string
	}{
		{"{CMD}-{PID}-{TID}.mmstats", fmt.Sprintf("%s-%d-7.mmstats", cmd, pid), ""},
		{"plain.mmstats", "plain.mmstats", ""},
		{"", "", ""},
		{"{PID}{PID}", fmt.Sprintf("%d%d", pid, pid), ""},
		{"a}b", "a}b", ""},
		{"{HOST}.mmstats", "", `template "{HOST}.mmstats": {HOST} is not one of {CMD}, {PID} and {TID}`},
		{"{pid}", "", `template "{pid}": {pid} is not one of {CMD}, {PID} and {TID}`},
		{"a{PID", "", `template "a{PID": the { has no }`},
		{"a{", "", `template "a{": the { has no }`},
		{"{}", "", `template "{}": {} is not one of {CMD}, {PID} and {TID}`},
	} {
		got, err := Expand(test.template, 7)
		if got != test.want || fmt.Sprint(err) != test.err && (err != nil || test.err != "") {
			t.Errorf("Expand(%q, 7) = %q, %v, want %q, %s", test.template, got, err, test.want, test.err)
		}
	}
}

func TestDirForTemporaryFiles(t *testing.T) {
	there := t.TempDir()
	for _, test := range []struct{ tmpdir, temp, tmp, want string }{
		{there, "/", "/", there},
		{"", there, "/", there},
		{"", "", there, there},
		{"", "", "", "/tmp"},
		{"/not/there", there, "", there},
		{"/not/there", "", "", "/tmp"},
		{os.Args[0], "", "", "/tmp"}, // no directory
	} {
		t.Setenv("MMSTATS_PATH", "")
		t.Setenv("TMPDIR", test.tmpdir)
		t.Setenv("TEMP", test.temp)
		t.Setenv("TMP", test.tmp)
		if got := Dir(); got != test.want {
			t.Errorf("with TMPDIR=%s TEMP=%s TMP=%s: Dir() = %s, want %s", test.tmpdir, test.temp, test.tmp, got, test.want)
		}
	}
}
