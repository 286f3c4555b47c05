package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/escape"
	"mmstats/lib/format"
)

// A hostile directory holds what anybody may put into a shared one.
type hostile struct {
	dir  string
	rows map[string]int    // stats of a file that are to be shown
	bad  map[string]string // what is said of a file
}

func (h *hostile) path(name string) string { return filepath.Join(h.dir, name+".mmstats") }

// add writes a file of which rows stats can be read, with what is wrong with it.
func (h *hostile) add(t *testing.T, name string, rows int, bad string, data []byte) {
	t.Helper()
	write(t, h.path(name), data)
	h.note(name, rows, bad)
}

func (h *hostile) note(name string, rows int, bad string) {
	h.rows[h.path(name)] = rows
	if bad != "" {
		h.bad[h.path(name)] = bad
	}
}

func hostileDirectory(t *testing.T) *hostile {
	t.Helper()
	h := &hostile{t.TempDir(), make(map[string]int), make(map[string]string)}
	good := statFile(t, "first:counter=1", "second:string=two", "third:float64=3")
	h.add(t, "good", 3, "", good)

	// Where the fields of a good file end.
	ends := []int{1}
	for len(ends) < 4 {
		f, err := format.FieldAt(good, ends[len(ends)-1])
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, f.End())
	}
	for n := range len(good) {
		whole := 0 // fields before the cut
		for whole+1 < len(ends) && ends[whole+1] <= n {
			whole++
		}
		bad := ""
		switch {
		case n == 0:
			bad = "empty file"
		case n >= ends[whole]+2: // a label size, and not all of what it is of
			bad = "goes past the end of the file"
		}
		h.add(t, fmt.Sprintf("truncated-%04d", n), whole, bad, good[:n])
	}

	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(syscall.Mkfifo(h.path("fifo"), 0o666))
	h.note("fifo", 0, "not a regular file")
	must(os.Symlink("loop.mmstats", h.path("loop")))
	h.note("loop", 0, "is a symbolic link")
	must(os.Symlink("/dev/zero", h.path("device")))
	h.note("device", 0, "is a symbolic link")
	must(os.Mkdir(h.path("x"), 0o777))
	h.note("x", 0, "is a directory")

	for name, data := range map[string][]byte{
		"sparse":         good,
		"sparse-label":   append(slices.Clone(good), 0xff, 0xff),
		"sparse-value":   append(slices.Clone(good), rawField("v", "536870912s", 255, "")...),
		"sparse-larger":  append(slices.Clone(good), rawField("v", "4294967295s", 255, "")...),
		"sparse-foreign": nil,
	} {
		bad := map[string]string{
			"sparse": "", "sparse-label": "signature without a value", "sparse-value": "the most that is read",
			"sparse-larger": "the size is too large", "sparse-foreign": "not a version 1 stat file",
		}[name]
		rows := 3
		if data == nil {
			rows = 0
		}
		h.add(t, name, rows, bad, data)
		must(os.Truncate(h.path(name), 1<<40))
	}

	tail := func(name, bad string, field []byte) { h.add(t, name, 3, bad, append(slices.Clone(good), field...)) }
	tail("label-past-end", "label of 65535 bytes goes past the end", []byte("\xff\xffabc"))
	tail("value-past-end", "value of 8 bytes goes past the end", rawField("v", "Q", 255, "1234567"))
	tail("values-past-end", "value of 16 bytes goes past the end", rawField("v", "Q", 1, "123456781234567"))
	tail("huge", "the size is too large", rawField("v", "4294967295s", 255, "x"))
	tail("index", "write buffer is 7", rawField("v", "B", 7, "xx"))
	tail("signature", `unknown type '\x1b'`, rawField("v", "\x1b[31m", 255, "x"))
	tail("long-signature", "signature of 65 bytes, at most 64 are read", rawField("v", strings.Repeat(" ", 64)+"B", 255, "x"))

	data := []byte{format.Version}
	labels := []string{"esc\x1b[2J\x1b]0;x\x07", "tab\tnew\nline\r", "\xff\xfe\xc3", "c1\u009b31m", "bidi\u202e\u2066", "sep\u2028\u2029", `back\slash`, "-", "\x7f\x00"}
	for _, label := range labels {
		data = append(data, rawField(label, "40s", 255, label+strings.Repeat("\x00", 40-len(label)))...)
	}
	h.add(t, "labels", len(labels), "", data)
	h.add(t, "name\x1b[2J\n\xff", 3, "", good)
	h.add(t, "bidi\u202e\u2066", 3, "", good)
	h.add(t, "bidi\u202e\u2028bad", 0, "not a version 1 stat file", []byte("foreign"))
	return h
}

