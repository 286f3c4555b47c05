// Package cli is what the commands share: how they parse their arguments,
// speak to people and end.
//
// The rules of messages: they go to standard error as "NAME: FILE: reason", in
// lower case and without a period; what comes from outside is escaped; and a
// wrong use adds where to find help.
package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	flags "github.com/jessevdk/go-flags"

	"mmstats/lib/escape"
)

// Version is that of all commands.
const Version = "1.0.0"

// Statuses that the commands end with.
const (
	OK       = 0
	Failed   = 1  // it finished, but something failed
	Misused  = 2  // wrong use, or nothing could be done
	TempFail = 75 // locked too long: EX_TEMPFAIL
)

// Common are the options of every command. A command embeds it in its own.
type Common struct {
	Version func() `short:"V" long:"version" description:"Show the version and exit"`
}

// An App is a command while it runs.
type App struct {
	Name   string
	Stdout io.Writer
	Stderr io.Writer
	failed bool
}

// errVersion ends the parsing at -V.
var errVersion = errors.New("version")

// Parser returns a parser of options, a pointer to a struct for go-flags, with
// usage as what follows the name in the help.
func (a *App) Parser(options any, usage string) *flags.Parser {
	p := flags.NewNamedParser(a.Name, flags.HelpFlag|flags.PassDoubleDash)
	if _, err := p.AddGroup("Options", "", options); err != nil {
		panic(err)
	}
	p.Usage = usage
	return p
}

// Parse parses args. Where the command ends with that, done is true: after
// help and version, and after a wrong use.
func (a *App) Parse(p *flags.Parser, common *Common, args []string) (rest []string, status int, done bool) {
	common.Version = func() { panic(errVersion) }
	defer func() {
		if cause := recover(); cause == errVersion {
			rest, status, done = nil, a.print(a.Name+" (mmstats) "+Version+"\n"), true
		} else if cause != nil {
			panic(cause)
		}
	}()
	if os.Getenv(completionVariable) == "" {
		var err error
		if args, err = checkArguments(p, args); err != nil {
			return nil, a.Misuse("%s", err), true
		}
	}
	rest, err := p.ParseArgs(args)
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

// completionVariable is set while package flags is asked for completions: the
// arguments are not complete then.
const completionVariable = "GO_FLAGS_COMPLETION"

func (a *App) print(text string) int {
	if _, err := io.WriteString(a.Stdout, text); err != nil {
		return a.OutputFailed(err)
	}
	return OK
}

// Misuse says what is wrong with the arguments, and returns the status.
func (a *App) Misuse(text string, args ...any) int {
	a.say(fmt.Sprintf(text, args...))
	fmt.Fprintf(a.Stderr, "Try '%s --help'.\n", a.Name)
	return Misused
}

// Errorf says that something failed; see Status.
func (a *App) Errorf(text string, args ...any) {
	a.say(fmt.Sprintf(text, args...))
	a.failed = true
}

// Fail makes Status be Failed, where something else says why.
func (a *App) Fail() { a.failed = true }

// Error says that err failed; see Status. The name of a file stands first.
func (a *App) Error(err error) {
	a.say(Reason(err))
	a.failed = true
}

// Reason returns the text of err as "FILE: reason" where it is about a file.
func Reason(err error) string {
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) {
		return err.Error()
	}
	return pathErr.Path + ": " + Cause(err)
}

// Cause returns the text of err without the file that it is about.
func Cause(err error) string {
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) {
		return err.Error()
	}
	return pathErr.Err.Error()
}

// say writes one line.
func (a *App) say(text string) {
	line := escape.AppendMessage([]byte(a.Name+": "), text)
	a.Stderr.Write(append(line, '\n'))
}

// Status returns OK, or Failed after an error was said.
func (a *App) Status() int {
	if a.failed {
		return Failed
	}
	return OK
}

// OutputFailed says that standard output took no more, and returns the status.
// A reader that went away has seen enough: nothing is said of it.
func (a *App) OutputFailed(err error) int {
	if errors.Is(err, syscall.EPIPE) {
		return OK
	}
	a.say("standard output: " + Cause(err))
	return Failed
}

// Main runs a command and exits. A reader that closes the other end of standard
// output ends the command by SIGPIPE, as it ends any other.
func Main(name string, run func(a *App, args []string, stdin io.Reader) int) {
	os.Exit(run(&App{Name: name, Stdout: os.Stdout, Stderr: os.Stderr}, os.Args[1:], os.Stdin))
}
