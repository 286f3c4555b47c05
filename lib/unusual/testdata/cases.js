// Usage: node cases.js SCRIPT CASES. It checks the functions of SCRIPT, and
// says what is wrong.
"use strict";
const fs = require("fs"), vm = require("vm"), assert = require("assert");
const [script, table] = process.argv.slice(2);
vm.runInThisContext(fs.readFileSync(script, "utf8"), { filename: script });
const cases = JSON.parse(fs.readFileSync(table, "utf8"));
const numbers = values => values.map(v => v === null ? NaN : v);

for (const c of cases.now) {
  const points = Float64Array.from(c.points.flatMap(run => Array(run.times).fill(numbers(run.repeat)).flat()));
  assert.strictEqual(isUnusual(points, c.step, c.counter === true), c.unusual, c.name);
  const range = usual(points, c.step);
  assert.deepStrictEqual(range, c.median === null ? null : { median: c.median, mad: c.mad }, c.name);
}
for (const c of cases.differs) {
  assert.deepStrictEqual(differs(numbers(c.values), c.counter === true), c.differs, c.name);
}
