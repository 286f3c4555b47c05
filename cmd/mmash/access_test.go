package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

func TestHosts(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "--allow-host", "Stats.example", t.TempDir())
	for host, want := range map[string]int{
		"127.0.0.1:5002": 200, "127.0.0.1": 200, "[::1]": 200, "[::1]:5002": 200, "192.0.2.7:80": 200,
		"localhost": 200, "LocalHost:5002": 200, "localhost.": 200, "localhost.:5002": 200,
		machine: 200, strings.ToUpper(machine) + ".:99": 200,
		"stats.example": 200, "STATS.EXAMPLE.:443": 200,
		"localhost.evil.com": 403, "127.0.0.1.evil.com": 403, "evil.com": 403, "evil.com:5002": 403,
		"stats.example.evil.com": 403, "localhost..": 403, "notlocalhost": 403, "127.0.0.1:x": 403,
		"localhost:5002:1": 403, "stats.example@evil.com": 403,
	} {
		answer, body := p.ask(t, "/stats/", func(r *http.Request) { r.Host = host })
		if answer.StatusCode != want && !(want == 403 && answer.StatusCode == 400) {
			t.Errorf("Host %q = %d %s, want %d", host, answer.StatusCode, body, want)
		}
	}
	_, body := p.ask(t, "/stats/", func(r *http.Request) { r.Host = "web.example:80" })
	if want := `{"error":"the host web.example:80 is not a name of this server; mmash --allow-host web.example allows it"}` + "\n"; body != want {
		t.Errorf("a refusal is %s, want %s", body, want)
	}
	if answer, _ := p.ask(t, "/stats/", func(r *http.Request) { r.Host = "evil.com"; r.Header.Set("X-Forwarded-Host", "localhost") }); answer.StatusCode != 403 {
		t.Error("X-Forwarded-Host was looked at")
	}
	if (hosts{}).allow("") || (hosts{any: true}).allow("") {
		t.Error("an empty host is allowed")
	}
	if p := start(t, "--allow-host", "*", t.TempDir()); p != nil {
		if answer, _ := p.ask(t, "/", func(r *http.Request) { r.Host = "anything.example" }); answer.StatusCode != 200 {
			t.Errorf("with *, a host = %d", answer.StatusCode)
		}
	}
}

// A request of HTTP/1.0 may name no host.
func TestNoHost(t *testing.T) {
	p := start(t, t.TempDir())
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /stats/ HTTP/1.0\r\n\r\n")
	answer := make([]byte, 64)
	if n, err := c.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.0 403 ") {
		t.Errorf("without a host: %q, %v", answer, err)
	}
}

func TestOtherSites(t *testing.T) {
	p := start(t, t.TempDir())
	host := strings.TrimPrefix(p.url, "http://")
	for _, test := range []struct {
		site, mode, origin string
		want               int
	}{
		{"", "", "", 200},
		{"same-origin", "cors", "", 200},
		{"same-origin", "cors", "http://" + host, 200},
		{"none", "navigate", "", 200},
		{"cross-site", "navigate", "", 200},
		{"cross-site", "no-cors", "", 403},
		{"cross-site", "cors", "", 403},
		{"cross-site", "websocket", "", 403},
		{"", "", "https://evil.com", 403},
		{"", "", "http://" + host + ".evil.com", 403},
		{"", "", "http://127.0.0.1:1", 403},
		{"", "", "null", 403},
		{"same-origin", "cors", "https://evil.com", 403},
	} {
		answer, body := p.ask(t, "/stats/", func(r *http.Request) {
			for name, value := range map[string]string{"Sec-Fetch-Site": test.site, "Sec-Fetch-Mode": test.mode, "Origin": test.origin} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
		})
		if answer.StatusCode != test.want {
			t.Errorf("%+v = %d %s", test, answer.StatusCode, body)
		}
		if answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%+v has a CORS header", test)
		}
	}
}

