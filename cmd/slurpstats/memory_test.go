package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/format"
)

// A file that anybody put into the directory does not take all memory.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	files := clitest.HostileFiles(t)
	for _, args := range [][]string{
		{"-o", "text"}, {"-o", "json"}, {"-o", "prometheus"}, {"-o", "json", "-a", "one"}, {"-o", "json", "-a", "sum"}, {"-o", "prometheus", "-a", "sum"},
		{"-o", "tsv", "-l", "*f"}, {"-o", "json", "-L", "--buckets"}, {"--value"}, {"--why", "x"},
	} {
		for _, file := range files {
			clitest.CheckMemory(t, clitest.Command("slurpstats", append(args[:len(args):len(args)], file)...))
		}
	}
	samples := sampleFiles(t)
	for _, args := range [][]string{
		{"-o", "text"}, {"-o", "json", "--buckets"}, {"-o", "prometheus"}, {"--parts"}, {"-l", "*:p99"}, {"-o", "json", "-a", "sum"},
	} {
		for _, file := range samples {
			clitest.CheckMemory(t, clitest.Command("slurpstats", append(args[:len(args):len(args)], file)...))
		}
	}
}

// sampleFiles makes a file of nothing but histograms, and one of the samples of
// one moving average. They are written piece by piece, since this process must
// take little memory itself.
func sampleFiles(t *testing.T) []string {
	t.Helper()
	create := func(name string) (string, *bufio.Writer) {
		name = filepath.Join(t.TempDir(), name)
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		w := bufio.NewWriter(f)
		w.WriteByte(format.Version)
		return name, w
	}
	many, w := create("many.mmstats")
	for i := range 4000 {
		w.Write(statFile(t, fmt.Sprintf("h%d:histogram=1,%d", i, i))[1:])
	}
	w.Flush()
	one, w := create("one.mmstats")
	const samples = 2_000_000
	w.Write(rawField("m", fmt.Sprintf("d%dx ", 16+8*samples), 255, ""))
	for _, v := range []uint64{0, 0, samples} { // mean, the next one, count
		binary.Write(w, binary.NativeEndian, v)
	}
	for i := range uint64(samples) {
		w.Write(binary.NativeEndian.AppendUint64(nil, math.Float64bits(float64(i*7919%samples))))
	}
	w.Flush()
	return []string{many, one}
}
