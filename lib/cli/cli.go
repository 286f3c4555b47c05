// Package cli holds what the commands share: how they parse arguments, write
// messages and choose a format of output, and the statuses they exit with.
//
// Messages go to standard error as "NAME: FILE: reason", in lower case and
// without a period. Text from outside is escaped. After a usage error comes a
// line that names --help.
package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/escape"
)

// Version is the version of all commands.
const Version = "1.0.0"

// Exit statuses of the commands.
const (
	OK       = 0
	Failed   = 1  // it finished, but something failed
	Misused  = 2  // usage error, or nothing could be done
	TempFail = 75 // locked too long: EX_TEMPFAIL
)

// Common holds the options that every command has. Commands embed it in their
// own options.
type Common struct {
	Version func() `short:"V" long:"version" description:"Show the version and exit"`
}

// An App is one run of a command.
type App struct {
	Name   string
	Stdout io.Writer
	Stderr io.Writer
	failed bool
	// Candidates, if it is set, returns all that the last argument can be
	// continued to in a shell, given what package flags and this one found.
	Candidates func(found []flags.Completion) []flags.Completion
}

// errVersion is what the option --version panics with, to end the parsing.
var errVersion = errors.New("version")

// Parser returns a parser for options, which is a pointer to a struct with the
// tags of go-flags. In the help, usage follows the name of the command.
func (a *App) Parser(options any, usage string) *flags.Parser {
	p := flags.NewNamedParser(a.Name, flags.HelpFlag|flags.PassDoubleDash)
	if _, err := p.AddGroup("Options", "", options); err != nil {
		panic(err)
	}
	p.Usage = usage
	return p
}

// Parse parses args and returns those that are no options. If done is true, the
// command is to exit with status: help or the version was asked for, or there
// was a usage error.
func (a *App) Parse(p *flags.Parser, common *Common, args []string) (rest []string, status int, done bool) {
	var err error
	common.Version = func() { panic(errVersion) }
	defer func() {
		if cause := recover(); cause == errVersion {
			rest, status, done = nil, a.print(a.Name+" (mmstats) "+Version+"\n"), true
		} else if cause != nil {
			panic(cause)
		}
	}()
	if os.Getenv(completionVariable) != "" {
		a.complete(p, args)
	} else if args, err = checkArguments(p, args); err != nil {
		return nil, a.Misuse("%s", err), true
	}
	rest, err = p.ParseArgs(args)
	var flagsErr *flags.Error
	switch {
	case err == nil:
		return rest, OK, false
	case errors.As(err, &flagsErr) && flagsErr.Type == flags.ErrHelp:
		return nil, a.print(flagsErr.Message), true
	}
	text := err.Error()
	return nil, a.Misuse("%s", strings.ToLower(text[:1])+text[1:]), true
}

func (a *App) print(text string) int {
	if _, err := io.WriteString(a.Stdout, text); err != nil {
		return a.OutputFailed(err)
	}
	return OK
}

// Misuse writes a usage error and returns its status.
func (a *App) Misuse(text string, args ...any) int {
	a.say(fmt.Sprintf(text, args...))
	fmt.Fprintf(a.Stderr, "Try '%s --help'.\n", a.Name)
	return Misused
}

// Errorf writes an error, after which [App.Status] returns Failed.
func (a *App) Errorf(text string, args ...any) {
	a.say(fmt.Sprintf(text, args...))
	a.failed = true
}

// Fail makes [App.Status] return Failed, without a message.
func (a *App) Fail() { a.failed = true }

// Error writes err as [Reason] returns it, after which [App.Status] returns
// Failed.
func (a *App) Error(err error) {
	a.say(Reason(err))
	a.failed = true
}

// Reason returns the text of err, as "FILE: reason" if it is about a file.
func Reason(err error) string {
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) {
		return err.Error()
	}
	return pathErr.Path + ": " + Cause(err)
}

// Cause returns the text of err without the name of a file that it is about. Of a
// file that is not there because its directory is not, it says that.
func Cause(err error) string {
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) {
		return err.Error()
	}
	if parent := filepath.Dir(pathErr.Path); errors.Is(pathErr.Err, syscall.ENOENT) {
		if _, err := os.Lstat(parent); errors.Is(err, fs.ErrNotExist) {
			return "there is no directory " + parent
		}
	}
	return pathErr.Err.Error()
}

// say writes a message as one line.
func (a *App) say(text string) {
	line := escape.AppendMessage([]byte(a.Name+": "), text)
	a.Stderr.Write(append(line, '\n'))
}

// Status returns OK, or Failed after an error.
func (a *App) Status() int {
	if a.failed {
		return Failed
	}
	return OK
}

// OutputFailed writes why standard output could not be written, and returns the
// status. That its reader closed the pipe is no error: it wants no more.
func (a *App) OutputFailed(err error) int {
	if errors.Is(err, syscall.EPIPE) {
		return OK
	}
	a.say("standard output: " + Cause(err))
	return Failed
}

// Main runs a command and exits with the status that run returns.
func Main(name string, run func(a *App, args []string, stdin io.Reader) int) {
	os.Exit(run(&App{Name: name, Stdout: os.Stdout, Stderr: os.Stderr}, os.Args[1:], os.Stdin))
}