// What keeps pages from being misused is on every answer.
func TestHeaders(t *testing.T) {
	p := start(t, t.TempDir())
	_, page := p.ask(t, "/")
	script := regexp.MustCompile(`static/list\.js\?v=[0-9a-f]+`).FindString(page)
	const data, fixed = "no-store", "public, max-age=31536000, immutable"
	for path, cache := range map[string]string{
		"/": "no-cache", "/graph/": "no-cache", "/" + script: fixed, "/static/list.js": "no-cache", "/static/list.js?v=0": "no-cache",
		"/favicon.ico": "no-cache", "/stats/": data, "/stats/x": data, "/files/": data, "/metrics": data, "/stats": data, "/nothing": data,
		"/stats/x?aggr=no": data,
	} {
		answer, _ := p.ask(t, path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
				"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": cache,
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("GET %s has %s %q, want %q", path, name, got, want)
			}
		}
		if answer.StatusCode != 308 && answer.Header.Get("Content-Type") == "" {
			t.Errorf("GET %s has no Content-Type", path)
		}
	}
	answer, err := p.client.Head(p.url + "/events")
	if err != nil || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("/events has %v, %v", answer, err)
	}
	if answer, _ := p.ask(t, "/metrics"); answer.Header.Get("Vary") != "Accept, Accept-Encoding" {
		t.Errorf("/metrics varies by %q", answer.Header.Get("Vary"))
	}
}

// What a browser has already is not sent again.
func TestPagesAreCached(t *testing.T) {
	p := start(t, t.TempDir())
	for _, path := range []string{"/", "/graph/", "/static/style.css"} {
		answer, _ := p.ask(t, path)
		tag := answer.Header.Get("ETag")
		again, body := p.ask(t, path, header("If-None-Match", `"other", W/`+tag))
		if tag == "" || again.StatusCode != 304 || body != "" {
			t.Errorf("GET %s with its tag %s = %d", path, tag, again.StatusCode)
		}
		if other, _ := p.ask(t, path, header("If-None-Match", `"other"`)); other.StatusCode != 200 {
			t.Errorf("GET %s with another tag = %d", path, other.StatusCode)
		}
	}
}

// Large answers are compressed for those who take that, and streams never are.
func TestCompression(t *testing.T) {
	dir := t.TempDir()
	var stats []stat
	for i := range 500 {
		stats = append(stats, stat{label: fmt.Sprint("label.", i), typ: format.Counter, value: "1"})
	}
	write(t, dir+"/a.mmstats", stats...)
	p := start(t, "--private", dir)
	for _, test := range []struct{ path, accept, want string }{
		{"/stats/", "gzip", "gzip"}, {"/stats/", "br, gzip;q=0.5", "gzip"}, {"/stats/", "gzip;q=0", ""}, {"/stats/", "", ""}, {"/stats/", "br", ""},
		{"/metrics", "gzip, deflate", "gzip"}, {"/stats/label.7?exact=1", "gzip", ""},
	} {
		answer, _ := p.ask(t, test.path, header("Accept-Encoding", test.accept))
		if got := answer.Header.Get("Content-Encoding"); got != test.want {
			t.Errorf("GET %s for %q is encoded by %q, want %q", test.path, test.accept, got, test.want)
		}
	}
}

// Behind a proxy that strips a prefix, everything that pages and redirects lead
// to is there.
func TestBehindProxy(t *testing.T) {
	p := start(t, t.TempDir())
	target, _ := url.Parse(p.url)
	proxy := httptest.NewServer(http.StripPrefix("/tools/stats", httputil.NewSingleHostReverseProxy(target)))
	defer proxy.Close()
	get := func(address string) (*http.Response, string) {
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body := new(strings.Builder)
		fmt.Fprint(body, readAll(t, answer))
		return answer, body.String()
	}
	root := proxy.URL + "/tools/stats/"
	if answer, _ := get(root + "graph"); answer.Request.URL.String() != root+"graph/" || answer.StatusCode != 200 {
		t.Errorf("graph leads to %s, %d", answer.Request.URL, answer.StatusCode)
	}
	for _, page := range []string{root, root + "graph/"} {
		answer, body := get(page)
		links := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(body, -1)
		if len(links) < 8 {
			t.Errorf("%s has %d links", page, len(links))
		}
		for _, link := range links {
			u, err := answer.Request.URL.Parse(link[1])
			if err != nil || !strings.HasPrefix(u.String(), root) {
				t.Fatalf("%s leads to %s, %v", page, u, err)
			}
			if answer, _ := get(u.String()); answer.StatusCode != 200 {
				t.Errorf("%s = %d", u, answer.StatusCode)
			}
		}
	}
}

