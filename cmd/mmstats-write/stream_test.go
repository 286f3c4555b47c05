package main

import (
	"bytes"
	"io"
	"testing"

	"mmstats/lib/cli"
)

func BenchmarkStream(b *testing.B) {
	for _, line := range []string{"hits+=1", "hits+=1 load=1.5 bytes+=4096 name=abc", "lat:timer+=0.5"} {
		b.Run(line, func(b *testing.B) {
			st := stream{App: &cli.App{Name: "x", Stderr: io.Discard}, session: newSession(b.TempDir()+"/x.mmstats", "")}
			st.hold = true
			in := bytes.Repeat([]byte(line+"\n"), b.N)
			b.ReportAllocs()
			b.ResetTimer()
			st.read(bytes.NewReader(in))
		})
	}
}
