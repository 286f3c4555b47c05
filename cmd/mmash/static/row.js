"use strict";
// The rows of the list: a row a stat, which opens to a row a writer.
// A Judge tells what is unusual of a series: of a histogram its median, or else
// p99. What is usual changes slowly.
class Judge {
  constructor() {
    this.slot = -Infinity;
    this.ranges = []; // by the number of the ring
  }

  look(series) {
    const renew = store.slot - this.slot >= 10 / store.step || store.slot < this.slot || !this.ranges.length;
    if (renew) this.slot = store.slot;
    this.unusual = false;
    for (const i of series.rings.length > 1 ? [0, series.rings.length - 1] : [0]) {
      const points = store.points(series, store.size * store.step, series.rings[i]);
      if (renew || this.ranges[i] === undefined) this.ranges[i] = usual(points, store.step);
      const range = this.ranges[i], unusual = range !== null && isUnusual(points, store.step, series.isCounter, range);
      if (i > 0 && !unusual) break;
      Object.assign(this, { range, unusual, ring: series.rings[i], isP99: i > 0, recent: recent(points, store.step) });
      if (unusual) break;
    }
  }

  get usually() { return this.range ? this.range.median : NaN; }

  // factor is how far from usual it is, for an order.
  get factor() {
    if (!this.unusual) return 0;
    const { median, mad } = this.range;
    return Math.abs(this.recent - median) / (MAX_MADS * mad + MAX_SHARE * Math.abs(median) + 1e-9);
  }
}

// COLUMNS name the columns for the style.
const COLUMNS = ["sel", "label", "trend", "now", "usual", "total", "writers"];

function columns() { return el("colgroup", {}, ...COLUMNS.map(name => el("col", { class: "c-" + name }))); }

// numberCells returns the line of a number, and the cells of a row.
function numberCells(height) {
  const spark = new Spark(214, height);
  return { spark, trend: el("td", { class: "trend" }, spark.element), now: el("td", { class: "num now" }), usually: el("td", { class: "num usual" }), total: el("td", { class: "num total" }) };
}

// A Row is a stat of a program, over all its writers.
class Row {
  constructor(series) {
    this.series = series;
    this.judge = new Judge();
    this.odd = []; // indexes of writers that differ
    this.score = this.spread = 0;
    this.visible = true;
    this.details = null;
    this.label = el("span", { class: "label" });
    this.chip = el("span", { class: "chip", hidden: "" });
    this.twist = el("button", { class: "twist", type: "button", "aria-expanded": "false", onclick: () => toggleOpen(this) });
    const select = el("input", { type: "checkbox", "aria-label": "Graph " + series.label, onchange: () => toggleSelected(this) });
    this.head = el("th", { scope: "row", title: series.label }, this.twist, " ", this.label, this.chip);
    if (series.isNumber) {
      this.select = select;
      Object.assign(this, numberCells(26));
      this.strip = new Strip();
      this.element = el("tr", { class: "stat" }, el("td", { class: "sel" }, select), this.head, this.trend, this.now, this.usually, this.total,
        el("td", { class: "writers-cell" }, this.strip.element));
    } else {
      this.text = el("span", { class: "text" });
      this.more = el("em", {});
      this.bools = el("span", { class: "bools", "aria-hidden": "true" });
      this.element = el("tr", { class: "stat txt" }, el("td", { class: "sel" }), this.head,
        el("td", { colspan: 5, class: "textcell" }, this.text, this.more, this.bools));
    }
    this.element.addEventListener("click", event => {
      if (event.target.closest("button, input, a")) return;
      setFocus(this.series.key);
    });
    this.element.addEventListener("dblclick", () => toggleOpen(this));
    rowOf.set(this.element, this);
    watcher.observe(this.element);
  }

  get many() { return this.series.writers.length > 1 || (store.limited && !this.series.writers.length); }

  get canOpen() { return this.many || Boolean(this.series.about); }

  // place says how the row stands in its section.
  place(series, prefix) {
    this.series = series;
    setClass(this.head, "d1", prefix !== null);
    this.label.replaceChildren(...labelParts(series.label, prefix ?? undefined).slice(prefix === null ? 0 : -1));
    const open = view.open.has(nameOf(series)) && this.canOpen;
    setClass(this.twist, "none", !this.canOpen);
    this.twist.disabled = !this.canOpen;
    setText(this.twist, this.canOpen ? open ? "▾" : "▸" : "");
    setAttribute(this.twist, "aria-expanded", String(open));
    setAttribute(this.twist, "aria-label", "Writers of " + series.label);
    if (this.select) this.select.checked = view.selected.has(nameOf(series));
    if (open && !this.details) this.details = new Details(this);
    if (!open) this.details = null;
    this.details?.place();
  }

