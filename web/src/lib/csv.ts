// CSV made here of what a table shows: exact values, not their formatted texts. As the server writes it: RFC
// 4180, and a text that a spreadsheet would take for a formula is made harmless; numbers stay numbers.

export type Cell = string | number | null;

export interface Csv {
  name: string; // of the file, without .csv
  make: () => string;
}

interface CsvColumn<Row> {
  key: string;
  raw?: ((row: Row) => Cell) | undefined;
}

const decimal = /^-?\d+(\.\d+)?$/;

export function csvCell(value: Cell): string {
  if (value === null) return "";
  const text = String(value);
  const harmless = typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !decimal.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

// The columns that have a raw value, by their keys.
export function toCsv<Row>(columns: CsvColumn<Row>[], rows: Row[]): string {
  const shown = columns.filter((column) => column.raw);
  const lines = [shown.map((column) => csvCell(column.key))];
  for (const row of rows) lines.push(shown.map((column) => csvCell(column.raw?.(row) ?? null)));
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

export function downloadCsv({ name, make }: Csv): void {
  const url = URL.createObjectURL(new Blob([make()], { type: "text/csv;charset=utf-8" }));
  Object.assign(document.createElement("a"), { href: url, download: `${name}.csv` }).click();
  URL.revokeObjectURL(url);
}
