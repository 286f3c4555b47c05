package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

func TestPrefersOpenMetrics(t *testing.T) {
	for accept, want := range map[string]bool{
		"":           false,
		"*/*":        false,
		"text/plain": false,
		"application/openmetrics-text;version=1.0.0;charset=utf-8;q=0.8,text/plain;version=0.0.4;q=0.2":    true,
		"application/openmetrics-text; version=0.0.1":                                                      false,
		"application/openmetrics-text;q=0.1,text/plain;q=0.9":                                              false,
		"application/openmetrics-text;q=0, text/plain;q=0":                                                 false,
		"application/openmetrics-text":                                                                     true,
		"application/vnd.google.protobuf;q=0.9,application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1": true,
		";;,": false,
	} {
		if got := prefersOpenMetrics(accept); got != want {
			t.Errorf("%q prefers OpenMetrics: %t", accept, got)
		}
	}
}

// Both formats are taken by promtool, whatever the stats are called.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	webFiles(t, dir)
	write(t, dir+"/clash.mmstats",
		stat{label: "lat", typ: format.Average, value: "2"}, stat{label: "lat.count", typ: format.Int64, value: "3"},
		stat{label: "x.y", typ: format.Counter, value: "1"}, stat{label: "x_y", typ: format.Counter, value: "2"},
		stat{label: "web.requests", typ: format.Int64, value: "5"}, stat{label: "mmash.build.info", typ: format.Int64, value: "6"},
		stat{label: "org.golang.version", typ: format.String, value: "go1.26.8", fixed: true},
		stat{label: "edition", typ: format.String, value: "blue", fixed: true})
	p := start(t, "--private", dir)
	for _, test := range []struct{ path, accept, contentType string }{
		{"/metrics", "", textType},
		{"/metrics", "application/openmetrics-text;version=1.0.0", openMetricsType},
		{"/metrics?format=openmetrics", "", openMetricsType},
		{"/metrics?format=text", "application/openmetrics-text;version=1.0.0", textType},
	} {
		answer, body := p.ask(t, test.path, header("Accept", test.accept))
		if got := answer.Header.Get("Content-Type"); got != test.contentType {
			t.Errorf("GET %s for %q is of type %q", test.path, test.accept, got)
		}
		if strings.HasSuffix(body, "# EOF\n") != (test.contentType == openMetricsType) {
			t.Errorf("GET %s for %q ends with %q", test.path, test.accept, body[max(0, len(body)-40):])
		}
		if test.contentType == openMetricsType {
			continue // promtool reads the other one alone
		}
		cmd := exec.Command("promtool", "check", "metrics")
		cmd.Stdin = strings.NewReader(body)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, out)
		}
	}
	_, all := p.ask(t, "/metrics")
	for _, want := range []string{
		`web_requests_total{command="web-1",file="web-1.mmstats"} 300`, `lat_sum{command="clash",file="clash.mmstats"} `,
		`lat_count_{command="clash",file="clash.mmstats"} 3`, `web_requests_{command="clash",file="clash.mmstats"} 5`,
		`x_y_total{command="clash",file="clash.mmstats",label="x_y"} 2`, `edition_info{command="clash",file="clash.mmstats",value="blue"} 1`,
		`mmstats_files 4`, `mmstats_files_unreadable 0`, `mmstats_series 23`, `mmash_build_info{version="`, `mmash_http_requests_total{code="200"} 4`,
		`mmash_event_streams 0`, `web_ready{command="web-2",file="web-2.mmstats"} 1`, `_mmash_build_info{command="clash"`,
	} {
		if !strings.Contains(all, "\n"+want) {
			t.Errorf("no %s in %s", want, all)
		}
	}
	if strings.Contains(all, "web_state") {
		t.Errorf("a text that may change is exposed: %s", all)
	}
	for path, want := range map[string]string{
		"/metrics?label=web.requests&glob=web-[23]*":  `web_requests_total{command="web-2",file="web-2.mmstats"} 200` + "\n" + `web_requests_total{command="web-3",file="web-3.mmstats"} 100` + "\n#",
		"/metrics?text=1&label=web.state&glob=web-1*": `web_state_info{command="web-1",file="web-1.mmstats",value="up"} 1` + "\n",
	} {
		if _, body := p.ask(t, path); !strings.Contains(body, want) && !strings.HasSuffix(body, strings.TrimSuffix(want, "#")) {
			t.Errorf("GET %s = %s, want %s in it", path, body, want)
		}
	}
	if _, body := p.ask(t, "/metrics?x=*"); strings.Contains(body, "web_") {
		t.Errorf("without any label: %s", body)
	}
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A Prometheus server scrapes mmash in both formats: rates are right, and of a
// writer that died the gauge goes and the counter stays.
func TestPrometheusScrapes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	server, err := exec.LookPath("prometheus")
	if err != nil {
		t.Fatal("prometheus is needed: scripts/test installs it")
	}
	dir := t.TempDir()
	victim := clitest.Command("mmash-writer", dir+"/job-1.mmstats")
	stdin, err := victim.StdinPipe()
	if err == nil {
		err = victim.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	p := start(t, "--private", "-d", "0.1", dir)
	address := freePort(t)
	config := fmt.Sprintf(`global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
- {job_name: text, metrics_path: /metrics, params: {format: [text]}, static_configs: [{targets: [%[1]q]}]}
- {job_name: openmetrics, metrics_path: /metrics, params: {format: [openmetrics]}, static_configs: [{targets: [%[1]q]}]}
`, strings.TrimPrefix(p.url, "http://"))
	if err := os.WriteFile(dir+"/prometheus.yml", []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	prom := exec.Command(server, "--config.file="+dir+"/prometheus.yml", "--storage.tsdb.path="+dir+"/tsdb", "--web.listen-address="+address, "--log.level=error")
	var log strings.Builder
	prom.Stderr = &log
	if err := prom.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		prom.Process.Kill()
		prom.Wait()
	}()
	query := func(expression string) map[string]float64 { return queried(t, address, expression) }
	eventually(t, "both jobs are scraped", func() bool {
		up := query("up")
		return up["text"] == 1 && up["openmetrics"] == 1
	})
	// The writer counts 100 a second, by its clock.
	eventually(t, "the rate is right", func() bool {
		rates := query("rate(done_total[3s])")
		return math.Abs(rates["text"]-100) < 15 && math.Abs(rates["openmetrics"]-100) < 15
	})
	if got := query("level"); got["text"] != 7 || got["openmetrics"] != 7 {
		t.Errorf("the gauge is %v", got)
	}
	victim.Process.Signal(syscall.SIGKILL)
	victim.Wait()
	eventually(t, "the gauge of the dead writer is gone", func() bool { return len(query("level")) == 0 })
	if got := query("done_total"); got["text"] == 0 || got["openmetrics"] != got["text"] {
		t.Errorf("the counter of the dead writer is %v\n%s", got, log.String())
	}
	if got := query("mmstats_file_writer_running"); got["text"] != 0 || len(got) != 2 {
		t.Errorf("the dead writer runs: %v", got)
	}
}

// queried returns what Prometheus says of an expression, by job.
func queried(t *testing.T, address, expression string) map[string]float64 {
	answer, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		return nil // it has not started yet
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Data struct {
			Result []struct {
				Metric struct{ Job string }
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return nil
	}
	values := make(map[string]float64)
	for _, r := range found.Data.Result {
		var v float64
		fmt.Sscan(fmt.Sprint(r.Value[1]), &v)
		values[r.Metric.Job] = v
	}
	return values
}

// playWriter publishes what TestPrometheusScrapes looks at, until its standard
// input ends.
func playWriter() {
	w, err := publish(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	w.Level.Set(7)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	began, counted := time.Now(), uint64(0)
	for range time.Tick(10 * time.Millisecond) {
		due := uint64(time.Since(began).Seconds() * 100)
		w.Done.Add(due - counted)
		counted = due
	}
}
