// What every panel of the dashboard is given.
import type { Metric, Sales } from "../../api/sales";
import type { Changes } from "../../lib/router";
import type { Filters, Narrowing } from "./filters";

export interface DashboardPanel {
  data: Sales;
  filters: Filters;
  metrics: Map<string, Metric>;
  search: string; // the filters as they stand, for links: "?…" or nothing
  toggle: (field: Narrowing, value: string, label: string) => void;
  change: (changes: Changes) => void;
}

// For the name of a file: what it is and its days.
export function fileName(what: string, { range }: Sales): string {
  return ["sales", what, range.from, range.to].filter(Boolean).join("-");
}
