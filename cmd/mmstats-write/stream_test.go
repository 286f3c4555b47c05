package main

import (
	"bytes"
	"io"
	"testing"

	"mmstats/lib/cli"
)

func benchmarkLines(b *testing.B, statsd bool, lines ...string) {
	for _, line := range lines {
		b.Run(line, func(b *testing.B) {
			st := stream{App: &cli.App{Name: "x", Stderr: io.Discard}, session: newSession(b.TempDir()+"/x.mmstats", "")}
			st.hold, st.StatsD = true, statsd
			in := bytes.Repeat([]byte(line+"\n"), b.N)
			b.ReportAllocs()
			b.ResetTimer()
			st.read(bytes.NewReader(in))
		})
	}
}

func BenchmarkStream(b *testing.B) {
	benchmarkLines(b, false, "hits+=1", "hits+=1 load=1.5 bytes+=4096 name=abc", "lat:timer+=0.5")
}

func BenchmarkStatsD(b *testing.B) { benchmarkLines(b, true, "hits:1|c", "lat:320|ms", "load:1.5|g") }
