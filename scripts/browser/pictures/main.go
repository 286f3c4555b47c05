// Pictures makes the pictures of the README: it lets programs run for a while,
// has one of them misbehave, and shows what the commands and the pages of mmash
// say of it, in a light and in a dark theme.
//
//	pictures BIN OUT
//
// BIN has the commands, the writer by its names, and freeze. OUT is where the
// pictures go.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const (
	calm     = 9 * time.Minute  // until a program misbehaves
	incident = 75 * time.Second // until the pictures are made
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("pictures: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: pictures BIN OUT")
	}
	dir, err := os.MkdirTemp("", "mmstats")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s := &scene{bin: os.Args[1], out: os.Args[2], dir: dir}
	defer s.end()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.play(ctx); err != nil {
		log.Print(err)
		s.end()
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

// A scene is the programs that run.
type scene struct {
	bin, out, dir string
	running       []*exec.Cmd
	url           string
}

func (s *scene) end() {
	for _, cmd := range s.running {
		cmd.Process.Kill()
		cmd.Wait()
	}
	s.running = nil
}

func (s *scene) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+s.dir, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	return cmd
}

// start starts a command that runs until the end, and returns what it reads.
func (s *scene) start(name string, args ...string) (stdin io.Writer, err error) {
	cmd := s.command(name, args...)
	cmd.Stderr = os.Stderr
	if stdin, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err == nil {
		s.running = append(s.running, cmd)
	}
	return stdin, err
}

// wait waits, unless it is told to end.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// serve starts mmash.
func (s *scene) serve() error {
	cmd := s.command("mmash", "-l", "127.0.0.1:0", "--private")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	s.running = append(s.running, cmd)
	line, err := bufio.NewReader(stderr).ReadString('\n')
	_, url, found := strings.Cut(line, "listening on ")
	if !found {
		return fmt.Errorf("mmash says %q: %w", line, err)
	}
	s.url = strings.TrimSpace(url)
	return nil
}

func (s *scene) play(ctx context.Context) error {
	var stdins []io.Writer
	for _, name := range strings.Fields("web web web web web web web web worker worker worker worker backup") {
		stdin, err := s.start(name)
		if err != nil {
			return err
		}
		stdins = append(stdins, stdin)
	}
	if err := s.serve(); err != nil {
		return err
	}
	// From the start on, so that it can tell what is usual.
	if _, err := s.tmux("new-session", "-d", "-x", "100", "-y", "34", filepath.Join(s.bin, "pollstats")+" -w"); err != nil {
		return err
	}
	defer s.tmux("kill-server")
	const dead = 2 * time.Minute // until then a worker has ended
	if err := wait(ctx, calm-dead); err != nil {
		return err
	}
	if err := s.running[10].Process.Kill(); err != nil { // a worker
		return err
	}
	if err := wait(ctx, dead); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdins[3], "slow"); err != nil {
		return err
	}
	if err := wait(ctx, incident); err != nil {
		return err
	}
	return s.shoot(ctx)
}

// shoot makes the pictures.
func (s *scene) shoot(ctx context.Context) error {
	profile, err := os.MkdirTemp("", "mmstats-profile")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, cancel := chromedp.NewContext(allocator)
	defer cancel()
	graphs := "graph/?s=web.requests&s=web.latency&s=web.status.5XX&s=web.in_flight&s=worker.jobs.done&s=worker.queue.depth"
	themes := []string{"light", "dark"}
	for _, theme := range themes {
		for name, page := range map[string]string{"mmash-list": "", "mmash-graphs": graphs} {
			if err := s.page(tab, s.url+page, name+"-"+theme, theme, 1280, 860); err != nil {
				return err
			}
		}
	}
	for _, theme := range themes {
		if err := s.terminals(tab, theme); err != nil {
			return err
		}
	}
	return nil
}

// page makes a picture of a page.
func (s *scene) page(ctx context.Context, url, name, theme string, width, height int64) error {
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}
	err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height))
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	}
	if err == nil {
		err = chromedp.Do(ctx, chromedp.Navigate(url), chromedp.Sleep(4*time.Second))
	}
	if err != nil {
		return err
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.out, name+".png"), png, 0o644)
}

// terminals makes pictures of what commands show on a terminal.
func (s *scene) terminals(ctx context.Context, theme string) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "web-*.mmstats"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no files in %s: %w", s.dir, err)
	}
	slurp := s.command("slurpstats", "-o", "text", "--color", "always", filepath.Base(files[0]))
	slurp.Dir = s.dir
	text, err := slurp.Output()
	if err == nil {
		err = s.screen(ctx, "slurpstats", theme, text)
	}
	if err == nil {
		text, err = s.tmux("capture-pane", "-e", "-p")
	}
	if err == nil {
		err = s.screen(ctx, "pollstats", theme, text)
	}
	return err
}

// tmux runs a command of a tmux(1) of the scene's own.
func (s *scene) tmux(args ...string) ([]byte, error) {
	cmd := s.command("", append([]string{"-u", "-L", "mmstats-pictures"}, args...)...)
	path, err := exec.LookPath("tmux")
	if err != nil {
		return nil, err
	}
	cmd.Path, cmd.Args[0] = path, "tmux"
	return cmd.Output()
}

// screen makes a picture of a screen of a terminal.
func (s *scene) screen(ctx context.Context, name, theme string, text []byte) error {
	background, style := "#ffffff", "github"
	if theme == "dark" {
		background, style = "#0f1216", "github-dark"
	}
	svg := filepath.Join(s.dir, name+".svg")
	freeze := s.command("freeze", "--language", "ansi", "--background", background, "--theme", style,
		"--padding", "16,20", "--font.size", "13", "--font.ligatures=false", "-o", svg)
	freeze.Stdin = strings.NewReader(string(text))
	if out, err := freeze.CombinedOutput(); err != nil {
		return fmt.Errorf("freeze: %w\n%s", err, out)
	}
	f, err := os.Open(svg)
	if err != nil {
		return err
	}
	defer f.Close()
	var width, height float64
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), `<svg width="%f" height="%f"`, &width, &height); n == 2 {
			break
		}
	}
	return s.page(ctx, "file://"+svg, name+"-"+theme, theme, int64(width+0.5), int64(height+0.5))
}
