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
	"mmstats/lib/escape"
	"mmstats/lib/mmstats"
)

type streamOptions struct {
	Ack          bool `long:"ack" description:"Answer each line by a line: ok, or error and the reason"`
	StatsD       bool `long:"statsd" description:"Take statsd lines, such as hits:1|c"`
	UntilEOF     bool `long:"until-eof" description:"End with the input alone, and not by a signal"`
	RemoveOnExit bool `long:"rm-on-exit" description:"Remove the file at the end of the input and on a signal"`
}

// A stream carries out the lines of an input, one batch each.
type stream struct {
	*cli.App
	*session
	streamOptions
	line    int
	batch   []mmstats.Change
	answers []byte
	deaf    bool      // nobody takes the answers
	bad     int       // lines since the last question
	paused  bool      // before the line at hand
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
	// maxAnswers is how many bytes of answers wait for the end of the lines
	// that are there.
	maxAnswers = 4 << 10
	// lookAgain is how often a stream looks whether its file was replaced.
	lookAgain = time.Second
	// question is a line that is answered when those before it are carried
	// out.
	question = "?"
)

// run carries out the lines of stdin until it ends, or until a signal says so.
// It returns the status.
func (st *stream) run(stdin io.Reader) int {
	st.hold = true
	// Whoever reads the answers may go away: the stats go on.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		switch {
		case st.UntilEOF:
			// An ignored SIGTERM that we inherit is not known as one to Go.
			signal.Ignore(s)
		case !signal.Ignored(s):
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
		err := st.remove()
		if err != nil && !errors.Is(err, fs.ErrNotExist) && finish(st.App, err) == cli.TempFail {
			return cli.TempFail
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
			next, _ := in.Peek(in.Buffered())
			st.take(line, bytes.IndexByte(next, '\n') < 0)
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
	if st.carryOutLine(line, idle) {
		st.sendAnswers()
	}
}

// carryOutLine reports whether the answers should go out. Then others may
// write to the file, for as long as that takes.
func (st *stream) carryOutLine(line []byte, idle bool) (pauses bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.stopped {
		return false
	}
	if st.paused {
		st.resume()
	}
	st.line++
	line = bytes.TrimRight(line, "\r\n")
	switch text := bytes.Trim(line, " \t"); {
	case len(line) > maxLine:
		st.answer(fmt.Errorf("longer than %d bytes", maxLine))
	case len(text) == 0, text[0] == '#':
	case string(text) == question:
		st.answerQuestion()
	default:
		st.answer(st.carryOut(string(line)))
	}
	st.paused = idle || st.line%maxKept == 0 || len(st.answers) >= maxAnswers
	if st.paused {
		st.release()
	}
	return st.paused
}

func (st *stream) carryOut(line string) error {
	var err error
	if st.StatsD {
		st.batch, err = parseStatsD(st.batch[:0], strings.Trim(line, " \t"), st.options.Prefix)
	} else {
		st.batch, err = parseLine(st.batch[:0], line, st.options.Prefix)
	}
	if err != nil {
		return err
	}
	return st.apply(st.batch)
}

// answer says what came of a line.
func (st *stream) answer(err error) {
	if err != nil {
		st.bad++
	}
	switch {
	case !st.Ack && err != nil:
		st.Errorf("line %d: %s", st.line, cli.Reason(err))
	case !st.Ack:
	case err == nil:
		st.answers = append(st.answers, "ok\n"...)
	default:
		st.Fail()
		st.answers = append(st.answers, "error "...)
		st.answers = append(escape.AppendMessage(st.answers, cli.Reason(err)), '\n')
	}
}

// answerQuestion says what came of the lines since the last question.
func (st *stream) answerQuestion() {
	if st.bad == 0 {
		st.answers = append(st.answers, "ok\n"...)
	} else {
		st.answers = fmt.Appendf(st.answers, "error %d bad lines\n", st.bad)
	}
	st.bad = 0
}

// sendAnswers may take as long as their reader likes.
func (st *stream) sendAnswers() {
	if len(st.answers) == 0 {
		return
	}
	if !st.deaf {
		if _, err := st.Stdout.Write(st.answers); err != nil {
			st.deaf = true
			st.mu.Lock()
			if st.OutputFailed(err) != cli.OK {
				st.Fail()
			}
			st.mu.Unlock()
		}
	}
	st.answers = st.answers[:0]
}

// resume goes on after a pause. It closes a file that its name does not lead to
// any more, or that was truncated, so that the batch at hand opens or makes the
// one that is there.
func (st *stream) resume() {
	if st.file == nil {
		return
	}
	if now := time.Now(); now.Sub(st.looked) >= lookAgain {
		st.looked = now
		if st.file.Err() != nil {
			st.close()
			return
		}
	}
	st.file.Hold()
}

// parseLine appends the assignments of a line to batch. They are separated by
// blanks; in labels and values, a backslash makes a blank part of the word.
func parseLine(batch []mmstats.Change, line, prefix string) ([]mmstats.Change, error) {
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
		c, err := parseAssignment(line[:end], prefix, false)
		if err == nil {
			c.Text, err = escape.Unescape(c.Text)
		}
		if err != nil {
			return batch, err
		}
		batch = append(batch, c)
		line = line[end:]
	}
}
