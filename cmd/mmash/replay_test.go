package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

// recordStart is when the archives of these tests begin.
var recordStart = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// A recorded is what is recorded: two files, of which the second counts twice
// as much.
type recorded struct {
	files   []*archive.File
	rising  bool // the rate is the number of the tick
	restart int  // the tick at which the first writer starts again
}

func newRecorded() *recorded {
	r := new(recorded)
	for i := range 2 {
		f := &archive.File{Path: fmt.Sprintf("/run/web-%d-%[1]d.mmstats", i+1), Inode: uint64(i + 1), Writer: archive.WriterRuns}
		for _, st := range []archive.Stat{
			{Label: "sys.pid", Type: format.Uint32, Kind: format.KindConstant},
			{Label: "web.load", Type: format.Float64, Kind: format.KindGauge, Live: true},
			{Label: "web.requests", Type: format.Counter, Kind: format.KindCounter, Live: true},
			{Label: "web.state", Type: format.String, Kind: format.KindString, Live: true},
		} {
			st.Words = make([]uint64, archive.WordsOf(st.Type))
			f.Stats = append(f.Stats, st)
		}
		f.Stats[0].Words[0] = uint64(i + 1)
		r.files = append(r.files, f)
	}
	return r
}

// record appends ticks to the archive at dir: the one with number n is made n
// seconds after recordStart.
func (r *recorded) record(t *testing.T, dir string, first, ticks int) {
	t.Helper()
	w, err := archive.NewWriter(dir, archive.Options{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for n := first; n < first+ticks; n++ {
		for i, f := range r.files {
			f.Stats[1].Words[0] = math.Float64bits(float64(n))
			f.Stats[2].Words[0] += uint64(10 * (i + 1))
			if r.rising {
				f.Stats[2].Words[0] += uint64(n - 10*(i+1))
			}
			if n > 0 && n == r.restart && i == 0 {
				f.Stats[2].Words[0] = 0
			}
			f.Stats[3].Text = fmt.Append(nil, "tick ", n)
		}
		m := archive.Moment{Time: recordStart.Add(time.Duration(n) * time.Second), Since: time.Duration(n-first) * time.Second}
		if err := w.Record(m, r.files); err != nil {
			t.Fatal(err)
		}
	}
}

// at returns a parameter that names a tick.
func at(name string, n int) string {
	return name + "=" + recordStart.Add(time.Duration(n)*time.Second).Format(time.RFC3339)
}

// The JSON of an archive is that of its last record, or of the last one at or
// before a time.
func TestReplayAnswers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	r := newRecorded()
	r.record(t, dir, 0, 700)
	cmd := clitest.Command("mmash", "-l", "127.0.0.1:0", "--private", "-r", dir)
	cmd.Env = append(cmd.Environ(), "TZ=UTC")
	p := startCommand(t, cmd)
	const bounds = "the archive is from 2026-11-23T03:00:00Z to 2026-11-23T03:11:39Z"
	for _, test := range []struct {
		path   string
		status int
		want   string
	}{
		{"/stats/", 200, `{"stats":["sys.pid","web.load","web.requests","web.state"]}`},
		{"/stats/web.", 200, `{"web.load":[699,699],"web.requests":[7000,14000],"web.state":["tick 699","tick 699"]}`},
		{"/stats/web.requests?aggr=sum&" + at("at", 99), 200, `{"web.requests":3000}`},
		{"/stats/web.state?aggr=one&at=03:05", 200, `{"web.state":"tick 300"}`},
		{"/stats/web.load?by=file&at=2026-11-23+03:05:30", 200, `{"web.load":{"web-1-1.mmstats":330,"web-2-2.mmstats":330}}`},
		{"/stats/web.load?glob=web-1*&at=-1m", 200, `{"web.load":[639]}`},
		{"/stats/web.load:count", 200, `{}`},
		{"/stats/web.none", 200, `{}`},
		{"/stats/?" + at("at", 0), 200, `{"stats":["sys.pid","web.load","web.requests","web.state"]}`},
		{"/stats/web.load?at=2026-11-23T03:05:30.999Z", 200, `{"web.load":[330,330]}`},
		{"/stats/web?at=2026-11-22", 404, `{"error":"nothing was recorded at 2026-11-22T00:00:00Z: ` + bounds + `"}`},
		{"/stats/web?" + at("at", 800), 404, `{"error":"nothing was recorded at 2026-11-23T03:13:20Z: ` + bounds + `"}`},
		{"/stats/web?at=noon", 400, `{"error":"a time is 03:12, '2026-11-23 03:12', 2026-11-23T03:12:00Z or -10m, not \"noon\""}`},
		{"/events?" + at("to", -1), 404, `{"error":"nothing was recorded at 2026-11-23T02:59:59Z: ` + bounds + `"}`},
		{"/events?" + at("from", 800) + "&" + at("to", 900), 404, `{"error":"nothing was recorded at 2026-11-23T03:13:20Z: ` + bounds + `"}`},
		{"/events?" + at("at", 800), 404, `{"error":"nothing was recorded at 2026-11-23T03:13:20Z: ` + bounds + `"}`},
		{"/events?from=-1m&to=-2m", 400, `{"error":"from is later than to"}`},
		{"/events?from=x", 400, `{"error":"a time is 03:12, '2026-11-23 03:12', 2026-11-23T03:12:00Z or -10m, not \"x\""}`},
		{"/metrics", 404, `{"error":"an archive is the past: Prometheus is to scrape a mmash without -r"}`},
		{"/files/web-1*?" + at("at", 20), 200, `{"files":["/run/web-1-1.mmstats"],"info":[{"file":"/run/web-1-1.mmstats","command":"web","pid":1,"live":true,"stale":false,"created":null,"uid":null,"stats":4}],"unreadable":[],"private":0}`},
	} {
		answer, body := p.ask(t, test.path)
		if answer.StatusCode != test.status || body != test.want+"\n" {
			t.Errorf("GET %s = %d %s, want %d %s", test.path, answer.StatusCode, body, test.status, test.want)
		}
		if got := answer.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("GET %s may be cached: %q", test.path, got)
		}
	}
	r.record(t, dir, 700, 5)
	if _, body := p.ask(t, "/stats/web.load?exact=1"); body != `{"web.load":[704,704]}`+"\n" {
		t.Errorf("after more was recorded, the last record has %s", body)
	}
}

