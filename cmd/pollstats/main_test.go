package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/archive/archivetest"
	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
	"mmstats/lib/mapping"
)

func TestMain(m *testing.M) {
	if os.Getenv("TZ") == "" {
		os.Setenv("TZ", "UTC")
	}
	clitest.Main(m, map[string]func(){"pollstats": main, "writer": writerMain, "server": serverMain, "panicker": panickerMain})
}

func TestScripts(t *testing.T) {
	commands := archivetest.Commands()
	commands["waitfor"], commands["rates"] = waitFor, rates
	clitest.Scripts(t, commands)
}

// deadline is how long a test waits for what must come.
const deadline = time.Minute

// waitFor waits until a file holds a text: waitfor FILE [TEXT].
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: waitfor FILE [TEXT]")
	}
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && (len(args) == 1 || strings.Contains(string(data), args[1])) {
			return
		}
	}
	ts.Fatalf("%s did not come", strings.Join(args, " with "))
}

// rates checks the rows on standard output, of a counter's rate, its change and
// its value: that each rate is the change over the measured time, and that the
// changes are all that the value went up by: rates MINIMUM, of rows that have one.
func rates(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: rates MINIMUM")
	}
	minimum, err := strconv.Atoi(args[0])
	ts.Check(err)
	changed, last := 0, math.NaN()
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var n [4]float64 // elapsed, rate, delta, value
		for i := range n {
			n[i], err = strconv.ParseFloat(columns[i+1], 64)
			ts.Check(err)
		}
		elapsed, rate, delta, value := n[0], n[1], n[2], n[3]
		if off := rate*elapsed - delta; math.Abs(off) > rate*1e-6 { // elapsed is rounded
			ts.Fatalf("%q: a rate of %v in %v s, and a change of %v", line, rate, elapsed, delta)
		}
		if !math.IsNaN(last) && value != last+delta {
			ts.Fatalf("%q: %v after %v, and a change of %v", line, value, last, delta)
		}
		if last = value; delta > 0 {
			changed++
		}
	}
	if changed < minimum {
		ts.Fatalf("%d rows have a rate, want %d", changed, minimum)
	}
}

// writerMain is a program that publishes stats:
//
//	writer [-rate N] FILE LABEL[:TYPE][=VALUE]...
//
// It adds N a second to every counter until it is terminated; without a rate
// it ends at once. Either way it leaves the file.
func writerMain() {
	rate := flag.Float64("rate", 0, "")
	flag.Parse()
	w, err := publish(flag.Arg(0), flag.Args()[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "writer:", err)
		os.Exit(1)
	}
	if *rate == 0 {
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	ticker := time.NewTicker(time.Millisecond)
	for start, done := time.Now(), uint64(0); ; {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		due := uint64(time.Since(start).Seconds() * *rate)
		for _, c := range w.counters {
			c.Add(due - done)
		}
		done = due
	}
}

// A published file is mapped, as it is by the program that made it.
type published struct {
	counters []*mapping.Cell[uint64]
}

// typesOf names the types that a test may ask for.
var typesOf = map[string]format.Type{
	"counter": format.Counter, "int": format.Int64, "float": format.Float64,
	"bool": format.Bool, "string": format.String, "average": format.Average,
}

// publish makes a file of stats, LABEL[:TYPE][=VALUE] each.
func publish(name string, stats []string) (*published, error) {
	data := []byte{format.Version}
	var counters []int
	for _, text := range stats {
		text, start, _ := strings.Cut(text, "=")
		label, typ, _ := strings.Cut(text, ":")
		sp := format.Spec{Label: label, Type: typesOf[typ], Size: 16}
		if typ == "" {
			sp.Type = format.Counter
		}
		before := len(data)
		var err error
		if data, err = format.AppendField(data, sp); err != nil {
			return nil, err
		}
		if sp.Type == format.Counter {
			counters = append(counters, len(data)-8)
		}
		if err := setValue(data, before, sp, start); err != nil {
			return nil, err
		}
	}
	page := make([]byte, (len(data)/mapping.PageSize()+1)*mapping.PageSize())
	copy(page, data)
	// A writer that starts again replaces its file.
	tmp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(tmp, page, 0o644); err != nil {
		return nil, err
	}
	f, err := mapping.Open(tmp, syscall.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	region, err := mapping.Map(f, len(page))
	if err != nil {
		return nil, err
	}
	w := &published{}
	for _, at := range counters {
		counter := new(mapping.Cell[uint64])
		counter.Bind(region, at, 0)
		w.counters = append(w.counters, counter)
	}
	return w, os.Rename(tmp, name)
}

// setValue sets the field that starts at offset to the value that text is.
func setValue(data []byte, offset int, sp format.Spec, text string) error {
	if text == "" {
		return nil
	}
	var sigs format.Signatures
	s, err := format.Scan(data, true, &sigs)
	var f format.Field
	for err == nil && (f.Signature == nil || f.Offset < offset) {
		f, err = s.Next()
	}
	if err != nil {
		return err
	}
	v := format.TextValue([]byte(text))
	switch sp.Type {
	case format.Bool:
		v = format.BoolValue(text == "true")
	case format.Counter, format.Int64, format.Float64, format.Average:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		v = format.FloatValue(n)
		if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
			v = format.IntValue(whole)
		}
		if whole, err := strconv.ParseUint(text, 10, 64); err == nil {
			v = format.UintValue(whole)
		}
	}
	return f.Signature.Encode(data[f.ReadOffset(f.WriteBuffer):], v)
}
