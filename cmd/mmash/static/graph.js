"use strict";
// Graphs of some stats: a line a writer, or all together.
const MAX_GRAPHS = 50;
const MAX_COLORS = 8; // lines that can be told apart
const COLUMNS = 120; // points a graph has: each is a mean
const FIRST = 6; // counters that are shown when nothing was chosen
const DESCRIBE = 10; // seconds between two texts for those who cannot see

const view = { names: [], by: "file", file: "", zero: false, zoom: null, chosen: false };

function readAddress() {
  const p = page.params = new URLSearchParams(location.search);
  view.names = [...new Set(p.getAll("s"))].slice(0, MAX_GRAPHS);
  view.by = p.get("by") === "sum" ? "sum" : "file";
  view.file = p.get("file") || "";
  view.zero = p.get("zero") === "1";
  view.chosen = view.names.length > 0;
  document.getElementById("zero").checked = view.zero;
  for (const button of document.querySelectorAll("#by button")) setPressed(button, button.dataset.by === view.by);
}

// seriesOf returns the stats that a name in the address means: COMMAND:LABEL, or
// the LABEL of any program.
function seriesOf(name) {
  const all = [...store.folded.values()].filter(s => s.isNumber || s.kind === "bool");
  const exact = all.filter(s => nameOf(s) === name);
  return exact.length ? exact : all.filter(s => s.label === name);
}

// labelsOf returns what the stream has to be asked for.
function labelsOf(names) {
  const labels = new Set();
  for (const name of names) {
    labels.add(name);
    if (name.includes(":")) labels.add(name.slice(name.indexOf(":") + 1));
  }
  return labels;
}

