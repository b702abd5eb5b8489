import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaTable } from "../src/api/operations";
import { suggest } from "../src/pages/sql/complete";
import { isNumber, resultCsv } from "../src/pages/sql/csv";
import { examplesOf } from "../src/pages/sql/examples";
import { planOf } from "../src/pages/sql/result-chart";
import { itemsOf } from "../src/pages/sql/schema-tree";

const column = (name: string, type = "VARCHAR") => ({ name, type, description: null });
const tables: SchemaTable[] = [
  { name: "bronze.sales_events", kind: "table", description: null, rows: 9, columns: [column("payload")] },
  {
    name: "gold.fact_sales",
    kind: "table",
    description: "One row a line.",
    rows: 5,
    columns: [column("InvoiceNo"), column("Amount", "DECIMAL(28,4)")],
  },
  {
    name: "gold.vw_TotalSales",
    kind: "view",
    description: "Sales to date.",
    rows: null,
    columns: [column("TotalSales", "DECIMAL(38,4)")],
  },
];

test("which types are numbers", () => {
  for (const type of ["INTEGER", "int", "HUGEINT", "UBIGINT", "DECIMAL(18,4)", "double precision", "FLOAT8", "int4"])
    assert.ok(isNumber(type), type);
  for (const type of ["VARCHAR", "TIMESTAMP", "DATE", "BLOB", "INTERVAL", "text"]) assert.ok(!isNumber(type), type);
});

test("a result as CSV: digits as they came, NULL and empty apart, formulas harmless", () => {
  const csv = resultCsv({
    columns: [column("n", "DECIMAL(38,4)"), column('t,"x"')],
    rows: [
      ["-1363.2800", "=1+1"],
      [null, ""],
      ["1", 'a "b"\nc'],
    ],
  });
  assert.equal(csv, 'n,"t,""x"""\r\n-1363.2800,\'=1+1\r\n,""\r\n1,"a ""b""\nc"\r\n');
});

test("completion offers tables by their short name too, and columns of the tables in the query", () => {
  const labels = (word: string, sql: string) => suggest(word, sql, tables).map(({ label }) => label);
  assert.deepEqual(labels("fact", ""), ["gold.fact_sales"]);
  assert.deepEqual(labels("gold.v", ""), ["gold.vw_TotalSales"]);
  assert.deepEqual(labels("Inv", "SELECT Inv FROM gold.fact_sales"), ["InvoiceNo"]);
  assert.deepEqual(labels("f.Am", "SELECT f.Am FROM fact_sales f"), ["f.Amount"]);
  assert.deepEqual(labels("Inv", "SELECT Inv FROM gold.vw_TotalSales"), []);
  assert.deepEqual(labels("grou", ""), ["GROUP BY"]);
});

test("examples are gold's views, and questions whose tables there are", () => {
  const names = examplesOf(tables).map(({ name }) => name);
  assert.equal(names[0], "vw_TotalSales");
  assert.ok(names.includes("Countries") && !names.includes("What was checked last"));
  assert.equal(examplesOf(tables)[0]?.sql, "SELECT * FROM gold.vw_TotalSales");
});

test("a chart draws along a text or a time, and needs a number", () => {
  const result = (...columns: { name: string; type: string; description: null }[]) => ({
    columns,
    rows: [columns.map(() => "1")],
    rows_total: 1,
    truncated: false,
    ms: 1,
  });
  assert.deepEqual(planOf(result(column("n", "BIGINT"), column("Country"))), { along: 1, figures: [0], kind: "bars" });
  assert.deepEqual(planOf(result(column("InvoiceMonth", "INTEGER"), column("n", "BIGINT"))), {
    along: 0,
    figures: [1],
    kind: "line",
  });
  assert.equal(planOf(result(column("Country"))), null);
});

test("the tree shows layers, what is open, and what is searched for", () => {
  const labels = (open: string[], words = "") =>
    itemsOf(tables, new Set(open), words).map(({ level, label }) => `${level} ${label}`);
  assert.deepEqual(labels([]), ["1 gold", "1 bronze"]);
  assert.deepEqual(labels(["gold"]), ["1 gold", "2 fact_sales", "2 vw_TotalSales", "1 bronze"]);
  assert.deepEqual(labels([], "amount"), ["1 gold", "2 fact_sales", "3 InvoiceNo", "3 Amount"]);
  assert.deepEqual(labels([], "nothing"), []);
});
