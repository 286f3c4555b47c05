package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// A value, its sparkline and its rate change while one looks, and a program that
// starts shows up by itself.
func TestListFollowsPrograms(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, "", dir)
	p := open(t, s.url)
	p.until(`document.body.innerText.includes("No stats yet")`)
	if text := eval[string](p, `document.querySelector("main").innerText`); !strings.Contains(text, dir) {
		t.Errorf("the empty page says %q", text)
	}
	play(t, dir, "web")
	p.until(row("web.requests"))
	for _, part := range []string{".now", ".total", ".spark .line"} {
		value := row("web.requests") + fmt.Sprintf(`.querySelector(%q)`, part)
		content := `((e) => e.textContent + e.getAttribute("d"))(` + value + `)`
		before := eval[string](p, content)
		p.until(fmt.Sprintf("%s !== %q", content, before))
	}
	p.until(row("web.requests") + `.querySelector(".now").textContent.endsWith("/s")`)
	if got := eval[string](p, `document.querySelector(".summary").innerText`); !strings.Contains(got, "1 file of 1 program") {
		t.Errorf("the summary is %q", got)
	}
	if got := eval[string](p, `document.querySelector(".phead").innerText`); !strings.Contains(got, "go1.") || !strings.Contains(got, "since ") {
		t.Errorf("the head of the program is %q", got)
	}
}

// A histogram shows percentiles of the interval in its unit, and a row that is
// opened says what the stat is about.
func TestHistogramsAndUnits(t *testing.T) {
	dir := t.TempDir()
	play(t, dir, "web")
	play(t, dir, "web")
	s := serve(t, "", dir)
	p := open(t, s.url+"?open=web:web.latency")
	p.until(row("web.latency") + `?.querySelector(".now").innerText.match(/^2\d(\.\d+)?.ms\s+p99 [23]\d(\.\d+)?.ms$/)`)
	p.until(row("web.bytes.out") + `?.querySelector(".now").innerText.match(/[KM]iB\/s$/)`)
	p.until(`document.querySelector(".about").innerText === "From the request to the last byte of the answer"`)
	p.until(`document.querySelectorAll(".detail .per small").length === 2`)
	p = open(t, s.url+"graph/?s=web.latency")
	p.until(`document.querySelector(".card .legend")?.innerText.match(/^p50\s*\d.*ms\s*p90\s*\d.*ms\s*p99\s*\d.*ms$/s)`)
}

// The death of a writer shows, and so does a file that cannot be read.
func TestListShowsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	victim := play(t, dir, "web")
	play(t, dir, "web")
	if err := os.WriteFile(filepath.Join(dir, "broken.mmstats"), []byte("not a stat file"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "", dir)
	p := open(t, s.url)
	p.until(`document.querySelector(".summary .warn")?.textContent === "1 file unreadable"`)
	p.click(".summary .warn")
	p.until(`document.querySelector("dialog")?.innerText.includes("not a version 1 stat file")`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("dialog")`)
	victim.kill()
	p.until(`document.querySelector(".summary .badtext")?.textContent === "1 writer ended"`)
	p.until(`document.querySelector(".phead").innerText.includes("1 ended")`)
	p.until(`document.querySelectorAll(".phead span.writers i.dead").length === 1`)
	p.click(".summary .badtext")
	p.until(fmt.Sprintf(`document.querySelector("dialog")?.innerText.includes(%q)`, victim.file))
	p.press(kb.Escape)
	eval[any](p, row("web.in_flight")+`.querySelector(".twist").click()`)
	p.until(`[...document.querySelectorAll(".per tr")].some(r => r.classList.contains("dead") && r.textContent.includes("ended") && r.querySelector(".now").textContent === "–")`)
}

// A program that hangs shows by its heartbeat.
func TestListShowsStaleWriters(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "backup", "create", "--heartbeat=1s", "backup.files:counter")
	write(t, dir, "other", "backup.files+=1")
	s := serve(t, "", dir)
	p := open(t, s.url)
	p.until(`document.querySelector(".summary .warn")?.textContent === "1 writer stale"`)
	p.until(`document.querySelector(".phead .meta").textContent.includes("1 stale")`)
	p.click(".summary .warn")
	p.until(`document.querySelector("dialog")?.innerText.includes("backup.mmstats")`)
}

// A time of day is shown by how long ago it was, which fits into its column, and
// the date is its title.
func TestListShowsTimes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "backup", "create", "--heartbeat=1m", "backup.files:counter")
	s := serve(t, "", dir)
	p := open(t, s.url)
	now := row("sys.heartbeat") + `.querySelector(".now")`
	p.until(now + `.textContent.match(/^\d+ s ago$/)`)
	p.until(now + `.title.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)`)
	if eval[bool](p, now+`.scrollWidth > `+now+`.clientWidth`) {
		t.Error("the time is cut off")
	}
}

// Whatever labels, values and file names hold, it stays text.
func TestHostileTextsStayText(t *testing.T) {
	dir := t.TempDir()
	const evil = `<img src=x onerror="document.title='owned'"><script>document.title="owned"</script>`
	write(t, dir, "evil", `a.`+evil+`:counter+=1`, `b</title>:string=`+evil, "\u202egnp:float=1", `c`+strings.Repeat("x", 300)+`=1`)
	if err := os.Rename(filepath.Join(dir, "evil.mmstats"), filepath.Join(dir, `"><svg onload=alert(1)>.mmstats`)); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "", dir)
	for _, url := range []string{s.url, s.url + "graph/", s.url + "graph/?s=" + "%3Cimg%20src=x%3E"} {
		p := open(t, url)
		p.until(`document.querySelector("section, .empty")`)
		time.Sleep(500 * time.Millisecond) // for what must not happen
		if got := eval[string](p, `document.title`); strings.Contains(got, "owned") {
			t.Errorf("%s ran a label", url)
		}
		if n := eval[int](p, `document.querySelectorAll("main img, main script, main svg[onload]").length`); n != 0 {
			t.Errorf("%s has %d elements of a label", url, n)
		}
		if wide := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s overflows by %d pixels", url, wide)
		}
	}
	p := open(t, s.url)
	p.until(`document.body.innerText.includes("<img src=x onerror=")`)
}