function color(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

// A Graph is a card with a plot.
class Graph {
  constructor(series) {
    this.series = series;
    this.visible = false;
    this.large = false;
    this.odd = []; // ids of writers that differ
    this.mode = el("span", { class: "mode" });
    this.big = el("span", { class: "big" });
    this.plot = el("div", { class: "plot", role: "img" });
    this.legend = el("div", { class: "legend" });
    this.larger = el("button", { type: "button", "aria-label": "Larger", "aria-pressed": "false", onclick: () => this.toggleLarge() }, "⤢");
    this.element = el("section", { class: "card", "aria-label": nameOf(series) },
      el("div", { class: "chead" }, el("h2", { class: "label", title: series.about || nameOf(series) }, ...labelParts(series.label)), this.mode, this.big, this.larger,
        el("button", { type: "button", "aria-label": "Remove " + series.label, onclick: () => remove(this) }, "✕")), this.plot, this.legend);
    graphOf.set(this.element, this);
    watcher.observe(this.element);
  }

  toggleLarge() {
    this.large = !this.large;
    setClass(this.element, "large", this.large);
    setAttribute(this.larger, "aria-pressed", String(this.large));
    this.resize();
  }

  get height() { return this.large ? 380 : 190; }

  resize() {
    const width = this.plot.clientWidth;
    if (this.uplot && (this.uplot.width !== width || this.uplot.height !== this.height)) this.uplot.setSize({ width, height: this.height });
  }

  destroy() {
    this.uplot?.destroy();
    this.uplot = null;
    watcher.unobserve(this.element);
  }

  // writers are the lines: in the order of the files, so that a writer has one
  // color in all graphs.
  writers() {
    const { series } = this;
    if (view.by === "sum" || series.kind === "histogram" || !series.writers.length) return [];
    return series.writers.filter(w => store.isLive(w) || store.points(w, page.range).some(Number.isFinite));
  }

  // look finds the writers that differ.
  look() {
    const { series } = this;
    this.odd = series.isNumber && series.writers.length > 1 ? differs(store.recentValues(series), series.isCounter).map(i => series.writers[i].id) : [];
  }

  // styles returns how each line is drawn. Where one differs, or there are more
  // than can be told apart, the others step back.
  styles(writers) {
    if (!writers.length) return this.series.rings.map((_, i) => ({ color: color("--spark") + ["", "b0", "70"][i], key: ["k0", "kp1", "kp2"][i], width: i ? 1.2 : 1.8, fill: i ? undefined : color("--spark") + "22" }));
    const quiet = writers.some(w => this.odd.includes(w.id)) || writers.length > MAX_COLORS;
    return writers.map(w => {
      const i = colorOf(w);
      if (this.odd.includes(w.id)) return { color: color("--odd"), key: "ko", width: 2.2 };
      return quiet ? { color: color("--spark") + "66", key: "kx", width: 1 } : { color: color("--c" + i), key: "k" + i, width: 1.5 };
    });
  }

  draw() {
    const { series } = this;
    if (!series.writers) return;
    this.look();
    const writers = this.writers();
    const lines = writers.length ? writers.map(w => ({ series: w, ring: w.ring })) : series.rings.map(ring => ({ series, ring }));
    const styles = this.styles(writers);
    const { xs, columns, step } = axisOf();
    const data = [xs, ...lines.map(line => means(line.series, line.ring, columns))];
    setText(this.mode, this.modeText(step));
    setText(this.big, series.kind === "bool" ? `${Number.isFinite(series.number) ? series.number : 0} true` : series.show(series.now));
    const shape = JSON.stringify(styles) + view.zero;
    if (!this.uplot || this.shape !== shape) this.make(styles, data, shape);
    else this.uplot.setData(data, false);
    this.uplot.setScale("x", { min: xs[0], max: xs.at(-1) });
    this.writersShown = writers;
    this.stylesShown = styles;
    this.data = data;
    this.drawLegend();
    this.describe();
  }

  modeText(step) {
    const { series } = this, many = series.writers.length;
    const parts = [many > 1 ? many + " writers" : "", series.isCounter ? "a second" : "", series.kind === "histogram" ? "p50, p90, p99" : series.fold === "avg" ? "mean" : "",
      step > store.step * 1.01 ? `${Number(step.toFixed(2))} s means` : ""];
    return parts.filter(Boolean).join(", ");
  }

  make(styles, data, shape) {
    this.uplot?.destroy();
    this.shape = shape;
    const { series } = this;
    const axis = { stroke: color("--ink3"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" };
    this.uplot = new uPlot({
      width: this.plot.clientWidth, height: this.height, legend: { show: false },
      cursor: { sync: { key: "time" }, y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false }, focus: { prox: 24 }, bind: { dblclick: () => () => zoom(null) } },
      focus: { alpha: 0.3 },
      hooks: { setCursor: [() => this.drawLegend()], setSelect: [u => this.select(u)] },
      scales: { y: { range: (u, low, high) => yScale(low, high) } },
      series: [{}, ...styles.map(style => ({ stroke: style.color, fill: style.fill, width: style.width, points: { show: false } }))],
      bands: series.kind === "histogram" && styles.length === 3 ? [{ series: [3, 2], fill: color("--spark") + "18" }, { series: [2, 1], fill: color("--spark") + "30" }] : undefined,
      axes: [{ ...axis, size: 26, space: 90, values: (u, times) => times.map(t => timeLabel(t, times)) },
        { ...axis, size: 62, incrs: /^([KMG]i)?[Bb]/.test(series.unit) && series.unit !== "bits" ? BINARY : undefined, values: (u, values) => values.map(v => trim(withUnit(v, series.unit))) }],
    }, data, this.plot);
  }

  // select zooms all graphs to what was dragged over.
  select(u) {
    if (u.select.width < 8) return;
    const from = u.posToVal(u.select.left, "x"), to = u.posToVal(u.select.left + u.select.width, "x");
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (to - from >= 2 * store.step) zoom({ from, to });
  }

  // drawLegend shows the values at the cursor, or of now.
  drawLegend() {
    if (!this.data) return;
    const { series, data, writersShown: writers, stylesShown: styles } = this;
    const at = this.uplot?.cursor.idx ?? lastFinite(data.slice(1));
    const value = i => data[i + 1]?.[at] ?? NaN;
    let entries;
    if (!writers.length) {
      const many = series.writers.length;
      const names = series.kind === "histogram" ? ["p50", "p90", "p99"] : [many > 1 ? `${{ avg: "mean", max: "latest" }[series.fold] || "sum"} of ${many} writers` : many ? writerName(fileOf(series.writers[0])) : series.command];
      entries = names.map((name, i) => ({ name, key: styles[i].key, value: value(i) }));
    } else {
      const rows = writers.map((w, i) => ({ name: writerName(fileOf(w)), key: styles[i].key, value: value(i), odd: this.odd.includes(w.id) }));
      const quiet = rows.some(row => row.key === "kx");
      entries = quiet ? rows.filter(row => row.odd).slice(0, MAX_COLORS) : rows;
      const others = rows.filter(row => !entries.includes(row));
      if (others.length) entries.push({ name: plural(others.length, entries.length ? "other" : "writer"), key: "kx", value: median(others.map(row => row.value)) });
    }
    setCount(this.legend, entries.length, () => el("span", { class: "k" }, el("i", {}), el("span", {}), el("span", { class: "v" })));
    entries.forEach((entry, i) => {
      const [mark, name, v] = this.legend.children[i].children;
      setClass(this.legend.children[i], "odd", entry.odd === true);
      setAttribute(mark, "class", entry.key);
      setText(name, entry.name);
      setText(v, series.show(entry.value));
    });
  }

  describe() {
    if (store.time - (this.describedAt || 0) < DESCRIBE) return;
    this.describedAt = store.time;
    const { series } = this, [low, high] = extent(store.points(series, page.range));
    const odd = this.odd.map(id => writerName(fileOf(store.series.get(id)))).join(", ");
    setAttribute(this.plot, "aria-label", low <= high ? `${series.label} over ${page.rangeText()}: now ${series.show(series.now)}, from ${series.show(low)} to ${series.show(high)}${odd ? "; differs: " + odd : ""}` : `${series.label}: nothing yet`);
  }
}

// colorOf returns the number of the color of a writer, the same in all graphs.
function colorOf(writer) {
  return Math.max(0, filesOf(writer.command).findIndex(file => file.id === writer.file)) % MAX_COLORS;
}

function lastFinite(lines) {
  let last = 0;
  for (const line of lines) for (let i = line.length - 1; i > last; i--) if (line[i] !== null) last = i;
  return last;
}

// timeLabel returns the text of a mark on the axis of time.
function timeLabel(t, times) {
  if (page.range > 86400) return dateText(t).slice(5, 16);
  return clock(t, times.length > 1 && times[1] - times[0] < 60 ? 8 : 5);
}

// BINARY are the distances of the marks on an axis of bytes.
const BINARY = Array.from({ length: 81 }, (_, i) => 2 ** (i - 20));

// trim leaves out the zeros that an axis has no need for.
function trim(text) { return text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, ""); }

function yScale(low, high) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (view.zero) return [Math.min(0, low), Math.max(0, high) * 1.1 || 1];
  const [from, to] = yRange(low, high), spread = to - from;
  return [low >= 0 && from - spread * 0.1 < 0 ? 0 : from - spread * 0.1, to + spread * 0.1 || 1];
}

