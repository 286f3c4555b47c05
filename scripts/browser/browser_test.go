// Package browser tests the pages of mmash in a real browser: Chromium, which
// follows real mmash processes on the files of real writers.
package browser

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

var (
	bin     string          // a directory with the commands
	browser context.Context // the one browser of all tests
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mmstats-browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chromium is needed: scripts/test installs it:", err)
		return 1
	}
	browser = ctx
	return m.Run()
}

// build builds mmash, mmstats-write and the programs that are watched.
func build() error {
	for _, args := range [][]string{
		{"build", "-C", "../..", "-o", bin + "/", "./cmd/mmash", "./cmd/mmstats-write"},
		{"build", "-o", bin + "/", "./writer"},
	} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("go %q: %w\n%s", args, err, out)
		}
	}
	for _, name := range []string{"web", "worker", "backup"} {
		if err := os.Symlink("writer", filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	return nil
}

// A program is a process that publishes stats.
type program struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	file  string // the base name of its stat file
}

// play starts a program that publishes in dir.
func play(t *testing.T, dir, name string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(filepath.Join(bin, name))}
	p.cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		p.stdin, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.file = filepath.Base(strings.TrimSpace(line))
	return p
}

func (p *program) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// write runs mmstats-write on a file of dir.
func write(t *testing.T, dir, name string, assignments ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "mmstats-write"), append([]string{"-n", name}, assignments...)...)
	cmd.Env = append(os.Environ(), "MMSTATS_PATH="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mmstats-write %q: %v\n%s", assignments, err, out)
	}
}

// A server is a mmash process.
type server struct {
	cmd *exec.Cmd
	url string
}

// serve starts mmash on dir, at an address or, for "", at one that is free.
func serve(t *testing.T, address, dir string, args ...string) *server {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	return serveCommand(t, exec.Command(filepath.Join(bin, "mmash"), append([]string{"-l", address, "--private", "-d", "0.1", dir}, args...)...))
}

func serveCommand(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &server{cmd: cmd}
	t.Cleanup(s.kill)
	lines := bufio.NewReader(stderr)
	for s.url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("mmash ended: %v", err)
		}
		if _, url, found := strings.Cut(line, "listening on "); found {
			s.url = strings.TrimSpace(url)
		}
	}
	go io.Copy(io.Discard, lines)
	return s
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// A tab is a page of the browser. What it must never do is noted, and fails the
// test at its end.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string
	lost     bool // requests may fail
}

// limit is how long anything may take.
const limit = 60 * time.Second

// open opens a page in a tab of its own.
func open(t *testing.T, url string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	ctx, stop := context.WithTimeout(ctx, 3*limit)
	p := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		p.check()
		stop()
		cancel()
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	requests := chromedp.Events(ctx, network.RequestWillBeSent)
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			p.note("console: " + message.String())
		}
	}()
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	go func() {
		for request, err := range requests {
			if err != nil {
				return
			}
			// The browser's own icons are data.
			if url := request.Request.URL; !strings.HasPrefix(url, "http://"+host+"/") && !strings.HasPrefix(url, "data:") {
				p.note("foreign request: " + request.Request.URL)
			}
		}
	}()
	p.do(chromedp.Navigate(url))
	return p
}

func (p *tab) note(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost && (strings.Contains(message, "net::ERR_") || strings.Contains(message, "Failed to load resource")) {
		return // the browser says so
	}
	p.messages = append(p.messages, message)
}

// check fails where the page wrote to the console, or asked somebody else. A
// violation of the content security policy is a message, too.
func (p *tab) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, message := range p.messages {
		p.t.Error(message)
	}
}

func (p *tab) down(lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = lost
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval returns what an expression is in the page.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true in the page. What it is about may
// not be there at first.
func (p *tab) until(expression string) {
	p.t.Helper()
	is := "(() => { try { return Boolean(" + expression + "); } catch { return false; } })()"
	for deadline := time.Now().Add(limit); !eval[bool](p, is); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("never: %s\n%s", expression, eval[string](p, "document.body.innerText"))
		}
	}
}

// press presses a key that has a name on the page.
func (p *tab) press(key string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(key))
}

// typed types text as a keyboard does: a page that takes a key for itself keeps
// its character from the field that has the focus then.
func (p *tab) typed(text string) {
	p.t.Helper()
	for _, r := range text {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			params := input.DispatchKeyEventParams{Type: kind, Key: string(r)}
			if kind == input.DispatchKeyEventTypeKeyDown {
				params.Text = string(r)
			}
			if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, params); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// reload loads the page again.
func (p *tab) reload() {
	p.t.Helper()
	p.do(chromedp.Reload())
}

// size gives the page a size in pixels, and the system a theme.
func (p *tab) size(width, height int64, scheme string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		p.t.Fatal(err)
	}
}

// row is the start of an expression: the row of a stat.
func row(label string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("tr.stat")].find(r => r.querySelector("th").title === %q)`, label)
}