// Over TCP anybody on the machine can ask: what only its owner may read is not
// told.
func TestPrivateFiles(t *testing.T) {
	dir := publicDir(t)
	write(t, dir+"/public.mmstats", stat{label: "n", typ: format.Counter, value: "1"})
	write(t, dir+"/private.mmstats", stat{label: "n", typ: format.Counter, value: "2"})
	if err := os.Mkdir(dir+"/closed", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/closed/in.mmstats", stat{label: "n", typ: format.Counter, value: "4"})
	if err := os.Chmod(dir+"/private.mmstats", 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{dir, dir + "/closed"}
	socket := dir + "/socket"
	p := start(t, append([]string{"-l", "unix:" + socket}, args...)...)
	overUnix := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }}}
	unix := func(path string) string {
		answer, err := overUnix.Get("http://localhost" + path)
		if err != nil {
			t.Fatal(err)
		}
		return readAll(t, answer)
	}
	for _, test := range []struct{ name, got, want string }{
		{"over TCP", second(p.ask(t, "/stats/n?by=file")), `{"n":{"public.mmstats":1}}`},
		{"over the socket", unix("/stats/n?aggr=sum"), `{"n":7}`},
		{"with --private", second(start(t, append([]string{"--private"}, args...)...).ask(t, "/stats/n?aggr=sum")), `{"n":7}`},
	} {
		if test.got != test.want+"\n" {
			t.Errorf("%s: %s, want %s", test.name, test.got, test.want)
		}
	}
	if _, body := p.ask(t, "/files/"); !strings.Contains(body, `"private":2}`) || strings.Contains(body, "in.mmstats") || strings.Contains(body, "private.mmstats") {
		t.Errorf("over TCP: %s", body)
	}
	if body := second(p.ask(t, "/metrics")); strings.Contains(body, "private.mmstats") || !strings.Contains(body, "\nmmstats_files_private 2\n") {
		t.Errorf("over TCP: %s", body)
	}
	p.streamed(t, "/events?by=file", 1, func(name string, data any) {
		if text := fmt.Sprint(data); strings.Contains(text, "private.mmstats") || strings.Contains(text, "in.mmstats") {
			t.Errorf("a stream over TCP tells %s", text)
		}
	})
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if status := p.end(t); status != 0 {
		t.Errorf("status %d", status)
	}
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func second(_ *http.Response, body string) string { return body }

// An address that package net would take for a socket without a file, to which
// everybody may connect, or for any port on all addresses, is none.
func TestAddressesOpenToAll(t *testing.T) {
	for _, address := range []string{"", ":", "localhost:", "unix:", "unix:@mmash"} {
		cmd := clitest.Command("mmash", "-l", address, t.TempDir())
		timer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		out, _ := cmd.CombinedOutput()
		timer.Stop()
		if status := cmd.ProcessState.ExitCode(); status != 2 || strings.Contains(string(out), "listening") {
			t.Errorf("-l %q: %q, status %d, want status 2", address, out, status)
		}
	}
}

// A socket of a mmash that was killed is replaced, and one that is in use, or a
// file, is not.
func TestSocketIsReplaced(t *testing.T) {
	socket := t.TempDir() + "/s"
	run := func() (string, int) {
		cmd := clitest.Command("mmash", "-l", "unix:"+socket)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	first := startCommand(t, clitest.Command("mmash", "-l", "unix:"+socket, t.TempDir()))
	if out, status := run(); status != 2 || out != "mmash: unix:"+socket+": address already in use\n" {
		t.Errorf("beside another mmash: %q, status %d", out, status)
	}
	first.cmd.Process.Kill()
	first.end(t)
	if _, err := os.Lstat(socket); err != nil {
		t.Fatal(err)
	}
	next := startCommand(t, clitest.Command("mmash", "-l", "unix:"+socket, t.TempDir()))
	if next.url != "unix:"+socket {
		t.Errorf("listens on %s", next.url)
	}
	next.cmd.Process.Signal(syscall.SIGTERM)
	next.end(t)
	if err := os.WriteFile(socket, []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := run(); status != 2 {
		t.Errorf("on a file: %q, status %d", out, status)
	}
	if data, err := os.ReadFile(socket); string(data) != "a file" {
		t.Errorf("the file is %q, %v", data, err)
	}
}

// Sockets that systemd opened are used.
func TestSystemdSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// A shell knows the process id before mmash takes its place.
	inner := clitest.Command("mmash", "-l", "127.0.0.1:1", t.TempDir())
	cmd := clitest.Command("mmash")
	cmd.Path = "/bin/sh"
	cmd.Args = append([]string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, t.TempDir() + "/mmash"}, inner.Args[1:]...)
	if err := os.Symlink(inner.Path, cmd.Args[3]); err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{f}
	p := startCommand(t, cmd)
	if want := "http://" + l.Addr().String(); p.url != want {
		t.Errorf("listens on %s, want %s", p.url, want)
	}
	if answer, _ := p.ask(t, "/stats/"); answer.StatusCode != 200 {
		t.Errorf("answers %d", answer.StatusCode)
	}
}
