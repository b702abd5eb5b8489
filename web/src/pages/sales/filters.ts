// What the dashboard is narrowed to. The address holds it all; the names are the API's.
import type { Query } from "../../api/client";
import type { Compare, Grain } from "../../api/sales";
import type { Changes } from "../../lib/router";

export type Field = "country" | "product" | "customer";

export const fields: Field[] = ["country", "product", "customer"];

export interface Filters {
  from: string | null;
  to: string | null;
  compare: Compare;
  grain: Grain | null; // null: what fits the range
  country: string[];
  product: string[];
  customer: string[];
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const compares: Compare[] = ["none", "previous", "year"];
const grains: Grain[] = ["day", "week", "month", "quarter"];

function one<Word extends string>(words: Word[], text: string | null): Word | null {
  return words.find((word) => word === text) ?? null;
}

function dayOf(text: string | null): string | null {
  return text && dayPattern.test(text) ? text : null;
}

// A range is compared with the days before it unless the address says otherwise; all dates have none before.
export function readFilters(query: URLSearchParams): Filters {
  const from = dayOf(query.get("from"));
  const to = dayOf(query.get("to"));
  const values = (field: Field) => [...new Set(query.getAll(field))];
  return {
    from,
    to,
    compare: one(compares, query.get("compare")) ?? (from || to ? "previous" : "none"),
    grain: one(grains, query.get("grain")),
    country: values("country"),
    product: values("product"),
    customer: values("customer").filter((text) => /^\d+$/.test(text)),
  };
}

// The filters as the API takes them; what only the picture needs can be left out for lists of rows.
export function rowsQuery({ from, to, country, product, customer }: Filters): Query {
  return { from, to, country, product, customer };
}

export function salesQuery(filters: Filters): Query {
  const { compare, grain } = filters;
  return { ...rowsQuery(filters), compare: compare === "none" ? null : compare, grain };
}

// Takes a value in, or back out when it is there.
export function toggled(values: string[], value: string): string[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

export const cleared: Changes = { from: null, to: null, country: null, product: null, customer: null };

export function isFiltered(filters: Filters): boolean {
  return Boolean(filters.from || filters.to) || fields.some((field) => filters[field].length > 0);
}

// The filters of an address as it stands, for links between the pages of the dashboard.
export function filterSearch(query: URLSearchParams, changes: Record<string, string> = {}): string {
  const kept = new URLSearchParams();
  for (const name of ["from", "to", "compare", "grain", ...fields])
    for (const value of query.getAll(name)) kept.append(name, value);
  for (const [name, value] of Object.entries(changes)) kept.set(name, value);
  const text = kept.toString();
  return text ? `?${text}` : "";
}
