// What to begin with: the views that gold offers, and a few questions that people ask.
import type { SchemaTable, SqlSource } from "../../api/operations";

export interface Example {
  name: string;
  about: string;
  source: SqlSource;
  sql: string;
}

const questions: Example[] = [
  {
    name: "Sales by month",
    about: "Sales and returns of each month",
    source: "lake",
    sql: `SELECT InvoiceMonth,
       sum(Amount) FILTER (WHERE InvoiceNo NOT LIKE 'C%') AS sales,
       sum(Amount) FILTER (WHERE InvoiceNo LIKE 'C%') AS returns
FROM gold.fact_sales
GROUP BY InvoiceMonth
ORDER BY InvoiceMonth`,
  },
  {
    name: "Countries",
    about: "Where the money comes from",
    source: "lake",
    sql: `SELECT Country, sum(Amount) AS net, count(DISTINCT InvoiceNo) AS invoices
FROM gold.fact_sales
GROUP BY Country
ORDER BY net DESC`,
  },
  {
    name: "What was checked last",
    about: "Results of the last checks and balances",
    source: "lake",
    sql: "SELECT started, kind, model, name, holds, note\nFROM ops.quality\nORDER BY started DESC\nLIMIT 50",
  },
];

// Views first, by name; then the questions whose tables there are.
export function examplesOf(tables: SchemaTable[]): Example[] {
  const views = tables
    .filter(({ kind, name }) => kind === "view" && name.startsWith("gold."))
    .map(({ name, description }) => ({
      name: name.replace("gold.", ""),
      about: description ?? "",
      source: "lake" as const,
      sql: `SELECT * FROM ${name}`,
    }));
  const known = new Set(tables.map(({ name }) => name));
  return [...views, ...questions.filter(({ sql }) => known.has(/FROM (\S+)/.exec(sql)?.[1] ?? ""))];
}
