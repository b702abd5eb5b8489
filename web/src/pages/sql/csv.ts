// A result as CSV: every digit as it came. NULL is empty, an empty text is "".
import type { Cell, SqlResult } from "../../api/operations";
import { csvCell } from "../../lib/csv";

const number = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\d*|DECIMAL|NUMERIC|FLOAT\d?|DOUBLE( PRECISION)?|REAL)(\(.*\))?$/i;

export function isNumber(type: string): boolean {
  return number.test(type.trim());
}

const cellOf = (value: Cell) => (value === "" ? '""' : csvCell(value));

export function resultCsv({ columns, rows }: Pick<SqlResult, "columns" | "rows">): string {
  const lines = [columns.map(({ name }) => name), ...rows];
  return lines.map((cells) => `${cells.map(cellOf).join(",")}\r\n`).join("");
}
