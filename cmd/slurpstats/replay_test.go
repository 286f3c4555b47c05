package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/cli/clitest"
	"mmstats/lib/reader"
	"mmstats/lib/statfile"
)

// record makes an archive of a file or directory, of one record.
func record(t *testing.T, dir, what string) {
	t.Helper()
	w, err := archive.NewWriter(dir, archive.Options{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	p := &reader.Poller{Watch: statfile.NewWatch([]string{what}), LastValues: true}
	defer p.Close()
	var r archive.Recorder
	now := p.Poll(r.Visit)
	// Files ask whether their writers run when they are recorded.
	if err := w.Record(archive.Moment{Time: now}, r.Files()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// unrecorded matches what differs from a file to its record: when it was read, and
// its owner and size, which no archive has.
var unrecorded = regexp.MustCompile(`"time":"[^"]*"|user [^,]*, |, recorded at .*|  recorded at .*\n|(?m:^.*mmstats_file_info.*\n)`)

// shown returns what slurpstats writes, and its messages.
func shown(t *testing.T, dir string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := clitest.Command("slurpstats", args...)
	var out, messages strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &messages
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+filepath.Join(dir, "d"))
	cmd.Run() // the messages tell
	return unrecorded.ReplaceAllString(out.String(), ""), messages.String()
}

// With all options, a record shows what the files show.
func TestReplayShowsWhatFilesShow(t *testing.T) {
	dir := t.TempDir()
	d := filepath.Join(dir, "d")
	if err := os.Mkdir(d, 0o755); err != nil {
		t.Fatal(err)
	}
	fixtures, err := filepath.Glob("../../lib/format/testdata/python-0.8/*.mmstats")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("fixtures %q, %v", fixtures, err)
	}
	for _, name := range fixtures {
		if filepath.Base(name) == "nofields.mmstats" {
			continue // there is nothing to record
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(d, "python-"+filepath.Base(name))
		write(t, path, data)
		// A process that has begun since has not written it, whatever its id.
		if old := time.Unix(1353310000, 0); os.Chtimes(path, old, old) != nil {
			t.Fatalf("the time of %s cannot be set", path)
		}
	}
	for i, pid := range []int{os.Getpid(), 4194304} {
		write(t, filepath.Join(d, "web-"+strconv.Itoa(i)+".mmstats"), statFile(t,
			"sys.pid:constant="+strconv.Itoa(pid), "@unit=bytes", "@about=What was sent", "sent:counter=18446744073709551615",
			"i8:int8=-128", "i16:int16=-32768", "i32:int32=7", "i64:int64=-9223372036854775808", "u8:uint8=255", "u16:uint16=9", "u32:uint32=9",
			"@kind=gauge", "u64:uint64=9", "@kind=counter", "total:float64=12.5", "f32:float32=0.3", "f64:float64=NaN", "b:bool=true",
			`s:string=a\tb\x1b[1mé`, "state:text=fine", "@unit=seconds", "mean:average=0.25,0.5,", "@unit=seconds", "times:histogram=0.001,0.002,0.5,",
			`odd:int64=`+strconv.Itoa(i), "none:average=0"))
	}
	record(t, filepath.Join(dir, "a"), d)
	for _, args := range []string{
		"-o text", "-o tsv --header", "-o json", "-o prometheus", "-o tsv --parts --buckets", "-o json --buckets",
		"-l *.x -l sent", "-x sys.* -x s", "-l times:p99 -l mean:count -l times:max", "--live", "--stale", "--live -o text",
		"-a sum", "-a avg", "-a min", "-a max", "-a one", "-a count", "-a nonzero-min", "-a nonzero-avg", "-a sum --all", "-a sum -o json --parts", "-a sum -o prometheus",
		"-a sum -l times:p99 -o text", "--value -l sent -n web-0", "--value --raw -l s -n web-0", "--value -l sent", "-n web-1 -o text", "-l snet", "-n none",
		"-o text --color always", "--why sent", "--why web-1", "--why snet",
	} {
		files := []string{d}
		if strings.Contains(args, "-n ") {
			files = nil
		}
		liveOut, liveErr := shown(t, dir, append(strings.Fields(args), files...)...)
		out, errs := shown(t, dir, append(append([]string{"-r", "a"}, strings.Fields(args)...), files...)...)
		if strings.HasPrefix(args, "--why") { // why a writer has ended, and where was looked, are not the same
			liveOut, out = head(liveOut), head(out)
		}
		if diff := difference(out, liveOut); diff != "" {
			t.Errorf("slurpstats -r a %s:\n%s", args, diff)
		}
		if (errs == "") != (liveErr == "") {
			t.Errorf("slurpstats -r a %s says %q, want %q", args, errs, liveErr)
		}
		if out == "" && errs == "" {
			t.Errorf("slurpstats -r a %s shows nothing", args)
		}
	}
}

// difference returns the lines that are in one text alone.
func difference(got, want string) (diff string) {
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			diff += "shown: " + line
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			diff += "want:  " + line
		}
	}
	if diff == "" && got != want {
		return "another order:\n" + got
	}
	return diff
}

// head returns the first line.
func head(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
