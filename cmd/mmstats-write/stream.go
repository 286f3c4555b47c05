package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"mmstats/lib/cli"
	"mmstats/lib/mmstats"
)

type streamOptions struct {
	Ack          bool `long:"ack" description:"Answer each line by a line: ok, or error and the reason"`
	StatsD       bool `long:"statsd" description:"Take statsd lines, such as hits:1|c"`
	RemoveOnExit bool `long:"rm-on-exit" description:"Remove the file at the end of the input and on a signal"`
}

// A stream carries out the lines of an input, one batch each.
type stream struct {
	*cli.App
	*session
	streamOptions
	out     *bufio.Writer // of --ack; nil otherwise, and once its reader is gone
	line    int
	batch   []assignment
	looked  time.Time // when the name of the file was last looked up
	mu      sync.Mutex
	stopped bool
}

const (
	// maxLine is the longest line that is taken, in bytes.
	maxLine = 4 << 20
	// maxKept is for how many lines a stream stays the only writer while more
	// wait: some milliseconds.
	maxKept = 1000
	// lookAgain is how often a stream looks whether its file was replaced.
	lookAgain = time.Second
)

// run carries out the lines of stdin until it ends, or until a signal says so.
// It returns the status.
func (st *stream) run(stdin io.Reader) int {
	st.keep = true
	if st.Ack {
		// Whoever reads the answers may go away: the stats go on.
		signal.Ignore(syscall.SIGPIPE)
		st.out = bufio.NewWriter(st.Stdout)
	}
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- st.read(stdin) }()
	var err error
	select {
	case err = <-ended:
	case <-signals:
	}
	// The reader never stops in the middle of a batch.
	st.mu.Lock()
	defer st.mu.Unlock()
	st.stopped = true
	st.release()
	if err != nil {
		st.Errorf("standard input: %v", err)
	}
	if st.RemoveOnExit {
		if err := st.remove(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			st.Error(err)
		}
	}
	return st.Status()
}

// read carries out line after line.
func (st *stream) read(stdin io.Reader) error {
	in := bufio.NewReaderSize(stdin, 64<<10)
	var long []byte // what was read of a line that is longer than the buffer
	for {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if len(long) <= maxLine {
				long = append(long, line...)
			}
			continue
		}
		if len(long) > 0 {
			line = append(long, line...)
			long = long[:0]
		}
		if len(line) > 0 {
			st.take(line, in.Buffered() == 0)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take carries out one line. idle says that no other waits.
func (st *stream) take(line []byte, idle bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.stopped {
		return
	}
	st.line++
	line = bytes.TrimRight(line, "\r\n")
	var err error
	done := true
	switch {
	case len(line) > maxLine:
		err = fmt.Errorf("longer than %d bytes", maxLine)
	case len(bytes.TrimLeft(line, " \t")) == 0, line[0] == '#':
		done = false // nothing to carry out, and to answer
	default:
		err = st.carryOut(string(line))
	}
	if done {
		st.answer(err)
	}
	if idle || st.line%maxKept == 0 {
		st.release()
	}
	if idle {
		if st.out != nil && st.out.Flush() != nil {
			st.out = nil
		}
		st.lookUp()
	}
}

func (st *stream) carryOut(line string) error {
	var err error
	if st.StatsD {
		st.batch, err = parseStatsD(st.batch[:0], line, st.prefix)
	} else {
		st.batch, err = parseLine(st.batch[:0], line, st.prefix)
	}
	if err != nil {
		return err
	}
	return st.apply(st.batch)
}

// answer says what came of a line.
func (st *stream) answer(err error) {
	switch {
	case st.out == nil && err != nil:
		st.Errorf("line %d: %s", st.line, cli.Reason(err))
	case st.out == nil:
	case err == nil:
		st.out.WriteString("ok\n")
	default:
		st.Fail()
		st.out.WriteString("error " + strings.ReplaceAll(cli.Reason(err), "\n", " ") + "\n")
	}
}

// lookUp closes a file that its name does not lead to any more, so that the
// next batch opens or makes the one that it does lead to.
func (st *stream) lookUp() {
	now := time.Now()
	if st.file == nil || now.Sub(st.looked) < lookAgain {
		return
	}
	st.looked = now
	if errors.Is(st.file.Err(), mmstats.ErrReplaced) {
		st.close()
	}
}

// parseLine appends the assignments of a line to batch. They are separated by
// blanks; in labels and values, a backslash makes a blank part of the word.
func parseLine(batch []assignment, line, prefix string) ([]assignment, error) {
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return batch, nil
		}
		end := 0
		for end < len(line) && line[end] != ' ' && line[end] != '\t' {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(line))
		a, err := parseAssignment(line[:end], prefix, false)
		if err == nil {
			a.value, err = unescape(a.value)
		}
		if err != nil {
			return batch, err
		}
		batch = append(batch, a)
		line = line[end:]
	}
}