// Filter, sort, fold, keys and the selection do what the help says, and the
// address brings all of it back.
func TestListControls(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"web", "web", "worker", "backup"} {
		play(t, dir, name)
	}
	s := serve(t, "", dir)
	p := open(t, s.url)
	labels := func() string {
		return eval[string](p, `[...document.querySelectorAll("tr.stat th")].map(e => e.title).join(" ")`)
	}
	p.until(row("worker.jobs.done"))
	p.typed("/")
	p.until(`document.activeElement.id === "q"`)
	p.typed("status web")
	p.until(`document.querySelectorAll("tr.stat").length === 4`)
	if got := labels(); got != "web.status.2XX web.status.3XX web.status.4XX web.status.5XX" {
		t.Errorf("the filter leaves %s", got)
	}
	if got := eval[string](p, `location.search`); got != "?q=status+web" {
		t.Errorf("the address has %s", got)
	}
	p.press(kb.Escape)
	p.until(`document.querySelectorAll("tr.stat").length > 10 && document.activeElement === document.body`)
	p.typed("/")
	p.typed("web.reqests")
	p.until(`document.body.innerText.includes("No stat matches “web.reqests”")`)
	p.until(`document.querySelector(".empty a").textContent === "web.requests"`)
	p.click(".empty a")
	p.until(`document.querySelectorAll("tr.stat").length === 1`)
	p.press(kb.Escape)

	p.typed("s")
	p.typed("s")
	p.until(`location.search === "?sort=rate" && document.querySelector(".sort select").value === "rate"`)
	first := eval[string](p, `document.querySelector("section.program tr.stat th").title`)
	if first != "bytes" && first != "web.bytes.out" {
		t.Errorf("the largest rate is that of %s", first)
	}
	p.typed("r")
	p.until(`location.search === "?sort=rate&r=1"`)
	p.typed("r")
	p.typed("s")
	p.typed("s")
	p.until(`location.search === ""`)

	p.typed("j")
	p.press(kb.ArrowDown)
	p.typed("k")
	p.until(`document.querySelectorAll("tr.focus").length === 1`)
	if got := eval[string](p, `document.querySelector("tr.focus th").title`); got != "bytes" {
		t.Errorf("the keys lead to %s", got)
	}
	p.typed("x")
	p.typed("j")
	p.typed("x")
	p.until(`document.querySelector(".selbar").innerText.includes("2 stats selected")`)
	eval[any](p, row("web.requests")+`.querySelector(".twist").click()`)
	p.until(`document.querySelectorAll("tr.detail .per tr").length === 2`)
	p.click(".foot a") // show constants
	p.until(row("web.sys.pid"))
	p.click(`#range button[data-seconds="60"]`)
	p.until(`document.querySelector("th.trend").textContent === "Last 1 min"`)

	address := eval[string](p, `location.search`)
	if want := "?sel=backup:bytes&sel=backup:files&open=web:web.requests&const=1&range=1m"; address != want {
		t.Errorf("the address has %s, want %s", address, want)
	}
	p.reload()
	p.until(`document.querySelectorAll("tr.detail .per tr").length === 2`)
	p.until(row("web.sys.pid"))
	if got := eval[string](p, `document.querySelector(".selbar").innerText + document.querySelector("th.trend").textContent`); !strings.Contains(got, "2 stats selected") || !strings.Contains(got, "1 min") {
		t.Errorf("the address brings back %q", got)
	}
	p.typed("?")
	p.until(`document.querySelector("dialog")?.innerText.includes("Usually is the median")`)
	p.press(kb.Escape)
	before := eval[string](p, `document.documentElement.dataset.theme`)
	p.typed("t")
	p.until(fmt.Sprintf(`document.documentElement.dataset.theme !== %q`, before))
	p.typed("t")
	p.typed("t")
	p.click(".per .fname a")
	p.until(`document.querySelector(".only") && !document.querySelector("tr.detail .per tr:nth-child(2)")`)
	p.until(`document.querySelectorAll("section.program").length === 1`)
	p.click(".only")
	p.until(`document.querySelectorAll("section.program").length === 3`)
	p.click("section.program .phead .twist")
	p.until(`document.querySelector("section.program table").hidden`)
	p.typed("g")
	p.until(`location.pathname.endsWith("/graph/") && document.querySelectorAll(".card canvas").length === 2`)
}

