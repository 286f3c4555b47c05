"use strict";
// The list of all stats, a section a program.
const MAX_CARDS = 4; // of unusual stats
const SORT_PAUSE = 5; // seconds between two sorts by what changes
const HEADING = 3; // stats of one inner prefix share a heading

const view = {
  query: "", file: "", sort: "name", reverse: false, constants: false,
  open: new Set(), selected: new Set(), folded: new Set(),
  focus: null, // the key of a row
};

// readAddress takes the state of the list from the address.
function readAddress() {
  const p = page.params = new URLSearchParams(location.search);
  view.query = p.get("q") || "";
  view.file = p.get("file") || "";
  view.sort = Object.hasOwn(SORTS, p.get("sort") || "") ? p.get("sort") : "name";
  view.reverse = p.get("r") === "1";
  view.constants = p.get("const") === "1";
  view.open = new Set(p.getAll("open"));
  view.selected = new Set(p.getAll("sel"));
  document.getElementById("q").value = view.query;
}

const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;

// SORTS are the orders of rows: each returns a number, and the largest is first.
const SORTS = {
  name: null,
  unusual: row => row.score,
  rate: row => row.series.isCounter ? row.series.now || 0 : -1,
  differ: row => row.odd.length * 1e3 + row.spread,
};

// A Section is a program.
class Section {
  constructor(command) {
    this.command = command;
    this.twist = el("button", { class: "twist", type: "button", onclick: () => {
      if (!view.folded.delete(command)) view.folded.add(command);
      build();
    } });
    this.squares = el("span", { class: "writers", "aria-hidden": "true" });
    this.meta = el("span", { class: "meta" });
    this.period = el("th", { class: "trend" });
    this.writers = el("th", { class: "writers-cell" });
    this.body = el("tbody", {});
    this.table = el("table", { class: "stats" }, columns(), el("thead", {}, el("tr", {}, el("td", {}), el("th", {}, "Stat"), this.period,
      el("th", { class: "num" }, "Now"), el("th", { class: "num usual" }, "Usually"), el("th", { class: "num total" }, "Total"), this.writers)), this.body);
    this.element = el("section", { class: "program", "aria-label": command },
      el("div", { class: "phead" }, this.twist, el("h2", {}, command), this.squares, this.meta), this.table);
  }

  // place puts rows, which are sorted, into the section.
  place(rows) {
    const closed = view.folded.has(this.command);
    setText(this.twist, closed ? "▸" : "▾");
    setAttribute(this.twist, "aria-expanded", String(!closed));
    setAttribute(this.twist, "aria-label", (closed ? "Unfold " : "Fold ") + this.command);
    this.table.hidden = closed;
    this.files = filesOf(this.command).filter(file => !file.error);
    setText(this.period, (page.recorded ? "" : "Last ") + page.rangeText());
    setText(this.writers, this.files.length > 1 ? "Writers" : "");
    this.rows = rows;
    const inner = new Map();
    const prefixOf = row => row.series.isNumber && view.sort === "name" ? row.series.label.slice(0, row.series.label.lastIndexOf(".") + 1) : "";
    for (const row of rows) inner.set(prefixOf(row), (inner.get(prefixOf(row)) || 0) + 1);
    const elements = [];
    let heading = "";
    for (const row of rows) {
      const prefix = prefixOf(row), nested = prefix.split(".").length > 2 && inner.get(prefix) >= HEADING;
      if (nested && prefix !== heading) elements.push(el("tr", { class: "node" }, el("td", {}), el("th", { scope: "rowgroup", colspan: 6 }, el("span", { class: "pre" }, prefix.slice(0, -1)))));
      heading = nested ? prefix : "";
      row.place(row.series, nested ? prefix : null);
      elements.push(row.element);
      if (row.details) elements.push(row.details.element);
    }
    this.body.replaceChildren(...elements);
  }

  draw() {
    const odd = new Set(this.rows.flatMap(row => row.odd.map(i => row.series.writers[i]?.file)));
    const few = this.files.length <= STRIP_DOTS ? this.files : [];
    setCount(this.squares, few.length, () => el("i", {}));
    few.forEach((file, i) => {
      const square = this.squares.children[i];
      setAttribute(square, "class", file.live === false ? "dead" : file.live === null ? "none" : file.stale || odd.has(file.id) ? "odd" : "live");
      setAttribute(square, "title", writerName(file.name));
    });
    this.drawMeta(odd.size);
  }

