// What the dashboard is narrowed to. The address holds it all; the names are the API's.
import type { Query } from "../../api/client";
import type { Compare, Grain, Segment } from "../../api/sales";
import type { Changes } from "../../lib/router";

export type Field = "country" | "product" | "customer"; // chosen by typing, too

export const fields: Field[] = ["country", "product", "customer"];

export type Narrowing = Field | "weekday" | "hour" | "segment";

export const narrowings: Narrowing[] = [...fields, "weekday", "hour", "segment"];

export interface Filters extends Record<Narrowing, string[]> {
  from: string | null;
  to: string | null;
  compare: Compare;
  grain: Grain | null; // null: what fits the range
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const compares: Compare[] = ["none", "previous", "year"];
const grains: Grain[] = ["day", "week", "month", "quarter"];
const segments: Segment["name"][] = ["Champions", "Active", "One order", "At risk", "Lost"];

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
  const values = (field: Narrowing) => [...new Set(query.getAll(field))];
  return {
    from,
    to,
    compare: one(compares, query.get("compare")) ?? (from || to ? "previous" : "none"),
    grain: one(grains, query.get("grain")),
    country: values("country"),
    product: values("product"),
    customer: values("customer").filter((text) => /^\d+$/.test(text)),
    weekday: values("weekday").filter((text) => /^[1-7]$/.test(text)),
    hour: values("hour").filter((text) => /^(\d|1\d|2[0-3])$/.test(text)),
    segment: values("segment").filter((text) => segments.some((name) => name === text)),
  };
}

// The filters as the API takes them; what only the picture needs can be left out for lists of rows.
export function rowsQuery({ compare: _, grain: __, ...narrowed }: Filters): Query {
  return narrowed;
}

export function salesQuery(filters: Filters): Query {
  const { compare, grain } = filters;
  return { ...rowsQuery(filters), compare: compare === "none" ? null : compare, grain };
}

// Takes a value in, or back out when it is there.
export function toggled(values: string[], value: string): string[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

// An hour of the week is picked as weekday and hour together; the one that is picked is taken back.
export function hourToggled({ weekday, hour }: Filters, cell: { weekday: number; hour: number }): Changes {
  const picked = { weekday: [String(cell.weekday)], hour: [String(cell.hour)] };
  const same = weekday.join() === picked.weekday.join() && hour.join() === picked.hour.join();
  return same ? { weekday: null, hour: null } : picked;
}

export const cleared: Changes = {
  from: null,
  to: null,
  ...Object.fromEntries(narrowings.map((field) => [field, null])),
};

export function isFiltered(filters: Filters): boolean {
  return Boolean(filters.from || filters.to) || narrowings.some((field) => filters[field].length > 0);
}

// The filters of an address as it stands, for links between the pages of the dashboard.
export function filterSearch(query: URLSearchParams, changes: Record<string, string> = {}): string {
  const kept = new URLSearchParams();
  for (const name of ["from", "to", "compare", "grain", ...narrowings])
    for (const value of query.getAll(name)) kept.append(name, value);
  for (const [name, value] of Object.entries(changes)) kept.set(name, value);
  const text = kept.toString();
  return text ? `?${text}` : "";
}
