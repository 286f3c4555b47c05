"use strict";
// Which stats are not as they usually are, and which of several writers differs
// from the others. The rules are those of the Go package lib/unusual, and one
// table of cases holds both to the same answers.
const RECENT = 10; // seconds whose mean is judged
const EXCLUDED = 120; // seconds up to now that say nothing of what is usual
const MIN_POINTS = 60; // that have to be older
const MAX_MADS = 6 * 1.4826;
const MAX_SHARE = 0.25; // of the median
const MIN_EVENTS = 5; // of a counter in 10 seconds, now or usually
const MIN_WRITERS = 4;

// median returns NaN where no value is finite. It does not change values.
function median(values) {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 ? sorted[half] : sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
}

// rangeOf returns the median of values and their median absolute deviation.
function rangeOf(values) {
  const middle = median(values);
  return { median: middle, mad: median(Float64Array.from(values, v => Math.abs(v - middle))) };
}

// excludes reports whether v is too far from the median to be usual. counter
// says that values are events a second.
function excludes(range, v, counter) {
  if (counter && Math.max(v, range.median) * RECENT < MIN_EVENTS) return false;
  return Math.abs(v - range.median) > Math.max(MAX_MADS * range.mad, MAX_SHARE * Math.abs(range.median));
}

// usual returns what points usually are, or null where there is too little to
// tell. They are step seconds apart, the last one is of now, and NaN is a gap.
function usual(points, step) {
  const n = points.length - Math.ceil(EXCLUDED / step);
  if (n < MIN_POINTS) return null;
  const before = points.slice(0, n).filter(Number.isFinite);
  return before.length < MIN_POINTS ? null : rangeOf(before);
}

// recent returns the mean of the last 10 seconds of points up to end, and NaN
// where there are none.
function recent(points, step, end = points.length) {
  let sum = 0, count = 0;
  for (let i = Math.max(0, end - Math.max(1, Math.round(RECENT / step))); i < end; i++) {
    if (!Number.isFinite(points[i])) continue;
    sum += points[i];
    count++;
  }
  return count ? sum / count : NaN;
}

// isUnusual reports whether the last 10 seconds of points are unusual: their
// mean is, and so it was a point ago. range is what usual returned for them.
function isUnusual(points, step, counter, range = usual(points, step)) {
  return range !== null && excludes(range, recent(points, step), counter) &&
    excludes(range, recent(points, step, points.length - 1), counter);
}

// differs returns the indexes of the writers that differ from most: values has
// the value of each, or NaN for one that has ended or has none.
function differs(values, counter) {
  const indexes = [];
  if (values.filter(Number.isFinite).length < MIN_WRITERS) return indexes;
  const range = rangeOf(values);
  values.forEach((v, i) => { if (Number.isFinite(v) && excludes(range, v, counter)) indexes.push(i); });
  return indexes;
}
