package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mmstats/lib/format"
	"mmstats/lib/report"
)

// UPlot is what scripts/vendor-uplot brought, and nothing else.
func TestUPlot(t *testing.T) {
	for name, want := range map[string]string{
		"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uPlot.min.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
		"LICENSE":           "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	} {
		data, err := os.ReadFile("static/uplot/" + name)
		if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != want {
			t.Errorf("the sha256 of %s is %x, want %s, %v", name, sum, want, err)
		}
	}
}

// Pages write numbers as the other commands do, but for thin spaces.
func TestNumbers(t *testing.T) {
	numbers := []float64{0, 1, -1, 7, 12.5, 0.5, 0.0213, 0.1, 0.99951, 9.99, 9.994, 9.996, 99.94, 99.96, 999.4, 999.6, 1234, 1234.6, 99999, 99999.4, 99999.6,
		100000, 123456, 999499, 999501, 1e6, 1.5e6, 17.1e6, 149e9, 3e12, 2e15, 5e18, 1e21, 1e30, 0.0009, 0.00051, 1e-7, -0.25, -1e6, math.Pi, 1023, 1024, 1536, 59.96, 60, 90, 3600, 86400 * 3}
	type line struct {
		V      float64 `json:"v"`
		Unit   string  `json:"unit"`
		Rate   bool    `json:"rate"`
		Scaled string  `json:"want"`
	}
	var lines []line
	for _, v := range numbers {
		lines = append(lines, line{V: v, Scaled: string(report.AppendScaled(nil, format.FloatValue(v)))})
		for _, name := range []string{"ns", "us", "ms", "seconds", "bytes", "KiB", "MiB", "GiB", "bits", "ratio", "percent", "celsius", "hertz"} {
			u, ok := format.LookUpUnit(name)
			if !ok {
				t.Fatalf("no unit %s", name)
			}
			lines = append(lines, line{v, name, false, string(u.AppendText(nil, v))}, line{v, name, true, string(u.AppendRate(nil, v))})
		}
	}
	data, err := json.Marshal(lines)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/numbers.js", "static/number.js")
	cmd.Stdin = strings.NewReader(string(data))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