  drawMeta(odd) {
    const { files } = this, ended = files.filter(file => file.live === false);
    const pids = files.map(file => file.pid).filter(pid => pid !== null).sort((a, b) => a - b);
    const created = files.map(file => file.created).filter(Boolean);
    const parts = [files.length > 1 ? files.length + " writers" : "1 file"];
    if (files.length > STRIP_DOTS && odd) parts.push(plural(odd, "differs", "differ"));
    if (pids.length) parts.push(pids.length > 1 ? `pids ${pids[0]}–${pids.at(-1)}` : "pid " + pids[0]);
    else parts.push("no owner");
    const runtime = this.runtime();
    if (runtime) parts.push(runtime);
    if (created.length) parts.push("since " + since(Math.min(...created)));
    const last = Math.max(...ended.map(file => file.ended || 0));
    const dead = ended.length ? `, ${ended.length} ended` + (last > 0 ? " " + ago(store.time - last) : "") : "";
    const stale = files.filter(file => file.stale).length, late = stale ? `, ${stale} stale` : "";
    const text = parts[0] + "|" + dead + "|" + late + "|" + parts.slice(1).join(" · ");
    if (this.metaText === text) return;
    this.metaText = text;
    this.meta.replaceChildren(parts[0], ...dead ? [el("span", { class: "dead" }, dead)] : [], ...late ? [el("span", { class: "stale-text" }, late)] : [], " · " + parts.slice(1).join(" · "));
  }

  // runtime returns the version of the language that the writers run on.
  runtime() {
    const versions = new Set();
    for (const s of store.folded.values()) {
      const match = s.command === this.command && s.label.match(/org\.(\w+)\.version$/);
      if (!match || s.value === null) continue;
      const language = match[1] === "golang" ? "" : match[1] + " ";
      for (const w of s.writers.length ? s.writers : [s]) if (w.value !== null) versions.add(language + w.value);
    }
    return [...versions].slice(0, 2).join(", ");
  }
}

function since(time) {
  const text = dateText(time), today = dateText(page.recorded ? store.time : Date.now() / 1000);
  return text.slice(0, 10) === today.slice(0, 10) ? clock(time, 5) : text.slice(0, 16);
}

// A Card is a stat that is unusual now.
class Card {
  constructor() {
    this.label = el("span", { class: "label" });
    this.value = el("strong", {});
    this.usually = el("span", {});
    this.spark = new Spark(260, 34);
    this.spark.element.classList.add("odd");
    this.who = el("span", { class: "who" });
    this.element = el("a", { class: "odd-card" }, this.label, el("span", { class: "what" }, this.value, this.usually), this.spark.element, this.who);
  }

  draw(row) {
    const { series, judge, odd } = row;
    if (this.series !== series) {
      this.series = series;
      this.label.replaceChildren(...labelParts(series.label));
      this.element.setAttribute("href", graphAddress([nameOf(series)]));
      this.element.setAttribute("title", series.label);
    }
    setText(this.value, (judge.isP99 ? "p99 " : "") + series.show(Number.isFinite(judge.recent) ? judge.recent : series.now));
    setText(this.usually, judge.range ? "usually " + series.show(judge.usually) : "");
    this.spark.draw(store.points(series, page.range, judge.ring));
    const names = odd.map(i => writerName(fileOf(series.writers[i])));
    setText(this.who, names.length > 1 ? `mostly ${names[0]} and ${names.length - 1} more` : names.length ? "mostly " + names[0] : series.writers.length > 1 ? "all writers" : "\u00a0");
  }
}

const rowOf = new WeakMap(); // by element
const rows = new Map(); // by key of the series
const sections = new Map(); // by command
const cards = Array.from({ length: MAX_CARDS }, () => new Card());
const watcher = new IntersectionObserver(entries => {
  for (const entry of entries) {
    const row = rowOf.get(entry.target);
    row.visible = entry.isIntersecting;
    if (row.visible && store.folded) row.draw();
  }
}, { rootMargin: "200px" });

const parts = {
  summary: el("div", { class: "summary" }),
  cards: el("div", { class: "odd-now", role: "group", "aria-label": "Unusual now" }),
  sections: el("div", {}),
  foot: el("div", { class: "foot" }),
  selection: el("div", { class: "selbar", role: "status", hidden: "" }),
};
let shown = []; // rows in their order on the page
let sortedAt = 0;

function graphAddress(names) {
  const p = page.span();
  for (const name of names) p.append("s", name);
  if (view.file) p.set("file", view.file);
  return page.address("graph/", p);
}

