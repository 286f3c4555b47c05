// Mmash shows the stats of running programs on a web page, and answers scripts
// and Prometheus.
//
//	mmash [-l ADDR]... [-r ARCHIVE] [-d DELAY] [--history TIME] [--allow-host NAME]... [--private] [--log] [--max-size BYTES] [FILE|DIR|GLOB...]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/cli"
)

func main() { cli.Main("mmash", run) }

type options struct {
	Listen    []string       `short:"l" long:"listen" empty:"no" value-name:"ADDR" description:"Where to listen: HOST:PORT, :PORT or unix:PATH; without it 127.0.0.1:5002 (repeatable)"`
	Delay     string         `short:"d" long:"delay" value-name:"DELAY" default:"1" description:"Time between two looks at the files, 0.1 s to 60 s, such as 0.5, 500ms or 2s"`
	History   string         `long:"history" value-name:"TIME" default:"10m" description:"How much is remembered for the graphs; 0 is nothing"`
	AllowHost []string       `long:"allow-host" value-name:"NAME" description:"A further name of this server, as its clients call it; * is any (repeatable)"`
	Private   bool           `long:"private" description:"Over TCP, show also files that not everybody on this machine may read"`
	Log       bool           `long:"log" description:"Write a line for each request to standard error"`
	Replay    flags.Filename `short:"r" long:"replay" value-name:"ARCHIVE" description:"Show an archive of recstats instead of files"`
	MaxSize   int            `long:"max-size" value-name:"BYTES" base:"10" default:"16777216" description:"Read at most this much of a file"`
	cli.Common
	Args struct {
		Files []flags.Filename `positional-arg-name:"FILE|DIR|GLOB" description:"Stat files, directories of *.mmstats, and globs. Without any, those of $MMSTATS_GLOB"`
	} `positional-args:"yes"`
}

const (
	defaultAddress = "127.0.0.1:5002"
	minDelay       = 100 * time.Millisecond
	maxDelay       = time.Minute
	maxHistory     = 7 * 24 * time.Hour

	// endWait is how long requests may take once mmash is asked to end.
	endWait = 5 * time.Second
	// sendBuffer bounds what the system holds for a client that does not read,
	// in bytes, so that it is noticed soon.
	sendBuffer = 64 << 10
)

// A command is one run of mmash.
type command struct {
	*cli.App
	options
	delay, history time.Duration
}

func run(a *cli.App, args []string, _ io.Reader) int {
	c := &command{App: a}
	rest, status, done := a.Parse(a.Parser(&c.options, "[-l ADDR]... [-r ARCHIVE] [-d DELAY] [--history TIME]"), &c.Common, args)
	if done {
		return status
	}
	args = append(cli.Paths(c.Args.Files), rest...)
	if err := c.prepare(args); err != nil {
		return a.Misuse("%s", err)
	}
	listeners, err := c.open()
	if err != nil {
		c.Error(err)
		return cli.Misused
	}
	cli.SaveMemory()
	return c.serve(listeners, args)
}

// prepare checks what the options say.
func (c *command) prepare(args []string) (err error) {
	if c.delay, err = cli.ParseDuration(c.Delay); err != nil || c.delay < minDelay || c.delay > maxDelay {
		return fmt.Errorf("-d is 0.1 s to 60 s, such as 0.5, 500ms or 2s, not %q", c.Delay)
	}
	if c.history, err = cli.ParseDuration(c.History); err != nil || c.history < 0 || c.history > maxHistory {
		return fmt.Errorf("--history is 0 to 7 days, such as 10m or 2h, not %q", c.History)
	}
	if c.MaxSize < 1 {
		return errors.New("--max-size must be at least 1")
	}
	if c.Replay != "" && len(args) > 0 {
		return fmt.Errorf("-r shows an archive, and no files: %q", args[0])
	}
	return nil
}

// open opens the sockets, or takes those of systemd.
func (c *command) open() ([]listener, error) {
	list, err := inherited()
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		if len(c.Listen) > 0 {
			c.Notef("the sockets of systemd are used, and -l is not")
		}
		return list, nil
	}
	if len(c.Listen) == 0 {
		c.Listen = []string{defaultAddress}
	}
	return listen(c.Listen)
}

// serve answers requests until a signal ends it, and returns the status.
func (c *command) serve(listeners []listener, args []string) int {
	defer closeAll(listeners)
	unix := slices.ContainsFunc(listeners, listener.isUnix)
	tcp := slices.ContainsFunc(listeners, func(l listener) bool { return !l.isUnix() })
	done, end := context.WithCancel(context.Background())
	defer end()
	s := &server{hosts: newHosts(c.AllowHost), private: c.Private, done: done, writeWait: defaultWriteWait}
	if c.Log {
		s.log = c.Stderr
	}
	data := pageData{Host: hostName(), Version: cli.Version, History: c.history.Seconds()}
	var err error
	if c.Replay != "" {
		if s.recording, err = c.openRecording(unix); err != nil {
			c.Error(err)
			return cli.Misused
		}
		data.Looks, data.Recorded = s.recording.path, true
	} else {
		s.model = newModel(args, c.delay, c.history, tcp && !c.Private, unix || c.Private)
		s.model.poller.MaxSize = c.MaxSize
		s.model.poller.Report = func(err error) { c.Notef("%s", cli.Reason(err)) }
		data.Looks = s.model.looks
	}
	if s.pages, err = newPages(data); err != nil {
		c.Error(err)
		return cli.Failed
	}
	return c.run(s, listeners, end)
}

// openRecording opens the archive. Where nobody could see it, that is an error.
func (c *command) openRecording(unix bool) (*recording, error) {
	rec, err := newRecording(string(c.Replay), c.history, func(text string) { c.Notef("%s", text) })
	if err == nil && !c.Private && !unix && !rec.everybodyReads() {
		err = &fs.PathError{Op: "open", Path: string(c.Replay), Err: errors.New("not everybody on this machine may read it, but connect here: --private shows it to all, and -l unix:PATH to you alone")}
	}
	return rec, err
}

// hostName returns what this machine is called.
func hostName() string {
	if host, err := os.Hostname(); err == nil {
		return host
	}
	return "this machine"
}

// run polls the files of s, if it has any, and answers until a signal comes.
func (c *command) run(s *server, listeners []listener, end func()) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(signals, os.Interrupt)
	}
	var polling sync.WaitGroup
	if s.model != nil {
		polling.Go(func() { s.model.run(s.done.Done()) })
		defer s.model.poller.Close()
	}
	status := c.answer(s, listeners, signals, end)
	end()
	polling.Wait()
	return status
}

// answer runs the HTTP server until a signal comes.
func (c *command) answer(s *server, listeners []listener, signals <-chan os.Signal, end func()) int {
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          quiet,
		ConnContext:       connContext,
	}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		c.Notef("listening on %s", l.name)
		go func() { failed <- h.Serve(l) }()
	}
	select {
	case err := <-failed:
		c.Error(err)
		h.Close()
		return cli.Failed
	case <-signals:
	}
	end() // the streams, which Shutdown would wait for
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	go func() {
		<-signals
		cancel() // a second signal ends at once
	}()
	if h.Shutdown(ctx) != nil {
		h.Close()
	}
	return cli.OK
}

// connContext notes how a client came.
func connContext(ctx context.Context, conn net.Conn) context.Context {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer)
	}
	if conn.LocalAddr().Network() == "unix" {
		return context.WithValue(ctx, fromUnix{}, true)
	}
	return ctx
}
