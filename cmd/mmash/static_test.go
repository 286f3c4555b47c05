package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
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

// Text can be read in both themes: its contrast is at least 4.5.
func TestContrast(t *testing.T) {
	style, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?s)color-scheme: (light|dark);(.*?)\}`).FindAllStringSubmatch(string(style), -1)
	if len(blocks) != 3 {
		t.Fatalf("there are %d themes, want light, dark and dark by choice", len(blocks))
	}
	if blocks[1][2] != blocks[2][2] {
		t.Error("the dark theme of the system is not the one that can be chosen")
	}
	for _, block := range blocks {
		colors := make(map[string]string)
		for _, m := range regexp.MustCompile(`--([\w-]+): ?(#\w{6});`).FindAllStringSubmatch(block[2], -1) {
			colors[m[1]] = m[2]
		}
		for text, grounds := range map[string][]string{
			"ink": {"bg", "surface", "hover", "odd-bg"}, "ink2": {"bg", "surface", "hover", "odd-bg"}, "ink3": {"bg", "surface", "hover"},
			"accent": {"bg", "surface"}, "odd": {"bg", "surface", "hover", "odd-bg"}, "bad": {"bg", "surface"}, "accent-ink": {"accent"},
		} {
			for _, ground := range grounds {
				light, dark := luminance(t, colors[text]), luminance(t, colors[ground])
				if contrast := (max(light, dark) + 0.05) / (min(light, dark) + 0.05); contrast < 4.5 {
					t.Errorf("%s: the contrast of %s on %s is %.2f", block[1], text, ground, contrast)
				}
			}
		}
	}
}

// luminance returns that of a color as WCAG defines it.
func luminance(t *testing.T, color string) (l float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}