// matches reports whether a stat has all words of the filter.
function matches(series, words) {
  if (!words.length) return true;
  const text = (series.label + "\n" + series.command + "\n" + series.writers.map(fileOf).join("\n")).toLowerCase();
  return words.every(word => text.includes(word));
}

// build makes the page what the store and the view say.
function build() {
  if (!store.folded) return;
  const words = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  for (const [key, row] of rows) if (!store.folded.has(key)) {
    watcher.unobserve(row.element);
    rows.delete(key);
  }
  const groups = new Map();
  let total = 0, constants = 0;
  for (const series of store.folded.values()) {
    series.kind === "constant" ? constants++ : total++;
    if (series.kind === "constant" && !view.constants || !matches(series, words)) continue;
    let row = rows.get(series.key);
    if (!row || row.series.kind !== series.kind) rows.set(series.key, row = new Row(series));
    row.series = series;
    row.look();
    if (!groups.has(series.command)) groups.set(series.command, []);
    groups.get(series.command).push(row);
  }
  view.total = total;
  view.hidden = constants;
  const order = orderOf();
  const lists = [...groups].map(([command, list]) => ({ command, list: list.sort(order) }));
  lists.sort((a, b) => view.sort === "name" ? (view.reverse ? -1 : 1) * collator.compare(a.command, b.command) : order(a.list[0], b.list[0]));
  shown = [];
  const elements = [];
  for (const { command, list } of lists) {
    if (!sections.has(command)) sections.set(command, new Section(command));
    const section = sections.get(command);
    section.place(list);
    if (!view.folded.has(command)) shown.push(...list);
    elements.push(section.element);
  }
  view.sections = lists.map(({ command }) => sections.get(command));
  for (const command of sections.keys()) if (!groups.has(command)) sections.delete(command);
  sortedAt = store.slot;
  const nothing = !store.folded.size && !store.files.size && !view.file;
  parts.sections.replaceChildren(...elements.length ? elements : [nothing ? emptyPage() : noMatch()]);
  page.main.replaceChildren(...nothing ? [parts.sections] : [parts.summary, parts.cards, parts.sections, parts.foot]);
  buildSummary();
  buildFoot();
  buildSelection();
  draw();
}

// orderOf returns how rows are compared.
function orderOf() {
  const sign = view.reverse ? -1 : 1, by = SORTS[view.sort];
  const byName = (a, b) => compare(!a.series.isNumber, !b.series.isNumber) || compare(a.series.kind === "constant", b.series.kind === "constant") || collator.compare(a.series.label, b.series.label);
  return (a, b) => by ? sign * (by(b) - by(a)) || byName(a, b) : sign * byName(a, b);
}

function buildSummary() {
  const files = [...store.files.values()], bad = files.filter(file => file.error), ended = files.filter(file => !file.error && file.live === false);
  const stale = files.filter(file => file.stale);
  const programs = new Set(files.filter(file => !file.error).map(file => file.command));
  const good = files.length - bad.length;
  const sort = el("select", { "aria-label": "Sort", onchange: event => setSort(event.target.value) },
    ...[["name", "by name"], ["unusual", "most unusual"], ["rate", "largest rate"], ["differ", "writers differ most"]].map(([value, text]) => el("option", { value }, text)));
  sort.value = view.sort;
  parts.summary.replaceChildren(...[
    el("span", {}, el("strong", {}, String(good)), good === 1 ? " file of " : " files of ", el("strong", {}, String(programs.size)), programs.size === 1 ? " program" : " programs"),
    el("span", {}, el("strong", {}, String(view.total)), view.total === 1 ? " stat" : " stats", view.hidden ? `, ${plural(view.hidden, "constant")} ${view.constants ? "shown" : "hidden"}` : ""),
    ended.length ? el("button", { class: "badtext", type: "button", onclick: () => showEnded(ended) }, plural(ended.length, "writer") + " ended") : null,
    stale.length ? el("button", { class: "warn", type: "button", onclick: () => showStale(stale) }, plural(stale.length, "writer") + " stale") : null,
    bad.length ? el("button", { class: "warn", type: "button", onclick: () => showUnreadable(bad) }, plural(bad.length, "file") + " unreadable") : null,
    store.private ? el("button", { type: "button", onclick: showPrivate }, store.private + " private") : null,
    store.limited ? el("span", { class: "warn" }, "too many files to compare writers") : null,
    view.file ? el("button", { class: "only", type: "button", "aria-label": "Show all files", onclick: () => onlyFile("") }, `only ${writerName(view.file)} ✕`) : null,
    el("span", { class: "sort" }, "Sort ", sort, el("button", { class: "reverse", type: "button", "aria-label": "Reverse the order", "aria-pressed": String(view.reverse), onclick: reverse }, view.reverse ? "↑" : "↓")),
  ].filter(Boolean));
}

