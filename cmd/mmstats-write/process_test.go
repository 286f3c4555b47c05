package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mmstats/lib/format"
	"mmstats/lib/format/formattest"
	"mmstats/lib/reader"
)

// parallel runs mmstats-write n times at once, with the arguments that args
// returns for each.
func parallel(t *testing.T, n int, args func(i int) []string) {
	t.Helper()
	var running sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-begin
			cmd := exec.Command("mmstats-write", args(i)...)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v = %q, %v, want silence", args(i), out, err)
			}
		})
	}
	close(begin)
	running.Wait()
}

// values returns what is in a file, by label. A label that is there twice is
// an error.
func values(t *testing.T, name string) map[string]string {
	t.Helper()
	stats, err := reader.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string)
	for _, st := range stats {
		if _, twice := values[string(st.Label)]; twice {
			t.Errorf("%s holds %s twice", name, st.Label)
		}
		values[string(st.Label)] = string(st.Value.AppendText(nil))
	}
	return values
}

func TestParallelAdds(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MMSTATS_PATH", dir)
	parallel(t, 200, func(int) []string { return []string{"-n", "x", "hits+=1"} })
	if got := values(t, filepath.Join(dir, "x.mmstats"))["hits"]; got != "200" {
		t.Errorf("200 times hits+=1 = %s, want 200", got)
	}
}

// TestParallelSums adds to every kind that is not updated by one instruction
// of its own.
func TestParallelSums(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	parallel(t, 40, func(int) []string {
		return []string{"-f", name, "small:int8+=1", "mid:uint16+=2", "float+=0.5", "mean:average+=3", "last:moving[50]+=2"}
	})
	got := values(t, name)
	for label, want := range map[string]string{"small": "40", "mid": "80", "float": "20", "mean": "3", "last": "2"} {
		if got[label] != want {
			t.Errorf("%s = %s, want %s", label, got[label], want)
		}
	}
}

// TestParallelTypes lets hundreds of processes, half of which write once and
// half of which add what the others may have made, begin a file together.
func TestParallelTypes(t *testing.T) {
	processes := 500
	if testing.Short() {
		processes = 100
	}
	name := filepath.Join(t.TempDir(), "x.mmstats")
	text := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), 200) }
	parallel(t, processes, func(i int) []string {
		args := []string{"-f", name, "hits+=1", "bytes:int+=3", "text=" + text(i)}
		switch i % 3 {
		case 0:
			return append(args, "mean:average+="+fmt.Sprint(i))
		case 1:
			return append(args, "small:uint16+=1", "took:timer+=2")
		}
		return append(args, "load:float+=0.5", "mean:average+=1")
	})
	got := values(t, name)
	if want := fmt.Sprint(processes); got["hits"] != want {
		t.Errorf("hits = %s, want %s", got["hits"], want)
	}
	var count uint64
	var total float64
	thirds := [3]int{}
	for i := range processes {
		thirds[i%3]++
		switch i % 3 {
		case 0:
			count, total = count+1, total+float64(i)
		case 2:
			count, total = count+1, total+1
		}
	}
	for label, want := range map[string]string{
		"bytes": fmt.Sprint(3 * processes), "small": fmt.Sprint(thirds[1]), "took": "2", "load": fmt.Sprint(float64(thirds[2]) / 2),
	} {
		if got[label] != want {
			t.Errorf("%s = %s, want %s", label, got[label], want)
		}
	}
	if s := got["text"]; len(s) != 200 || strings.Trim(s, s[:1]) != "" {
		t.Errorf("text = %q, want one that was written", s)
	}
	stats, err := reader.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range stats {
		samples := st.Samples()
		switch {
		case string(st.Label) == "mean" && (samples != format.Samples{Count: count, Total: total} || st.Value.Float() != total/float64(count)):
			t.Errorf("mean = %v of %+v, want %v samples of %v", st.Value.Float(), samples, count, total)
		case string(st.Label) == "took" && samples.Count != uint64(thirds[1]):
			t.Errorf("took has %d samples, want %d", samples.Count, thirds[1])
		}
	}
}

