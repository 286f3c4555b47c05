package archive

import (
	"io"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDay records a simulated day of 200 files of 20 stats at a second,
// or $ARCHIVE_TICKS seconds of it, and reads it. The times are those of the
// processor.
func BenchmarkDay(b *testing.B) {
	ticks := 86400
	if n, err := strconv.Atoi(os.Getenv("ARCHIVE_TICKS")); err == nil {
		ticks = n
	}
	for b.Loop() {
		dir := b.TempDir()
		s := newSimulation(200)
		recordDay(b, dir, s, ticks)
		find(b, dir, s, ticks)
		readDay(b, dir, ticks)
	}
}

func recordDay(b *testing.B, dir string, s *simulation, ticks int) {
	w := newWriter(b, dir, Options{MaxSize: 1 << 30})
	var spent time.Duration
	for range ticks {
		files, m := s.step(), s.moment()
		before := cpu()
		if err := w.Record(m, files); err != nil {
			b.Fatal(err)
		}
		spent += cpu() - before
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(w.Written())/1e6, "MB")
	b.ReportMetric(float64(w.Written())/float64(20*len(s.programs)*ticks), "bytes/sample")
	b.ReportMetric(spent.Seconds()*1e3/float64(ticks), "ms/record")
}

// find looks for times in the archive, each as a command does.
func find(b *testing.B, dir string, s *simulation, ticks int) {
	const times = 100
	var worst, sum time.Duration
	for range times {
		want := s.start.Add(time.Duration(1+s.rand.IntN(ticks))*time.Second + 500*time.Millisecond)
		before := cpu()
		a := open(b, dir)
		r, err := a.At(want)
		if err != nil {
			b.Fatal(err)
		}
		spent := cpu() - before
		if off := want.Sub(r.Time); off < 0 || off > time.Second {
			b.Fatalf("At(%v) is of %v", want, r.Time)
		}
		a.Close()
		worst, sum = max(worst, spent), sum+spent
	}
	b.ReportMetric(worst.Seconds()*1e3, "ms/worst-at")
	b.ReportMetric(sum.Seconds()*1e3/times, "ms/at")
}

func readDay(b *testing.B, dir string, ticks int) {
	a := open(b, dir)
	before := cpu()
	n := 0
	for {
		_, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != ticks || len(a.Damage()) > 0 {
		b.Fatalf("%d records of %d, damage %v", n, ticks, a.Damage())
	}
	b.ReportMetric((cpu() - before).Seconds(), "s/read-all")
}
