package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mmstats/lib/cli/clitest"
)

// completions are what is typed before the tab key, and what the line is after
// it: "_" stands for a blank at its end.
var completions = []struct{ typed, want string }{
	{"slurpstats -l jobs.d", "slurpstats -l jobs.done_"},
	{"slurpstats --aggr", "slurpstats --aggregate_"},
	{"slurpstats -o prom", "slurpstats -o prometheus_"},
	{"slurpstats --color=al", "slurpstats --color=always_"},
	{"slurpstats -a nonzero-m", "slurpstats -a nonzero-min_"},
	{"slurpstats x.", "slurpstats x.mmstats_"},
	{"slurpstats di", "slurpstats dir/"},
	{"slurpstats -r di", "slurpstats -r dir/"},
	{"pollstats -r di", "pollstats -r dir/"},
	{"pollstats --rep", "pollstats --replay_"},
	{"recstats --si", "recstats --size_"},
	{"recstats inf", "recstats info_"},
	{"recstats info di", "recstats info dir/"},
	{"pollstats jobs.done,jobs.f", "pollstats jobs.done,jobs.failed_"},
	{"pollstats jobs.done:de", "pollstats jobs.done:delta_"},
	{"mmstats-write -n x jobs.d", "mmstats-write -n x jobs.done="},
	{"mmstats-write -n x -p jobs d", "mmstats-write -n x -p jobs done="},
	{"mmstats-write -n x new:cou", "mmstats-write -n x new:counter="},
	{"mmstats-write -n x create new:cou", "mmstats-write -n x create new:counter_"},
	{"mmstats-write -n x sy", "mmstats-write -n x sync_"},
	{"mmstats-write -n x -p tw", "mmstats-write -n x -p tw"},
	{`mmstats-write -n x two\ w`, `mmstats-write -n x two\ words=`},
	{"mmstats-write -n x time jobs.d", "mmstats-write -n x time jobs.done_"},
	{"mmstats-write -n x time jobs.done runme-th", "mmstats-write -n x time jobs.done runme-this_"},
	{"mmstats-write -n x time a:b -- runme-this x.m", "mmstats-write -n x time a:b -- runme-this x.mmstats_"},
}

// TestCompletion types into the shells themselves, where their completions are
// found as installed.
func TestCompletion(t *testing.T) {
	t.Parallel()
	files, err := filepath.Abs("completions")
	if err != nil {
		t.Fatal(err)
	}
	for shell, start := range map[string]struct {
		command []string
		begin   string // what makes the shell complete
	}{
		"bash": {[]string{"bash", "--norc", "--noprofile", "-i"},
			"bind 'set bell-style none'; . " + files + "/mmstats.bash"},
		"zsh": {[]string{"zsh", "-f", "-i"},
			"PS1='$ '; unsetopt beep; fpath=(" + files + " $fpath); autoload -U compinit; compinit -u -D"},
		"fish": {[]string{"fish", "--no-config", "--private", "-i", "-C", "function fish_prompt; echo -n '$ '; end; set -g fish_greeting; " +
			"set -g fish_autosuggestion_enabled 0"},
			". " + files + "/mmstats.fish"},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell); err != nil {
				t.Fatalf("no %s here: scripts/test installs it", shell)
			}
			dir := t.TempDir()
			for name, mode := range map[string]os.FileMode{"dir": os.ModeDir | 0o755, "runme-this": 0o755} {
				path := filepath.Join(dir, name)
				var err error
				if mode.IsDir() {
					err = os.Mkdir(path, mode.Perm())
				} else {
					err = os.WriteFile(path, []byte("#!/bin/sh\n"), mode)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			write := exec.Command(filepath.Join(bin, "mmstats-write"), "-f", filepath.Join(dir, "x.mmstats"),
				"jobs.done+=1", "jobs.failed+=1", "two words=1")
			if out, err := write.CombinedOutput(); err != nil {
				t.Fatalf("mmstats-write: %v: %s", err, out)
			}
			x := clitest.StartTmux(t, dir, 100, 20, start.command,
				"PATH="+bin+":"+dir+":"+os.Getenv("PATH"), "HISTFILE=", "HOME=/nonexistent")
			x.Text("cd " + dir + "; " + start.begin + "; clear; echo be''gun")
			x.Shows("^begun$")
			for _, test := range completions {
				x.Type(test.typed)
				x.Keys("Tab")
				want := "$ " + strings.TrimSuffix(test.want, "_")
				end := ""
				if strings.HasSuffix(test.want, "_") {
					end = " "
				}
				// What is typed next tells whether a blank stands before it.
				x.Type("%")
				x.Until(test.want, func(screen string) bool {
					lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
					return strings.TrimRight(lines[len(lines)-1], " ") == want+end+"%"
				})
				x.Keys("C-u")
				x.Text("clear; echo be''gun")
				x.Until("an empty line", func(screen string) bool {
					return strings.HasPrefix(screen, "begun\n$") && strings.TrimSpace(screen) == "begun\n$"
				})
			}
		})
	}
}