  // look judges the stat by the points so far.
  look() {
    const s = this.series;
    if (!s.isNumber) return;
    this.judge.look(s);
    this.values = s.writers.length > 1 ? store.recentValues(s) : [];
    this.odd = differs(this.values, s.isCounter);
    const [low, high] = extent(this.values);
    this.spread = high > low ? (high - low) / Math.max(Math.abs(low), Math.abs(high)) : 0;
    this.score = this.judge.factor + this.odd.length * 3;
  }

  draw() {
    const s = this.series;
    if (!s.isNumber) return this.drawText();
    const { judge } = this;
    setClass(this.element, "isodd", judge.unusual);
    setClass(this.spark.element, "odd", judge.unusual);
    const chip = judge.unusual ? (judge.isP99 ? "p99 " : "") + times(judge.recent, judge.usually) : this.odd.length ? this.odd.length + (this.odd.length > 1 ? " differ" : " differs") : "";
    setText(this.chip, chip);
    this.chip.hidden = chip === "";
    drawNow(this.now, s);
    drawUsually(this.usually, s, judge);
    this.drawTotal();
    this.spark.draw(store.points(s, page.range, judge.ring));
    const shown = s.writers.length > 1;
    setClass(this.strip.element, "none", !shown);
    if (shown) this.strip.draw(this.values, this.odd);
    this.details?.draw();
  }

  drawTotal() {
    const s = this.series;
    if (s.isCounter && s.value !== null) {
      setText(this.total, withUnit(s.number, s.unit));
      setAttribute(this.total, "title", thousands(String(s.value)));
    } else setText(this.total, s.kind === "histogram" ? "p50" : s.fold === "avg" ? "mean" : "");
  }

  drawText() {
    const s = this.series, live = s.writers.filter(w => store.isLive(w) && w.value !== null);
    if (s.kind === "bool") {
      const count = live.length || s.part || 1, trues = live.length ? live.filter(w => w.value === true).length : s.number;
      const one = count === 1;
      setText(this.text, Number.isNaN(trues) ? NOTHING : one ? String(trues === 1) : `${trues} of ${count} true`);
      const dots = live.length > STRIP_DOTS ? [] : live;
      setCount(this.bools, dots.length, () => el("i", {}));
      dots.forEach((w, i) => setClass(this.bools.children[i], "f", w.value !== true));
    } else {
      const values = new Set(live.map(w => w.value));
      setText(this.text, textOf(s));
      setText(this.more, values.size > 1 ? values.size + " different" : "");
    }
    setAttribute(this.text, "title", this.text.textContent);
    this.details?.draw();
  }
}

// textOf returns the value of what is no number that changes.
function textOf(s) {
  if (s.value === null) return NOTHING;
  if (s.kind !== "constant" || s.type === "string") return String(s.value);
  if (s.label.endsWith("sys.created")) return UNITS.unixtime.text(s.number);
  return s.unit ? withUnit(s.number, s.unit) : String(s.value);
}

// drawNow shows what a series is now: of a histogram p50 and p99 of the interval,
// and of a time how long ago it was, since there is no room for a date.
function drawNow(cell, s) {
  if (s.isTime) setAttribute(cell, "title", s.show(s.now));
  if (s.isTime && Number.isFinite(s.now)) return setText(cell, ago(store.time - s.now));
  if (s.kind !== "histogram") return setText(cell, s.show(s.now));
  if (!cell.childElementCount) cell.append(el("span", { title: "p50" }), " ", el("small", { title: "p99" }));
  const [p50, , p99] = Array.isArray(s.part) ? s.part : [];
  setText(cell.firstElementChild, s.show(p50 ?? NaN));
  setText(cell.lastElementChild, p99 == null ? "" : "p99 " + s.show(p99));
}

// drawUsually shows what a series usually is. No time is usual.
function drawUsually(cell, s, judge) {
  setText(cell, judge.ranges[0] && !s.isTime ? s.show(judge.ranges[0].median) : "");
}

// Details are what a row opens: about the stat, and a row a writer.
class Details {
  constructor(row) {
    this.row = row;
    this.about = el("p", { class: "about" });
    this.body = el("tbody", {});
    this.element = el("tr", { class: "detail" }, el("td", { colspan: 7 }, this.about, el("table", { class: "per" }, columns(), this.body)));
    this.parts = new Map(); // by id of a series
  }

