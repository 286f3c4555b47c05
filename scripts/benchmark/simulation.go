package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"mmstats/lib/archive"
	"mmstats/lib/format"
)

// A simulation is programs that publish stats: half of them are busy, 30 % slow
// and 20 % idle, and now and then one starts again.
type simulation struct {
	programs []*program
	files    []*archive.File
	rand     *rand.Rand
	start    time.Time
	tick     int
	begun    int // programs that started so far
}

type program struct {
	*archive.File
	every int // ticks from one change to the next
	pid   int
	n     uint64  // of samples
	total float64 // of them
	rate  float64 // of its counters, a tick
}

func newSimulation(files int) *simulation {
	s := &simulation{rand: rand.New(rand.NewPCG(1, 2)), start: time.Unix(1_795_000_000, 0).UTC()}
	for i := range files {
		p := &program{rate: math.Exp(s.rand.Float64() * 5)}
		switch {
		case i%10 < 5:
			p.every = 1
		case i%10 < 8:
			p.every = 10
		default:
			p.every = 1000
		}
		s.programs = append(s.programs, p)
		s.begin(p)
	}
	return s
}

// begin starts a program.
func (s *simulation) begin(p *program) {
	s.begun++
	p.pid = 1000 + s.begun
	p.n, p.total = 0, 0
	p.File = &archive.File{Path: fmt.Sprintf("/run/mmstats/worker-%d-%d.mmstats", p.pid, p.pid), Inode: uint64(100000 + p.pid), Writer: archive.WriterRuns}
	add := func(label string, t format.Type, k format.Kind, unit string) {
		st := archive.Stat{Label: label, Type: t, Kind: k, Live: strings.HasPrefix(label, "worker")}
		if unit != "" {
			st.Description = "unit=" + unit + "\n"
		}
		st.Words = make([]uint64, archive.WordsOf(t))
		p.Stats = append(p.Stats, st)
	}
	for _, label := range []string{"sys.pid", "sys.tid", "sys.uid", "sys.gid"} {
		add(label, format.Uint32, format.KindConstant, "")
	}
	add("sys.created", format.Float64, format.KindConstant, "unixtime")
	add("org.golang.version", format.String, format.KindString, "")
	p.Stats[0].Words[0], p.Stats[1].Words[0] = uint64(p.pid), uint64(p.pid)
	p.Stats[4].Words[0] = math.Float64bits(float64(s.now().UnixMicro()) / 1e6)
	p.Stats[5].Text = []byte("go1.26.8")
	for i := range 5 {
		add(fmt.Sprint("worker.jobs.", i), format.Counter, format.KindCounter, "")
	}
	add("worker.bytes.in", format.Counter, format.KindCounter, "bytes")
	add("worker.bytes.out", format.Counter, format.KindCounter, "bytes")
	add("worker.queue.length", format.Int64, format.KindGauge, "")
	add("worker.connections", format.Int64, format.KindGauge, "")
	add("worker.memory", format.Int64, format.KindGauge, "bytes")
	add("worker.healthy", format.Bool, format.KindBool, "")
	add("worker.state", format.String, format.KindString, "")
	add("worker.latency", format.Average, format.KindGauge, "seconds")
	add("worker.recent", format.Moving, format.KindGauge, "seconds")
}

func (s *simulation) now() time.Time { return s.start.Add(time.Duration(s.tick) * time.Second) }

func (s *simulation) moment() archive.Moment {
	jitter := time.Duration(s.rand.IntN(400)) * time.Microsecond
	return archive.Moment{Time: s.now().Add(jitter), Since: time.Duration(s.tick)*time.Second + jitter}
}

// step makes the next tick of all programs.
func (s *simulation) step() []*archive.File {
	s.tick++
	s.files = s.files[:0]
	for i, p := range s.programs {
		if s.rand.IntN(20_000) == 0 {
			p.Gone = true
			s.files = append(s.files, p.File)
			s.begin(p)
		}
		if (s.tick+i)%p.every == 0 {
			s.work(p)
		}
		s.files = append(s.files, p.File)
	}
	return s.files
}

var states = []string{"idle", "reading", "working", "writing", "waiting for the database"}

// work makes a program change its stats.
func (s *simulation) work(p *program) {
	jobs := uint64(p.rate * (0.5 + s.rand.Float64()))
	st := p.Stats[6:]
	for i := range 5 {
		st[i].Words[0] += uint64(float64(jobs) * s.rand.Float64())
	}
	st[5].Words[0] += jobs * uint64(200+s.rand.IntN(2000))
	st[6].Words[0] += jobs * uint64(1000+s.rand.IntN(100000))
	st[7].Words[0] = uint64(s.rand.IntN(50))
	st[8].Words[0] += uint64(s.rand.IntN(5)) - 2
	st[9].Words[0] = uint64(100<<20 + s.rand.IntN(64<<10)*4096)
	if s.rand.IntN(200) == 0 {
		st[10].Words[0] ^= 1
	}
	if s.rand.IntN(20) == 0 {
		st[11].Text = []byte(states[s.rand.IntN(len(states))])
	}
	took := 0.001 + s.rand.ExpFloat64()/100
	p.n += 1 + jobs/4
	p.total += took * float64(1+jobs/4)
	st[12].Words[0] = math.Float64bits(p.total / float64(p.n))
	st[12].Words[1] = p.n
	st[12].Words[2] = math.Float64bits(p.total)
	st[13].Words[0] = math.Float64bits(took)
	st[13].Words[1] = p.n
}
