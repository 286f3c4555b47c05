// Usage: node numbers.js SCRIPT <CASES. It holds the numbers of the pages to
// those that the commands write.
"use strict";
const fs = require("fs"), vm = require("vm");
vm.runInThisContext(fs.readFileSync(process.argv[2], "utf8"), { filename: process.argv[2] });
let wrong = 0;
for (const { v, unit, rate, want } of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const got = rate ? perSecond(v, unit) : withUnit(v, unit);
  const plain = text => text.replaceAll(/[\u2009 ,]/g, "").replace("e+0", "e+").replace("e-0", "e-").replace("µ", "u").replace("−", "-");
  if (plain(got) !== plain(want)) {
    wrong++;
    console.error(`${v} ${unit}${rate ? " a second" : ""}: ${got}, want ${want}`);
  }
}
process.exit(wrong ? 1 : 0);