// TestParallelCreations lets many processes make the same file, each with
// labels that others declare, too, and one that is its own. They are long, so
// that the file grows while others map it.
func TestParallelCreations(t *testing.T) {
	const processes, groups = 50, 5
	name := filepath.Join(t.TempDir(), "x.mmstats")
	own := func(i int) string { return fmt.Sprintf("%s.%d", strings.Repeat("own", 100), i) }
	group := func(i int) string { return fmt.Sprintf("group.%d", i%groups) }
	parallel(t, processes, func(i int) []string {
		args := []string{"-f", name, "all+=1", group(i) + ":int+=2", own(i) + "=" + fmt.Sprint(i), "who=" + own(i)}
		if i%2 == 0 { // in another order
			args[2], args[4] = args[4], args[2]
		}
		return args
	})
	got := values(t, name)
	want := map[string]string{"all": fmt.Sprint(processes)}
	for i := range processes {
		want[group(i)] = fmt.Sprint(2 * processes / groups)
		want[own(i)] = fmt.Sprint(i)
	}
	for label, want := range want {
		if got[label] != want {
			t.Errorf("%s = %s, want %s", label, got[label], want)
		}
	}
	const defaults = 3 // sys.uid, sys.gid, sys.created
	if n := defaults + 1 + len(want); len(got) != n {
		t.Errorf("%d stats in the file, want %d", len(got), n)
	}
	if found, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); len(found) != 1 {
		t.Errorf("files left in the directory: %q, want one", found)
	}
	if hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".*")); len(hidden) != 0 {
		t.Errorf("files left in the directory: %q", hidden)
	}
}

// TestParallelRemovals lets some processes remove the file that others make
// and update. Each must end well, and a file that is left must be whole.
func TestParallelRemovals(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	var running sync.WaitGroup
	for i := range 60 {
		args := []string{"-f", name, "hits+=1", "text=" + strings.Repeat("a", i), "mean:average+=1"}
		if i%3 == 0 {
			args = []string{"-f", name, "rm"}
		}
		running.Go(func() {
			out, err := exec.Command("mmstats-write", args...).CombinedOutput()
			missing := "mmstats-write: " + name + ": no such file or directory\n"
			if args[2] == "rm" && string(out) == missing {
				return
			}
			if err != nil || len(out) > 0 {
				t.Errorf("%v = %q, %v, want silence", args, out, err)
			}
		})
	}
	running.Wait()
	if out, err := exec.Command("mmstats-write", "-f", name, "last=1").CombinedOutput(); err != nil {
		t.Fatalf("last=1 = %s, %v", out, err)
	}
	if got := values(t, name)["last"]; got != "1" {
		t.Errorf("last = %s, want 1", got)
	}
}

// TestReadByPython writes a stat of every type, and reads them by a program
// that shares no code with ours.
func TestReadByPython(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mmstats")
	long := strings.Repeat("é", 500)
	for _, args := range [][]string{
		{"c:counter=18446744073709551615", "i=-9223372036854775808", "f=0.1", "yes=true", "no=false", "s=hé\tllo", "long=" + long},
		{"i8:int8=-128", "i16:int16=-32768", "i32:int32=-2147483648", "u8:uint8=255", "u16:uint16=65535", "u32:uint32=4294967295", "f32:float32=-0.5"},
		{"a:average+=1", "a+=2", "m:moving[2]+=1", "m+=5", "m+=7", "d:timer+=0.25", "inf:float=-Inf", "empty:string[1]=", `tab\t\x3d=1`},
		{"s=flip", "s=flop", "s=flip", "a+=6", "c+=2"},
	} {
		if out, err := exec.Command("mmstats-write", append([]string{"-f", name}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v = %s, %v", args, out, err)
		}
	}
	got := formattest.ReadByPython(t, "../../lib/format/testdata/readstats.py", name)
	for label, want := range map[string]struct {
		value    any
		buffered bool
	}{
		"c": {json.Number("1"), false}, "i": {json.Number("-9223372036854775808"), false}, "f": {json.Number("0.1"), false},
		"yes": {true, false}, "no": {false, false}, "s": {"flip", true}, "long": {long, true},
		"i8": {json.Number("-128"), false}, "i16": {json.Number("-32768"), false}, "i32": {json.Number("-2147483648"), false},
		"u8": {json.Number("255"), false}, "u16": {json.Number("65535"), false}, "u32": {json.Number("4294967295"), false},
		"f32": {json.Number("-0.5"), false}, "a": {json.Number("3.0"), true}, "m": {json.Number("6.0"), false},
		"d": {json.Number("0.25"), false}, "inf": {"-inf", false}, "empty": {"", true}, "tab\t=": {json.Number("1"), false},
	} {
		if st := got[label]; st.Value != want.value || st.Buffered != want.buffered {
			t.Errorf("%q = %v, buffered %v by Python, want %v, %v", label, st.Value, st.Buffered, want.value, want.buffered)
		}
	}
}
