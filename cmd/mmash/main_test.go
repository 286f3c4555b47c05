package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

func TestMain(m *testing.M) {
	clitest.Main(m, map[string]func(){"mmash": main, "mmash-writer": playWriter})
}

// publicDir returns a directory that everybody may read.
func publicDir(t *testing.T) string {
	t.Helper()
	for _, parent := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if !everybodyReads(filepath.Join(parent, "x")) {
			continue
		}
		dir, err := os.MkdirTemp(parent, "mmash-test")
		if err != nil {
			continue
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Skip("no directory here that everybody may read")
	return ""
}

// A stat is one field of a file that a test makes.
type stat struct {
	label string
	typ   format.Type
	value string
	fixed bool
	about format.Description
}

// write makes a stat file.
func write(t *testing.T, name string, stats ...stat) {
	t.Helper()
	data := []byte{format.Version}
	for _, st := range stats {
		sp := format.Spec{Label: st.label, Type: st.typ, Size: max(8, len(st.value)), Description: st.about}
		if st.fixed {
			sp.Update = format.Never
		}
		v, err := format.ParseValue(st.typ, st.value)
		if err != nil {
			t.Fatal(err)
		}
		start := len(data)
		if data, err = format.AppendField(data, sp); err != nil {
			t.Fatal(err)
		}
		f, err := format.FieldAt(data, start)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Signature.Encode(data[f.ReadOffset(f.WriteBuffer):], v); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A process is mmash as a process of its own.
type process struct {
	cmd    *exec.Cmd
	stderr *bufio.Reader
	url    string // of its first socket, without the last slash
	client *http.Client
	status chan int
}

// start runs mmash on a port that is free, until the end of the test.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, clitest.Command("mmash", append([]string{"-l", "127.0.0.1:0"}, args...)...))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, stderr: bufio.NewReader(out), status: make(chan int, 1)}
	transport := &http.Transport{DisableCompression: true}
	p.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		transport.CloseIdleConnections()
	})
	for {
		line, err := p.stderr.ReadString('\n')
		if err != nil {
			t.Fatalf("mmash ended: %v", err)
		}
		if _, address, found := strings.Cut(line, "listening on "); found {
			p.url = strings.TrimSuffix(strings.TrimSpace(address), "/")
			return p
		}
	}
}

// end waits for the process, and returns its status.
func (p *process) end(t *testing.T) int {
	t.Helper()
	timer := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	io.Copy(io.Discard, p.stderr)
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// ask sends a request, which may be changed before, and returns the answer.
func (p *process) ask(t *testing.T, path string, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// strict fails where text is not one value of JSON.
func strict(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q is not JSON: %v", text, err)
	}
	if d.More() {
		t.Fatalf("%q goes on after the value", text)
	}
	return v
}

func TestManPage(t *testing.T) {
	clitest.ManPage(t, "mmash", func(*testing.T, string) {})
}

func TestArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-d 0.01", `mmash: -d is 0.1 s to 60 s, such as 0.5, 500ms or 2s, not "0.01"`},
		{"-d 2m", `mmash: -d is 0.1 s to 60 s, such as 0.5, 500ms or 2s, not "2m"`},
		{"-d x", `mmash: -d is 0.1 s to 60 s, such as 0.5, 500ms or 2s, not "x"`},
		{"--history=-1s", `mmash: --history is 0 to 7 days, such as 10m or 2h, not "-1s"`},
		{"--max-size 0", "mmash: --max-size must be at least 1"},
		{"-l nowhere", "mmash: nowhere: missing port in address"},
		{"-l unix:/no/such/place", "mmash: unix:/no/such/place: no such file or directory"},
	} {
		cmd := clitest.Command("mmash", strings.Fields(test.args)...)
		out, _ := cmd.CombinedOutput()
		if line, _, _ := strings.Cut(string(out), "\n"); line != test.want || cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("mmash %s says %q and ends with status %d, want %q and 2", test.args, line, cmd.ProcessState.ExitCode(), test.want)
		}
	}
}

func TestAddressTaken(t *testing.T) {
	p := start(t, t.TempDir())
	address := strings.TrimPrefix(p.url, "http://")
	cmd := clitest.Command("mmash", "-l", address)
	out, _ := cmd.CombinedOutput()
	if want := "mmash: " + address + ": address already in use\n"; string(out) != want || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("mmash says %q and ends with status %d, want %q and 2", out, cmd.ProcessState.ExitCode(), want)
	}
}

// Whoever asks mmash to end does not wait for its streams.
func TestSignalEndsStreams(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.mmstats", stat{label: "n", typ: format.Counter, value: "1"})
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, "--private", dir)
		var streams []*bufio.Reader
		for range 50 {
			answer, err := http.Get(p.url + "/events")
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			streams = append(streams, bufio.NewReader(answer.Body))
		}
		for _, r := range streams {
			if line, err := r.ReadString('\n'); err != nil || line != "retry: 2000\n" {
				t.Fatalf("a stream starts with %q, %v", line, err)
			}
		}
		p.cmd.Process.Signal(sig)
		if status := p.end(t); status != 0 {
			t.Errorf("with 50 streams, %v ends mmash with status %d", sig, status)
		}
		for _, r := range streams {
			if rest, err := io.ReadAll(r); err != nil || !bytes.HasSuffix(rest, []byte("\n")) && len(rest) > 0 {
				t.Errorf("a stream ends with %q, %v", rest[max(0, len(rest)-80):], err)
				break
			}
		}
	}
}

// Each request is a line that says who asked for what, and what came of it.
func TestAccessLog(t *testing.T) {
	cmd := clitest.Command("mmash", "-l", "127.0.0.1:0", "--log", t.TempDir())
	p := startCommand(t, cmd)
	p.ask(t, "/stats/%1b%5b2J?x=1")
	p.cmd.Process.Signal(syscall.SIGTERM)
	line, err := p.stderr.ReadString('\n')
	columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	if err != nil || len(columns) != 7 {
		t.Fatalf("the line is %q, %v", line, err)
	}
	if _, err := time.Parse(time.RFC3339Nano, columns[0]); err != nil || !strings.HasPrefix(columns[1], "127.0.0.1:") {
		t.Errorf("the line is %q: %v", line, err)
	}
	if got := columns[2:6]; !slices.Equal(got, []string{"GET", "/stats/%1b%5b2J?x=1", "200", "3"}) {
		t.Errorf("the line has %q", got)
	}
	p.end(t)
}