// While it is paused, nothing on the page changes.
func TestPause(t *testing.T) {
	dir := t.TempDir()
	play(t, dir, "web")
	s := serve(t, "", dir)
	p := open(t, s.url)
	p.until(row("web.requests") + `?.querySelector(".total").title`)
	p.typed("p")
	p.until(`document.getElementById("pause").innerText.trim() === "Paused"`)
	total := row("web.requests") + `.querySelector(".total").title`
	before := eval[string](p, total)
	time.Sleep(time.Second) // for what must not happen
	if after := eval[string](p, total); after != before {
		t.Errorf("while it is paused, %s becomes %s", before, after)
	}
	p.typed("p")
	p.until(fmt.Sprintf("%s !== %q", total, before))
	p.until(`document.getElementById("pause").innerText.startsWith("Live")`)
}

// When the server goes away a banner says so, and when another one comes the
// values go on without a reload.
func TestServerRestarts(t *testing.T) {
	dir := t.TempDir()
	play(t, dir, "web")
	s := serve(t, "", dir)
	p := open(t, s.url)
	p.until(row("web.requests"))
	eval[any](p, `window.kept = 1`)
	p.down(true)
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	p.until(`document.querySelector(".banner")?.innerText.match(/^mmash does not answer since \d\d:\d\d:\d\d\. Trying again/)`)
	p.until(`document.getElementById("pause").innerText.trim() === "Not connected" && document.body.classList.contains("stale")`)
	if !eval[bool](p, row("web.requests")+` !== undefined`) {
		t.Error("the values are gone")
	}
	serve(t, strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/"), dir)
	total := row("web.requests") + `.querySelector(".total").title`
	before := eval[string](p, total)
	p.until(fmt.Sprintf("%s !== %q", total, before))
	p.until(`!document.querySelector(".banner") && !document.body.classList.contains("stale")`)
	p.down(false)
	if eval[int](p, `window.kept`) != 1 {
		t.Error("the page was loaded again")
	}
}

// The memory of a page that stays open does not grow with time.
func TestPageStaysSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some time")
	}
	dir := t.TempDir()
	for range 4 {
		play(t, dir, "web")
	}
	s := serve(t, "", dir, "--history=20s")
	p := open(t, s.url)
	p.until(row("web.requests"))
	used := func() int {
		return eval[int](p, `(gc => performance.memory.usedJSHeapSize)()`)
	}
	time.Sleep(12 * time.Second)
	least := func() int {
		best := used()
		for range 20 {
			time.Sleep(150 * time.Millisecond)
			best = min(best, used())
		}
		return best
	}
	before := least()
	time.Sleep(20 * time.Second)
	if after := least(); float64(after) > 1.5*float64(before) {
		t.Errorf("the page uses %d bytes, before %d", after, before)
	}
	if n := eval[int](p, `document.querySelectorAll("*").length`); n > 3000 {
		t.Errorf("the page has %d elements", n)
	}
}

// Nothing is wider than the window, and what has no room is left out.
func TestSizes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"web", "web", "web", "web", "worker"} {
		play(t, dir, name)
	}
	s := serve(t, "", dir)
	for _, path := range []string{"?open=web:web.latency&sel=web:web.latency", "graph/"} {
		p := open(t, s.url+path)
		p.until(`document.querySelector("tr.detail .per tr, .card canvas")`)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{390, 820, 1280} {
				p.size(width, 844, scheme)
				p.until(fmt.Sprintf(`innerWidth === %d`, width))
				p.until(`document.documentElement.scrollWidth <= innerWidth`)
			}
			if background := eval[string](p, `getComputedStyle(document.documentElement).backgroundColor`); (scheme == "dark") != (background == "rgb(15, 18, 22)") {
				t.Errorf("in the %s theme the background is %s", scheme, background)
			}
		}
	}
}
