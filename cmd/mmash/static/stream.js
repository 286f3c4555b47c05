"use strict";
// The stream of the server, and what it said so far.
const MAX_POINTS = 600; // of a series that the page keeps
const MAX_WAIT = 30; // seconds between attempts to connect

// A Ring holds the last points of a series, of which each is the mean of what
// came in its slot of time. NaN is a gap.
class Ring {
  constructor(size) {
    this.points = new Float32Array(size).fill(NaN);
    this.count = 0; // of what came in the last slot
  }

  // set is for a slot that lies in the past.
  set(slot, v) { this.points[slot % this.points.length] = v; }

  add(slot, v) {
    if (!Number.isFinite(v)) return;
    const i = slot % this.points.length, before = this.points[i];
    this.count++;
    this.points[i] = this.count === 1 || Number.isNaN(before) ? v : before + (v - before) / this.count;
  }

  // advance makes the slots after from, up to to, gaps.
  advance(from, to) {
    this.count = 0;
    for (let slot = Math.max(from + 1, to - this.points.length + 1); slot <= to; slot++) this.points[slot % this.points.length] = NaN;
  }

  // last returns the n slots up to and with slot, in their order.
  last(slot, n) {
    const size = this.points.length, found = new Float64Array(n);
    for (let i = 0; i < n; i++) found[i] = this.points[(slot - n + 1 + i + size * 2) % size];
    return found;
  }
}

// A Series is one stat: of one file, or of all files of a command together.
class Series {
  constructor(store, given) {
    Object.assign(this, given);
    this.key = given.command + "\0" + given.label;
    this.value = null; // as it came: a number, a text, a boolean or null
    this.part = null; // the rate of a counter, or the interval's part
    this.rings = Array.from({ length: given.kind === "histogram" ? 3 : 1 }, () => new Ring(store.size));
  }

  get ring() { return this.rings[0]; }

  get number() { return this.value === null ? NaN : Number(this.value); }

  get isCounter() { return this.kind === "counter"; }

  get isNumber() { return this.kind !== "string" && this.kind !== "bool" && this.kind !== "constant"; }

  // now returns what the graphs show: the rate, the part of the interval, or
  // the value.
  get now() {
    if (Array.isArray(this.part)) return this.part[0] ?? NaN;
    if (this.isCounter || this.hasParts) return this.part ?? NaN;
    return this.isNumber || this.kind === "bool" ? this.number : NaN;
  }

  // hasParts says that there is something to say of an interval.
  get hasParts() { return this.kind === "histogram" || this.kind === "average"; }

  // isTime says that it is a time of day.
  get isTime() { return this.unit === "unixtime" && !this.isCounter; }

  show(v) { return this.isCounter ? perSecond(v, this.unit) : withUnit(v, this.unit); }
}

// A Store holds all series and their points.
class Store {
  constructor() {
    this.series = new Map(); // by id
    this.files = new Map(); // by id
    this.delay = 1;
    this.slot = 0; // of now; there are MAX_POINTS before it at the least
    this.time = 0; // of the last tick, in seconds
    this.limited = false;
    this.private = 0;
  }

  // takeSeries is the event series. Where the connection is a new one, series
  // that are known keep their points.
  takeSeries(event) {
    if (event.first) this.restart(event);
    for (const id of event.gone) this.series.delete(id);
    for (const id of event.goneFiles) this.files.delete(id);
    for (const file of event.files) {
      const before = this.files.get(file.id);
      this.files.set(file.id, Object.assign(before || {}, file));
    }
    for (const given of event.series) {
      const known = this.series.get(given.id);
      if (known && known.kind === given.kind) {
        Object.assign(known, given);
        continue;
      }
      const series = new Series(this, given);
      const old = this.old?.get(this.identity(series));
      if (old?.kind === series.kind) series.rings = old.rings;
      this.series.set(given.id, series);
    }
    this.limited = event.limited;
    this.private = event.private;
    this.index();
  }

  // forget is called where what comes next has nothing to do with what was.
  forget() { this.step = undefined; }

  restart(event) {
    const step = event.step;
    this.old = step === this.step ? new Map([...this.series.values()].map(s => [this.identity(s), s])) : null;
    if (step !== this.step) {
      this.start = undefined;
      this.slot = MAX_POINTS * 2;
    }
    this.delay = event.delay;
    this.step = step;
    this.size = Math.min(MAX_POINTS, Math.max(120, Math.ceil((event.history || 600) / step)));
    this.series.clear();
    this.files.clear();
  }

  identity(series) { return series.key + "\0" + (series.file === null ? "" : this.files.get(series.file)?.name); }