// axisOf returns the times of the points, and the slots that each is the mean
// of. These begin at a multiple of their number, so that points stay what they
// are while time goes on.
function axisOf() {
  const seconds = view.zoom ? view.zoom.to - view.zoom.from : page.range;
  const per = Math.max(1, Math.round(seconds / COLUMNS / store.step));
  const last = view.zoom ? store.slotOf(view.zoom.to) : store.slot;
  const count = Math.max(2, Math.min(Math.round(seconds / store.step), store.size) / per | 0);
  const end = view.zoom ? last : Math.floor(last / per) * per + per - 1;
  const columns = Array.from({ length: count }, (_, i) => ({ from: end - (count - i) * per + 1, to: Math.min(store.slot, end - (count - i - 1) * per) }));
  return { columns, xs: columns.map(c => store.timeOf(c.to)), step: per * store.step };
}

function means(series, ring, columns) {
  const oldest = store.slot - ring.points.length;
  return columns.map(({ from, to }) => {
    let sum = 0, count = 0;
    for (let slot = Math.max(from, oldest + 1); slot <= to; slot++) {
      const v = ring.points[slot % ring.points.length];
      if (!Number.isFinite(v)) continue;
      sum += v;
      count++;
    }
    return count ? sum / count : null;
  });
}

const grid = document.getElementById("grid");
const graphOf = new WeakMap(); // by element
const graphs = new Map(); // by key of the series
const watcher = new IntersectionObserver(entries => {
  for (const entry of entries) {
    const graph = graphOf.get(entry.target);
    graph.visible = entry.isIntersecting;
    if (graph.visible && store.folded) graph.draw();
  }
}, { rootMargin: "100px" });

// build makes a card for each stat that is chosen.
function build() {
  if (!view.chosen) return choose();
  const wanted = [...new Set(view.names.flatMap(seriesOf))].slice(0, MAX_GRAPHS);
  for (const [key, graph] of graphs) if (!wanted.some(s => s.key === key)) {
    graph.destroy();
    graphs.delete(key);
  }
  for (const series of wanted) {
    const graph = graphs.get(series.key);
    if (graph) graph.series = series;
    else graphs.set(series.key, new Graph(series));
  }
  const elements = wanted.map(s => graphs.get(s.key).element);
  setChildren(grid, elements.length ? elements : [el("div", { class: "empty" }, el("h2", {}, "Nothing to graph"),
    el("p", {}, view.names.length ? "No file has these stats now." : "No stats yet."), el("a", { class: "btn", href: page.root || "./" }, "All stats"))]);
  document.title = plural(wanted.length, "graph") + " – " + document.body.dataset.title;
  draw();
}

