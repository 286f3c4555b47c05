"use strict";
// The pages are built by createElement and textContent alone, so no text of a
// stat file can become markup.
const SVG = "http://www.w3.org/2000/svg";

// el returns an element. Properties that start with "on" are listeners.
function el(name, props, ...children) {
  const e = document.createElement(name);
  for (const key in props) {
    if (key === "class") e.className = props[key];
    else if (key.startsWith("on")) e.addEventListener(key.slice(2), props[key]);
    else if (props[key] != null) e.setAttribute(key, props[key]);
  }
  e.append(...children.filter(child => child != null));
  return e;
}

// link returns a link that a click does not follow: it does the same on this page.
function link(props, action, ...children) {
  return el("a", { ...props, onclick: event => {
    event.preventDefault();
    action();
  } }, ...children);
}

function svg(name, props, ...children) {
  const e = document.createElementNS(SVG, name);
  for (const key in props) e.setAttribute(key, props[key]);
  e.append(...children);
  return e;
}

// setText and the others leave what is so already, since writing costs a layout.
function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

function setClass(e, name, on) {
  if (e.classList.contains(name) !== on) e.classList.toggle(name, on);
}

function setAttribute(e, name, value) {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

// setPressed shows whether a button is on.
function setPressed(button, on) {
  setClass(button, "on", on);
  setAttribute(button, "aria-pressed", String(on));
}

// setCount gives e so many children, of which make returns one.
function setCount(e, count, make) {
  while (e.childElementCount > count) e.lastElementChild.remove();
  while (e.childElementCount < count) e.append(make());
}

function setChildren(e, children) {
  if (e.childElementCount !== children.length || children.some((child, i) => e.children[i] !== child)) e.replaceChildren(...children);
}

// labelParts returns the muted prefix of a label and its last part in bold.
function labelParts(label, prefix = label.slice(0, label.lastIndexOf(".") + 1)) {
  return [...prefix ? [el("span", { class: "pre" }, prefix)] : [], el("b", {}, label.slice(prefix.length))];
}

function extent(points, low = Infinity, high = -Infinity) {
  for (const y of points) {
    if (!Number.isFinite(y)) continue;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return [low, high];
}

// yRange widens the least and the most of some points to what is drawn: from 0
// where the least is under half the most, and else at least 30 % of the middle,
// so that noise looks like noise.
function yRange(low, high) {
  if (!(low <= high)) return [0, 1];
  if (low >= 0 && low < high / 2) return [0, high];
  const middle = (low + high) / 2, least = Math.abs(middle) * 0.3 || 1;
  return high - low < least ? [middle - least / 2, middle + least / 2] : [low, high];
}

// A Spark is a line over time with the area under it.
class Spark {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.area = svg("path", { class: "area" });
    this.line = svg("path", { class: "line" });
    this.element = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", preserveAspectRatio: "none", "aria-hidden": "true" }, this.area, this.line);
  }

  draw(points, range) {
    const { width, height } = this, n = points.length;
    const [low, high] = range || yRange(...extent(points));
    const x = i => (i * (width - 2) / Math.max(1, n - 1) + 1).toFixed(1);
    const y = v => (height - 2 - (v - low) / (high - low || 1) * (height - 4)).toFixed(1);
    let line = "", area = "", start = -1;
    for (let i = 0; i <= n; i++) {
      const there = i < n && Number.isFinite(points[i]);
      if (there) {
        line += (start < 0 ? "M" : "L") + x(i) + " " + y(points[i]);
        area += (start < 0 ? `M${x(i)} ${height}L` : "L") + x(i) + " " + y(points[i]);
        if (start < 0) start = i;
      } else if (start >= 0) {
        if (start === i - 1) line += "h.1"; // a point alone
        area += `L${x(i - 1)} ${height}Z`;
        start = -1;
      }
    }
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
  }
}

const STRIP_WIDTH = 156, STRIP_HEIGHT = 18, STRIP_DOTS = 32;

// A Strip shows each writer as a dot between the least and the most value, and
// the median as a tick. Over 32 writers a box holds the middle half, and only
// those that differ are dots.
class Strip {
  constructor() {
    this.base = svg("line", { x1: 2, x2: STRIP_WIDTH - 2, y1: 9, y2: 9, class: "base" });
    this.box = svg("rect", { y: 4, height: 10, rx: 2, class: "box" });
    this.median = svg("line", { y1: 3, y2: 15, class: "median" });
    this.dots = svg("g", {});
    this.element = svg("svg", { viewBox: `0 0 ${STRIP_WIDTH} ${STRIP_HEIGHT}`, class: "strip", "aria-hidden": "true" }, this.base, this.box, this.median, this.dots);
  }

  // draw shows values, of which those at the indexes odd differ.
  draw(values, odd) {
    const some = values.filter(Number.isFinite), many = some.length > STRIP_DOTS;
    const middle = median(some);
    let [low, high] = extent(some);
    const pad = Math.max((high - low) * 0.04, Math.abs(middle) * 0.25, 1e-9);
    low -= pad;
    high += pad;
    const x = v => (5 + (v - low) / (high - low) * (STRIP_WIDTH - 10)).toFixed(1);
    setAttribute(this.median, "visibility", some.length > 1 ? "visible" : "hidden");
    setAttribute(this.box, "visibility", many ? "visible" : "hidden");
    if (some.length > 1) {
      this.median.setAttribute("x1", x(middle));
      this.median.setAttribute("x2", x(middle));
    }
    if (many) {
      const sorted = Float64Array.from(some).sort();
      const from = x(sorted[sorted.length >> 2]), to = x(sorted[sorted.length * 3 >> 2]);
      this.box.setAttribute("x", from);
      this.box.setAttribute("width", Math.max(2, to - from).toFixed(1));
    }
    const shown = [];
    values.forEach((v, i) => {
      const isOdd = odd.includes(i);
      if (Number.isFinite(v) && (!many || isOdd)) shown.push([x(v), isOdd]);
    });
    setCount(this.dots, shown.length, () => svg("circle", { cy: 9 }));
    shown.forEach(([cx, isOdd], i) => {
      const dot = this.dots.children[i];
      setAttribute(dot, "cx", cx);
      setAttribute(dot, "r", isOdd ? "4.5" : "3.2");
      setAttribute(dot, "class", isOdd ? "dot odd" : "dot");
    });
  }
}

// The theme stands in the head of the page before anything is drawn.
const theme = {
  names: ["auto", "light", "dark"],
  get() {
    try {
      const name = localStorage.getItem("mmash.theme");
      return this.names.includes(name) ? name : "auto";
    } catch {
      return "auto"; // no storage here
    }
  },
  next() {
    const name = this.names[(this.names.indexOf(document.documentElement.dataset.theme) + 1) % this.names.length];
    try {
      localStorage.setItem("mmash.theme", name);
    } catch { /* it holds for this page alone */ }
    document.documentElement.dataset.theme = name;
  },
};
document.documentElement.dataset.theme = theme.get();
