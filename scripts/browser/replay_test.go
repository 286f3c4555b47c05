package browser

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mmstats/lib/archive"
	"mmstats/lib/format"
)

// recordStart is when the archives of these tests begin.
var recordStart = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// A night is what some programs publish while they are recorded: two hours, in
// which the last half minute differs from what was before.
type night struct {
	files []*archive.File
	tick  int
}

const nightTicks = 7200

func newNight() *night {
	n := new(night)
	for i := range 6 {
		f := &archive.File{Path: fmt.Sprintf("/run/mmstats/web-%d-%[1]d.mmstats", 4711+i), Inode: uint64(100 + i), Writer: archive.WriterRuns}
		add := func(label string, t format.Type, k format.Kind, about string) {
			f.Stats = append(f.Stats, archive.Stat{Label: label, Type: t, Kind: k, Live: strings.HasPrefix(label, "web"), Description: about, Words: make([]uint64, archive.WordsOf(t))})
		}
		add("sys.pid", format.Uint32, format.KindConstant, "")
		add("sys.created", format.Float64, format.KindConstant, "unit=unixtime\n")
		add("web.requests", format.Counter, format.KindCounter, "")
		add("web.status.2XX", format.Counter, format.KindCounter, "")
		add("web.status.5XX", format.Counter, format.KindCounter, "")
		add("web.in_flight", format.Int64, format.KindGauge, "")
		add("web.latency", format.Average, format.KindGauge, "unit=seconds\n")
		add("web.state", format.String, format.KindString, "")
		f.Stats[0].Words[0] = uint64(4711 + i)
		f.Stats[1].Words[0] = math.Float64bits(float64(recordStart.Unix() - 3600))
		n.files = append(n.files, f)
	}
	return n
}

// step makes the next tick.
func (n *night) step() (archive.Moment, []*archive.File) {
	late := n.tick >= nightTicks-30
	for i, f := range n.files {
		st := f.Stats[2:]
		count := uint64(90 + 10*((n.tick+i)%3))
		took := 0.02 + 0.002*float64((n.tick+i)%5)
		failed := uint64(0)
		if late && i == 3 {
			took, failed = 0.2, 20
		}
		if f.Writer == archive.WriterEnded {
			continue
		}
		st[0].Words[0] += count
		st[1].Words[0] += count - failed
		st[2].Words[0] += failed
		st[3].Words[0] = uint64(5 + (n.tick+i)%7)
		st[4].Words[1] += count
		total := math.Float64frombits(st[4].Words[2]) + float64(count)*took
		st[4].Words[2] = math.Float64bits(total)
		st[4].Words[0] = math.Float64bits(total / float64(st[4].Words[1]))
		st[5].Text = []byte("GET /" + strings.Repeat("a", n.tick%3))
		if late && i == 0 {
			f.Writer = archive.WriterEnded
		}
	}
	m := archive.Moment{Time: recordStart.Add(time.Duration(n.tick) * time.Second), Since: time.Duration(n.tick) * time.Second}
	n.tick++
	return m, n.files
}

