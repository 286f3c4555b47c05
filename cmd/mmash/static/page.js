"use strict";
// What both pages share: the bar at the top, keys, the help, and the address.
const page = {
  root: document.body.dataset.root, // the way to the list, "" or "../"
  main: document.querySelector("main"),
  params: new URLSearchParams(location.search),
  recorded: document.body.dataset.recorded === "1", // the page is of an archive
  range: 600, // seconds
  keys: new Map(),
  state: "",

  // remember puts the state of the page into its address: typing replaces the
  // entry of the history, and anything else makes a new one.
  remember(changes, replace = false) {
    for (const [key, value] of Object.entries(changes)) {
      this.params.delete(key);
      for (const v of [value].flat()) if (v !== "" && v != null) this.params.append(key, v);
    }
    const query = this.params.toString().replaceAll("%3A", ":");
    const url = location.pathname + (query && "?" + query);
    if (url === location.pathname + location.search) return;
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
  },

  // setState shows whether values are fresh.
  setState(state, lost) {
    const words = { live: [`Live, every ${store.delay} s`, "Live"], paused: ["Paused", "Paused"], lost: ["Not connected", "Not connected"] }[state];
    const button = document.getElementById("pause");
    if (words) {
      setText(button.querySelector(".wide"), words[0]);
      setText(button.querySelector(".narrow"), words[1]);
    }
    setAttribute(button, "aria-pressed", String(state === "paused"));
    setClass(document.body, "stale", state === "lost");
    setClass(document.body, "paused", state === "paused");
    let banner = document.querySelector(".banner");
    if (state !== "lost") banner?.remove();
    else {
      if (!banner) document.querySelector("header").after(banner = el("div", { class: "banner", role: "alert" }, el("span", {}), " ", el("span", { "aria-live": "off" })));
      setText(banner.firstChild, `mmash does not answer since ${clock(lost.since)}.`);
      setText(banner.lastChild, lost.left > 0 ? `Trying again in ${lost.left} s.` : "Trying again now.");
    }
    this.state = state;
  },

  // setRange shows the last minutes. A range beyond what the server keeps fills
  // with time.
  setRange(seconds) {
    this.range = seconds;
    for (const button of document.querySelectorAll("#range button")) setPressed(button, Number(button.dataset.seconds) === seconds);
  },

  rangeText() {
    const [unit, seconds] = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].find(([unit, seconds]) => this.range >= seconds * (unit === "d" ? 2 : 1) || unit === "s");
    return digits(this.range / seconds) + " " + unit;
  },

  // connect brings to the store what the stream at a URL tells, or what a range of
  // the archive has. build is called where other series are there, draw where they
  // have other values, and forget where a range comes that has nothing to do with
  // what was.
  connect(url, { forget, build, draw }) {
    return new (this.recorded ? Recording : Connection)(url, {
      forget,
      series(event) { store.takeSeries(event); },
      history(event) { store.takeHistory(event); },
      tick(event) {
        store.takeTick(event);
        if (store.built !== store.folded) {
          store.built = store.folded;
          build();
        } else draw();
      },
      state: (state, lost) => this.setState(state, lost),
    });
  },

  // span returns what addresses of other pages have of the range.
  span() {
    const p = new URLSearchParams();
    for (const key of this.recorded ? ["from", "to"] : ["range"]) if (this.params.get(key)) p.set(key, this.params.get(key));
    return p;
  },

  // address returns the address of another page with the same range.
  address(path, params = this.span()) {
    const query = params.toString().replaceAll("%3A", ":");
    return (path || "./") + (query && "?" + query);
  },

  // statsAddress is that of the JSON of what the page shows.
  statsAddress() {
    const to = this.recorded && this.params.get("to");
    return this.address(this.root + "stats/", new URLSearchParams(to ? { at: to } : {}));
  },

  // startRanges makes the choice of ranges up to now work.
  startRanges(on) {
    const kept = Number(document.body.dataset.history);
    const seconds = { "1m": 60, "5m": 300, "10m": 600 };
    const ranges = document.getElementById("range");
    if (kept > 600) {
      const name = kept % 3600 ? Math.floor(kept / 60) + "m" : kept / 3600 + "h";
      seconds[name] = kept;
      ranges.append(el("button", { class: "btn", type: "button", "data-seconds": kept }, name.replace("m", " min").replace("h", " h")));
    }
    this.readRange = () => this.setRange(seconds[this.params.get("range")] || 600);
    this.readRange();
    for (const button of ranges.children) button.addEventListener("click", () => {
      const chosen = Number(button.dataset.seconds);
      this.setRange(chosen);
      this.remember({ range: chosen === 600 ? "" : Object.keys(seconds).find(name => seconds[name] === chosen) });
      on.range();
    });
  },

  // readRange is called where the address is another one.
  readRange() {},

  // start makes the bar work. on has pause, range and redraw.
  start(on) {
    if (!this.recorded) this.startRanges(on);
    const pause = document.getElementById("pause");
    pause.addEventListener("click", () => this.state !== "lost" && on.pause(this.state !== "paused"));
    const button = document.getElementById("theme");
    const sayTheme = () => button.setAttribute("aria-label", "Theme: " + { auto: "as the system", light: "light", dark: "dark" }[document.documentElement.dataset.theme]);
    const nextTheme = () => {
      theme.next();
      sayTheme();
      on.redraw();
    };
    sayTheme();
    button.addEventListener("click", nextTheme);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => on.redraw());
    document.getElementById("help").addEventListener("click", () => this.help());
    const search = document.getElementById("q");
    this.key(search.dataset.key, search.placeholder, () => {
      search.focus();
      search.select();
    });
    this.key("p", this.recorded ? "read the range again" : "pause, or go on", () => pause.click());
    this.key("t", "theme: as the system, light, dark", nextTheme);
    this.key("?", "this help", () => this.help());
    document.addEventListener("keydown", event => this.press(event));
  },

  key(key, what, action, alias) {
    this.keys.set(key, { what, action, alias });
  },

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (document.querySelector("dialog[open]") || typing && event.key !== "Escape") return;
    // Enter and the arrows belong to what has the focus, if it is a control.
    if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
    for (const [key, { action, alias }] of this.keys) {
      if (event.key !== key && event.key !== alias) continue;
      event.preventDefault();
      action(event);
      return;
    }
  },

  // dialog shows something in front of the page, until Esc.
  dialog(title, ...children) {
    const dialog = el("dialog", { "aria-label": title, onclose: () => dialog.remove() },
      el("div", { class: "dhead" }, el("h2", {}, title), el("button", { class: "btn", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "✕")), ...children);
    dialog.addEventListener("click", event => event.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  },

  help() {
    const names = { Enter: "Enter", Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑" };
    const rows = [...this.keys].map(([key, { what, alias }]) => el("tr", {},
      el("th", { scope: "row" }, el("kbd", {}, names[key] || key), alias ? " " : null, alias ? el("kbd", {}, names[alias] || alias) : null), el("td", {}, what)));
    this.dialog("Keys, and what is marked", el("table", { class: "keys" }, el("tbody", {}, ...rows)),
      el("p", {}, el("strong", {}, "Usually"), " is the median of what is older than 2 minutes, once there are 60 points of it."),
      el("p", {}, el("strong", {}, "Unusual"), " is a stat whose mean over the last 10 seconds is further from that than 6 times the usual deviation and than a quarter of it, twice in a row. A counter also needs 5 events in 10 seconds, now or usually."),
      el("p", {}, el("strong", {}, "Differs"), " is a writer that is as far from the median of all writers, of which at least 4 live."),
      el("p", {}, "Both are advice, and no alert.", this.recorded ? " They are judged as of the end of the range; of a long one, the last point stands for the last 10 seconds." : ""));
  },
};

// nameOf returns how the address calls a stat.
const nameOf = series => series.command + ":" + series.label;

const fileOf = series => store.files.get(series.file)?.name || "";

// collator puts web-9 before web-10.
const collator = new Intl.Collator("en", { numeric: true });

// filesOf returns the files of a program, in the order of their names.
function filesOf(command) {
  return [...store.files.values()].filter(file => file.command === command).sort((a, b) => collator.compare(a.name, b.name));
}

// escapeGlob returns the glob that matches text alone.
function escapeGlob(text) { return text.replace(/[\\*?[]/g, "\\$&"); }

// writerName returns a file's name without what all have.
function writerName(name) {
  return name.replace(/^.*\//, "").replace(/\.mmstats$/, "").replace(/-(\d+)-\d+$/, "-$1");
}