// Without an archive, there is no other time than now.
func TestNoReplay(t *testing.T) {
	p := start(t, t.TempDir())
	for _, path := range []string{"/stats/?at=-1m", "/stats/web?at=-1m", "/files/?at=-1m", "/events?from=-1m", "/events?to=-1m"} {
		answer, body := p.ask(t, path)
		if answer.StatusCode != 400 || body != `{"error":"at, from and to are times of an archive, which mmash -r ARCHIVE shows"}`+"\n" {
			t.Errorf("GET %s = %d %s", path, answer.StatusCode, body)
		}
	}
}

// Who cannot show an archive says why.
func TestReplayRefused(t *testing.T) {
	dir := publicDir(t)
	newRecorded().record(t, dir+"/archive", 0, 3)
	if err := os.MkdirAll(dir+"/empty", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/file", []byte("no archive\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, want string }{
		{"-r " + dir + "/none", "mmash: " + dir + "/none: no such file or directory"},
		{"-r " + dir + "/empty", "mmash: " + dir + "/empty: not an archive"},
		{"-r " + dir + "/file", "mmash: " + dir + "/file: not an archive"},
		{"-r " + dir + "/archive x", `mmash: -r shows an archive, and no files: "x"`},
		{"-r " + dir + "/archive", "mmash: " + dir + "/archive: not everybody on this machine may read it, but connect here: --private shows it to all, and -l unix:PATH to you alone"},
	} {
		cmd := clitest.Command("mmash", append([]string{"-l", "127.0.0.1:0"}, strings.Fields(test.args)...)...)
		out, _ := cmd.CombinedOutput()
		if line, _, _ := strings.Cut(string(out), "\n"); line != test.want || cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("mmash %s says %q and ends with status %d, want %q and 2", test.args, line, cmd.ProcessState.ExitCode(), test.want)
		}
	}
}

// Over TCP, an archive that not everybody may read is not shown, whatever it was
// at the start.
func TestReplayPrivate(t *testing.T) {
	dir := publicDir(t)
	newRecorded().record(t, dir+"/archive", 0, 3)
	names, err := filepath.Glob(dir + "/archive/*")
	if err != nil || len(names) != 1 {
		t.Fatalf("segments %q, %v", names, err)
	}
	for path, perm := range map[string]os.FileMode{dir + "/archive": 0o755, names[0]: 0o644} {
		if err := os.Chmod(path, perm); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, "-r", dir+"/archive")
	if answer, body := p.ask(t, "/stats/web.load"); answer.StatusCode != 200 {
		t.Errorf("an archive for everybody: %d %s", answer.StatusCode, body)
	}
	if err := os.Chmod(names[0], 0o640); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/stats/", "/stats/web.load", "/files/", "/events"} {
		answer, body := p.ask(t, path)
		if answer.StatusCode != 403 || body != `{"error":"not everybody on this machine may read the archive; mmash --private shows it, as does a unix socket"}`+"\n" {
			t.Errorf("GET %s = %d %s", path, answer.StatusCode, body)
		}
	}
}
