import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../src/lib/format";

test("money: sign, currency, thousands, pence", () => {
  assert.equal(format.money("143711.17"), "£143,711.17");
  assert.equal(format.money("-11252.44"), "−£11,252.44");
  assert.equal(format.money("10619986.684"), "£10,619,986.68");
  assert.equal(format.money("10619986.684", 0), "£10,619,987");
  assert.equal(format.money("0"), "£0.00");
  assert.equal(format.money("-0.001"), "£0.00"); // no minus before nothing
});

test("the exact figure has every digit, and at least pence", () => {
  assert.equal(format.exactMoney("10619986.684"), "£10,619,986.684");
  assert.equal(format.exactMoney("5"), "£5.00");
});

test("the currency is the server's", () => {
  format.currency.value = "EUR";
  assert.equal(format.money("-1234.5"), "−€1,234.50");
  format.currency.value = "GBP";
});

test("axes are short", () => {
  assert.deepEqual([0, 95, 25_000, 1_250_000, -3_400_000_000].map(format.shortMoney), [
    "£0",
    "£95",
    "£25k",
    "£1.25m",
    "−£3.4bn",
  ]);
});

test("counts, plurals, rates, bytes", () => {
  assert.equal(format.count(541909), "541,909");
  assert.equal(format.count(-12), "−12");
  assert.equal(format.plural(1, "order"), "1 order");
  assert.equal(format.plural(1201, "order"), "1,201 orders");
  assert.equal(format.percent(0.0412), "4.1%");
  assert.equal(format.percent(-0.5, 0), "−50%");
  assert.equal(format.bytes(999), "999 B");
  assert.equal(format.bytes(1_234_567), "1.23 MB");
});

test("shop dates are as written, whatever the zone", () => {
  assert.equal(format.day("2011-12-09T23:59:59"), "9 Dec 2011");
  assert.equal(format.day("2011-01-01"), "1 Jan 2011");
  assert.equal(format.dayTime("2011-12-09T12:50:00"), "9 Dec 2011, 12:50");
  assert.equal(format.month("2011-12"), "Dec 2011");
});

test("instants are in the reader's zone, with the day when it is another", () => {
  const now = new Date("2026-11-30T15:00:00");
  const at = new Date("2026-11-30T14:22:13");
  assert.equal(format.instant(at.toISOString(), now), "14:22:13");
  assert.equal(format.instant(new Date("2026-11-29T09:05:00").toISOString(), now), "29 Nov 2026, 09:05:00");
});