  // index finds the writers of each stat.
  index() {
    this.folded = new Map(); // by key
    const writers = new Map();
    for (const s of this.series.values()) {
      if (s.file === null) this.folded.set(s.key, s);
      else if (writers.has(s.key)) writers.get(s.key).push(s);
      else writers.set(s.key, [s]);
    }
    const name = s => this.files.get(s.file)?.name || "";
    for (const s of this.folded.values()) s.writers = (writers.get(s.key) || []).sort((a, b) => name(a) < name(b) ? -1 : 1);
  }

  slotOf(time) {
    if (this.start === undefined) this.start = time - (this.slot + 0.5) * this.step;
    return Math.floor((time - this.start) / this.step);
  }

  // timeOf returns the end of a slot.
  timeOf(slot) { return this.start + (slot + 1) * this.step; }

  takeHistory(event) {
    let last = 0;
    for (const points of Object.values(event.points)) last = Math.max(last, points.length);
    if (last === 0) return;
    const from = this.slotOf(event.from + event.step / 2);
    this.advance(from + last - 1);
    for (const [id, points] of Object.entries(event.points)) {
      const series = this.series.get(Number(id));
      if (!series) continue;
      points.forEach((point, i) => {
        const slot = from + i;
        if (point === null || slot > this.slot || slot <= this.slot - this.size) return;
        series.rings.forEach((ring, k) => ring.set(slot, (Array.isArray(point) ? point[k] : point) ?? NaN));
      });
    }
  }

  advance(slot) {
    if (slot <= this.slot) return;
    const gap = slot - this.slot;
    for (const s of this.series.values()) for (const ring of s.rings) {
      const before = ring.points[this.slot % ring.points.length];
      ring.advance(this.slot, slot);
      // Clocks are not so even that one tick always falls into one slot.
      if (gap === 2) ring.set(slot - 1, before);
    }
    this.slot = slot;
  }

  takeTick(event) {
    this.time = event.time;
    this.advance(this.slotOf(event.time));
    const reset = new Set(event.reset);
    for (const [id, value, part = null] of event.rows) {
      const series = this.series.get(id);
      if (!series) continue;
      series.value = value;
      series.part = part;
    }
    for (const s of this.series.values()) {
      if (reset.has(s.id) || s.value === null) continue;
      if (Array.isArray(s.part)) s.rings.forEach((ring, k) => ring.add(this.slot, s.part[k] ?? NaN));
      else s.ring.add(this.slot, s.now);
    }
  }

  // points returns the points of the last seconds.
  points(series, seconds, ring = series.ring) {
    return ring.last(this.slot, Math.min(this.size, Math.max(2, Math.round(seconds / this.step))));
  }

  // isLive says whether a series still counts: the writer of its file runs, or
  // nobody knows.
  isLive(series) { return series.file === null || this.files.get(series.file)?.live !== false; }

  // recentValues returns the value of each writer of a stat over the last 10
  // seconds, and NaN for those that have ended.
  recentValues(series) {
    return series.writers.map(w => this.isLive(w) ? recent(this.points(w, Math.max(RECENT, 2 * this.step)), this.step) : NaN);
  }
}

// store is what the page shows.
const store = new Store();

// A Connection follows the stream at a URL, and connects again when it is lost.
class Connection {
  // on has series, history and tick, and state, which is told "live", "lost" or
  // "paused".
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.paused = false;
    this.failures = 0;
    document.addEventListener("visibilitychange", () => this.update());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", () => this.update());
    this.update();
  }

  // update opens or closes the stream: nobody sees a hidden page.
  update() {
    if (this.paused || document.hidden) this.close();
    else if (!this.source && !this.timer) this.open();
  }

  open() {
    const source = this.source = new EventSource(this.url());
    for (const name of ["series", "history", "tick"]) source.addEventListener(name, event => {
      if (source !== this.source) return;
      this.failures = 0;
      this.lostSince = undefined;
      this.on[name](JSON.parse(event.data));
      if (name === "tick") this.on.state("live");
    });
    source.addEventListener("error", () => {
      if (source === this.source) this.lost();
    });
  }

  lost() {
    this.close();
    this.lostSince ??= Date.now() / 1000;
    const wait = Math.min(MAX_WAIT, 1 + this.failures++);
    this.next = Date.now() / 1000 + wait;
    const count = () => {
      const left = Math.ceil(this.next - Date.now() / 1000);
      this.on.state("lost", { since: this.lostSince, left });
      if (left > 0) return;
      this.close();
      this.update();
    };
    this.timer = setInterval(count, 500);
    count();
  }

  close() {
    this.source?.close();
    this.source = null;
    clearInterval(this.timer);
    this.timer = null;
  }

  pause(paused) {
    this.paused = paused;
    if (paused) this.on.state("paused");
    this.update();
  }

  // reopen is for another URL.
  reopen() {
    this.close();
    this.update();
  }
}
