package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/reader"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"webserver": main}) }

// TestServe runs the server, and reads the stats of its requests from outside.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("webserver", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir, "MMSTATS_FILES=")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(stderr).ReadString('\n')
	said := regexp.MustCompile(`listening on (http://[^,]*), publishing in (.*)\n`).FindStringSubmatch(line)
	if said == nil {
		t.Fatalf("it says %q, %v", line, err)
	}
	for path, want := range map[string]int{"/": 200, "/broken": 500, "/other": 200} {
		resp, err := http.Get(said[1] + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", path, resp.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	// It removes its file when it ends, after all requests were answered.
	kept := dir + "/kept"
	if err := os.Link(said[2], kept); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if _, err := os.Stat(said[2]); err == nil {
		t.Error("it leaves its file")
	}
	stats, err := reader.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for i := range stats {
		got[string(stats[i].Label)] = stats[i].Value.Float()
	}
	for label, want := range map[string]float64{"web.requests": 3, "web.status.2XX": 2, "web.status.5XX": 1, "web.in_flight": 0} {
		if got[label] != want {
			t.Errorf("%s = %v, want %v", label, got[label], want)
		}
	}
	if got["web.latency"] <= 0 || got["web.go.goroutines"] < 2 || got["web.sys.heartbeat"] == 0 {
		t.Errorf("latency %v s, %v goroutines, heartbeat at %v", got["web.latency"], got["web.go.goroutines"], got["web.sys.heartbeat"])
	}
}