function table(heads, rows) {
  return el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...heads.map(head => el("th", {}, head)))),
    el("tbody", {}, ...rows.map(cells => el("tr", {}, ...cells.map((cell, i) => el("td", { class: i ? "" : "mono" }, cell))))));
}

function showEnded(files) {
  page.dialog("Writers that have ended", el("p", {}, "Their counters count as long as their files are there; their gauges do not. cleanstats removes the files."),
    table(["File", "Process", "Ended"], files.map(file => [file.name, String(file.pid ?? NOTHING), file.ended ? ago(store.time - file.ended) : page.recorded ? "before that" : "before mmash started"])));
}

function showStale(files) {
  page.dialog("Writers whose heartbeat is overdue", el("p", {}, "They run, but for three times as long as they promise they have not said that they are well: they hang, or wait for something."),
    table(["File", "Process"], files.map(file => [file.name, String(file.pid ?? NOTHING)])));
}

function showUnreadable(files) {
  page.dialog("Files that cannot be read", table(["File", "Reason"], files.map(file => [file.name, file.error])));
}

function showPrivate() {
  page.dialog("Private files", el("p", {}, `${plural(store.private, "file")} may not be read by everybody on this machine, as anybody who opens this page could. They are left out over TCP, unless mmash was started with --private, and shown over a unix socket.`));
}

function buildFoot() {
  parts.foot.replaceChildren(el("span", { class: "mono" }, document.body.dataset.looks),
    link({ href: "?const=1" }, () => {
      view.constants = !view.constants;
      page.remember({ const: view.constants ? "1" : "" });
      build();
    }, view.constants ? "Hide constants" : "Show constants"),
    el("a", { href: page.statsAddress() }, "JSON"), ...page.recorded ? [] : [el("a", { href: "metrics" }, "Prometheus")], el("span", {}, "mmash " + document.body.dataset.version));
}

function emptyPage() {
  if (page.recorded) return el("div", { class: "empty" }, el("h2", {}, "No stats then"), el("p", {}, "Nothing was published at the end of this range."));
  return el("div", { class: "empty" }, el("h2", {}, "No stats yet"),
    el("p", {}, "mmash looks at ", el("code", {}, document.body.dataset.looks), ", and nothing is there. A first one:"),
    el("pre", {}, "$ mmstats-write -n hello visitors+=1"), el("p", {}, "It shows up here by itself."));
}

// noMatch offers the labels that are nearest to the filter.
function noMatch() {
  const pairs = text => new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2)));
  const wanted = pairs(view.query.toLowerCase());
  const likeness = label => [...pairs(label.toLowerCase())].filter(pair => wanted.has(pair)).length / Math.sqrt(label.length + 1);
  const labels = [...new Set([...store.folded.values()].filter(s => s.kind !== "constant").map(s => s.label))];
  const near = labels.map(label => [likeness(label), label]).filter(([n]) => n > 0).sort((a, b) => b[0] - a[0] || compare(a[1], b[1])).slice(0, 3);
  return el("div", { class: "empty" }, el("h2", {}, view.query ? `No stat matches “${view.query}”` : "No stats here"),
    near.length ? el("p", {}, "Nearest: ", ...near.flatMap(([, label], i) => [i ? ", " : null,
      link({ class: "label", href: "?" + new URLSearchParams({ q: label }) }, () => setQuery(label, false), label)])) : null,
    el("button", { class: "btn", type: "button", onclick: clear }, view.query ? "Clear the filter" : "Show all files"));
}

function buildSelection() {
  const list = [...view.selected];
  parts.selection.hidden = list.length === 0;
  if (!list.length) return;
  parts.selection.replaceChildren(el("span", {}, el("strong", {}, String(list.length)), list.length === 1 ? " stat selected" : " stats selected"),
    el("button", { class: "btn", type: "button", onclick: clearSelection }, "Clear"),
    el("a", { class: "btn primary", href: graphAddress(list) }, list.length === 1 ? "Graph it " : "Graph them ", el("kbd", {}, "g")));
}

