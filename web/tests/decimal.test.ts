import assert from "node:assert/strict";
import { test } from "node:test";
import { forDrawing, isNegative, isZero, parseDecimal, unitsAt, writeUnits } from "../src/lib/decimal";

test("digits are kept, however many", () => {
  assert.deepEqual(parseDecimal("90071992547409931234.5678"), { units: 900719925474099312345678n, scale: 4 });
  assert.equal(writeUnits(unitsAt("90071992547409931234.5678", 4), 4), "90,071,992,547,409,931,234.5678");
});

test("halves are rounded away from zero", () => {
  assert.equal(unitsAt("0.005", 2), 1n);
  assert.equal(unitsAt("-0.005", 2), -1n);
  assert.equal(unitsAt("0.0049", 2), 0n);
  assert.equal(unitsAt("2.675", 2), 268n); // 267 through a double
  assert.equal(unitsAt("1.005", 2), 101n); // 100 through a double
});

test("fewer digits than asked for are filled up", () => {
  assert.equal(unitsAt("7", 2), 700n);
  assert.equal(unitsAt("7.5", 2), 750n);
  assert.equal(writeUnits(5n, 2), "0.05");
});

test("what is no number is refused", () => {
  for (const text of ["", "-", "1e3", "1,000", " 1", "NaN", "0x1"])
    assert.throws(() => parseDecimal(text), RangeError, text);
});

test("sign and zero", () => {
  assert.equal(isNegative("-0.01"), true);
  assert.equal(isNegative("-0.00"), false);
  assert.equal(isZero("-0.00"), true);
  assert.equal(writeUnits(-1n, 2), "−0.01");
  assert.equal(writeUnits(0n, 2), "0.00");
  assert.equal(forDrawing("-12.5"), -12.5);
});
