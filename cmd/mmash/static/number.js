"use strict";
// Numbers for people, by the rules that pollstats has (lib/report, AppendScaled):
// four digits and a unit of a thousand, a million and so on from 100,000 on, µ
// or n under 0.001, whole numbers between those exact, and others in four digits.
const THIN = "\u2009"; // between a number and its unit, and between thousands
const NOTHING = "–";

// scaled returns v and the letter of its magnitude, where it has one.
function scaled(v) {
  const abs = Math.abs(v);
  if (Number.isNaN(v)) return NOTHING;
  if (abs === Infinity) return v < 0 ? "−∞" : "∞";
  if (abs >= 99999.5) {
    const letters = "kMGTPE";
    let i = 0;
    for (v /= 1000; Math.abs(v) >= 999.95 && i < letters.length - 1; i++) v /= 1000;
    if (Math.abs(v) >= 999.95) return (v * 1e18).toExponential(0);
    return v.toFixed(Math.min(3, decimals(Math.abs(v)))) + THIN + letters[i];
  }
  if (v === Math.trunc(v)) return thousands(String(v === 0 ? 0 : v));
  if (abs < 0.00099995) return small(v);
  return thousands(v.toFixed(decimals(abs)));
}

// small returns what is less than a thousandth.
function small(v) {
  const [n, unit] = Math.abs(v * 1e6) >= 0.9995 ? [v * 1e6, "µ"] : [v * 1e9, "n"];
  if (Math.abs(n) < 0.005) return v.toExponential(0);
  return n.toFixed(Math.min(2, decimals(Math.abs(n)))) + THIN + unit;
}

// decimals returns how many of them give a number four digits.
function decimals(abs) {
  return abs < 0.99995 ? 4 : abs < 9.9995 ? 3 : abs < 99.995 ? 2 : abs < 999.95 ? 1 : 0;
}

// thousands separates the digits of a number that is given as text.
function thousands(text) {
  return text.replace(/(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g, THIN);
}

// digits returns v in three digits, or in as many as it has before the point,
// without zeros at its end: lib/format, Unit.
function digits(v) {
  const abs = Math.abs(v);
  if (abs !== 0 && abs < 0.0005 || abs >= 1e15) {
    const rounded = Number(v.toPrecision(3)), [mantissa, exponent] = v.toExponential(2).split("e");
    return Math.abs(rounded) >= 0.0001 && abs < 1 ? String(rounded) : Number(mantissa) + "e" + exponent;
  }
  let places = 0;
  for (let limit = 99.95; abs < limit && places < 3; limit /= 10) places++;
  return thousands(String(Number(v.toFixed(places))));
}

// scaleBy returns v by the greatest scale of which it is one or more, when it
// is rounded.
function scaleBy(v, scales) {
  let best = scales[0];
  for (const scale of scales) if (Math.abs(v) >= 0.9995 * scale[0]) best = scale;
  return digits(v / best[0]) + THIN + best[1];
}

const TIMES = [[1e-9, "ns"], [1e-6, "µs"], [1e-3, "ms"], [1, "s"], [60, "min"], [3600, "h"], [86400, "d"]];
const BYTES = [[1, "B"], [2 ** 10, "KiB"], [2 ** 20, "MiB"], [2 ** 30, "GiB"], [2 ** 40, "TiB"], [2 ** 50, "PiB"], [2 ** 60, "EiB"]];
const BITS = [[1, "bit"], [1e3, "kbit"], [1e6, "Mbit"], [1e9, "Gbit"], [1e12, "Tbit"]];
const HERTZ = [[1, "Hz"], [1e3, "kHz"], [1e6, "MHz"], [1e9, "GHz"], [1e12, "THz"]];

const duration = v => v === 0 ? "0" + THIN + "s" : scaleBy(v, TIMES);
const bytes = v => scaleBy(v, BYTES);
const share = v => digits(100 * v) + THIN + "%";

// UNITS are those that the tools know: how a value is written, and the change
// of one in a second where it is not that a second. Seconds in a second are a
// share of the time, as of one core or thread.
const UNITS = {
  ns: { text: v => duration(v / 1e9), rate: v => share(v / 1e9) }, us: { text: v => duration(v / 1e6), rate: v => share(v / 1e6) },
  ms: { text: v => duration(v / 1e3), rate: v => share(v / 1e3) }, seconds: { text: duration, rate: share },
  bytes: { text: bytes }, KiB: { text: v => bytes(v * 2 ** 10) }, MiB: { text: v => bytes(v * 2 ** 20) }, GiB: { text: v => bytes(v * 2 ** 30) },
  bits: { text: v => scaleBy(v, BITS) }, ratio: { text: share }, percent: { text: v => share(v / 100) },
  celsius: { text: v => digits(v) + THIN + "°C" }, hertz: { text: v => scaleBy(v, HERTZ) },
  unixtime: { text: v => dateText(v), rate: share },
};

// withUnit returns v in its unit; any that is not known is shown as it stands.
function withUnit(v, unit) {
  if (!Number.isFinite(v) || !unit) return scaled(v);
  return Object.hasOwn(UNITS, unit) ? UNITS[unit].text(v) : scaled(v) + THIN + unit;
}

// perSecond returns a rate.
function perSecond(v, unit) {
  if (!Number.isFinite(v)) return scaled(v);
  const known = Object.hasOwn(UNITS, unit || "") ? UNITS[unit] : {};
  return known.rate ? known.rate(v) : withUnit(v, unit) + "/s";
}

// three returns v with three digits.
function three(v) {
  const abs = Math.abs(v);
  return abs >= 99999.5 ? scaled(v) : v.toFixed(abs < 9.995 ? 2 : abs < 99.95 ? 1 : 0);
}

// times returns how many times usual v is.
function times(v, usual) {
  if (!(usual > 0) || !(v >= 0)) return v > usual ? "more" : "less";
  const ratio = v / usual;
  if (v === 0) return "stopped";
  return ratio >= 1 ? "×" + three(ratio) : "÷" + three(1 / ratio);
}

// ago returns a time span in one unit.
function ago(seconds) {
  if (seconds <= -1) return ago(-seconds).replace(/(.*) ago/, "in $1");
  if (seconds < 90) return Math.max(1, Math.round(seconds)) + " s ago";
  if (seconds < 5400) return Math.round(seconds / 60) + " min ago";
  if (seconds < 129600) return Math.round(seconds / 3600) + " h ago";
  return Math.round(seconds / 86400) + " d ago";
}

function clock(seconds, length = 8) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB").slice(0, length);
}

// dateText returns a date and a time of the local zone.
function dateText(seconds) { return new Date(seconds * 1000).toLocaleString("sv"); }

function plural(n, one, many = one + "s") {
  return n + " " + (n === 1 ? one : many);
}
