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

	"mmstats/lib/change"
	"mmstats/lib/cli"
	"mmstats/lib/escape"
	"mmstats/lib/format"
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
	batch   []change.Change
	answers []byte
	deaf    bool      // nobody takes the answers
	bad     int       // lines since the last question
	paused  bool      // before the line at hand
	checked time.Time // when the file was last checked
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
	// checkEvery is how often a stream checks whether its file was replaced.
	checkEvery = time.Second
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
		st.Errorf("input line %d: %s", st.line, cli.Reason(err))
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
	if now := time.Now(); now.Sub(st.checked) >= checkEvery {
		st.checked = now
		if st.file.Err() != nil {
			st.close()
			return
		}
	}
	st.file.Hold(true)
}

// parseLine appends the assignments of a line to batch. They are separated by
// blanks.
func parseLine(batch []change.Change, line, prefix string) ([]change.Change, error) {
	for {
		line = trimBlanks(line)
		if line == "" {
			return batch, nil
		}
		c, rest, err := parseWord(line, prefix, false)
		if err != nil {
			return batch, err
		}
		batch = append(batch, c)
		line = rest
	}
}

// parseWord reads the assignment or declaration that starts a line, and returns
// the rest of the line. In it, a backslash makes a blank part of the word, and
// so do quotes around the value.
func parseWord(line, prefix string, declares bool) (c change.Change, rest string, err error) {
	word, value, rest, err := cutWord(line)
	if err == nil {
		c, err = parseAssignment(word, prefix, declares)
	}
	assigned := strings.IndexByte(word, '=') >= 0
	switch {
	case err != nil && !assigned && !declares:
		err = fmt.Errorf(`%w; for a blank in a value, write "\ " or quote the value`, err)
	case err != nil:
	case value != nil:
		c.Text = *value
	default:
		c.Text, err = escape.Unescape(c.Text)
	}
	if declares && assigned {
		c.Value = format.TextValue([]byte(c.Text)) // which may be empty
	}
	return c, rest, err
}

// cutWord cuts the first word from a line. A value in quotes is left out of the
// word, and returned as what it stands for. Only a quote that starts the value
// is one: others, as in "it's", are characters.
func cutWord(line string) (word string, value *string, rest string, err error) {
	end, assigned := 0, false
	for end < len(line) && !isBlank(line[end]) {
		switch line[end] {
		case '\\':
			end++
		case '=':
			if next := line[end+1:]; !assigned && next != "" && (next[0] == '"' || next[0] == '\'') {
				text, rest, err := cutQuoted(next)
				return line[:end+1], &text, rest, err
			}
			assigned = true
		}
		end++
	}
	end = min(end, len(line))
	return line[:end], nil, line[end:], nil
}

// cutQuoted cuts the quoted text that s starts with. Escapes count between
// double quotes.
func cutQuoted(s string) (text, rest string, err error) {
	quote := s[0]
	end := 1
	for end < len(s) && s[end] != quote {
		if s[end] == '\\' && quote == '"' {
			end++
		}
		end++
	}
	if end >= len(s) {
		return "", "", fmt.Errorf(`no closing quote after %s; a quote that starts a value is written \%c`, shorten(s), quote)
	}
	text, rest = s[1:end], s[end+1:]
	if rest != "" && !isBlank(rest[0]) {
		return "", "", fmt.Errorf(`no blank after the closing quote of %s; a quote in a value is written \%c`, shorten(s[:end+1]), quote)
	}
	if quote == '"' {
		text, err = escape.Unescape(text)
	}
	return text, rest, err
}
