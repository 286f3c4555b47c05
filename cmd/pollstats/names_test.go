package main

import (
	"testing"
	"time"

	"mmstats/lib/liveness"
	"mmstats/lib/reader"
)

// Processes are called as their programs, and as their files where several run
// one.
func TestNamesOf(t *testing.T) {
	var traces []*trace
	for _, p := range []struct {
		path string
		pid  int
		name string
	}{
		{"/tmp/web-7-7.mmstats", 7, "web-7"},
		{"/tmp/web-8-9.mmstats", 8, "web-8-9"},
		{"/tmp/jobs-5-5.mmstats", 5, "jobs"},
		{"/tmp/batch.mmstats", 0, "batch"},
		{"/tmp/a/same.mmstats", 0, "/tmp/a/same.mmstats"},
		{"/tmp/b/same.mmstats", 0, "/tmp/b/same.mmstats"},
	} {
		f := &reader.File{Path: p.path, Writer: liveness.Writer{PID: p.pid}}
		traces = append(traces, &trace{process: &process{path: p.path, file: f}, text: p.name})
	}
	for tr, name := range namesOf(traces) {
		if name != tr.text {
			t.Errorf("%s is called %q, want %q", tr.process.path, name, tr.text)
		}
	}
}

func TestAgeText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 99 * time.Second: "99s", 100 * time.Second: "1m", 99 * time.Minute: "99m",
		100 * time.Minute: "1h", 47 * time.Hour: "47h", 48 * time.Hour: "2d", 999 * 24 * time.Hour: "999d", 1000 * 24 * time.Hour: "2y",
	} {
		if got := ageText(d); got != want {
			t.Errorf("ageText(%v) = %q, want %q", d, got, want)
		}
	}
}
