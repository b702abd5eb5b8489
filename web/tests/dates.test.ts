import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, monthEnd, monthsBack, presets } from "../src/lib/dates";

test("days are counted over months, years and leap days", () => {
  assert.equal(addDays("2011-12-31", 1), "2012-01-01");
  assert.equal(addDays("2012-03-01", -1), "2012-02-29");
  assert.equal(monthEnd("2012-02"), "2012-02-29");
  assert.equal(monthEnd("2011-12"), "2011-12-31");
});

test("twelve months end at the last day with data", () => {
  assert.equal(monthsBack("2011-12-09", 12), "2010-12-10");
  assert.equal(monthsBack("2011-03-31", 1), "2011-03-01"); // February has no 31st
});

test("presets count back from the data, not from today", () => {
  const all = presets("2010-12-01T08:26:00", "2011-12-09T12:50:00");
  assert.deepEqual(all.find(({ label }) => label === "Last 7 days")?.range, { from: "2011-12-03", to: "2011-12-09" });
  assert.deepEqual(all[0]?.range, { from: null, to: null });
  assert.equal(presets(null, null).length, 1);
});