// runSlurpstats returns what the command writes, and fails if it hangs.
func runSlurpstats(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Args[0] = "slurpstats"
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("slurpstats %q: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// Each bad file is named once, what is intact is shown, and nothing drives the
// terminal, in every format.
func TestHostileDirectory(t *testing.T) {
	h := hostileDirectory(t)
	for _, output := range []string{"text", "tsv", "json", "prometheus"} {
		stdout, stderr, status := runSlurpstats(t, "-o", output, h.dir)
		if status != 1 {
			t.Errorf("-o %s ends with status %d, want 1", output, status)
		}
		if found := clitest.Control(stdout) + clitest.Control(stderr); found != "" {
			t.Errorf("-o %s writes %s", output, found)
		}
		if output == "text" || output == "prometheus" {
			if found := clitest.Layout(stdout + stderr); found != "" {
				t.Errorf("-o %s writes %s", output, found)
			}
		}
		if output != "tsv" && strings.Contains(stdout, "\t") {
			t.Errorf("-o %s writes a tab", output)
		}
		h.checkErrors(t, stderr)
		switch output {
		case "tsv":
			h.checkTSV(t, stdout)
		case "json":
			h.checkJSON(t, stdout)
		}
	}
}

// checkErrors expects one line of every bad file, and no other.
func (h *hostile) checkErrors(t *testing.T, stderr string) {
	t.Helper()
	named := make(map[string]bool)
	for line := range strings.Lines(stderr) {
		rest := strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "slurpstats: ")
		name, reason, _ := strings.Cut(rest, ": ")
		if unescaped, err := escape.Unescape(name); err == nil {
			name = unescaped
		}
		if want := h.bad[name]; want == "" || !strings.Contains(reason, want) || named[name] {
			t.Errorf("it says %q, want once %q", rest, want)
		}
		named[name] = true
	}
	for name, want := range h.bad {
		if !named[name] {
			t.Errorf("it says nothing of %s, want %q", name, want)
		}
	}
}

func (h *hostile) checkTSV(t *testing.T, stdout string) {
	t.Helper()
	rows := make(map[string]int)
	for line := range strings.Lines(stdout) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 4 {
			t.Errorf("%q has %d columns, want 4", line, len(columns))
		}
		rows[columns[0]]++
	}
	for name, want := range h.rows {
		name = string(escape.AppendTSV(nil, []byte(name)))
		if rows[name] != want {
			t.Errorf("TSV shows %d stats of %s, want %d", rows[name], name, want)
		}
	}
}

func (h *hostile) checkJSON(t *testing.T, stdout string) {
	t.Helper()
	rows := make(map[string]int)
	for line := range strings.Lines(stdout) {
		var row struct {
			File, Label, Type string
			FileBytes         []byte `json:"file_base64"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if row.FileBytes != nil {
			row.File = string(row.FileBytes)
		}
		rows[row.File]++
	}
	for name, want := range h.rows {
		if rows[name] != want {
			t.Errorf("JSON shows %d stats of %q, want %d", rows[name], name, want)
		}
	}
	cmd := exec.Command("jq", "-e", ".label")
	cmd.Stdin = strings.NewReader(stdout)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("jq: %v\n%.300s", err, out)
	}
}

// The stats of every fixture, as JSON, are those that the Python original was
// told to write.
func TestFixturesAsJSON(t *testing.T) {
	const dir = "../../lib/format/testdata/python-0.8"
	type stat struct {
		File, Label string
		Value       any
		Special     string `json:"special"`
	}
	parse := func(lines string) (stats []stat) {
		d := json.NewDecoder(strings.NewReader(lines))
		d.UseNumber()
		for d.More() {
			var st stat
			if err := d.Decode(&st); err != nil {
				t.Fatal(err)
			}
			st.File = filepath.Base(st.File)
			if n, ok := st.Value.(json.Number); ok && strings.ContainsAny(n.String(), ".e") {
				st.Value, _ = n.Float64()
				if strings.HasSuffix(st.Label, "f32") { // Python shows the digits of a float64
					f, _ := strconv.ParseFloat(n.String(), 32)
					st.Value = float32(f)
				}
			}
			stats = append(stats, st)
		}
		return stats
	}
	expected, err := os.ReadFile(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := runSlurpstats(t, "-j", dir)
	if status != 0 || stderr != "" {
		t.Fatalf("slurpstats ends with status %d: %s", status, stderr)
	}
	got, want := parse(stdout), parse(string(expected))
	if len(got) != len(want) {
		t.Fatalf("%d stats, want %d", len(got), len(want))
	}
	for i := range got {
		if special := got[i].Special; special != "" {
			got[i].Value, got[i].Special = map[string]string{"NaN": "nan", "+Inf": "inf", "-Inf": "-inf"}[special], ""
		}
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			t.Errorf("stat %d = %v, want %v", i, got[i], want[i])
		}
	}
}
