// What may stand where the cursor is: tables, columns of the tables that the query names, words of SQL.
import type { SchemaTable } from "../../api/operations";

export interface Suggestion {
  label: string;
  kind: "table" | "view" | "column" | "word";
  detail: string;
}

const words =
  "SELECT FROM WHERE GROUP BY ORDER BY HAVING LIMIT OFFSET JOIN LEFT JOIN USING ON AS AND OR NOT IN IS NULL LIKE BETWEEN CASE WHEN THEN ELSE END DISTINCT COUNT SUM MIN MAX AVG CAST WITH UNION ALL DESC ASC VALUES DESCRIBE SUMMARIZE FILTER OVER PARTITION BY QUALIFY VERSION AS OF TIMESTAMP AS OF COALESCE ROUND DATE_TRUNC";

const keywords = [
  ...new Set(words.match(/(GROUP|ORDER|PARTITION) BY|LEFT JOIN|(VERSION|TIMESTAMP) AS OF|[A-Z_]+/g) ?? []),
];

// Tables that a query names, by their full or their short name.
export function tablesNamed(sql: string, tables: SchemaTable[]): SchemaTable[] {
  const named = new Set(sql.toLowerCase().match(/[a-z_][\w.]*/g) ?? []);
  return tables.filter(({ name }) => {
    const full = name.toLowerCase();
    return named.has(full) || named.has(full.slice(full.indexOf(".") + 1));
  });
}

// For the word before the cursor ("gold.fa", "f.Cou", "Inv"); all of it is replaced.
export function suggest(word: string, sql: string, tables: SchemaTable[]): Suggestion[] {
  const typed = word.toLowerCase();
  const dot = typed.lastIndexOf(".");
  const found: Suggestion[] = [];
  const begin = (label: string, part: string) => label.toLowerCase().startsWith(part);
  for (const table of tables) {
    const short = table.name.slice(table.name.indexOf(".") + 1);
    if (begin(table.name, typed) || (dot < 0 && typed !== "" && begin(short, typed)))
      found.push({ label: table.name, kind: table.kind, detail: table.description ?? "" });
  }
  const inUse = tablesNamed(sql, tables);
  const prefix = dot < 0 ? "" : word.slice(0, dot + 1); // an alias or a table
  const part = dot < 0 ? typed : typed.slice(dot + 1);
  const seen = new Set<string>();
  for (const { name: table, columns } of inUse) {
    for (const column of columns) {
      if (!begin(column.name, part) || seen.has(column.name)) continue;
      seen.add(column.name);
      found.push({
        label: prefix + column.name,
        kind: "column",
        detail: `${column.type}${column.description ? `: ${column.description}` : ""} (${table})`,
      });
    }
  }
  if (dot < 0 && typed !== "")
    for (const keyword of keywords) if (begin(keyword, typed)) found.push({ label: keyword, kind: "word", detail: "" });
  return found.filter(({ label }) => label.toLowerCase() !== typed);
}
