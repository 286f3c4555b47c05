package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"mmstats/lib/format"
)

// webFiles makes three files of one program.
func webFiles(t *testing.T, dir string) {
	for i, requests := range []string{"300", "200", "100"} {
		write(t, fmt.Sprintf("%s/web-%d.mmstats", dir, i+1),
			stat{label: "web.requests", typ: format.Counter, value: requests},
			stat{label: "web.requests.slow", typ: format.Counter, value: "1"},
			stat{label: "web.load", typ: format.Float64, value: "0.5"},
			stat{label: "web.state", typ: format.String, value: "up"},
			stat{label: "web.ready", typ: format.Bool, value: "true"})
	}
}

// The answers are those of the Python original, and more.
func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	webFiles(t, dir)
	if err := os.MkdirAll(dir+"/other", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/other/a-1.mmstats", stat{label: "a", typ: format.Counter, value: "5"}, stat{label: "x:y", typ: format.Counter, value: "7"})
	p := start(t, "--private", dir, dir+"/other/a-1.mmstats")
	for _, test := range []struct {
		path   string
		status int
		want   string
	}{
		{"/stats/", 200, `{"stats":["a","web.load","web.ready","web.requests","web.requests.slow","web.state","x:y"]}`},
		{"/stats/web.requests", 200, `{"web.requests":[300,200,100],"web.requests.slow":[1,1,1]}`},
		{"/stats/web.requests?exact=1", 200, `{"web.requests":[300,200,100]}`},
		{"/stats/web.requests?exact=false", 200, `{"web.requests":[300,200,100],"web.requests.slow":[1,1,1]}`},
		{"/stats/web.requests?exact=0&exact=1", 200, `{"web.requests":[300,200,100],"web.requests.slow":[1,1,1]}`},
		{"/stats/web.requests?exact=", 200, `{"web.requests":[300,200,100],"web.requests.slow":[1,1,1]}`},
		{"/stats/web.re?aggr=sum", 200, `{"web.ready":3,"web.requests":600,"web.requests.slow":3}`},
		{"/stats/web.requests?exact=1&aggr=avg", 200, `{"web.requests":200}`},
		{"/stats/web.requests?exact=1&aggr=max", 200, `{"web.requests":300}`},
		{"/stats/web.?aggr=min", 200, `{"web.load":0.5,"web.ready":1,"web.requests":100,"web.requests.slow":1,"web.state":null}`},
		{"/stats/web.state?aggr=one", 200, `{"web.state":"up"}`},
		{"/stats/web.state?aggr=count", 200, `{"web.state":3}`},
		{"/stats/web?aggr=median", 400, `{"error":"aggr is sum, avg, min, max, one, count, nonzero-min or nonzero-avg"}`},
		{"/stats/nothing", 200, `{}`},
		{"/stats/nothing?aggr=sum", 200, `{}`},
		{"/stats/web.requests?exact=1&glob=web-[12]*", 200, `{"web.requests":[300,200]}`},
		{"/stats/web.requests?exact=1&glob=web-[!12]*", 200, `{"web.requests":[100]}`},
		{"/stats/web.requests?exact=1&by=file", 200, `{"web.requests":{"web-1.mmstats":300,"web-2.mmstats":200,"web-3.mmstats":100}}`},
		{"/stats/web.requests?by=file&aggr=sum", 400, `{"error":"by and aggr exclude each other"}`},
		{"/stats/web.ready?exact=1", 200, `{"web.ready":[true,true,true]}`},
		{"/stats/x:y", 200, `{"x:y":[7]}`},
		{"/stats/a?unknown=1", 200, `{"a":[5]}`},
		{"/files/nothing*", 200, `{"files":[],"info":[],"unreadable":[],"private":0}`},
		{"/nothing", 404, `{"error":"no such page"}`},
		{"/static/../main.go", 404, `{"error":"no such page"}`},
		{"/static/", 404, `{"error":"no such page"}`},
		{"/stats/?" + strings.Repeat("x", 2049), 414, `{"error":"the query is longer than 2048 bytes"}`},
	} {
		answer, body := p.ask(t, test.path)
		if answer.StatusCode != test.status || body != test.want+"\n" {
			t.Errorf("GET %.60s = %d %s, want %d %s", test.path, answer.StatusCode, body, test.status, test.want)
		}
		if got := answer.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("GET %.60s is of type %q", test.path, got)
		}
	}
	_, body := p.ask(t, "/files/")
	var files struct{ Files []string }
	if err := json.Unmarshal([]byte(body), &files); err != nil || len(files.Files) != 4 || files.Files[0] != dir+"/other/a-1.mmstats" {
		t.Errorf("/files/ = %s", body)
	}
	_, body = p.ask(t, "/files/web-1*")
	info, _ := os.Stat(dir + "/web-1.mmstats")
	want := fmt.Sprintf(`{"files":[%q],"info":[{"file":%[1]q,"command":"web-1","pid":null,"live":null,"stale":false,"created":null,"uid":%d,"stats":5}],"unreadable":[],"private":0}`+"\n",
		dir+"/web-1.mmstats", info.Sys().(*syscall.Stat_t).Uid)
	if body != want {
		t.Errorf("/files/web-1* = %s, want %s", body, want)
	}
}

