package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mmstats/lib/cli/clitest"
	"mmstats/lib/escape"
	"mmstats/lib/mapping"
	"mmstats/lib/mmstats"
	"mmstats/lib/reader"
)

func TestMain(m *testing.M) {
	clitest.Main(m, map[string]func(){
		"mmstats-write": main,
		"stats":         program(printStats),
		"described":     program(printDescriptions),
		"locked":        program(locked),
		"owned":         program(owned),
		"pyowned":       program(pyOwned),
		"held":          program(held),
	})
}

func TestScripts(t *testing.T) { clitest.Scripts(t, nil) }

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
				fmt.Fprintf(out, "%s %v %s\n", escape.Text(label), st.Type(), escape.Text(string(st.Value.AppendText(nil))))
			}
		}
	}
	return nil
}

// printDescriptions is "described FILE": what says what the stats are, as "LABEL
// UNIT KIND EVERY ABOUT", each if there is one.
func printDescriptions(names []string) error {
	stats, err := reader.ReadFile(names[0])
	if err != nil {
		return err
	}
	for _, st := range stats {
		line, d := string(st.Label), st.Description()
		if d.Unit != "" {
			line += " " + d.Unit
		}
		if d.Kind != 0 {
			line += " " + d.Kind.String()
		}
		if d.Every != 0 {
			line += fmt.Sprint(" ", d.Every)
		}
		if d.About != "" {
			line += " " + d.About
		}
		fmt.Println(line)
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

// held is "held FILE COMMAND ARGS...": it has the file open for writing while
// the command runs, without a lock, as programs in Python do and their children.
func held(args []string) error {
	f, err := os.OpenFile(args[0], os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
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

func TestManPage(t *testing.T) {
	clitest.ManPage(t, "mmstats-write", func(t *testing.T, dir string) {
		cmd := clitest.Command("mmstats-write", "-f", filepath.Join(dir, "backup.mmstats"), "files+=1", "state=starting")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s%v", out, err)
		}
	})
}