// choose takes what is unusual, or else the first counters, where the address
// names nothing.
function choose() {
  const all = [...store.folded.values()].filter(s => s.isNumber).sort((a, b) => collator.compare(nameOf(a), nameOf(b)));
  const odd = all.filter(s => isUnusual(store.points(s, store.size * store.step), store.step, s.isCounter));
  const chosen = odd.length ? odd : all.filter(s => s.isCounter);
  if (!all.length) {
    view.names = [];
    view.chosen = true;
    build();
    view.chosen = false;
    return;
  }
  view.names = (chosen.length ? chosen : all).slice(0, FIRST).map(nameOf);
  view.chosen = true;
  page.remember({ s: view.names }, true);
  connection.reopen();
}

function draw() {
  for (const graph of graphs.values()) if (graph.visible) graph.draw();
}

function redraw() {
  for (const graph of graphs.values()) graph.shape = null;
  draw();
}

// zoom shows a part of the time in all graphs, and stops them; without one they
// go on.
function zoom(part) {
  if (page.recorded) return replay.zoom(part);
  if (!part && !view.zoom) return;
  view.zoom = part;
  setText(document.getElementById("at"), part ? `${clock(part.from)} – ${clock(part.to)}` : "drag to zoom, double-click for all");
  connection.pause(part !== null);
  draw();
}

function remove(graph) {
  view.names = [...graphs.values()].filter(other => other !== graph).map(other => nameOf(other.series));
  page.remember({ s: view.names });
  build();
}

// add finds a stat by what was typed.
function add(text) {
  const found = store.folded && seriesOf(text).length ? [text] : known.has(text) ? [text] : [];
  if (!found.length || view.names.length >= MAX_GRAPHS) return;
  view.names = [...new Set([...view.names, ...found])];
  view.chosen = true;
  page.remember({ s: view.names });
  search.value = "";
  connection.reopen();
}

const search = document.getElementById("q");
const known = new Set(); // labels that can be added

// suggest fills the list of the field that adds stats.
async function suggest() {
  const answer = await fetch(page.statsAddress()).catch(() => null);
  if (!answer?.ok) return;
  const { stats } = await answer.json();
  known.clear();
  for (const label of stats) if (!/(^|\.)sys\.|(^|\.)org\.\w+\.version$/.test(label)) known.add(label);
  document.getElementById("labels").replaceChildren(...[...known].slice(0, 2000).map(label => el("option", { value: label })));
}

// copyLink puts the address on the clipboard, which a page that did not come by
// HTTPS may only do by way of a selection.
async function copyLink(event) {
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    const field = el("input", { class: "offscreen", readonly: "" });
    field.value = location.href;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  setText(button, "Copied");
  setTimeout(() => setText(button, "Copy link"), 2000);
}

function setBy(by) {
  page.remember({ by: by === "sum" ? "sum" : "" });
  readAddress();
  draw();
}

function setZero(zero) {
  page.remember({ zero: zero ? "1" : "" });
  readAddress();
  redraw();
}

page.start({
  range() {
    zoom(null);
    draw();
  },
  redraw,
  pause(paused) {
    if (!paused && view.zoom) zoom(null);
    connection.pause(paused);
  },
});
page.key("Escape", "end the zoom", () => {
  document.activeElement.blur();
  zoom(null);
});
page.key("w", "a line a writer, or together", () => setBy(view.by === "sum" ? "file" : "sum"));
page.key("0", "from zero, or not", () => setZero(!view.zero));
page.key("l", "back to the list", () => { location.href = page.address(page.root); });
search.addEventListener("focus", suggest);
search.addEventListener("change", () => add(search.value.trim()));
for (const button of document.querySelectorAll("#by button")) button.addEventListener("click", () => setBy(button.dataset.by));
document.getElementById("zero").addEventListener("change", event => setZero(event.target.checked));
document.getElementById("copy").addEventListener("click", copyLink);
new ResizeObserver(() => graphs.forEach(graph => graph.resize())).observe(grid);
addEventListener("popstate", () => {
  readAddress();
  page.readRange();
  connection.reopen();
});
readAddress();

const connection = page.connect(() => {
  const p = new URLSearchParams({ by: view.chosen ? "file" : "command", history: String(MAX_POINTS) });
  for (const label of labelsOf(view.names)) p.append("label", escapeGlob(label));
  if (view.file) p.set("file", escapeGlob(view.file));
  return page.root + "events?" + p;
}, {
  forget() {
    document.getElementById("all").href = page.address(page.root);
    for (const graph of graphs.values()) graph.describedAt = 0;
  },
  build,
  draw,
});