// record appends ticks to the archive at dir.
func (n *night) record(t *testing.T, dir string, ticks int) {
	t.Helper()
	w, err := archive.NewWriter(dir, archive.Options{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range ticks {
		if err := w.Record(n.step()); err != nil {
			t.Fatal(err)
		}
	}
}

// recordNight records a night, and returns the archive.
func recordNight(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "night")
	newNight().record(t, dir, nightTicks)
	return dir
}

// replay starts mmash on an archive.
func replay(t *testing.T, dir string) *server {
	t.Helper()
	return serveCommand(t, exec.Command(filepath.Join(bin, "mmash"), "-l", "127.0.0.1:0", "--private", "-r", dir))
}

// The list of an archive is that of the end of a range, with what was unusual
// and who differed then. Its controls change the range and the address, and the
// address brings the range back.
func TestReplayList(t *testing.T) {
	s := replay(t, recordNight(t))
	p := open(t, s.url)
	p.until(row("web.requests") + `?.querySelector(".now").textContent.endsWith("/s")`)
	p.until(`document.getElementById("pause").innerText.trim() === "Recorded " + dateText(` + fmt.Sprint(recordStart.Unix()+nightTicks-1) + `)`)
	p.until(`document.querySelector("th.trend").textContent === "10 min"`)
	p.until(row("web.latency") + `.querySelector(".chip").textContent === "1 differs" || ` + row("web.latency") + `.classList.contains("isodd")`)
	p.until(`document.querySelector(".odd-card")`)
	p.until(`document.querySelector(".summary .badtext").textContent === "1 writer ended"`)
	if got := eval[string](p, `document.querySelector(".foot").innerText`); strings.Contains(got, "Prometheus") || !strings.Contains(got, "JSON") {
		t.Errorf("the end of the page has %q", got)
	}

	p.click(`#lengths button[data-seconds="3600"]`)
	p.until(`document.querySelector("th.trend").textContent === "1 h" && location.search === "?from=-3600s"`)
	p.until(`document.getElementById("later").disabled && !document.getElementById("earlier").disabled`)
	p.click("#earlier")
	p.until(`document.getElementById("earlier").disabled && !document.getElementById("later").disabled`)
	p.until(`location.search === "?from=2026-11-23T02:00:00Z&to=2026-11-23T03:00:00Z"`)
	p.until(`!document.querySelector(".summary .badtext") && !document.querySelector(".odd-card")?.checkVisibility()`)
	middle := `document.getElementById("pause").innerText.trim() === "Recorded " + dateText(` + fmt.Sprint(recordStart.Unix()+3600) + `)`
	p.until(middle)
	total := eval[string](p, row("web.requests")+`.querySelector(".total").title`)
	p.reload()
	p.until(middle)
	p.until(row("web.requests") + fmt.Sprintf(`?.querySelector(".total").title === %q`, total))
	if got := eval[string](p, `document.querySelector(".foot a[href^=stats]").getAttribute("href")`); got != "stats/?at=2026-11-23T03:00:00Z" {
		t.Errorf("the JSON is at %s", got)
	}

	p.do(chromedp.NavigateBack())
	p.until(`document.querySelector(".summary .badtext") && document.getElementById("later").disabled`)
	p.typed("[")
	p.until(middle)
	p.typed("e")
	p.until(`location.search === "?from=-3600s" && document.getElementById("later").disabled`)
	p.click(`#lengths button[data-seconds="0"]`)
	p.until(`document.querySelector("th.trend").textContent === "2 h" && location.search === "?from=2026-11-23T02:00:00Z"`)

	eval[any](p, `document.getElementById("from").value = dateText(`+fmt.Sprint(recordStart.Unix()+600)+`).replace(" ", "T")`)
	eval[any](p, `document.getElementById("to").value = dateText(`+fmt.Sprint(recordStart.Unix()+900)+`).replace(" ", "T")`)
	p.click("#show")
	p.until(`document.querySelector("th.trend").textContent === "5 min" && location.search === "?from=2026-11-23T02:10:00Z&to=2026-11-23T02:15:00Z"`)
	eval[any](p, `document.getElementById("to").value = ""`)
	p.click("#show")
	p.until(`document.getElementById("said").innerText === "A range needs a date and a time at both ends."`)
}

// A graph zooms into the archive, which is read for it, and back. The list and
// the graphs have the same range.
func TestReplayGraphs(t *testing.T) {
	s := replay(t, recordNight(t))
	p := open(t, s.url+"?from=-1h&sel=web:web.requests")
	p.until(`document.querySelector(".selbar a")?.getAttribute("href").includes("from=-1h")`)
	p.click(".selbar a")
	p.until(`location.pathname.endsWith("/graph/") && document.querySelectorAll(".card canvas").length === 1`)
	p.until(`document.querySelectorAll(".legend .k").length === 6`)
	p.until(`document.querySelector(".card .mode").textContent === "6 writers, a second, 30 s means"`)
	box := eval[[]float64](p, `(r => [r.left, r.top, r.width, r.height])(document.querySelector(".u-over").getBoundingClientRect())`)
	y := box[1] + box[3]/2
	p.do(chromedp.DragAndDropXY(box[0]+box[2]*0.5, y, box[0]+box[2]*0.75, y, 8))
	p.until(`location.search.includes("to=2026-11-23T03:4")`)
	p.until(`replay.length > 600 && replay.length < 1200 && document.querySelector(".card .mode").textContent.match(/[5-9]\d* s means/)`)
	p.press(kb.Escape)
	p.until(`replay.length === 3600 && document.querySelector(".card .mode").textContent.includes("30 s means")`)
	p.typed("a")
	p.until(`document.querySelectorAll("#labels option").length > 5`)
	p.press(kb.Escape)
	if got := eval[string](p, `document.getElementById("all").getAttribute("href")`); got != "../?from=-1h" {
		t.Errorf("the way back to the list is %s", got)
	}
}

// What is recorded while one looks is there when the range is read again.
func TestReplayFollows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "night")
	n := newNight()
	n.record(t, dir, 100)
	s := replay(t, dir)
	p := open(t, s.url)
	recorded := func(tick int) string {
		return `document.getElementById("pause").innerText.trim() === "Recorded " + dateText(` + fmt.Sprint(recordStart.Unix()+int64(tick)) + `)`
	}
	p.until(recorded(99))
	n.record(t, dir, 50)
	p.typed("p")
	p.until(recorded(149))
}

