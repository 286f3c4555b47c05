package main

import (
	"bytes"
	"fmt"
	"os"
)

// streamRows measure a stream that is fed by cat, through a pipe. What counts
// is the time of processor that both use: on an idle machine they take less
// time than that.
func streamRows() []row {
	rate := func(name, line string, updates, lines int, options ...string) row {
		return atLeast("stream/"+name, "mmstats-write stream of "+line, "M updates/s", 1, func(b *bench) (cost, error) {
			input, file := b.path("lines-"+name), b.path("stream-"+name+".mmstats")
			err := os.WriteFile(input, bytes.Repeat([]byte(line+"\n"), lines), 0o644)
			return func() (float64, error) {
				took, err := cpu(append([]string{"sh", "-c", `input=$1 && shift && cat "$input" | "$@"`, "sh", input,
					b.command("mmstats-write"), "-f", file, "stream"}, options...)...)
				return took / 1e3 / (float64(lines*updates) / 1e6), err
			}, err
		})
	}
	return []row{
		rate("counter", "hits+=1", 1, 2_000_000),
		rate("four", "hits+=1 bytes+=4096 load=1.5 state=copying", 4, 300_000),
		rate("timer", "latency:timer+=0.25", 1, 1_000_000),
		rate("statsd", "hits:1|c", 1, 2_000_000, "--statsd"),
		rate("statsd-timer", "latency:250|ms", 1, 1_000_000, "--statsd"),
		atMost("stream/new-labels", "mmstats-write stream of 20,000 new labels", "s", 1, func(b *bench) (cost, error) {
			input, file := b.path("labels"), b.path("labels.mmstats")
			var lines bytes.Buffer
			for i := range 20_000 {
				fmt.Fprintf(&lines, "status.label.%d+=1\n", i)
			}
			return func() (float64, error) {
				os.Remove(file)
				took, err := cpu("sh", "-c", `cat "$1" | "$2" -f "$3" stream`, "sh", input, b.command("mmstats-write"), file)
				return took / 1e3, err
			}, os.WriteFile(input, lines.Bytes(), 0o644)
		}),
	}
}
