package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/cli"
	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
	"mmstats/lib/liveness"
	"mmstats/lib/reader"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	clitest.Main(m, map[string]func(){"cleanstats": main})
}

// asCommand makes a copy of the test binary be the command.
const asCommand = "MMSTATS_TEST_CLEANSTATS"

// nobodysPID is one that no process can have: ids are below the largest.
const nobodysPID = liveness.MaxPID

func TestScripts(t *testing.T) {
	clitest.Scripts(t, map[string]func(*testscript.TestScript, bool, []string){
		"stats":    makeStats,
		"counters": showCounters,
		"fifo": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o644))
		},
		"hardlink": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(os.Link(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
		},
	}, "DEAD="+strconv.Itoa(nobodysPID), "LIVE="+strconv.Itoa(os.Getpid()))
}

// makeStats makes a stat file: stats FILE LABEL:SIGNATURE=VALUE...
func makeStats(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte{format.Version}
	for _, arg := range args[1:] {
		head, value, _ := strings.Cut(arg, "=")
		label, sig, _ := strings.Cut(head, ":")
		var err error
		data, err = appendRaw(data, label, sig, value)
		ts.Check(err)
	}
	ts.Check(writeFile(ts.MkAbs(args[0]), append(data, 0, 0)))
}

// writeFile writes a file, while no other test starts a program: that would have
// the file open for writing until it is loaded, and so the file would be in use.
func writeFile(name string, data []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(name, data, 0o644)
}

// appendRaw appends an unbuffered field with any signature.
func appendRaw(data []byte, label, sig, value string) ([]byte, error) {
	s, err := format.ParseSignature(sig)
	if err != nil {
		return nil, err
	}
	data = binary.NativeEndian.AppendUint16(data, uint16(len(label)))
	data = append(data, label...)
	data = binary.NativeEndian.AppendUint16(data, uint16(len(sig)))
	data = append(append(data, sig...), format.Unbuffered)
	at := len(data)
	data = append(data, make([]byte, s.Size)...)
	v := format.TextValue([]byte(value))
	if n, err := strconv.ParseUint(value, 10, 64); err == nil && s.Code != 's' {
		v = format.UintValue(n)
	} else if n, err := strconv.ParseInt(value, 10, 64); err == nil && s.Code != 's' {
		v = format.IntValue(n)
	} else if f, err := strconv.ParseFloat(value, 64); err == nil && s.Code != 's' {
		v = format.FloatValue(f)
	}
	return data, s.Encode(data[at:], v)
}

// showCounters logs every stat of a file as LABEL KIND VALUE: counters FILE.
func showCounters(ts *testscript.TestScript, _ bool, args []string) {
	stats, err := reader.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	for i := range stats {
		fmt.Fprintf(ts.Stdout(), "%s %v %s\n", stats[i].Label, stats[i].Type(), stats[i].Value.AppendText(nil))
	}
}

// statFields returns the fields of a stat file like those of programs that hold
// its lock, or like those of others.
func statFields(pid int, created time.Time, keepsLock bool, counts ...uint64) []byte {
	data := []byte{format.Version}
	add := func(label string, typ format.Type, update format.Update, v format.Value) {
		var err error
		if data, err = appendStat(data, format.Spec{Label: label, Type: typ, Update: update, Size: 8}, v); err != nil {
			panic(err)
		}
	}
	add("sys.pid", format.Int32, format.Never, format.IntValue(int64(pid)))
	add("sys.created", format.Float64, format.Never, format.FloatValue(float64(created.UnixMicro())/1e6))
	if keepsLock {
		add("org.golang.version", format.String, format.Never, format.TextValue([]byte("go1.26")))
	}
	for i, n := range counts {
		add("test.count."+strconv.Itoa(i), format.Counter, format.Shared, format.UintValue(n))
	}
	return data
}

// statFile returns the bytes of a whole stat file, see statFields.
func statFile(pid int, created time.Time, keepsLock bool, counts ...uint64) []byte {
	data := statFields(pid, created, keepsLock, counts...)
	if len(counts) > 1 { // one sample for each that was counted first
		data = appendHistogram(data, "test.wait", format.Description{Unit: "seconds", About: "Waited"}, counts[0], 0.5)
	}
	return append(data, make([]byte, 4096-len(data)%4096)...)
}

// appendHistogram appends a histogram of n samples of v.
func appendHistogram(data []byte, label string, about format.Description, n uint64, v float64) []byte {
	start := len(data)
	data, err := format.AppendField(data, format.Spec{Label: label, Type: format.Histogram, Description: about})
	if err != nil {
		panic(err)
	}
	fd, err := format.FieldAt(data, start)
	if err != nil {
		panic(err)
	}
	put := func(word int, bits uint64) {
		binary.NativeEndian.PutUint64(data[fd.ValueOffset+fd.Signature.ValueOffset+8*word:], bits)
	}
	if n > 0 {
		put(format.HistogramSum, math.Float64bits(v*float64(n)))
		put(format.HistogramMin, math.Float64bits(v))
		put(format.HistogramMax, math.Float64bits(v))
		put(format.HistogramBuckets+format.Bucket(v), n)
	}
	return data
}

// writeStats writes a stat file that looks as if it were written at created.
func writeStats(t *testing.T, name string, pid int, created time.Time, keepsLock bool, counts ...uint64) {
	t.Helper()
	if err := writeFile(name, statFile(pid, created, keepsLock, counts...)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, created, created); err != nil {
		t.Fatal(err)
	}
}

// command runs the command in this process, and returns its status and output.
func command(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = run(&cli.App{Name: "cleanstats", Stdout: &out, Stderr: &errs}, args, strings.NewReader(""))
	return status, out.String(), errs.String()
}
