import assert from "node:assert/strict";
import { test } from "node:test";
import type { Period } from "../src/api/sales";
import { csvCell, toCsv } from "../src/lib/csv";
import { filterSearch, hourToggled, readFilters, salesQuery, toggled } from "../src/pages/sales/filters";
import { isComparable, periodName, seriesSentence, unfinished } from "../src/pages/sales/periods";

const read = (text: string) => readFilters(new URLSearchParams(text));

test("filters are read from an address, and what is no filter is left out", () => {
  const filters = read(
    "from=2011-11-01&to=nonsense&country=France&country=France&customer=1x&customer=12583&grain=year",
  );
  assert.deepEqual(filters, {
    from: "2011-11-01",
    to: null,
    compare: "previous",
    grain: null,
    country: ["France"],
    product: [],
    customer: ["12583"],
    weekday: [],
    hour: [],
    segment: [],
  });
  const { weekday, hour, segment } = read("weekday=4&weekday=8&hour=0&hour=24&segment=At+risk&segment=Best");
  assert.deepEqual([weekday, hour, segment], [["4"], ["0"], ["At risk"]]);
  assert.equal(read("").compare, "none"); // all dates have none before them
  assert.equal(read("from=2011-11-01&compare=none").compare, "none");
  assert.equal(salesQuery(read("compare=year")).compare, "year");
  assert.equal(salesQuery(read("")).compare, null);
});

test("values are taken in and out; links keep the filters alone", () => {
  assert.deepEqual(toggled(["a"], "b"), ["a", "b"]);
  assert.deepEqual(toggled(["a", "b"], "a"), ["b"]);
  const query = new URLSearchParams("country=&country=EIRE&sort=amount&show=segments");
  assert.equal(filterSearch(query), "?country=&country=EIRE"); // no country is a value
  assert.equal(filterSearch(query, { product: "22423" }), "?country=&country=EIRE&product=22423");
});

test("an hour of the week is picked as weekday and hour, and taken back", () => {
  const cell = { weekday: 4, hour: 12 };
  assert.deepEqual(hourToggled(read(""), cell), { weekday: ["4"], hour: ["12"] });
  assert.deepEqual(hourToggled(read("weekday=4&hour=11"), cell), { weekday: ["4"], hour: ["12"] });
  assert.deepEqual(hourToggled(read("weekday=4&hour=12"), cell), { weekday: null, hour: null });
});

const period = (start: string, end: string, sales: string, partial = false): Period => ({
  start,
  end,
  partial,
  sales,
  returns: "0.00",
  orders: 1,
  items: 1,
  before: null,
});

const range = { from: "2011-10-01", last: "2011-12-09" };

test("periods have names, and say when they are not whole", () => {
  assert.equal(periodName("2011-10-01", "quarter"), "Q4 2011");
  assert.equal(periodName("2011-12-05", "week"), "week of 5 Dec 2011");
  assert.equal(unfinished(period("2011-12-01", "2011-12-31", "1.00", true), range), "not over yet");
  assert.equal(unfinished(period("2011-09-26", "2011-10-02", "1.00", true), range), "in part");
  assert.equal(unfinished(period("2011-11-01", "2011-11-30", "1.00"), range), null);
});

test("the sentence tells total, extremes of whole periods, and what is open", () => {
  const series = [
    period("2011-10-01", "2011-10-31", "1151263.73"),
    period("2011-11-01", "2011-11-30", "1503866.78"),
    period("2011-12-01", "2011-12-31", "637790.33", true),
  ];
  assert.equal(
    seriesSentence({ series, grain: "month", range, total: "3292920.84", change: -0.1, compare: "year" }),
    "Sales by month from Oct 2011 to Dec 2011: £3,292,920.84. Highest in Nov 2011 (£1,503,866.78), lowest in Oct 2011 " +
      "(£1,151,263.73). Down 10.0% vs last year. Dec 2011 is not over yet. Nothing was returned.",
  );
});

test("changes are told only where the days before are all there", () => {
  const days = { from: "2010-12-01", to: "2011-12-09", first: "2010-12-01", last: "2011-12-09" };
  assert.equal(isComparable({ compared: { from: "2010-12-01", to: "2010-12-31" }, range: days }), true);
  assert.equal(isComparable({ compared: { from: "2010-11-30", to: "2010-12-31" }, range: days }), false);
  assert.equal(isComparable({ compared: null, range: days }), false);
});

test("CSV keeps figures, quotes what must be, and disarms formulas", () => {
  assert.equal(csvCell("-11252.44"), "-11252.44");
  assert.equal(csvCell("=1+1"), "'=1+1");
  assert.equal(csvCell("-x"), "'-x");
  assert.equal(csvCell('a "b", c'), '"a ""b"", c"');
  assert.equal(csvCell(null), "");
  const columns = [
    { key: "name", raw: (row: { n: string; v: string }) => row.n },
    { key: "shown only" },
    { key: "v", raw: (row: { v: string }) => row.v },
  ];
  assert.equal(toCsv(columns, [{ n: "x,y", v: "1.50" }]), 'name,v\r\n"x,y",1.50\r\n');
});
