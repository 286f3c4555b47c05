package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A graph has a line a writer, changes while one looks, and says what it shows
// also to those who do not see it.
func TestGraphs(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		play(t, dir, "web")
	}
	play(t, dir, "backup")
	s := serve(t, "", dir)
	p := open(t, s.url+"graph/?s=web.requests&s=web:web.latency&range=1m")
	p.until(`document.querySelectorAll(".card canvas").length === 2`)
	p.until(`document.querySelectorAll(".card:first-child .legend .k").length === 3`)
	for _, content := range []string{
		`document.querySelector(".card .big").textContent`,
		`document.querySelector(".card .legend").textContent`,
		`document.querySelector(".card canvas").toDataURL()`,
	} {
		before := eval[string](p, content)
		p.until(fmt.Sprintf("%s !== %q", content, before))
	}
	p.until(`document.querySelector(".plot[role=img]").getAttribute("aria-label").match(/^web\.requests over 1 min: now .+\/s, from .+ to .+/)`)
	if got := eval[string](p, `document.querySelector(".card .mode").textContent`); !strings.HasPrefix(got, "3 writers, a second") {
		t.Errorf("the graph is of %q", got)
	}
	p.click(`#by button[data-by="sum"]`)
	p.until(`document.querySelector(".card .legend").textContent.startsWith("sum of 3 writers") && location.search.includes("by=sum")`)
	p.typed("w")
	p.until(`document.querySelectorAll(".card:first-child .legend .k").length === 3 && !location.search.includes("by=")`)
	p.click("#zero")
	p.until(`location.search.includes("zero=1")`)
	p.typed("0")
	p.until(`!location.search.includes("zero")`)

	p.typed("a")
	p.until(`document.querySelectorAll("#labels option").length > 5`)
	p.typed("progress")
	p.press(kb.Enter)
	p.until(`document.querySelectorAll(".card canvas").length === 3 && location.search.includes("s=progress")`)
	p.press(kb.Escape)
	eval[any](p, `document.querySelector('.card button[aria-label="Larger"]').click()`)
	p.until(`document.querySelector(".card.large .plot").clientHeight > 300`)
	eval[any](p, `document.querySelector('.card button[aria-label="Remove web.latency"]').click()`)
	p.until(`document.querySelectorAll(".card canvas").length === 2 && !location.search.includes("latency")`)
	p.reload()
	p.until(`document.querySelectorAll(".card canvas").length === 2`)
}

// Dragging zooms all graphs and pauses; Esc ends that.
func TestGraphZoom(t *testing.T) {
	dir := t.TempDir()
	play(t, dir, "web")
	s := serve(t, "", dir)
	p := open(t, s.url+"graph/?s=web.requests&range=1m")
	p.until(`document.querySelector(".card canvas") && document.querySelector(".legend").textContent.includes("/s")`)
	time.Sleep(2 * time.Second) // for some time to zoom into
	box := eval[[]float64](p, `(r => [r.left, r.top, r.width, r.height])(document.querySelector(".u-over").getBoundingClientRect())`)
	y := box[1] + box[3]/2
	p.do(chromedp.DragAndDropXY(box[0]+box[2]*0.5, y, box[0]+box[2]*0.9, y, 8))
	p.until(`document.getElementById("at").textContent.includes(" – ") && document.getElementById("pause").innerText.trim() === "Paused"`)
	p.press(kb.Escape)
	p.until(`document.getElementById("at").textContent.startsWith("drag") && document.getElementById("pause").innerText.startsWith("Live")`)
}

// Without a choice, there are graphs of the first counters.
func TestGraphsWithoutChoice(t *testing.T) {
	dir := t.TempDir()
	play(t, dir, "web")
	s := serve(t, "", dir)
	p := open(t, s.url+"graph/")
	p.until(`document.querySelectorAll(".card").length === 6 && location.search.includes("s=web:web.bytes.in")`)
	p.until(`document.title.startsWith("6 graphs – mmash on ")`)
}