  place() {
    const s = this.row.series;
    const limited = store.limited && !s.writers.length;
    setText(this.about, [s.about, limited ? "There are too many files to compare here: graph the stat to see its writers." : ""].filter(Boolean).join(" "));
    this.about.hidden = this.about.textContent === "";
    for (const id of this.parts.keys()) if (!s.writers.some(w => w.id === id)) this.parts.delete(id);
  }

  // order puts writers that differ first, then the largest.
  order() {
    const { series, odd, values = [] } = this.row;
    return series.writers.map((writer, i) => ({ writer, odd: odd.includes(i), value: values[i] ?? NaN }))
      .sort((a, b) => b.odd - a.odd || compare(!store.isLive(a.writer), !store.isLive(b.writer)) || (b.value || 0) - (a.value || 0) || collator.compare(fileOf(a.writer), fileOf(b.writer)));
  }

  draw() {
    const s = this.row.series, order = this.settled || this.order();
    // Writers keep their order for a while, so that a name can be clicked.
    if (!this.settled || store.slot - this.settledAt >= SORT_PAUSE / store.step || order.length !== s.writers.length) {
      this.settled = this.order();
      this.settledAt = store.slot;
    } else {
      const now = new Map(this.order().map(entry => [entry.writer.id, entry]));
      this.settled = order.map(entry => now.get(entry.writer.id)).filter(Boolean);
    }
    let low = Infinity, high = -Infinity;
    const points = new Map();
    if (s.isNumber) for (const { writer } of this.settled) {
      points.set(writer, store.points(writer, page.range));
      [low, high] = extent(points.get(writer), low, high);
    }
    const range = yRange(low, high), most = Math.max(...this.settled.map(e => Math.abs(e.value) || 0));
    const rows = this.settled.map(entry => this.drawWriter(entry, points.get(entry.writer), range, most));
    setChildren(this.body, rows);
  }

  drawWriter({ writer, odd, value }, points, range, most) {
    let part = this.parts.get(writer.id);
    if (!part) this.parts.set(writer.id, part = this.newWriter(writer));
    const live = store.isLive(writer), s = this.row.series;
    setClass(part.element, "isodd", odd);
    setClass(part.element, "dead", !live);
    setText(part.chip, !live ? "ended" : [odd && "differs", store.files.get(writer.file)?.stale && "stale"].filter(Boolean).join(", "));
    part.chip.hidden = part.chip.textContent === "";
    if (!s.isNumber) {
      setText(part.now, textOf(writer));
      return part.element;
    }
    setClass(part.spark.element, "odd", odd);
    part.spark.draw(points, range);
    if (live) drawNow(part.now, writer);
    else setText(part.now, NOTHING);
    part.judge.look(writer);
    drawUsually(part.usually, s, part.judge);
    setText(part.total, s.isCounter && writer.value !== null ? withUnit(writer.number, s.unit) : "");
    if (s.isCounter) setAttribute(part.total, "title", thousands(String(writer.value)));
    part.bar.setAttribute("width", (Number.isFinite(value) && most > 0 ? Math.max(2, STRIP_WIDTH * Math.abs(value) / most) : 0).toFixed(1));
    return part.element;
  }

  newWriter(writer) {
    const s = this.row.series, name = fileOf(writer);
    const part = { chip: el("span", { class: "chip", hidden: "" }), judge: new Judge() };
    const file = el("td", { class: "fname mono" }, link({ href: "?" + new URLSearchParams({ file: name }), title: "Only " + name }, () => onlyFile(name), writerName(name)), part.chip);
    if (!s.isNumber) {
      part.now = el("td", { colspan: 5, class: "textcell text" });
      part.element = el("tr", { class: "txt" }, el("td", { class: "sel" }), file, part.now);
      return part;
    }
    Object.assign(part, numberCells(22));
    part.bar = svg("rect", { x: 0, y: 0, width: 0, height: 7, rx: 3, class: "bar" });
    part.element = el("tr", {}, el("td", { class: "sel" }), file, part.trend, part.now, part.usually, part.total,
      el("td", { class: "writers-cell" }, svg("svg", { viewBox: `0 0 ${STRIP_WIDTH} 8`, class: "strip", "aria-hidden": "true" }, part.bar)));
    return part;
  }
}