// draw shows the values of now.
function draw() {
  const resort = view.sort !== "name" && store.slot - sortedAt >= SORT_PAUSE / store.step && !document.querySelector("table.stats:hover");
  for (const row of rows.values()) row.look();
  if (resort) return build();
  for (const row of shown) if (row.visible) row.draw();
  for (const section of view.sections || []) section.draw();
  drawCards();
}

function drawCards() {
  const there = [...rows.values()].filter(row => row.series.isNumber && store.folded.get(row.series.key) === row.series);
  const odd = view.query ? [] : there.filter(row => row.judge.unusual || row.odd.length).sort((a, b) => b.score - a.score).slice(0, MAX_CARDS);
  odd.forEach((row, i) => cards[i].draw(row));
  setChildren(parts.cards, cards.slice(0, odd.length).map(card => card.element));
  parts.cards.hidden = odd.length === 0;
}

function setQuery(query, replace = true) {
  view.query = query;
  document.getElementById("q").value = query;
  page.remember({ q: query }, replace);
  build();
}

function setSort(sort) {
  view.sort = sort;
  page.remember({ sort: sort === "name" ? "" : sort });
  build();
}

function reverse() {
  view.reverse = !view.reverse;
  page.remember({ r: view.reverse ? "1" : "" });
  build();
}

function clear() {
  if (view.query) setQuery("", false);
  else if (view.file) onlyFile("");
}

function clearSelection() {
  view.selected.clear();
  page.remember({ sel: [] });
  build();
}

function onlyFile(name) {
  view.file = name;
  page.remember({ file: name });
  connection.reopen();
}

function toggleOpen(row) {
  if (!row.canOpen) return;
  const name = nameOf(row.series);
  if (!view.open.delete(name)) view.open.add(name);
  page.remember({ open: [...view.open] });
  build();
}

function toggleSelected(row) {
  if (!row.select) return;
  const name = nameOf(row.series);
  if (!view.selected.delete(name)) view.selected.add(name);
  page.remember({ sel: [...view.selected] }, true);
  row.select.checked = view.selected.has(name);
  buildSelection();
}

function setFocus(key) {
  rows.get(view.focus)?.element.classList.remove("focus");
  view.focus = key;
  const row = rows.get(key);
  row?.element.classList.add("focus");
  return row;
}

function move(by) {
  if (!shown.length) return;
  const at = shown.findIndex(row => row.series.key === view.focus);
  const next = at < 0 ? by > 0 ? 0 : shown.length - 1 : Math.min(shown.length - 1, Math.max(0, at + by));
  const { element, twist, select } = setFocus(shown[next].series.key);
  element.scrollIntoView({ block: "nearest" });
  (select || twist).focus({ preventScroll: true });
}

const focused = () => rows.get(view.focus);

page.start({
  range: build,
  redraw: draw,
  pause: paused => connection.pause(paused),
});
page.key("Escape", "clear the filter, or the selection", () => {
  document.activeElement.blur();
  if (view.query || view.file) clear();
  else if (view.selected.size) clearSelection();
});
page.key("ArrowDown", "next stat", () => move(1), "j");
page.key("ArrowUp", "stat before", () => move(-1), "k");
page.key("Enter", "open or close its writers", () => focused() && toggleOpen(focused()));
page.key("x", "select it for a graph", () => focused() && toggleSelected(focused()));
page.key("g", "graph what is selected, or the stat", () => {
  if (view.selected.size) location.href = graphAddress([...view.selected]);
  else if (focused()?.series.isNumber) location.href = graphAddress([nameOf(focused().series)]);
  else location.href = graphAddress([]);
});
page.key("s", "next order", () => setSort(Object.keys(SORTS)[(Object.keys(SORTS).indexOf(view.sort) + 1) % 4]));
page.key("r", "reverse the order", reverse);
document.getElementById("q").addEventListener("input", event => setQuery(event.target.value));
addEventListener("popstate", () => {
  const file = view.file, span = page.span().toString();
  readAddress();
  page.readRange();
  if (file !== view.file || page.recorded && span !== page.span().toString()) connection.reopen();
  build();
});
document.body.append(parts.selection);
readAddress();

const connection = page.connect(() => {
  const p = new URLSearchParams({ by: "file", history: "300" });
  if (view.file) p.set("file", escapeGlob(view.file));
  return "events?" + p;
}, {
  forget() {
    for (const row of rows.values()) watcher.unobserve(row.element);
    rows.clear();
  },
  build,
  draw,
});