// An average without samples has a count, but no mean.
func TestPartsWithoutSamples(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.mmstats", stat{label: "lat", typ: format.Average, value: "0"})
	p := start(t, "--private", dir)
	for path, want := range map[string]string{
		"/stats/lat:count": `{"lat:count":[0]}`,
		"/stats/lat:sum":   `{"lat:sum":[0]}`,
		"/stats/lat:mean":  `{}`,
	} {
		if _, body := p.ask(t, path); body != want+"\n" {
			t.Errorf("GET %s = %s, want %s", path, body, want)
		}
	}
}

func TestMethodsAndRedirects(t *testing.T) {
	p := start(t, t.TempDir())
	for path, want := range map[string]string{"/stats": "stats/", "/files": "files/", "/graph?s=a": "graph/?s=a"} {
		answer, body := p.ask(t, path)
		if answer.StatusCode != 308 || answer.Header.Get("Location") != want || body != "" {
			t.Errorf("GET %s = %d to %q, want 308 to %q", path, answer.StatusCode, answer.Header.Get("Location"), want)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		answer, body := p.ask(t, "/stats/", func(r *http.Request) { r.Method = method })
		if answer.StatusCode != 405 || answer.Header.Get("Allow") != "GET, HEAD" || body != `{"error":"the method `+method+` is not allowed"}`+"\n" {
			t.Errorf("%s = %d %s", method, answer.StatusCode, body)
		}
	}
	for _, path := range []string{"/", "/graph/", "/stats/", "/files/", "/metrics", "/events"} {
		answer, body := p.ask(t, path, func(r *http.Request) { r.Method = "HEAD" })
		if answer.StatusCode != 200 || body != "" {
			t.Errorf("HEAD %s = %d %q", path, answer.StatusCode, body)
		}
	}
}

// Whatever a client asks for, it reads the files that mmash looks at, and no
// other.
func TestNoOtherFileIsRead(t *testing.T) {
	dir := t.TempDir()
	webFiles(t, dir)
	secret := t.TempDir()
	write(t, secret+"/secret.mmstats", stat{label: "secret", typ: format.Counter, value: "1"})
	if err := os.Symlink(secret+"/secret.mmstats", dir+"/link.mmstats"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(dir+"/fifo.mmstats", 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--private", dir)
	encoded := strings.NewReplacer("/", "%2f", ".", "%2e").Replace(secret + "/*")
	for path, status := range map[string]int{
		"/stats/?glob=" + secret + "/*":               200, // the list of labels has no glob
		"/stats/secret?glob=" + secret + "/*":         400,
		"/stats/secret?glob=" + encoded:               400,
		"/stats/secret?glob=../*":                     400,
		"/stats/secret?glob=%2e%2e%2f*":               400,
		"/stats/secret?glob=[":                        400,
		"/stats/secret?glob=link*":                    200,
		"/files/" + secret + "/secret.mmstats":        400,
		"/files/..%2f*":                               400,
		"/files/%2e%2e/*":                             400,
		"/files/" + encoded:                           400,
		"/files/[":                                    400,
		"/files/link*":                                200,
		"/metrics?glob=" + encoded:                    400,
		"/events?file=" + encoded:                     400,
		"/static/..%2f..%2fmain.go":                   404,
		"/static/" + encoded:                          404,
		"/stats/%2e%2e%2f" + secret + "%00":           200,
		"/" + strings.Repeat("../", 9) + "etc/passwd": 404,
		"/static/%2e%2e/pages/index.html":             404,
		"/stats/" + strings.Repeat("a", 8<<10):        200,
		"/files/" + strings.Repeat("[a-z]*", 300):     200,
		"/stats/x?glob=" + strings.Repeat("*a", 500):  200,
		"/stats/secret?glob=\x80%ff":                  200,
		"/metrics?label=[":                            400,
		"/metrics?format=xml":                         400,
		"/events?by=moon":                             400,
		"/events?history=-1":                          400,
	} {
		answer, body := p.ask(t, path)
		if answer.StatusCode != status {
			t.Errorf("GET %.80s = %d %.200s, want %d", path, answer.StatusCode, body, status)
		}
		if status != 400 && strings.Contains(body, `"secret"`) || strings.Contains(body, "root:") {
			t.Errorf("GET %.80s tells %.200s", path, body)
		}
	}
	_, body := p.ask(t, "/files/")
	for _, want := range []string{
		`{"file":"` + dir + `/fifo.mmstats","error":"not a regular file"}`,
		`{"file":"` + dir + `/link.mmstats","error":"is a symbolic link"}`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

// Values come as strict JSON, whatever they and their labels are.
func TestValuesAreStrictJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.mmstats",
		stat{label: "most", typ: format.Counter, value: "18446744073709551615"},
		stat{label: "least", typ: format.Int64, value: "-9223372036854775808"},
		stat{label: "nan", typ: format.Float64, value: "NaN"},
		stat{label: "inf", typ: format.Float64, value: "+Inf"},
		stat{label: "bad?\"\\\x1b", typ: format.String, value: "a\xffb\x00c\n"},
		stat{label: "sum", typ: format.Counter, value: "1"})
	data, err := os.ReadFile(dir + "/a.mmstats")
	if err != nil {
		t.Fatal(err)
	}
	// No writer of ours makes such a label.
	data = bytes.Replace(data, []byte("bad?"), []byte("bad\xff"), 1)
	if err := os.WriteFile(dir+"/a.mmstats", data, 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/b.mmstats", stat{label: "sum", typ: format.Float64, value: "NaN"})
	p := start(t, "--private", dir)
	for path, want := range map[string]string{
		"/stats/most":         `{"most":[18446744073709551615]}`,
		"/stats/least":        `{"least":[-9223372036854775808]}`,
		"/stats/nan":          `{"nan":[null]}`,
		"/stats/inf?by=file":  `{"inf":{"a.mmstats":null}}`,
		"/stats/sum?aggr=sum": `{"sum":null}`,
		"/stats/bad%ff":       "{\"bad\ufffd\\\"\\\\\\u001b\":[\"a\ufffdb\"]}",
	} {
		_, body := p.ask(t, path)
		strict(t, body)
		if body != want+"\n" || !utf8.ValidString(body) {
			t.Errorf("GET %s = %q, want %q", path, body, want)
		}
	}
	_, body := p.ask(t, "/stats/")
	strict(t, body)
	p.streamed(t, "/events?by=file", 1, func(name string, data any) {
		if name == "tick" && !strings.Contains(fmt.Sprint(data), "18446744073709551615") {
			t.Errorf("a stream has no 2^64-1: %v", data)
		}
	})
}

// A hostile file costs no more than its size, and others are still read.
func TestHostileFile(t *testing.T) {
	dir := t.TempDir()
	webFiles(t, dir)
	var b bytes.Buffer
	b.WriteByte(format.Version)
	for i := 0; b.Len() < 16<<20-64; i++ {
		label := fmt.Sprintf("%x", i)
		binary.Write(&b, binary.NativeEndian, uint16(len(label)))
		b.WriteString(label)
		b.Write([]byte{1, 0, 'b', 255, 7})
	}
	if err := os.WriteFile(dir+"/hostile.mmstats", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--private", dir)
	if _, body := p.ask(t, "/stats/web.requests?exact=1"); body != `{"web.requests":[300,200,100]}`+"\n" {
		t.Errorf("beside a hostile file: %s", body)
	}
	_, body := p.ask(t, "/stats/")
	strict(t, body)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("no /proc here")
	}
	var peak int
	for line := range strings.Lines(string(status)) {
		if n, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(n, &peak)
		}
	}
	// The race detector alone takes several times as much.
	if limit := 128 << 10; !raceEnabled && peak > limit {
		t.Errorf("mmash took %d KiB for it", peak)
	}
}

// An address that is relative leads somewhere, whatever stands before it.
func TestGlobNamesAreBaseNames(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.mmstats"), stat{label: "n", typ: format.Counter, value: "1"})
	if err := os.Mkdir(dir+"/b", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "b", "a.mmstats"), stat{label: "n", typ: format.Counter, value: "2"})
	p := start(t, "--private", dir, dir+"/b")
	want := fmt.Sprintf(`{"n":{%q:1,%q:2}}`+"\n", dir+"/a.mmstats", dir+"/b/a.mmstats")
	if _, body := p.ask(t, "/stats/n?by=file&glob=a*"); body != want {
		t.Errorf("two files of one name: %s, want %s", body, want)
	}
}

// A writer whose heartbeat is overdue is stale.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	now := fmt.Sprint(time.Now().Unix() + 1000) // it cannot be overdue in this test
	for name, beat := range map[string]string{"fresh": now, "stale": "1000000000"} {
		write(t, dir+"/"+name+".mmstats", stat{label: "sys.heartbeat", typ: format.Float64, value: beat, about: format.Description{Every: 1}})
	}
	write(t, dir+"/none.mmstats", stat{label: "time", typ: format.Float64, value: "1000000000"})
	p := start(t, "--private", dir)
	for name, want := range map[string]string{"fresh": "false", "stale": "true", "none": "false"} {
		eventually(t, name+" has stale "+want, func() bool {
			_, body := p.ask(t, "/files/"+name+"*")
			return strings.Contains(body, `"stale":`+want+`,`)
		})
	}
}