// A server that is too busy is asked once more, after the time that it names.
func TestReplayComesAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "night")
	newNight().record(t, dir, 100)
	s := replay(t, dir)
	p := open(t, s.url)
	p.until(row("web.requests"))
	busy := func(answers int) {
		eval[any](p, fmt.Sprintf(`(fetch => { let left = %d; window.asked = 0; window.fetch = (...args) => {
			window.asked++;
			if (left-- <= 0) return fetch(...args);
			return Promise.resolve(new Response('{"error":"too many others"}', { status: 503, headers: { "Retry-After": "1" } }));
		}; })(window.fetch)`, answers))
		p.click("#pause")
	}
	said := func(text string) string {
		return fmt.Sprintf(`document.getElementById("said").innerText === %q`, text)
	}
	busy(1)
	p.until(said("too many others: trying again in 1 s"))
	p.until(said("") + ` && window.asked === 2`)
	busy(2)
	p.until(said("too many others") + ` && window.asked === 2`)
}

// What is wrong is said on the page.
func TestReplayDamage(t *testing.T) {
	dir := recordNight(t)
	names, err := filepath.Glob(dir + "/*" + archive.Ext)
	if err != nil || len(names) == 0 {
		t.Fatalf("segments %q, %v", names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	copy(data[len(data)*29/30:], "damaged damaged damaged")
	if err := os.WriteFile(names[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	s := replay(t, dir)
	p := open(t, s.url)
	p.until(fmt.Sprintf(`document.querySelector(".damage")?.innerText.startsWith("The archive is damaged: %s: ")`, filepath.Base(names[0])))
	p.until(row("web.requests"))
	p.down(true)
	eval[any](p, `for (const id of ["from", "to"]) document.getElementById(id).value = "2020-01-01T00:00:00"`)
	p.click("#show")
	p.until(`document.getElementById("said").innerText.startsWith("nothing was recorded at 2020-01-01 00:00:00: the archive is from ")`)
	s.kill()
	p.click("#pause")
	p.until(`document.getElementById("said").innerText === "mmash does not answer."`)
}

// Nothing is wider than the window.
func TestReplaySizes(t *testing.T) {
	s := replay(t, recordNight(t))
	for _, path := range []string{"?open=web:web.latency", "graph/?from=2026-11-23T02:00:00Z"} {
		p := open(t, s.url+path)
		p.until(`document.querySelector("tr.detail .per tr, .card canvas")`)
		for _, width := range []int64{390, 820, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				p.size(width, 844, scheme)
				p.until(fmt.Sprintf(`innerWidth === %d`, width))
				p.until(`document.documentElement.scrollWidth <= innerWidth`)
			}
			if cut := eval[string](p, `[...document.querySelectorAll(".replay *")].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth).map(e => e.id || e.className).join(" ")`); cut != "" {
				t.Errorf("%d pixels wide, %s are cut", width, cut)
			}
		}
	}
}
