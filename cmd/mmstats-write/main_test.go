package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
	"mmstats/lib/report"
)

// goRace keeps commands of a race detector's build from a pause at their end.
const goRace = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", goRace)
	testscript.Main(m, map[string]func(){
		"mmstats-write": main,
		"stats":         program(printStats),
		"locked":        program(locked),
		"owned":         program(owned),
		"pyowned":       program(pyOwned),
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", goRace)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "tmpfs": // can be mounted, in a name space of its own
				return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", os.TempDir()).Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

// status runs "status N COMMAND ARGS...", which must end with status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%q ended with status %d, want %s", args[1:], got, args[0])
	}
}

// program returns a command that scripts run. It exits as the command does
// that run may have started.
func program(run func(args []string) error) func() {
	return func() {
		err := run(os.Args[1:])
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			os.Exit(exit.ExitCode())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func start(args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// printStats is "stats FILE...": what is in the files, as "LABEL TYPE VALUE"
// without what changes from run to run.
func printStats(names []string) error {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, name := range names {
		stats, err := reader.ReadFile(name)
		if err != nil {
			return err
		}
		for _, st := range stats {
			switch label := string(st.Label); label {
			case "sys.uid", "sys.gid", "sys.created":
			default:
				fmt.Fprintf(out, "%s %v %s\n", report.Escape(label), st.Type(), report.Escape(string(st.Value.AppendText(nil))))
			}
		}
	}
	return nil
}

// locked is "locked FILE COMMAND ARGS...": it holds the lock of the file while
// the command runs.
func locked(args []string) error {
	f, err := mapping.Open(args[0], os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	if err := f.TryLock(); err != nil {
		return err
	}
	return start(args[1:])
}

// owned is "owned FILE COMMAND ARGS...": a program publishes stats in the file
// while the command runs.
func owned(args []string) error {
	var stats struct {
		Hits  mmstats.Counter        `mmstats:"hits"`
		Local mmstats.LocalCounter   `mmstats:"local"`
		Load  mmstats.Gauge[float64] `mmstats:"load"`
		Note  mmstats.String         `mmstats:"note,size=16"`
		Mean  mmstats.Average        `mmstats:"mean"`
	}
	f, err := mmstats.Create(mmstats.Options{Path: args[0], NoDefaults: true}, &stats,
		mmstats.Labeled{Label: "limit", Stat: &mmstats.Constant[int32]{Value: 7}})
	if err != nil {
		return err
	}
	stats.Note.Set("untouched")
	err = start(args[1:])
	return errors.Join(err, f.Close())
}
